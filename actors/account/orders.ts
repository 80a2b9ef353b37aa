// The life of an order as one table of (state, trigger), and the orders of an account. Deals are the truth: a fill is
// booked whatever the table says, and a transition that should not happen is reported as an anomaly, not a crash.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import type { MicroMoney } from "../domain/money.ts";
import { ORDER_PURPOSES, type OrderPurpose, type PendingTerms, type Side } from "../domain/order.ts";
import { CHANGE_ORDERS_RESERVE, CLOSED_ORDERS_MAX, EXIT_ORDERS_RESERVE, LIVE_ORDERS_MAX } from "./limits.ts";
import { persistTerms } from "./pending.ts";
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
  "done",
] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/**
 * `expire`: its time ran out unsent. `lose`: nobody knows its outcome. `release`: a human declared it dead, or what it was
 * about has ended. `done`: the broker carried out a change or a cancellation.
 */
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
  "done",
] as const;
export type OrderTrigger = (typeof ORDER_TRIGGERS)[number];

interface Cell {
  readonly next: OrderState;
  readonly legal: boolean;
}

const TERMINAL: ReadonlySet<OrderState> = new Set(["filled", "cancelled", "rejected", "expired", "done"]);

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
 * An unsent order that expired may still be sent by a gate that was slow: the broker will cancel it. One that was released may
 * still be told of.
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
    done: oddly("done"),
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
    done: to("done"),
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
    done: to("done"),
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
    done: oddly("partially-filled"),
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
    done: to("done"),
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
    done: oddly("filled"),
  },
  cancelled: {
    send: oddly("cancelled"),
    acknowledge: to("cancelled"),
    "fill-part": to("cancelled"),
    "fill-rest": to("filled"),
    cancel: to("cancelled"),
    reject: to("cancelled"),
    expire: oddly("cancelled"),
    lose: oddly("cancelled"),
    release: oddly("cancelled"),
    done: to("done"),
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
    done: oddly("done"),
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
    done: oddly("done"),
  },
  done: {
    send: oddly("done"),
    acknowledge: to("done"),
    "fill-part": oddly("filled"),
    "fill-rest": oddly("filled"),
    cancel: oddly("done"),
    reject: oddly("done"),
    expire: oddly("done"),
    lose: oddly("done"),
    release: oddly("done"),
    done: to("done"),
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
  /** Margin of its whole volume; of an order that changes a pending one, what that will have then; 0 for others. */
  marginMicros: MicroMoney;
  /** The position it closes or changes; empty for an entry, and for what is about an order. */
  positionId: string;
  /** What it waits for at the broker, or will once it is changed; null for one at the market. */
  terms: PendingTerms | null;
  /** Of a modify or cancel: the entry it is about. */
  orderIntentId: string;
  byPositionId: string;
  /** One cancels the other; empty for one on its own. */
  group: string;
  /** Where it is expected to fill. */
  pricePoints: number;
  /** While a change of it is under way: its price and margin then. The larger of either is what stays reserved. 0 for none. */
  changePricePoints: number;
  changeMarginMicros: MicroMoney;
  /** How far behind the price its position's stop is to follow; NaN where it stays. */
  trailPoints: number;
  decidedMicros: Micros;
  /** NaN while it is not sent. */
  sentMicros: Micros;
  expiresAtMicros: Micros;
  /** When it expires unsent, or counts as unknown for want of a report; Infinity once its fate is known. */
  deadlineMicros: Micros;
}

/** Whether it waits at the broker: no report is due before it fills or ends. */
export function isWaiting(order: TrackedOrder): boolean {
  return order.terms !== null && order.purpose === "entry" && AT_BROKER.has(order.state);
}

const AT_BROKER: ReadonlySet<OrderState> = new Set(["acknowledged", "partially-filled"]);

/** What of its margin is reserved: the rest of an entry's, at the dearer of its terms while they change. */
export function reservedMicros(order: TrackedOrder): MicroMoney {
  if (order.purpose !== "entry") return 0;
  const restMicros = Math.max(0, order.volumeMicros - order.filledMicros);
  const marginMicros = Math.max(order.marginMicros, order.changeMarginMicros);
  return Math.ceil((marginMicros * restMicros) / order.volumeMicros);
}

const ORDERS_MAX = LIVE_ORDERS_MAX + EXIT_ORDERS_RESERVE + CHANGE_ORDERS_RESERVE;

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
    assert(this.#live.length < ORDERS_MAX, "more live orders than controls allow");
    this.#byId.set(order.intentId, order);
    this.#live.push(order);
  }

  find(intentId: string): TrackedOrder | undefined {
    return this.#byId.get(intentId);
  }

  /** Live orders that change or cancel the entry `intentId`. */
  about(intentId: string): readonly TrackedOrder[] {
    return this.#live.filter(({ orderIntentId }) => orderIntentId === intentId);
  }

  /** Whether a later change of a position's levels was carried out: what an earlier one asked for holds no more. */
  isOutdated(change: TrackedOrder, positionId: string): boolean {
    let isLater = false;
    for (const order of this.#byId.values()) {
      if (isLater && order.state === "done" && order.positionId === positionId) return true;
      if (order === change) isLater = true;
    }
    return false;
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

export function emptyOrder(): TrackedOrder {
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
    terms: null,
    orderIntentId: "",
    byPositionId: "",
    group: "",
    pricePoints: Number.NaN,
    changePricePoints: 0,
    changeMarginMicros: 0,
    trailPoints: Number.NaN,
    decidedMicros: 0,
    sentMicros: Number.NaN,
    expiresAtMicros: 0,
    deadlineMicros: 0,
  };
}

function persistOrder(order: TrackedOrder, archive: Archive): void {
  order.intentId = archive.text(order.intentId);
  order.instrumentId = archive.number(order.instrumentId);
  order.purpose = ORDER_PURPOSES[archive.number(ORDER_PURPOSES.indexOf(order.purpose))] ?? "entry";
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
  order.terms = persistTerms(order.terms, archive);
  order.orderIntentId = archive.text(order.orderIntentId);
  order.byPositionId = archive.text(order.byPositionId);
  order.group = archive.text(order.group);
  order.pricePoints = archive.number(order.pricePoints);
  order.changePricePoints = archive.number(order.changePricePoints);
  order.changeMarginMicros = archive.number(order.changeMarginMicros);
  order.trailPoints = archive.number(order.trailPoints);
  order.decidedMicros = archive.number(order.decidedMicros);
  order.sentMicros = archive.number(order.sentMicros);
  order.expiresAtMicros = archive.number(order.expiresAtMicros);
  order.deadlineMicros = archive.number(order.deadlineMicros);
}
