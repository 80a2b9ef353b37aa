// What the paper broker says: executions and adjustments, numbered as it makes them. What a silent order has to be told
// is kept back until its silence ends.

import type { Archive } from "../../base/archive.ts";
import type { Micros } from "../../base/clock.ts";
import type { MicroMoney } from "../../domain/money.ts";
import type { Execution, ExecutionStatus, Side } from "../../domain/order.ts";
import type { Adjustment } from "../../domain/broker-books.ts";
import type { Emitter } from "../../ports/emitter.ts";
import { WITHHELD_REPORTS_MAX } from "../limits.ts";
import { persistList } from "../persist-list.ts";
import type { BrokerOrder } from "./broker-tables.ts";

/** What a fill's report tells. */
export interface Deal extends Pick<
  Execution,
  | "intentId"
  | "instrumentId"
  | "side"
  | "volumeMicros"
  | "pricePoints"
  | "commissionMicros"
  | "reason"
  | "positionId"
> {
  readonly status: "filled" | "partially-filled";
  /** Of the order that filled; 0 where the broker closed a position by itself. */
  readonly silentUntilMicros: Micros;
}

interface Withheld {
  untilMicros: Micros;
  intentId: string;
  status: ExecutionStatus;
  /** Empty for none; so is positionId. */
  dealId: string;
  instrumentId: number;
  side: Side;
  volumeMicros: number;
  pricePoints: number;
  commissionMicros: MicroMoney;
  reason: string;
  positionId: string;
  causeSeq: number;
}

const STATUSES: readonly ExecutionStatus[] = [
  "acknowledged",
  "done",
  "rejected",
  "partially-filled",
  "filled",
  "cancelled",
  "unknown",
];

export class Reports {
  readonly #accountId: string;
  readonly #emitter: Emitter;
  readonly #withheld: Withheld[] = [];
  nowMicros: Micros = 0;
  causeSeq = 0;
  #deals = 0;
  #adjustments = 0;

  constructor(accountId: string, emitter: Emitter) {
    this.#accountId = accountId;
    this.#emitter = emitter;
  }

  /** When the next silence ends; Infinity while there is none. */
  get dueMicros(): Micros {
    return this.#withheld.reduce(
      (due, { untilMicros }) => Math.min(due, untilMicros),
      Number.POSITIVE_INFINITY,
    );
  }

  /** An order's news without a fill; of volume, what is not filled. */
  order(
    order: BrokerOrder,
    status: "acknowledged" | "done" | "rejected" | "cancelled",
    reason: string,
  ): void {
    this.#say({
      untilMicros: order.silentUntilMicros,
      intentId: order.intentId,
      status,
      dealId: "",
      instrumentId: order.instrumentId,
      side: order.side,
      volumeMicros: status === "acknowledged" ? order.volumeMicros : order.volumeMicros - order.filledMicros,
      pricePoints: 0,
      commissionMicros: 0,
      reason,
      positionId: order.positionId,
      causeSeq: this.causeSeq,
    });
  }

  deal({ silentUntilMicros, positionId, ...deal }: Deal): void {
    this.#say({
      ...deal,
      untilMicros: silentUntilMicros,
      dealId: `${this.#accountId}-D${++this.#deals}`,
      positionId: positionId ?? "",
      causeSeq: this.causeSeq,
    });
  }

  adjust(adjustment: Pick<Adjustment, "positionId" | "amountMicros" | "reason">): void {
    this.#emitter.emit({
      kind: "adjustment",
      seq: 0,
      timeMicros: this.nowMicros,
      accountId: this.#accountId,
      adjustmentId: `${this.#accountId}-A${++this.#adjustments}`,
      ...adjustment,
      causeSeq: this.causeSeq,
    });
  }

  /** Says what was kept back for as long as it had to be, in the order it happened. */
  reveal(): void {
    const due = this.#withheld.filter(({ untilMicros }) => this.nowMicros >= untilMicros);
    if (due.length === 0) return;
    const kept = this.#withheld.filter(({ untilMicros }) => this.nowMicros < untilMicros);
    this.#withheld.splice(0, this.#withheld.length, ...kept);
    for (const report of due) this.#emit(report);
  }

  persist(archive: Archive): void {
    this.#deals = archive.number(this.#deals);
    this.#adjustments = archive.number(this.#adjustments);
    persistList(archive, this.#withheld, emptyReport, persistReport);
  }

  #say(report: Withheld): void {
    const silent = this.nowMicros < report.untilMicros && this.#withheld.length < WITHHELD_REPORTS_MAX;
    if (silent) this.#withheld.push(report);
    else this.#emit(report);
  }

  #emit(report: Withheld): void {
    this.#emitter.emit({
      kind: "execution",
      seq: 0,
      timeMicros: this.nowMicros,
      accountId: this.#accountId,
      intentId: report.intentId,
      status: report.status,
      dealId: report.dealId === "" ? null : report.dealId,
      instrumentId: report.instrumentId,
      side: report.side,
      volumeMicros: report.volumeMicros,
      pricePoints: report.pricePoints,
      commissionMicros: report.commissionMicros,
      reason: report.reason,
      positionId: report.positionId === "" ? null : report.positionId,
      causeSeq: report.causeSeq,
    });
  }
}

function emptyReport(): Withheld {
  return {
    untilMicros: 0,
    intentId: "",
    status: "unknown",
    dealId: "",
    instrumentId: 0,
    side: "BUY",
    volumeMicros: 0,
    pricePoints: 0,
    commissionMicros: 0,
    reason: "",
    positionId: "",
    causeSeq: 0,
  };
}

function persistReport(report: Withheld, archive: Archive): void {
  report.untilMicros = archive.number(report.untilMicros);
  report.intentId = archive.text(report.intentId);
  report.status = STATUSES[archive.number(STATUSES.indexOf(report.status))] ?? "unknown";
  report.dealId = archive.text(report.dealId);
  report.instrumentId = archive.number(report.instrumentId);
  report.side = archive.boolean(report.side === "SELL") ? "SELL" : "BUY";
  report.volumeMicros = archive.number(report.volumeMicros);
  report.pricePoints = archive.number(report.pricePoints);
  report.commissionMicros = archive.number(report.commissionMicros);
  report.reason = archive.text(report.reason);
  report.positionId = archive.text(report.positionId);
  report.causeSeq = archive.number(report.causeSeq);
}
