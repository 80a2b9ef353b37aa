// The life of an order as one table of (state, trigger), and the orders of an account. Deals are the truth: a fill is
// booked whatever the table says, and a transition that should not happen is reported as an anomaly, not a crash.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import type { MicroMoney } from "../domain/money.ts";
import type { OrderPurpose, Side } from "../domain/order.ts";
import { CLOSED_ORDERS_MAX, EXIT_ORDERS_RESERVE, LIVE_ORDERS_MAX } from "./limits.ts";
import { persistList } from "./persist-list.ts";

export const ORDER_STATES = [
  "intended",
  "sent",
  "acknowledged",
  "partially-filled",
  "unknown",
  "filled",
  "cancelled",
  "rejected",
  "expired",
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** `expire`: its time ran out unsent. `lose`: nobody knows its outcome. `release`: a human declared it dead. */
export const ORDER_TRIGGERS = [
  "send",
  "acknowledge",
  "fill-part",
  "fill-rest",
  "cancel",
  "reject",
  "expire",
  "lose",
  "release",
] as const;
export type OrderTrigger = (typeof ORDER_TRIGGERS)[number];

interface Cell {
  readonly next: OrderState;
  readonly legal: boolean;
}

const TERMINAL: ReadonlySet<OrderState> = new Set(["filled", "cancelled", "rejected", "expired"]);

/** Whether an order in `state` can still be filled, and so keeps its exposure reserved. */
export function isLive(state: OrderState): boolean {
  return !TERMINAL.has(state);
}

function to(next: OrderState): Cell {
  return { next, legal: true };
}

/** It happened, so the state follows; it should not have, so it is reported. */
function oddly(next: OrderState): Cell {
  return { next, legal: false };
}

/**
 * Reports may overtake each other, so a late acknowledgement changes nothing and a fill after a cancellation counts.
 * An unsent order that expired may still be sent by a gate that was slow: the broker will cancel it.
 */
const LIFECYCLE: Readonly<Record<OrderState, Readonly<Record<OrderTrigger, Cell>>>> = {
  intended: {
    send: to("sent"),
    acknowledge: oddly("acknowledged"),
    "fill-part": oddly("partially-filled"),
    "fill-rest": oddly("filled"),
    cancel: oddly("cancelled"),
    reject: oddly("rejected"),
    expire: to("expired"),
    lose: oddly("unknown"),
    release: oddly("intended"),
  },
  sent: {
    send: oddly("sent"),
    acknowledge: to("acknowledged"),
    "fill-part": to("partially-filled"),
    "fill-rest": to("filled"),
    cancel: to("cancelled"),
    reject: to("rejected"),
    expire: oddly("sent"),
    lose: to("unknown"),
    release: oddly("sent"),
  },
  acknowledged: {
    send: oddly("acknowledged"),
    acknowledge: to("acknowledged"),
    "fill-part": to("partially-filled"),
    "fill-rest": to("filled"),
    cancel: to("cancelled"),
    reject: to("rejected"),
    expire: oddly("acknowledged"),
    lose: to("unknown"),
    release: oddly("acknowledged"),
  },
  "partially-filled": {
    send: oddly("partially-filled"),
    acknowledge: to("partially-filled"),
    "fill-part": to("partially-filled"),
    "fill-rest": to("filled"),
    cancel: to("cancelled"),
    reject: oddly("cancelled"),
    expire: oddly("partially-filled"),
    lose: to("unknown"),
    release: oddly("partially-filled"),
  },
  unknown: {
    send: oddly("unknown"),
    acknowledge: to("acknowledged"),
    "fill-part": to("partially-filled"),
    "fill-rest": to("filled"),
    cancel: to("cancelled"),
    reject: to("rejected"),
    expire: oddly("unknown"),
    lose: to("unknown"),
    release: to("cancelled"),
  },
  filled: {
    send: oddly("filled"),
    acknowledge: to("filled"),
    "fill-part": oddly("filled"),
    "fill-rest": oddly("filled"),
    cancel: oddly("filled"),
    reject: oddly("filled"),
    expire: oddly("filled"),
    lose: oddly("filled"),
    release: oddly("filled"),
  },
  cancelled: {
    send: oddly("cancelled"),
    acknowledge: to("cancelled"),
    "fill-part": to("cancelled"),
    "fill-rest": to("filled"),
    cancel: to("cancelled"),
    reject: oddly("cancelled"),
    expire: oddly("cancelled"),
    lose: oddly("cancelled"),
    release: oddly("cancelled"),
  },
  rejected: {
    send: oddly("rejected"),
    acknowledge: oddly("rejected"),
    "fill-part": oddly("partially-filled"),
    "fill-rest": oddly("filled"),
    cancel: oddly("rejected"),
    reject: to("rejected"),
    expire: oddly("rejected"),
    lose: oddly("rejected"),
    release: oddly("rejected"),
  },
  expired: {
    send: to("sent"),
    acknowledge: oddly("acknowledged"),
    "fill-part": oddly("partially-filled"),
    "fill-rest": oddly("filled"),
    cancel: to("expired"),
    reject: to("expired"),
    expire: to("expired"),
    lose: oddly("unknown"),
    release: oddly("expired"),
  },
};

export interface Transition {
  readonly previous: OrderState;
  readonly current: OrderState;
  /** False when the trigger should not come in that state. */
  readonly legal: boolean;
}

/** The whole lifecycle: what `trigger` makes of an order in `state`. */
export function transition(state: OrderState, trigger: OrderTrigger): Transition {
  const cell = LIFECYCLE[state][trigger];
  return { previous: state, current: cell.next, legal: cell.legal };
}

/** An order as its account follows it. */
export interface TrackedOrder {
  intentId: string;
  instrumentId: number;
  purpose: OrderPurpose;
  side: Side;
  volumeMicros: number;
  filledMicros: number;
  state: OrderState;
  /** The quote it was priced from. */
  bidPoints: number;
  askPoints: number;
  /** NaN for none. */
  stopPricePoints: number;
  targetPricePoints: number;
  /** An entry that a signal asked for, not a person. */
  bySignal: boolean;
  /** Margin of its whole volume; 0 for an exit. */
  marginMicros: MicroMoney;
  /** The position an exit closes; empty for an entry. */
  positionId: string;
  expiresAtMicros: Micros;
  /** When it expires unsent, or counts as unknown for want of a report; Infinity once its fate is known. */
  deadlineMicros: Micros;
}

export class OrderTable {
  readonly #byId = new Map<string, TrackedOrder>();
  readonly #live: TrackedOrder[] = [];
  /** The ids of finished orders, the one that finished first at the front. */
  readonly #closed: string[] = [];

  /** Orders that may still be filled, oldest first. Do not change. */
  get live(): readonly TrackedOrder[] {
    return this.#live;
  }

  add(order: TrackedOrder): void {
    assert(!this.#byId.has(order.intentId), `intent ${order.intentId} exists already`);
    assert(this.#live.length < LIVE_ORDERS_MAX + EXIT_ORDERS_RESERVE, "more live orders than controls allow");
    this.#byId.set(order.intentId, order);
    this.#live.push(order);
  }

  find(intentId: string): TrackedOrder | undefined {
    return this.#byId.get(intentId);
  }

  /** Moves `order` along its lifecycle. */
  apply(order: TrackedOrder, trigger: OrderTrigger): Transition {
    const result = transition(order.state, trigger);
    order.state = result.current;
    const wasLive = isLive(result.previous);
    const nowLive = isLive(result.current);
    if (wasLive && !nowLive) this.#close(order);
    if (!wasLive && nowLive) this.#reopen(order);
    return result;
  }

  persist(archive: Archive): void {
    const orders = [...this.#byId.values()];
    persistList(archive, orders, emptyOrder, persistOrder);
    const closed = this.#closed.map((intentId) => ({ intentId }));
    persistList(
      archive,
      closed,
      () => ({ intentId: "" }),
      (entry) => {
        entry.intentId = archive.text(entry.intentId);
      },
    );
    if (!archive.loading) return;
    this.#byId.clear();
    this.#live.length = 0;
    this.#closed.length = 0;
    for (const order of orders) {
      this.#byId.set(order.intentId, order);
      if (isLive(order.state)) this.#live.push(order);
    }
    for (const { intentId } of closed) this.#closed.push(intentId);
  }

  #close(order: TrackedOrder): void {
    this.#live.splice(this.#live.indexOf(order), 1);
    order.deadlineMicros = Number.POSITIVE_INFINITY;
    this.#closed.push(order.intentId);
    if (this.#closed.length <= CLOSED_ORDERS_MAX) return;
    const oldest = this.#closed.shift();
    if (oldest !== undefined) this.#byId.delete(oldest);
  }

  /** Live orders stay sorted by age, which is the order of ids, so that a restored table goes on identically. */
  #reopen(order: TrackedOrder): void {
    this.#closed.splice(this.#closed.indexOf(order.intentId), 1);
    this.#live.length = 0;
    for (const other of this.#byId.values()) if (isLive(other.state)) this.#live.push(other);
  }
}

function emptyOrder(): TrackedOrder {
  return {
    intentId: "",
    instrumentId: 0,
    purpose: "entry",
    side: "BUY",
    volumeMicros: 0,
    filledMicros: 0,
    state: "intended",
    bidPoints: 0,
    askPoints: 0,
    stopPricePoints: Number.NaN,
    targetPricePoints: Number.NaN,
    bySignal: false,
    marginMicros: 0,
    positionId: "",
    expiresAtMicros: 0,
    deadlineMicros: 0,
  };
}

function persistOrder(order: TrackedOrder, archive: Archive): void {
  order.intentId = archive.text(order.intentId);
  order.instrumentId = archive.number(order.instrumentId);
  order.purpose = archive.boolean(order.purpose === "exit") ? "exit" : "entry";
  order.side = archive.boolean(order.side === "SELL") ? "SELL" : "BUY";
  order.volumeMicros = archive.number(order.volumeMicros);
  order.filledMicros = archive.number(order.filledMicros);
  order.state = ORDER_STATES[archive.number(ORDER_STATES.indexOf(order.state))] ?? "unknown";
  order.bidPoints = archive.number(order.bidPoints);
  order.askPoints = archive.number(order.askPoints);
  order.stopPricePoints = archive.number(order.stopPricePoints);
  order.targetPricePoints = archive.number(order.targetPricePoints);
  order.bySignal = archive.boolean(order.bySignal);
  order.marginMicros = archive.number(order.marginMicros);
  order.positionId = archive.text(order.positionId);
  order.expiresAtMicros = archive.number(order.expiresAtMicros);
  order.deadlineMicros = archive.number(order.deadlineMicros);
}
