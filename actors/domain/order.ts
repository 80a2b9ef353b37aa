// Orders, fills and positions. An order is an intent first: journaled and durable before anything leaves. Fills are
// booked by deal id, once, in any order.

import type { Micros } from "../base/clock.ts";
import type { MicroMoney } from "./money.ts";

export type Side = "BUY" | "SELL";

/** Why an order exists. Entries can be blocked; exits never are. `modify` changes levels or an order, `cancel` ends one. */
export const ORDER_PURPOSES = ["entry", "exit", "modify", "cancel"] as const;
export type OrderPurpose = (typeof ORDER_PURPOSES)[number];

export type OrderType = "market" | "limit" | "stop" | "stop-limit";
/** `day`: until the instrument's trading day ends. `until`: until a time. `gtc`: until it is cancelled. */
export type TimeInForce = "gtc" | "day" | "until";

/** What a pending order waits for. */
export interface PendingTerms {
  readonly type: Exclude<OrderType, "market">;
  /** The limit, or the price that triggers a stop. */
  readonly pricePoints: number;
  /** Of a stop-limit: the limit of the order that its trigger places. Null for others. */
  readonly limitPricePoints: number | null;
  readonly timeInForce: TimeInForce;
  /** With `until`; null for others. */
  readonly untilMicros: Micros | null;
}

export interface OrderIntent {
  readonly kind: "intent";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  /** Unique, ordered and deterministic: account, then a counter. Also the idempotency key at the broker. */
  readonly intentId: string;
  readonly instrumentId: number;
  readonly purpose: OrderPurpose;
  readonly side: Side;
  readonly volumeMicros: number;
  /** Journal sequence of the signal, tick or command that caused it. */
  readonly causeSeq: number;
  /** The quote it was priced from. */
  readonly bidPoints: number;
  readonly askPoints: number;
  readonly stopPricePoints: number | null;
  readonly targetPricePoints: number | null;
  /** The position to close or to modify; null for an entry, and for what is about an order. */
  readonly positionId: string | null;
  /** Of a pending entry, and of what modifies one; left out for an order at the market. */
  readonly terms?: PendingTerms;
  /** Of a modify or cancel: the pending entry it is about. */
  readonly orderIntentId?: string;
  /** Of an exit: the opposite position that closes it, where the account holds both. */
  readonly byPositionId?: string;
  /** One cancels the other: what fills of a group ends the rest of it. */
  readonly group?: string;
  /** Until when it may be sent; one at the market is cancelled when it has not filled by then. */
  readonly expiresAtMicros: Micros;
  readonly epoch: number;
  /** Every risk check that approved it, with the figures it saw. */
  readonly checks: readonly RiskCheck[];
  readonly reason: string;
}

/** One control's verdict and the figures behind it. */
export interface RiskCheck {
  readonly control: string;
  readonly passed: boolean;
  readonly value: number;
  readonly limit: number;
}

/** An order that risk refused: nothing was sent. */
export interface RiskRefusal {
  readonly kind: "refusal";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  readonly instrumentId: number;
  readonly causeSeq: number;
  readonly code: string;
  readonly message: string;
  readonly checks: readonly RiskCheck[];
}

/** The intent was durable and went to the broker port; from here its outcome is unknown until a report says so. */
export interface OrderSent {
  readonly kind: "sent";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  readonly intentId: string;
}

/**
 * `acknowledged`: the broker has it; of a pending order, it waits there. `done`: a modify or a cancel was carried out; the order that was
 * cancelled has a report of its own.
 */
export type ExecutionStatus =
  | "acknowledged"
  | "done"
  | "rejected"
  | "partially-filled"
  | "filled"
  | "cancelled"
  | "unknown";

/** A broker's report about one order. `dealId` is set on fills and unique per account. */
export interface Execution {
  readonly kind: "execution";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  readonly intentId: string;
  readonly status: ExecutionStatus;
  readonly dealId: string | null;
  readonly instrumentId: number;
  readonly side: Side;
  readonly volumeMicros: number;
  readonly pricePoints: number;
  /** In the account's currency, fees and swap included; a cost is positive. */
  readonly commissionMicros: MicroMoney;
  /** What a fill realised before costs, as a real broker counts it; left out by the paper broker, whose accounts count it themselves. */
  readonly profitMicros?: MicroMoney;
  /** Why the position closed, for fills the broker made itself: "stop", "target", "stop-out"; else the order's. */
  readonly reason: string;
  /** The position a fill opened, changed or closed. */
  readonly positionId: string | null;
  /** Of a fill that opened a position: the broker has not taken the stop and target that were ordered with it. */
  readonly unprotected?: true;
  /** As the broker numbers the order; left out by the paper broker, which goes by intents. */
  readonly brokerOrderId?: string;
  /** Journal sequence of the record that made the broker report: the quote that filled, or the order itself; 0 for one from outside. */
  readonly causeSeq: number;
}

export interface Position {
  readonly positionId: string;
  readonly instrumentId: number;
  readonly side: Side;
  readonly volumeMicros: number;
  readonly openPricePoints: number;
  readonly openTimeMicros: Micros;
  readonly stopPricePoints: number | null;
  readonly targetPricePoints: number | null;
  readonly intentId: string;
  /** Not opened by us: shown, counted as exposure, never closed. */
  readonly external?: true;
}
