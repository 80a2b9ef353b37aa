// Orders, fills and positions. An order is an intent first: journaled and durable before anything leaves. Fills are
// booked by deal id, once, in any order.

import type { Micros } from "../base/clock.ts";
import type { MicroMoney } from "./money.ts";

export type Side = "BUY" | "SELL";

/** Why an order exists. Entries can be blocked; exits never are. */
export type OrderPurpose = "entry" | "exit";

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
  /** The position to close; null for an entry. */
  readonly positionId: string | null;
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

export type ExecutionStatus =
  | "acknowledged"
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
  /** In the account's currency; a cost is positive. */
  readonly commissionMicros: MicroMoney;
  /** Why the position closed, for fills the broker made itself: "stop", "target", "stop-out"; else the order's. */
  readonly reason: string;
  /** The position a fill opened, changed or closed. */
  readonly positionId: string | null;
  /** Journal sequence of the record that made the broker report: the quote that filled, or the order itself. */
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
}
