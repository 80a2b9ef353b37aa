// What the paper broker holds: requests that were announced or are under way, orders that wait or are in the market, and
// the positions it keeps for the account, with their stops and targets. Bounded.

import type { Archive } from "../../base/archive.ts";
import { assert } from "../../base/assert.ts";
import type { Micros } from "../../base/clock.ts";
import { roundHalfAway } from "../../domain/money.ts";
import {
  ORDER_PURPOSES,
  type OrderIntent,
  type OrderPurpose,
  type OrderType,
  type Side,
  type TimeInForce,
} from "../../domain/order.ts";
import { BROKER_ORDERS_MAX, OPEN_POSITIONS_MAX, UNSENT_MEMORY_MICROS } from "../limits.ts";
import { persistList } from "../persist-list.ts";

export interface BrokerOrder {
  intentId: string;
  instrumentId: number;
  purpose: OrderPurpose;
  side: Side;
  volumeMicros: number;
  filledMicros: number;
  /** NaN for none. */
  stopPricePoints: number;
  targetPricePoints: number;
  /** The position it closes, changes or has opened; empty before an entry's first fill. */
  positionId: string;
  /** What an entry is by now: a stop that was triggered is at the market, a stop-limit then is a limit. */
  type: OrderType;
  /** The limit, or what triggers a stop; NaN for one that was at the market from the beginning. */
  pricePoints: number;
  /** Of a stop-limit; NaN for others. */
  limitPricePoints: number;
  timeInForce: TimeInForce;
  /** NaN where the time in force names none. */
  untilMicros: Micros;
  /** The order that a modify or cancel is about; else empty. */
  orderIntentId: string;
  /** The opposite position of a close-by; else empty. */
  byPositionId: string;
  expiresAtMicros: Micros;
  epoch: number;
  reason: string;
  /** Sent; before that the order is only announced. */
  active: boolean;
  /** When it reaches the market. */
  activeAtMicros: Micros;
  /** Of the side it trades at, when it was sent; NaN without a quote. */
  sentPricePoints: number;
  /** Accepted; a pending order waits from then on. */
  acknowledged: boolean;
  /** A beat found it in the market: it may fill at the last quote then, once; later only new quotes fill it. */
  beatTried: boolean;
  /** Until when nobody hears of it; 0 for the many that are heard of at once. */
  silentUntilMicros: Micros;
  /** It was sent and never came here. */
  lost: boolean;
}

export interface BrokerPosition {
  positionId: string;
  instrumentId: number;
  side: Side;
  volumeMicros: number;
  /** Sum of price x volume of what is open, in point-micro-lots: an exact integer, no averaged price. */
  cost: number;
  stopPricePoints: number;
  targetPricePoints: number;
  /** The order that opened it. */
  intentId: string;
}

export interface EntryFill {
  readonly volumeMicros: number;
  readonly pricePoints: number;
  /** The order had not filled before. */
  readonly first: boolean;
}

export class BrokerTables {
  readonly #orders: BrokerOrder[] = [];
  readonly #positions: BrokerPosition[] = [];
  #numbered = 0;

  /** Announced and active orders, in the order they were announced. Do not change. */
  get orders(): readonly BrokerOrder[] {
    return this.#orders;
  }

  /** In the order they were opened. Do not change. */
  get positions(): readonly BrokerPosition[] {
    return this.#positions;
  }

  /** Remembers an announced order. A second announcement changes nothing, and a full table takes no more. */
  hold(intent: OrderIntent, nowMicros: Micros): void {
    this.#forgetUnsent(nowMicros);
    if (this.#orders.length >= BROKER_ORDERS_MAX || this.order(intent.intentId) !== undefined) return;
    const { terms } = intent;
    this.#orders.push({
      ...emptyOrder(),
      intentId: intent.intentId,
      instrumentId: intent.instrumentId,
      purpose: intent.purpose,
      side: intent.side,
      volumeMicros: intent.volumeMicros,
      stopPricePoints: intent.stopPricePoints ?? Number.NaN,
      targetPricePoints: intent.targetPricePoints ?? Number.NaN,
      positionId: intent.positionId ?? "",
      type: terms?.type ?? "market",
      pricePoints: terms?.pricePoints ?? Number.NaN,
      limitPricePoints: terms?.limitPricePoints ?? Number.NaN,
      timeInForce: terms?.timeInForce ?? "gtc",
      untilMicros: terms?.untilMicros ?? Number.NaN,
      orderIntentId: intent.orderIntentId ?? "",
      byPositionId: intent.byPositionId ?? "",
      expiresAtMicros: intent.expiresAtMicros,
      epoch: intent.epoch,
      reason: intent.reason,
    });
  }

  order(intentId: string): BrokerOrder | undefined {
    return this.#orders.find((order) => order.intentId === intentId);
  }

  /** The order is done with. */
  remove(order: BrokerOrder): void {
    this.#orders.splice(this.#orders.indexOf(order), 1);
  }

  position(positionId: string): BrokerPosition | undefined {
    return this.#positions.find((position) => position.positionId === positionId);
  }

  /** Numbers positions, from 1. */
  nextPosition(): number {
    return ++this.#numbered;
  }

  /** The position an exit can close; undefined when it is gone, or was turned to the exit's own side since. */
  closableBy({ positionId, side }: BrokerOrder): BrokerPosition | undefined {
    const position = this.position(positionId);
    return position?.side === side ? undefined : position;
  }

  /** The oldest of an instrument. */
  positionOf(instrumentId: number): BrokerPosition | undefined {
    return this.#positions.find((position) => position.instrumentId === instrumentId);
  }

  /**
   * An entry filled: opens its position or adds to it; on the other side, where positions net, it reduces or turns it.
   * Levels follow the newest order that enlarged or turned the position, as at a netting account of MetaTrader.
   * @returns the profit of what it closed, in point-micro-lots
   */
  enter(order: BrokerOrder, fill: EntryFill): number {
    const known = this.position(order.positionId);
    if (known === undefined) {
      this.#open(order, fill);
      return 0;
    }
    if (known.side !== order.side) return this.#enterAgainst(known, order, fill);
    known.volumeMicros += fill.volumeMicros;
    known.cost += fill.volumeMicros * fill.pricePoints;
    // A later order has come to an open position; the levels of the first order may have been changed since.
    if (fill.first) setLevels(known, order);
    return 0;
  }

  /**
   * Some or all of a position was closed.
   * @returns the profit, in point-micro-lots. What is left keeps the exact rest of the cost, as the account's books do.
   */
  reduce(position: BrokerPosition, volumeMicros: number, pricePoints: number): number {
    const held = position.volumeMicros;
    assert(volumeMicros <= held, `position ${position.positionId} was closed by more than it held`);
    const cost = volumeMicros === held ? position.cost : roundHalfAway(position.cost * (volumeMicros / held));
    position.volumeMicros -= volumeMicros;
    position.cost -= cost;
    if (position.volumeMicros === 0) this.#positions.splice(this.#positions.indexOf(position), 1);
    const gain = pricePoints * volumeMicros - cost;
    return position.side === "BUY" ? gain : -gain;
  }

  persist(archive: Archive): void {
    persistList(archive, this.#orders, emptyOrder, persistOrder);
    persistList(archive, this.#positions, emptyPosition, persistPosition);
    this.#numbered = archive.number(this.#numbered);
  }

  #open(order: BrokerOrder, { volumeMicros, pricePoints }: EntryFill): void {
    assert(
      this.#positions.length < OPEN_POSITIONS_MAX,
      `more than ${OPEN_POSITIONS_MAX} positions at the paper broker`,
    );
    this.#positions.push({
      positionId: order.positionId,
      instrumentId: order.instrumentId,
      side: order.side,
      volumeMicros,
      cost: volumeMicros * pricePoints,
      stopPricePoints: order.stopPricePoints,
      targetPricePoints: order.targetPricePoints,
      intentId: order.intentId,
    });
  }

  #enterAgainst(known: BrokerPosition, order: BrokerOrder, fill: EntryFill): number {
    const closedMicros = Math.min(known.volumeMicros, fill.volumeMicros);
    const realised = this.reduce(known, closedMicros, fill.pricePoints);
    const restMicros = fill.volumeMicros - closedMicros;
    if (restMicros > 0) this.#open(order, { ...fill, volumeMicros: restMicros });
    return realised;
  }

  #forgetUnsent(nowMicros: Micros): void {
    const orders = this.#orders;
    for (let i = orders.length - 1; i >= 0; i--) {
      const order = orders[i] as BrokerOrder;
      if (!order.active && nowMicros >= order.expiresAtMicros + UNSENT_MEMORY_MICROS) orders.splice(i, 1);
    }
  }
}

/** Takes over stop and target as they are to be. */
export function setLevels(
  target: Pick<BrokerPosition, "stopPricePoints" | "targetPricePoints">,
  levels: Pick<BrokerPosition, "stopPricePoints" | "targetPricePoints">,
): void {
  target.stopPricePoints = levels.stopPricePoints;
  target.targetPricePoints = levels.targetPricePoints;
}

function emptyOrder(): BrokerOrder {
  return {
    intentId: "",
    instrumentId: 0,
    purpose: "entry",
    side: "BUY",
    volumeMicros: 0,
    filledMicros: 0,
    stopPricePoints: Number.NaN,
    targetPricePoints: Number.NaN,
    positionId: "",
    type: "market",
    pricePoints: Number.NaN,
    limitPricePoints: Number.NaN,
    timeInForce: "gtc",
    untilMicros: Number.NaN,
    orderIntentId: "",
    byPositionId: "",
    expiresAtMicros: 0,
    epoch: 0,
    reason: "",
    active: false,
    activeAtMicros: Number.POSITIVE_INFINITY,
    sentPricePoints: Number.NaN,
    acknowledged: false,
    beatTried: false,
    silentUntilMicros: 0,
    lost: false,
  };
}

const ORDER_TYPES: readonly OrderType[] = ["market", "limit", "stop", "stop-limit"];
const TIMES_IN_FORCE: readonly TimeInForce[] = ["gtc", "day", "until"];

function persistOrder(order: BrokerOrder, archive: Archive): void {
  order.intentId = archive.text(order.intentId);
  order.instrumentId = archive.number(order.instrumentId);
  order.purpose = ORDER_PURPOSES[archive.number(ORDER_PURPOSES.indexOf(order.purpose))] ?? "cancel";
  order.side = archive.boolean(order.side === "SELL") ? "SELL" : "BUY";
  order.volumeMicros = archive.number(order.volumeMicros);
  order.filledMicros = archive.number(order.filledMicros);
  order.stopPricePoints = archive.number(order.stopPricePoints);
  order.targetPricePoints = archive.number(order.targetPricePoints);
  order.positionId = archive.text(order.positionId);
  order.type = ORDER_TYPES[archive.number(ORDER_TYPES.indexOf(order.type))] ?? "market";
  order.pricePoints = archive.number(order.pricePoints);
  order.limitPricePoints = archive.number(order.limitPricePoints);
  order.timeInForce = TIMES_IN_FORCE[archive.number(TIMES_IN_FORCE.indexOf(order.timeInForce))] ?? "gtc";
  order.untilMicros = archive.number(order.untilMicros);
  order.orderIntentId = archive.text(order.orderIntentId);
  order.byPositionId = archive.text(order.byPositionId);
  order.expiresAtMicros = archive.number(order.expiresAtMicros);
  order.epoch = archive.number(order.epoch);
  order.reason = archive.text(order.reason);
  order.active = archive.boolean(order.active);
  order.activeAtMicros = archive.number(order.activeAtMicros);
  order.sentPricePoints = archive.number(order.sentPricePoints);
  order.acknowledged = archive.boolean(order.acknowledged);
  order.beatTried = archive.boolean(order.beatTried);
  order.silentUntilMicros = archive.number(order.silentUntilMicros);
  order.lost = archive.boolean(order.lost);
}

function emptyPosition(): BrokerPosition {
  return {
    positionId: "",
    instrumentId: 0,
    side: "BUY",
    volumeMicros: 0,
    cost: 0,
    stopPricePoints: Number.NaN,
    targetPricePoints: Number.NaN,
    intentId: "",
  };
}

function persistPosition(position: BrokerPosition, archive: Archive): void {
  position.positionId = archive.text(position.positionId);
  position.instrumentId = archive.number(position.instrumentId);
  position.side = archive.boolean(position.side === "SELL") ? "SELL" : "BUY";
  position.volumeMicros = archive.number(position.volumeMicros);
  position.cost = archive.number(position.cost);
  position.stopPricePoints = archive.number(position.stopPricePoints);
  position.targetPricePoints = archive.number(position.targetPricePoints);
  position.intentId = archive.text(position.intentId);
}
