// What a terminal says of orders as the records that an account hears. Fills come from deals alone; an execution or a refusal says where
// an intent stands. What is ambiguous stays unknown.

import type { Instrument } from "../../../actors/domain/instrument.ts";
import type { OrderIntent } from "../../../actors/domain/order.ts";
import type { Adjustment, BookedDeal } from "../../../actors/domain/broker-books.ts";
import type { Execution, ExecutionStatus } from "../../../actors/domain/order.ts";
import type { BrokerDraft } from "../../../actors/router.ts";
import type { TerminalFrame } from "../protocol/from-terminal.ts";
import { microsOf, pointsOf } from "./decimals.ts";

export type ExecutionFrame = Extract<TerminalFrame, { t: "execution" }>;
export type RefusalFrame = Extract<TerminalFrame, { t: "refusal" }>;
export type DealFrame = Extract<TerminalFrame, { t: "deal" }>["deal"];
export type OrderFrame = NonNullable<Extract<TerminalFrame, { t: "order-state" }>["order"]>;
export type IntentFrame = NonNullable<RefusalFrame["intent"]>;
type Draft<K> = Extract<BrokerDraft, { kind: K }>;

/** Of an intent, what reports repeat. */
export interface ReportedIntent extends Pick<
  OrderIntent,
  "intentId" | "accountId" | "instrumentId" | "side" | "volumeMicros" | "purpose" | "reason"
> {
  /** It waits at the broker for its price. */
  readonly isPending: boolean;
}

export interface Standing {
  readonly status: ExecutionStatus;
  readonly reason: string;
}

/** A modify or cancel is carried out when the broker says so; an order that is done is filled by its deals. */
function whenDone({ purpose }: ReportedIntent): ExecutionStatus {
  return purpose === "modify" || purpose === "cancel" ? "done" : "acknowledged";
}

/** Where an intent stands after the broker's answer. */
export function standingOf(frame: ExecutionFrame, intent: ReportedIntent): Standing {
  const words = frame.words === "" ? "" : `: ${frame.words}`;
  const reason = frame.retcode === 0 ? frame.class : `${frame.class} ${frame.retcode}${words}`;
  switch (frame.class) {
    case "done":
    case "no-change":
      return { status: whenDone(intent), reason };
    case "placed":
      return { status: "acknowledged", reason };
    case "partial":
      // Its end: the rest is not filled any more.
      return { status: frame.final ? "cancelled" : "acknowledged", reason };
    case "unknown":
      return { status: "unknown", reason };
    case "rejected":
      // A pending order that is gone without a fill was taken back, or its time was over.
      return { status: frame.source === "lookup" && intent.isPending ? "cancelled" : "rejected", reason };
    case "repriced":
    case "throttled":
    case "frozen":
    case "filling":
    case "disabled":
      return { status: "rejected", reason };
  }
}

/** Where an intent stands that the terminal did not carry out. */
export function standingOfRefusal(frame: RefusalFrame, intent: ReportedIntent): Standing {
  if (frame.code === "repeated") {
    return frame.intent === null
      ? { status: "unknown", reason: "repeated" }
      : standingOfIntent(frame.intent, intent);
  }
  // Another connection has it, and perhaps sends it right now.
  if (frame.code === "claimed-elsewhere") return { status: "unknown", reason: frame.code };
  return { status: "rejected", reason: frame.words === "" ? frame.code : `${frame.code}: ${frame.words}` };
}

/** Where an intent stands by the terminal's file. */
export function standingOfIntent({ state, retcode }: IntentFrame, intent: ReportedIntent): Standing {
  const reason = retcode === 0 ? state : `${state} ${retcode}`;
  switch (state) {
    case "sending":
    case "unknown":
      return { status: "unknown", reason };
    case "working":
      return { status: "acknowledged", reason };
    case "done":
      return { status: whenDone(intent), reason };
    case "rejected":
    case "refused":
      return { status: "rejected", reason };
  }
}

/** How a pending order ended, or that it waits; undefined for what deals tell. */
export function standingOfOrder({ state }: OrderFrame): Standing | undefined {
  switch (state) {
    case "placed":
      return { status: "acknowledged", reason: state };
    case "cancelled":
    case "expired":
      return { status: "cancelled", reason: state };
    case "rejected":
      return { status: "rejected", reason: state };
    default:
      return undefined;
  }
}

export function reportOf(
  intent: ReportedIntent,
  { status, reason }: Standing,
  brokerOrderId: string | null,
): Draft<"execution"> {
  const { accountId, intentId, instrumentId, side, volumeMicros } = intent;
  return {
    kind: "execution",
    accountId,
    intentId,
    status,
    dealId: null,
    instrumentId,
    side,
    volumeMicros,
    pricePoints: 0,
    commissionMicros: 0,
    reason,
    positionId: null,
    ...(brokerOrderId === null ? {} : { brokerOrderId }),
    causeSeq: 0,
  };
}

/** A deal's own figures, exactly; undefined for one that is no trade. */
export function bookedDealOf(
  deal: DealFrame,
  { instrument, offsetMs }: { instrument: Instrument | undefined; offsetMs: number },
): Omit<BookedDeal, "intentId"> | undefined {
  const { side, symbol, volume, price } = deal;
  if (deal.kind !== "trade" || side === null || symbol === null || volume === null || price === null) {
    return undefined;
  }
  return {
    dealId: deal.ticket,
    positionId: deal.position ?? "",
    instrumentId: instrument?.id ?? -1,
    symbol,
    side: side === "buy" ? "BUY" : "SELL",
    volumeMicros: microsOf(volume),
    pricePoints: pointsOf(price, instrument),
    costMicros: -(microsOf(deal.commission) + microsOf(deal.fee) + microsOf(deal.swap)) + 0,
    profitMicros: microsOf(deal.profit),
    reason: deal.reason,
    timeMicros: (deal.brokerMs - offsetMs) * 1_000,
  };
}

/** Reasons of deals that the broker made itself. */
const BROKERS_OWN = new Set(["stop", "target", "stop-out"]);

/** @param fill.isLast with it the order is filled */
export function fillOf(
  deal: Omit<BookedDeal, "intentId">,
  fill: { accountId: string; intentId: string; reason: string; isLast: boolean; orderId: string | null },
): Draft<"execution"> {
  const status: Execution["status"] = fill.isLast ? "filled" : "partially-filled";
  return {
    kind: "execution",
    accountId: fill.accountId,
    intentId: fill.intentId,
    status,
    dealId: deal.dealId,
    instrumentId: deal.instrumentId,
    side: deal.side,
    volumeMicros: deal.volumeMicros,
    pricePoints: deal.pricePoints,
    commissionMicros: deal.costMicros,
    profitMicros: deal.profitMicros,
    reason: BROKERS_OWN.has(deal.reason) ? deal.reason : fill.reason,
    positionId: deal.positionId === "" ? null : deal.positionId,
    ...(fill.orderId === null ? {} : { brokerOrderId: fill.orderId }),
    causeSeq: 0,
  };
}

/** Money that moved without a trade. The terminal does not say which kind of entry it was, so its sign does. */
export function adjustmentOf(accountId: string, deal: DealFrame): Draft<"adjustment"> {
  const amountMicros =
    microsOf(deal.profit) + microsOf(deal.commission) + microsOf(deal.fee) + microsOf(deal.swap);
  return {
    kind: "adjustment",
    accountId,
    adjustmentId: deal.ticket,
    positionId: deal.position,
    amountMicros,
    reason: reasonOf(deal, amountMicros),
    causeSeq: 0,
  };
}

function reasonOf(deal: DealFrame, amountMicros: number): Adjustment["reason"] {
  if (microsOf(deal.profit) === 0) return microsOf(deal.swap) === amountMicros ? "swap" : "fee";
  if (deal.position !== null) return "other";
  return amountMicros > 0 ? "deposit" : "withdrawal";
}
