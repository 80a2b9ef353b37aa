// What the paper broker holds: orders that were announced or are in the market, and the positions it keeps for the
// account, with their stops and targets. Bounded.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import type { OrderIntent, OrderPurpose, Side } from "../domain/order.ts";
import { BROKER_ORDERS_MAX, OPEN_POSITIONS_MAX, UNSENT_MEMORY_MICROS } from "./limits.ts";
import { persistList } from "./persist-list.ts";

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
  /** The position it closes or has opened; empty before an entry's first fill. */
  positionId: string;
  expiresAtMicros: Micros;
  epoch: number;
  reason: string;
  /** Sent; before that the order is only announced. */
  active: boolean;
  /** When it reaches the market. */
  activeAtMicros: Micros;
  acknowledged: boolean;
  /** A beat found it in the market: it may fill at the last quote then, once; later only new quotes fill it. */
  beatTried: boolean;
}

export interface BrokerPosition {
  positionId: string;
  instrumentId: number;
  side: Side;
  volumeMicros: number;
  stopPricePoints: number;
  targetPricePoints: number;
  /** The order that opened it. */
  intentId: string;
}

export class BrokerTables {
  readonly #orders: BrokerOrder[] = [];
  readonly #positions: BrokerPosition[] = [];

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

  /** An entry filled: opens its position, or adds to it. */
  enlarge(order: BrokerOrder, volumeMicros: number): void {
    const known = this.position(order.positionId);
    if (known !== undefined) {
      known.volumeMicros += volumeMicros;
      return;
    }
    assert(
      this.#positions.length < OPEN_POSITIONS_MAX,
      `more than ${OPEN_POSITIONS_MAX} positions at the paper broker`,
    );
    this.#positions.push({
      positionId: order.positionId,
      instrumentId: order.instrumentId,
      side: order.side,
      volumeMicros,
      stopPricePoints: order.stopPricePoints,
      targetPricePoints: order.targetPricePoints,
      intentId: order.intentId,
    });
  }

  /** Some or all of a position was closed. */
  reduce(position: BrokerPosition, volumeMicros: number): void {
    position.volumeMicros -= volumeMicros;
    assert(position.volumeMicros >= 0, `position ${position.positionId} was closed by more than it held`);
    if (position.volumeMicros === 0) this.#positions.splice(this.#positions.indexOf(position), 1);
  }

  persist(archive: Archive): void {
    persistList(archive, this.#orders, emptyOrder, persistOrder);
    persistList(archive, this.#positions, emptyPosition, persistPosition);
  }

  #forgetUnsent(nowMicros: Micros): void {
    const orders = this.#orders;
    for (let i = orders.length - 1; i >= 0; i--) {
      const order = orders[i] as BrokerOrder;
      if (!order.active && nowMicros >= order.expiresAtMicros + UNSENT_MEMORY_MICROS) orders.splice(i, 1);
    }
  }
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
    expiresAtMicros: 0,
    epoch: 0,
    reason: "",
    active: false,
    activeAtMicros: Number.POSITIVE_INFINITY,
    acknowledged: false,
    beatTried: false,
  };
}

function persistOrder(order: BrokerOrder, archive: Archive): void {
  order.intentId = archive.text(order.intentId);
  order.instrumentId = archive.number(order.instrumentId);
  order.purpose = archive.boolean(order.purpose === "exit") ? "exit" : "entry";
  order.side = archive.boolean(order.side === "SELL") ? "SELL" : "BUY";
  order.volumeMicros = archive.number(order.volumeMicros);
  order.filledMicros = archive.number(order.filledMicros);
  order.stopPricePoints = archive.number(order.stopPricePoints);
  order.targetPricePoints = archive.number(order.targetPricePoints);
  order.positionId = archive.text(order.positionId);
  order.expiresAtMicros = archive.number(order.expiresAtMicros);
  order.epoch = archive.number(order.epoch);
  order.reason = archive.text(order.reason);
  order.active = archive.boolean(order.active);
  order.activeAtMicros = archive.number(order.activeAtMicros);
  order.acknowledged = archive.boolean(order.acknowledged);
  order.beatTried = archive.boolean(order.beatTried);
}

function emptyPosition(): BrokerPosition {
  return {
    positionId: "",
    instrumentId: 0,
    side: "BUY",
    volumeMicros: 0,
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
  position.stopPricePoints = archive.number(position.stopPricePoints);
  position.targetPricePoints = archive.number(position.targetPricePoints);
  position.intentId = archive.text(position.intentId);
}
