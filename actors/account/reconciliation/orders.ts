// Orders of ours against the broker's and the terminal's. What is proved becomes the report that did not come; what is not stays as it is.

import type { BookedOrder } from "../../domain/broker-books.ts";
import type { ExecutionStatus } from "../../domain/order.ts";
import type { Desk } from "../desk.ts";
import { isLive, type TrackedOrder } from "../orders.ts";
import { isAged, judgeOrder, type OrderVerdict } from "./order-verdict.ts";
import type { Picture } from "./picture.ts";
import type { Findings } from "./standing.ts";
import { lots } from "./words.ts";

export interface OrderComparison {
  readonly desk: Desk;
  readonly picture: Picture;
  readonly findings: Findings;
  /** Orders whose outcome was unknown before the picture. */
  readonly unknown: readonly TrackedOrder[];
  /** Tells the account what is proved. */
  readonly hear: (order: TrackedOrder, status: ExecutionStatus) => void;
}

const REPORT_OF: Readonly<Record<Exclude<OrderVerdict, "as-is" | "open">, ExecutionStatus>> = {
  waits: "acknowledged",
  done: "done",
  cancelled: "cancelled",
  rejected: "rejected",
  lost: "unknown",
};

export function compareOrders(comparison: OrderComparison): void {
  const { desk, unknown } = comparison;
  compareLive(comparison);
  for (const order of unknown) sayOutcome(comparison, order);
  compareWaiting(comparison);
  desk.reconciliation.noteEnds(new Set(desk.books.orders.live.map(({ intentId }) => intentId)));
}

function compareLive({ desk, picture, findings, unknown, hear }: OrderComparison): void {
  const { books, nowMicros, reconciliation, settings } = desk;
  const waiting = new Set(picture.orders.map(({ intentId }) => intentId));
  const intents = new Map(picture.intents.map((intent) => [intent.intentId, intent]));
  for (const order of books.orders.live.slice()) {
    const { seq, timeMicros } = reconciliation.sentAt(order.intentId);
    const before = order.state;
    const verdict = judgeOrder(order, {
      intent: intents.get(order.intentId),
      waits: waiting.has(order.intentId),
      complete: picture.complete,
      settled: seq <= picture.settledSeq,
      aged: isAged(timeMicros, nowMicros, settings.reportTimeoutMicros),
    });
    if (verdict === "as-is" || verdict === "open") continue;
    hear(order, REPORT_OF[verdict]);
    if (verdict === "waits" || unknown.includes(order)) continue;
    const subject = order.intentId;
    const what = `order ${subject} was taken for ${before}`;
    if (verdict === "lost") {
      findings.stands({
        what: "missing-order",
        instrumentId: order.instrumentId,
        subject,
        message: `${what} and is not at the broker, and nothing says what became of it: a later picture or a person decides`,
      });
    } else {
      const message = `${what}, and the broker's books prove that it is over: it is ${order.state} now`;
      findings.resolved("missing-order", order.instrumentId, subject, message);
    }
  }
}

function sayOutcome({ findings }: OrderComparison, order: TrackedOrder): void {
  const { intentId, instrumentId, state, filledMicros } = order;
  if (state !== "unknown") {
    const message = `the outcome of order ${intentId} is proved: it is ${state}, ${lots(filledMicros)} of it filled`;
    findings.resolved("outcome-proved", instrumentId, intentId, message);
    return;
  }
  findings.stands({
    what: "outcome-open",
    instrumentId,
    subject: intentId,
    message: `what became of order ${intentId} is still unknown: look at the broker's books; a later picture settles it, or accept that it is dead`,
  });
}

/** Orders at the broker that are none of our live ones. */
function compareWaiting({ desk, picture, findings, hear }: OrderComparison): void {
  const { memory } = desk.reconciliation;
  const known = new Set(memory.externalOrders.map(({ brokerOrderId }) => brokerOrderId));
  const others: BookedOrder[] = [];
  for (const row of picture.orders) {
    const order = desk.books.orders.find(row.intentId);
    if (order?.state === "expired") hear(order, "acknowledged");
    if (order !== undefined && isLive(order.state)) continue;
    if (order !== undefined && desk.reconciliation.endedSince(row.intentId)) continue;
    others.push(row);
    sayOther(row, findings, {
      isNew: !known.has(row.brokerOrderId),
      isAccepted: memory.acceptedOrders.includes(row.brokerOrderId),
    });
  }
  if (!picture.complete) return;
  memory.externalOrders = others;
  memory.acceptedOrders = memory.acceptedOrders.filter((id) =>
    others.some((row) => row.brokerOrderId === id),
  );
}

function sayOther(
  { brokerOrderId, intentId, instrumentId, side, type, volumeMicros, symbol }: BookedOrder,
  findings: Findings,
  { isNew, isAccepted }: { isNew: boolean; isAccepted: boolean },
): void {
  const what = `order ${brokerOrderId}, ${side} ${type} of ${lots(volumeMicros)} of ${symbol}`;
  if (intentId === "") {
    if (isNew) {
      const message = `${what}, waits at the broker and is not ours: nothing here changes or ends it`;
      findings.resolved("external-order", instrumentId, brokerOrderId, message);
    }
  } else if (!isAccepted) {
    findings.stands({
      what: "unexpected-order",
      instrumentId,
      subject: brokerOrderId,
      message: `${what}, waits at the broker under the number of our intent ${intentId}, which is over or unknown here: cancel it there, or accept it`,
    });
  }
}
