// What an account remembers of its own order flow on one instrument, as far back as the longest window looks: orders and what
// became of them, changes, fills, and how often the market moved. State of the account: it survives restarts.

import type { Archive } from "../../base/archive.ts";
import type { Micros } from "../../base/clock.ts";
import type { PendingTerms, Side } from "../../domain/order.ts";
import { persistList } from "../persist-list.ts";
import { FLOW_CHANGES_MAX, FLOW_FILLS_MAX, FLOW_ORDERS_MAX } from "./bounds.ts";
import type { ComplianceLimits } from "./settings.ts";

export interface FlowOrder {
  intentId: string;
  side: Side;
  /** Its limit, or the side of the quote that it takes. */
  pricePoints: number;
  /** It waits at its price; else it takes what there is. */
  resting: boolean;
  /** A stop: until the market triggers it, it can trade with nobody. */
  dormant: boolean;
  timeMicros: Micros;
  /** It may still be filled. */
  live: boolean;
  cancelled: boolean;
  filledMicros: number;
  /** The market's moves its way until it was placed. */
  movesBefore: number;
}

/** A fill, and the side of the quote that its order was decided on; of one that waited, its own price. */
export interface FlowFill {
  timeMicros: Micros;
  side: Side;
  pricePoints: number;
  arrivalPoints: number;
}

/** A new order, or a change of one: a cancellation, which leaves the price as it is, or another price. */
export type FlowMessage =
  | ({ readonly what: "place"; readonly timeMicros: Micros } & Pick<
      FlowOrder,
      "intentId" | "side" | "pricePoints" | "resting" | "dormant"
    >)
  | {
      readonly what: "change";
      readonly timeMicros: Micros;
      readonly intentId: string;
      readonly pricePoints: number | null;
    };

/** What an order has become. */
export type FlowOutcome = Pick<FlowOrder, "intentId" | "live" | "cancelled" | "filledMicros">;

export class OrderFlow {
  readonly #horizonMicros: number;
  readonly #orders: FlowOrder[] = [];
  readonly #changes: { timeMicros: Micros }[] = [];
  readonly #fills: FlowFill[] = [];
  #doubleMid = Number.NaN;
  #rises = 0;
  #falls = 0;

  constructor(limits: ComplianceLimits) {
    this.#horizonMicros = Math.max(
      limits.slippageWindowMicros,
      limits.washWindowMicros,
      limits.cancelWindowMicros,
      limits.rampingWindowMicros,
      limits.orderToTradeWindowMicros,
    );
  }

  /** In the order in which they were placed. Do not change; nor the others. */
  get orders(): readonly FlowOrder[] {
    return this.#orders;
  }

  get changes(): readonly { readonly timeMicros: Micros }[] {
    return this.#changes;
  }

  get fills(): readonly FlowFill[] {
    return this.#fills;
  }

  /** How often the market has moved the way of `side`: up for a BUY. */
  moves(side: Side): number {
    return side === "BUY" ? this.#rises : this.#falls;
  }

  /** @param doubleMid twice the mid of a believable quote */
  quoted(doubleMid: number): void {
    if (doubleMid > this.#doubleMid) this.#rises++;
    else if (doubleMid < this.#doubleMid) this.#falls++;
    this.#doubleMid = doubleMid;
  }

  /** A message goes out. */
  sent(message: FlowMessage): void {
    const { timeMicros, intentId } = message;
    if (message.what === "change") {
      this.#changes.push({ timeMicros });
      this.#forget(this.#changes, FLOW_CHANGES_MAX, timeMicros);
      const order = this.#find(intentId);
      if (order !== undefined && message.pricePoints !== null) order.pricePoints = message.pricePoints;
      return;
    }
    const { side, pricePoints, resting, dormant } = message;
    this.#forgetOrders(timeMicros);
    this.#orders.push({
      intentId,
      side,
      pricePoints,
      resting,
      dormant,
      timeMicros,
      live: true,
      cancelled: false,
      filledMicros: 0,
      movesBefore: this.moves(side),
    });
  }

  moved({ intentId, live, cancelled, filledMicros }: FlowOutcome): void {
    const order = this.#find(intentId);
    if (order === undefined) return;
    order.live = live;
    order.cancelled = cancelled;
    order.filledMicros = filledMicros;
  }

  filled(fill: FlowFill): void {
    this.#fills.push(fill);
    this.#forget(this.#fills, FLOW_FILLS_MAX, fill.timeMicros);
  }

  persist(archive: Archive): void {
    persistList(archive, this.#orders, blankOrder, persistOrder);
    persistList(archive, this.#changes, blankTime, persistTime);
    persistList(archive, this.#fills, blankFill, persistFill);
    this.#doubleMid = archive.number(this.#doubleMid);
    this.#rises = archive.number(this.#rises);
    this.#falls = archive.number(this.#falls);
  }

  /** Mostly one of the newest. */
  #find(intentId: string): FlowOrder | undefined {
    for (let i = this.#orders.length - 1; i >= 0; i--) {
      const order = this.#orders[i] as FlowOrder;
      if (order.intentId === intentId) return order;
    }
    return undefined;
  }

  #forget(list: { timeMicros: Micros }[], max: number, nowMicros: Micros): void {
    let gone = Math.max(0, list.length - max);
    while (gone < list.length && nowMicros - (list[gone]?.timeMicros ?? 0) >= this.#horizonMicros) gone++;
    if (gone > 0) list.splice(0, gone);
  }

  /** Finished orders that no window reaches, and where there is no room for another one, the oldest finished one. */
  #forgetOrders(nowMicros: Micros): void {
    const orders = this.#orders;
    const oldest = orders[0];
    if (oldest === undefined) return;
    const reached = nowMicros - oldest.timeMicros < this.#horizonMicros;
    // While no window has passed the oldest one, none is to be forgotten.
    if (reached && orders.length < FLOW_ORDERS_MAX) return;
    let kept = 0;
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i] as FlowOrder;
      if (order.live || nowMicros - order.timeMicros < this.#horizonMicros) orders[kept++] = order;
    }
    orders.length = kept;
    if (kept < FLOW_ORDERS_MAX) return;
    const finished = orders.findIndex(({ live }) => !live);
    orders.splice(Math.max(0, finished), 1);
  }
}

function blankOrder(): FlowOrder {
  return {
    intentId: "",
    side: "BUY",
    pricePoints: 0,
    resting: false,
    dormant: false,
    timeMicros: 0,
    live: false,
    cancelled: false,
    filledMicros: 0,
    movesBefore: 0,
  };
}

function persistOrder(order: FlowOrder, archive: Archive): void {
  order.intentId = archive.text(order.intentId);
  order.side = persistSide(order.side, archive);
  order.pricePoints = archive.number(order.pricePoints);
  order.resting = archive.boolean(order.resting);
  order.dormant = archive.boolean(order.dormant);
  order.timeMicros = archive.number(order.timeMicros);
  order.live = archive.boolean(order.live);
  order.cancelled = archive.boolean(order.cancelled);
  order.filledMicros = archive.number(order.filledMicros);
  order.movesBefore = archive.number(order.movesBefore);
}

function blankTime(): { timeMicros: Micros } {
  return { timeMicros: 0 };
}

function persistTime(entry: { timeMicros: Micros }, archive: Archive): void {
  entry.timeMicros = archive.number(entry.timeMicros);
}

function blankFill(): FlowFill {
  return { timeMicros: 0, side: "BUY", pricePoints: 0, arrivalPoints: 0 };
}

function persistFill(fill: FlowFill, archive: Archive): void {
  fill.timeMicros = archive.number(fill.timeMicros);
  fill.side = persistSide(fill.side, archive);
  fill.pricePoints = archive.number(fill.pricePoints);
  fill.arrivalPoints = archive.number(fill.arrivalPoints);
}

export function persistSide(side: Side, archive: Archive): Side {
  return archive.boolean(side === "SELL") ? "SELL" : "BUY";
}

/** A stop, which trades with nobody until the market triggers it. */
export function isDormant(terms: PendingTerms | undefined): boolean {
  return terms !== undefined && terms.type !== "limit";
}
