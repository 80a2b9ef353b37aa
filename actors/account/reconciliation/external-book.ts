// Positions of the broker's that are not ours: opened by hand, by another program, or by a journal that was lost. They count as
// exposure and margin, they are shown, and nothing here ever closes them. A picture says what they are; deals change them in between.

import type { Archive } from "../../base/archive.ts";
import type { Micros } from "../../base/clock.ts";
import type { BookedPosition } from "../../domain/broker-books.ts";
import { BOOK_ROWS_MAX } from "../../domain/broker-books.ts";
import type { MicroMoney } from "../../domain/money.ts";
import type { Position, Side } from "../../domain/order.ts";
import { persistJson } from "./persist-json.ts";

export interface ExternalPosition {
  readonly positionId: string;
  /** Below zero for an instrument that is not traded here. */
  readonly instrumentId: number;
  /** As the broker spells it; empty until a picture has told. */
  symbol: string;
  /** Of ours as its magic number says, though we know nothing of it; empty for one that is not. */
  intentId: string;
  /** A person took it as it is. */
  accepted: boolean;
  /** Never zero. */
  signedVolumeMicros: number;
  /** An average where several deals made it, and then not always whole. */
  openPricePoints: number;
  openTimeMicros: Micros;
  stopPricePoints: number | null;
  targetPricePoints: number | null;
  /** What it has won and owes by now, as the broker last told. */
  profitMicros: MicroMoney;
}

/** A deal of a position that is not ours. */
export interface ExternalFill {
  readonly positionId: string;
  readonly instrumentId: number;
  readonly intentId: string;
  readonly side: Side;
  readonly volumeMicros: number;
  readonly pricePoints: number;
  readonly timeMicros: Micros;
}

export class ExternalBook {
  #open: ExternalPosition[] = [];

  /** Oldest first. Do not change. */
  get open(): readonly ExternalPosition[] {
    return this.#open;
  }

  find(positionId: string): ExternalPosition | undefined {
    return this.#open.find((position) => position.positionId === positionId);
  }

  holds(instrumentId: number): boolean {
    return this.#open.some((position) => position.instrumentId === instrumentId);
  }

  /** Takes a position out of the book. */
  take(positionId: string): ExternalPosition | undefined {
    const position = this.find(positionId);
    if (position !== undefined) this.#open.splice(this.#open.indexOf(position), 1);
    return position;
  }

  /** Nets one deal. Returns false where the book is full and it was left out. */
  net(fill: ExternalFill): boolean {
    const signed = fill.side === "BUY" ? fill.volumeMicros : -fill.volumeMicros;
    const known = this.find(fill.positionId);
    if (known === undefined) return this.#add(openedBy(fill, signed));
    const held = known.signedVolumeMicros;
    const sum = held + signed;
    if (sum === 0) {
      this.take(fill.positionId);
      return true;
    }
    if (Math.sign(held) === Math.sign(signed)) {
      known.openPricePoints = (known.openPricePoints * held + fill.pricePoints * signed) / sum;
    } else if (Math.sign(sum) !== Math.sign(held)) known.openPricePoints = fill.pricePoints;
    known.signedVolumeMicros = sum;
    return true;
  }

  /**
   * A position as a picture shows it.
   * @param sinceMicros signed volume of deals that are booked already and not in the picture
   * @returns undefined where the book is full and it was left out
   */
  restate(
    row: BookedPosition,
    sinceMicros: number,
  ): { readonly isNew: boolean; readonly accepted: boolean } | undefined {
    const signedVolumeMicros = (row.side === "BUY" ? row.volumeMicros : -row.volumeMicros) + sinceMicros;
    const known = this.find(row.positionId);
    if (signedVolumeMicros === 0) {
      this.take(row.positionId);
      return { isNew: false, accepted: true };
    }
    const accepted = known?.accepted === true;
    const position: ExternalPosition = {
      positionId: row.positionId,
      instrumentId: row.instrumentId,
      symbol: row.symbol,
      intentId: row.intentId,
      accepted,
      signedVolumeMicros,
      openPricePoints: row.openPricePoints,
      openTimeMicros: row.openTimeMicros,
      stopPricePoints: row.stopPricePoints,
      targetPricePoints: row.targetPricePoints,
      profitMicros: row.profitMicros + row.swapMicros,
    };
    const wasShown = known !== undefined && known.symbol !== "";
    if (known !== undefined) this.#open[this.#open.indexOf(known)] = position;
    else if (!this.#add(position)) return undefined;
    return { isNew: !wasShown, accepted };
  }

  persist(archive: Archive): void {
    this.#open = persistJson(archive, this.#open);
  }

  #add(position: ExternalPosition): boolean {
    if (this.#open.length >= BOOK_ROWS_MAX) return false;
    this.#open.push(position);
    return true;
  }
}

function openedBy(fill: ExternalFill, signedVolumeMicros: number): ExternalPosition {
  const { positionId, instrumentId, intentId, pricePoints, timeMicros } = fill;
  return {
    positionId,
    instrumentId,
    symbol: "",
    intentId,
    accepted: false,
    signedVolumeMicros,
    openPricePoints: pricePoints,
    openTimeMicros: timeMicros,
    stopPricePoints: null,
    targetPricePoints: null,
    profitMicros: 0,
  };
}

/** As others know it. */
export function toExternalView(position: ExternalPosition): Position {
  const { positionId, instrumentId, signedVolumeMicros, openPricePoints, openTimeMicros } = position;
  return {
    positionId,
    instrumentId,
    side: signedVolumeMicros > 0 ? "BUY" : "SELL",
    volumeMicros: Math.abs(signedVolumeMicros),
    openPricePoints: Math.round(openPricePoints),
    openTimeMicros,
    stopPricePoints: position.stopPricePoints,
    targetPricePoints: position.targetPricePoints,
    intentId: position.intentId,
    external: true,
  };
}
