// Open positions of an account, netted by position id. Volumes are signed while they are netted, so that fills may
// come in any order: a closing deal that overtakes its opening one nets to the same profit.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import { type MicroMoney, roundHalfAway } from "../domain/money.ts";
import type { Position, Side } from "../domain/order.ts";
import { OPEN_POSITIONS_MAX } from "./limits.ts";
import { persistList } from "./persist-list.ts";

/** A position as its account follows it. */
export interface TrackedPosition {
  positionId: string;
  instrumentId: number;
  /** The order that opened it. */
  intentId: string;
  /** Above zero for a BUY position, below for a SELL position, never zero while it is in the book. */
  signedVolumeMicros: number;
  /** Sum of price x signed volume of what is open, in point-micro-lots: an exact integer, no averaged price. */
  signedCost: number;
  openTimeMicros: Micros;
  /** Of what of it is closed, less the commission on all of its deals, in the account's currency. */
  profitMicros: MicroMoney;
  /** NaN for none. */
  stopPricePoints: number;
  targetPricePoints: number;
  /** Why it is to be closed; empty while it may stay open. */
  exitReason: string;
  /** When the next exit may be tried; Infinity while the market is closed. */
  exitAtMicros: Micros;
  exitAttempts: number;
  /** How far behind the price its stop follows; NaN where it stays. */
  trailPoints: number;
  /** The part that is closed on the way to its target was ordered: that happens once. */
  partTaken: boolean;
}

export interface PositionFill {
  readonly positionId: string;
  readonly instrumentId: number;
  readonly intentId: string;
  readonly side: Side;
  readonly volumeMicros: number;
  readonly pricePoints: number;
  readonly timeMicros: Micros;
  /** Taken when the fill opens the position; NaN for none. */
  readonly stopPricePoints: number;
  readonly targetPricePoints: number;
  readonly trailPoints: number;
  /** Of an entry: where more of it fills than is open on the other side, the rest is a position of its own making. */
  readonly enters: boolean;
  /** The first of its entry: where that enlarges a position, its levels become the position's, as where MetaTrader 5 nets. */
  readonly first: boolean;
}

export interface FillOutcome {
  /** Profit of what the fill closed, in point-micro-lots; 0 when it closed nothing. */
  readonly realised: number;
  readonly closedMicros: number;
  /** The position after the fill; undefined when nothing of it is open. */
  readonly position: TrackedPosition | undefined;
  readonly opened: boolean;
}

export function sideOf(position: TrackedPosition): Side {
  return position.signedVolumeMicros > 0 ? "BUY" : "SELL";
}

/** Profit if all of it were closed at `pricePoints`, in point-micro-lots. */
export function unrealised(position: TrackedPosition, pricePoints: number): number {
  return pricePoints * position.signedVolumeMicros - position.signedCost;
}

export class PositionBook {
  readonly #open: TrackedPosition[] = [];

  /** In the order they were opened. Do not change. */
  get open(): readonly TrackedPosition[] {
    return this.#open;
  }

  find(positionId: string): TrackedPosition | undefined {
    for (let i = 0; i < this.#open.length; i++) {
      const position = this.#open[i] as TrackedPosition;
      if (position.positionId === positionId) return position;
    }
    return undefined;
  }

  /** All open positions of an instrument, oldest first: one at most where the account nets. */
  allOf(instrumentId: number): readonly TrackedPosition[] {
    return this.#open.filter((position) => position.instrumentId === instrumentId);
  }

  /** Nets one fill: first against what is open on the other side, the rest opens or enlarges. */
  net(fill: PositionFill): FillOutcome {
    const known = this.find(fill.positionId);
    const position = known ?? this.#add(fill);
    const signed = fill.side === "BUY" ? fill.volumeMicros : -fill.volumeMicros;
    const held = position.signedVolumeMicros;
    let closedMicros = 0;
    let realised = 0;
    if (held !== 0 && Math.sign(held) !== Math.sign(signed)) {
      closedMicros = Math.min(Math.abs(held), fill.volumeMicros);
      realised = closePart(position, closedMicros, fill.pricePoints);
    }
    const rest = Math.sign(signed) * (fill.volumeMicros - closedMicros);
    if (fill.enters && closedMicros > 0 && rest !== 0) turn(position, fill);
    else if (fill.enters && fill.first && known !== undefined && closedMicros === 0)
      takeLevels(position, fill);
    position.signedVolumeMicros += rest;
    position.signedCost += fill.pricePoints * rest;
    assert(Number.isSafeInteger(position.signedCost), `position ${fill.positionId} is too large to be exact`);
    const gone = position.signedVolumeMicros === 0;
    if (gone) this.#open.splice(this.#open.indexOf(position), 1);
    return {
      realised,
      closedMicros,
      position: gone ? undefined : position,
      opened: known === undefined,
    };
  }

  /** Makes a position what the broker says it is; gone where nothing is left of it. No money moves. */
  restate(position: TrackedPosition, signedVolumeMicros: number, pricePoints: number): void {
    position.signedVolumeMicros = signedVolumeMicros;
    position.signedCost = Math.round(pricePoints * signedVolumeMicros);
    if (signedVolumeMicros === 0) this.#open.splice(this.#open.indexOf(position), 1);
  }

  persist(archive: Archive): void {
    persistList(archive, this.#open, emptyPosition, persistPosition);
  }

  #add(fill: PositionFill): TrackedPosition {
    assert(this.#open.length < OPEN_POSITIONS_MAX, `more than ${OPEN_POSITIONS_MAX} open positions`);
    const position = {
      ...emptyPosition(),
      positionId: fill.positionId,
      instrumentId: fill.instrumentId,
    };
    turn(position, fill);
    this.#open.push(position);
    return position;
  }
}

function takeLevels(position: TrackedPosition, fill: PositionFill): void {
  position.stopPricePoints = fill.stopPricePoints;
  position.targetPricePoints = fill.targetPricePoints;
}

/** From here on the position is what `fill` has made of it. */
function turn(position: TrackedPosition, fill: PositionFill): void {
  position.intentId = fill.intentId;
  position.openTimeMicros = fill.timeMicros;
  takeLevels(position, fill);
  position.trailPoints = fill.trailPoints;
  position.partTaken = false;
  position.exitReason = "";
  position.exitAtMicros = 0;
  position.exitAttempts = 0;
}

/** The position as others know it: its average price is rounded to a point. */
export function toPosition(position: TrackedPosition): Position {
  return {
    positionId: position.positionId,
    instrumentId: position.instrumentId,
    side: sideOf(position),
    volumeMicros: Math.abs(position.signedVolumeMicros),
    openPricePoints: Math.round(position.signedCost / position.signedVolumeMicros),
    openTimeMicros: position.openTimeMicros,
    stopPricePoints: orNull(position.stopPricePoints),
    targetPricePoints: orNull(position.targetPricePoints),
    intentId: position.intentId,
  };
}

/** NaN, a price that is not there, as others know it. */
export function orNull(points: number): number | null {
  return Number.isNaN(points) ? null : points;
}

/** Takes `closedMicros` out of `position` and returns the profit. The cost left is exact: nothing is lost to rounding. */
function closePart(position: TrackedPosition, closedMicros: number, pricePoints: number): number {
  const held = position.signedVolumeMicros;
  const all = closedMicros === Math.abs(held);
  const cost = all
    ? position.signedCost
    : roundHalfAway(position.signedCost * (closedMicros / Math.abs(held)));
  const signedClosed = Math.sign(held) * closedMicros;
  position.signedVolumeMicros -= signedClosed;
  position.signedCost -= cost;
  return pricePoints * signedClosed - cost;
}

function emptyPosition(): TrackedPosition {
  return {
    positionId: "",
    instrumentId: 0,
    intentId: "",
    signedVolumeMicros: 0,
    signedCost: 0,
    openTimeMicros: 0,
    profitMicros: 0,
    stopPricePoints: Number.NaN,
    targetPricePoints: Number.NaN,
    exitReason: "",
    exitAtMicros: 0,
    exitAttempts: 0,
    trailPoints: Number.NaN,
    partTaken: false,
  };
}

function persistPosition(position: TrackedPosition, archive: Archive): void {
  position.positionId = archive.text(position.positionId);
  position.instrumentId = archive.number(position.instrumentId);
  position.intentId = archive.text(position.intentId);
  position.signedVolumeMicros = archive.number(position.signedVolumeMicros);
  position.signedCost = archive.number(position.signedCost);
  position.openTimeMicros = archive.number(position.openTimeMicros);
  position.profitMicros = archive.number(position.profitMicros);
  position.stopPricePoints = archive.number(position.stopPricePoints);
  position.targetPricePoints = archive.number(position.targetPricePoints);
  position.exitReason = archive.text(position.exitReason);
  position.exitAtMicros = archive.number(position.exitAtMicros);
  position.exitAttempts = archive.number(position.exitAttempts);
  position.trailPoints = archive.number(position.trailPoints);
  position.partTaken = archive.boolean(position.partTaken);
}
