// An account's side of a broker whose books are not ours to keep: reports and adjustments are booked as they come, and whenever the
// broker's whole picture is here it is held against our books. Deals are the truth: what we missed is booked, what is proved is settled,
// and what stays different stands until a later picture or a person ends it.

import type { Adjustment, BookedDeal, BrokerBooks, Finding } from "../../domain/broker-books.ts";
import { FINDINGS_MAX } from "../../domain/broker-books.ts";
import type { Execution, ExecutionStatus, OrderSent } from "../../domain/order.ts";
import { hasUsableFigures } from "../deal-figures.ts";
import { DealMemory } from "../deal-memory.ts";
import type { Desk } from "../desk.ts";
import type { Archive } from "../../base/archive.ts";
import type { TrackedOrder } from "../orders.ts";
import type { TrackedPosition } from "../positions.ts";
import { accept } from "./acceptance.ts";
import { compareBalance } from "./balance.ts";
import { ADJUSTMENTS_REMEMBERED_MAX, POSITIONS_REMEMBERED_MAX, DEAL_CLOCK_ERROR_MICROS } from "./limits.ts";
import { compareOrders } from "./orders.ts";
import { addPart, type Picture, toPicture } from "./picture.ts";
import { comparePositions } from "./positions.ts";
import type { AheadDeal } from "./state.ts";
import { Findings, standingAfter } from "./standing.ts";
import { lots } from "./words.ts";

export interface ReconcilerOptions {
  readonly desk: Desk;
  /** Those that were booked; the account's own. */
  readonly deals: DealMemory;
  /** What the account does on hearing a report. */
  readonly hear: (report: Execution) => void;
  /** Declares an order dead whose outcome nobody knows. */
  readonly release: (order: TrackedOrder) => void;
  /** Sees to a position of ours that is at the broker without the stop that we take it to have. */
  readonly unprotected: (position: TrackedPosition) => void;
}

export class Reconciler {
  readonly #desk: Desk;
  readonly #deals: DealMemory;
  readonly #hear: (report: Execution) => void;
  readonly #release: (order: TrackedOrder) => void;
  readonly #unprotected: (position: TrackedPosition) => void;
  readonly #adjustments = new DealMemory(ADJUSTMENTS_REMEMBERED_MAX);
  /** Positions that deals of ours made: others' deals on them are about ours, also where a lost report made us take them for closed. */
  readonly #positions = new DealMemory(POSITIONS_REMEMBERED_MAX);

  constructor({ desk, deals, hear, release, unprotected }: ReconcilerOptions) {
    this.#desk = desk;
    this.#deals = deals;
    this.#hear = hear;
    this.#release = release;
    this.#unprotected = unprotected;
  }

  /** One part of the broker's books. */
  hearBooks(part: BrokerBooks): void {
    const desk = this.#desk;
    const { memory, required } = desk.reconciliation;
    if (!required || part.accountId !== desk.settings.accountId) return;
    const options = { epoch: desk.epoch, instruments: desk.instruments.length };
    const draft = addPart(memory.draft ?? undefined, part, options);
    memory.draft = draft ?? null;
    if (draft === undefined) {
      desk.odd(
        "books-out-of-order",
        `part ${part.part} of the broker's books does not follow: they are void, the next ones are compared`,
      );
      return;
    }
    if (!part.last) return;
    memory.draft = null;
    const picture = toPicture(draft, part);
    // One of two that were asked for at once: what it could tell is known.
    if (picture.askedSeq !== undefined && picture.askedSeq < memory.asOfSeq) this.#tell(this.#agrees(), []);
    else this.#compare(picture);
  }

  /** Money that moved without a fill. */
  adjust(adjustment: Adjustment): void {
    const desk = this.#desk;
    const { accountId, adjustmentId, amountMicros, positionId, reason } = adjustment;
    if (accountId !== desk.settings.accountId) return;
    if (adjustmentId === "" || !Number.isSafeInteger(amountMicros)) {
      desk.odd("bad-fill", `adjustment "${adjustmentId}" has unusable figures and was not booked`);
      return;
    }
    if (!this.#adjustments.add(adjustmentId)) {
      desk.odd("duplicate-adjustment", `adjustment ${adjustmentId} came again and was not booked twice`);
      return;
    }
    const { memory, required } = desk.reconciliation;
    // The balance that the first picture brings has it.
    if (required && memory.adoptedMicros === null) return;
    desk.books.adjust(amountMicros, PAID_FROM_OUTSIDE.has(reason));
    const position = positionId === null ? undefined : desk.books.positions.find(positionId);
    if (position !== undefined) position.profitMicros += amountMicros;
    if (required) desk.reconciliation.noteAdjustment({ seq: desk.causeSeq, amountMicros });
  }

  sent({ intentId, seq, timeMicros }: OrderSent): void {
    if (this.#desk.reconciliation.required) this.#desk.reconciliation.noteSent({ intentId, seq, timeMicros });
  }

  /** A report that is about nothing of ours: it is booked here, and true is returned. */
  takes(report: Execution): boolean {
    const { books, reconciliation } = this.#desk;
    if (!reconciliation.required || books.orders.find(report.intentId) !== undefined) return false;
    if (report.status !== "filled" && report.status !== "partially-filled") return report.intentId === "";
    if (report.positionId !== null && this.#isOurs(report.positionId)) return false;
    this.#bookExternal(report);
    return true;
  }

  /** A deal of ours was booked and moved the balance by `moneyMicros`. */
  booked(deal: Execution, moneyMicros: number): void {
    const { books, reconciliation, memory, nowMicros } = this.#desk;
    if (!reconciliation.required) return;
    const positionId = deal.positionId ?? deal.intentId;
    this.#note(deal, positionId, moneyMicros);
    this.#positions.add(positionId);
    for (const stray of reconciliation.claimStrays(positionId)) {
      const closedProfitMicros = books.absorb(stray, deal.instrumentId);
      if (closedProfitMicros !== null) memory.closed(deal.instrumentId, closedProfitMicros, nowMicros);
    }
    const other = books.external.find(positionId);
    // One that a picture shows as somebody else's stays beside ours: a broker that nets has made them one, and the next picture says so.
    if (other !== undefined && (other.symbol === "" || other.intentId !== ""))
      books.external.take(positionId);
  }

  /** A person takes what stands on an instrument (below zero: on the account) as it is. */
  accept(instrumentId: number, by: string): void {
    const desk = this.#desk;
    if (!accept({ desk, release: this.#release }, instrumentId, by)) return;
    const { memory } = desk.reconciliation;
    const agrees = this.#agrees();
    if (memory.last !== null) memory.last = { ...memory.last, agrees };
    this.#tell(agrees, []);
  }

  /** Orders of the instrument whose outcome was unknown were declared dead. */
  released(instrumentId: number): void {
    const { memory } = this.#desk.reconciliation;
    memory.standing = memory.standing.filter(
      (one) =>
        one.instrumentId !== instrumentId || (one.what !== "outcome-open" && one.what !== "missing-order"),
    );
  }

  persist(archive: Archive): void {
    this.#adjustments.persist(archive);
    this.#positions.persist(archive);
  }

  #isOurs(positionId: string): boolean {
    return this.#positions.has(positionId) || this.#desk.books.positions.find(positionId) !== undefined;
  }

  #agrees(): boolean {
    const { reconciliation, epoch } = this.#desk;
    return reconciliation.standing.length === 0 && reconciliation.memory.reconciledEpoch === epoch;
  }

  #bookExternal(deal: Execution): void {
    const desk = this.#desk;
    const { books, reconciliation } = desk;
    const dealId = deal.dealId ?? "";
    if (!hasUsableFigures(deal, desk.instruments.length)) {
      desk.odd("bad-fill", `deal "${dealId}" that is not ours has unusable figures and was not booked`);
      return;
    }
    if (!this.#deals.add(dealId)) {
      desk.odd("duplicate-deal", `deal ${dealId} came again and was not booked twice`);
      return;
    }
    const moneyMicros = (deal.profitMicros ?? books.externalProfit(deal)) - deal.commissionMicros;
    books.adjust(moneyMicros, false);
    const positionId = deal.positionId ?? "";
    const noted = this.#note(deal, positionId, moneyMicros);
    if (positionId === "") return;
    books.external.net({ ...deal, positionId });
    reconciliation.noteStray({ ...noted, pricePoints: deal.pricePoints, timeMicros: deal.timeMicros });
  }

  #note(deal: Execution, positionId: string, moneyMicros: number): AheadDeal {
    const signedVolumeMicros = deal.side === "BUY" ? deal.volumeMicros : -deal.volumeMicros;
    const { causeSeq: seq, reconciliation } = this.#desk;
    const noted = { seq, dealId: deal.dealId ?? "", positionId, signedVolumeMicros, moneyMicros };
    reconciliation.noteDeal(noted, deal.profitMicros !== undefined);
    return noted;
  }

  #compare(picture: Picture): void {
    const desk = this.#desk;
    const { reconciliation, nowMicros } = desk;
    const { memory } = reconciliation;
    const findings = new Findings();
    const unknown = desk.books.orders.live.filter(({ state }) => state === "unknown");
    const isFirst = memory.adoptedMicros === null;
    for (const deal of picture.deals) this.#takeDeal(deal, isFirst, findings);
    if (isFirst && picture.complete) memory.adoptedMicros = nowMicros;
    const shown = new Set(picture.deals.map(({ dealId }) => dealId));
    const { askedSeq, complete } = picture;
    reconciliation.beginPicture({ shown, askedSeq, seq: desk.causeSeq, complete });
    const hear = (order: TrackedOrder, status: ExecutionStatus): void => {
      this.#hear(this.#verdictOn(order, status));
    };
    compareOrders({ desk, picture, findings, unknown, hear });
    comparePositions({ desk, unprotected: this.#unprotected }, picture, findings);
    compareBalance(desk, picture, { findings, isFirst });
    if (!picture.complete) findings.stands(INCOMPLETE);
    memory.standing = standingAfter(memory.standing, findings.standing, {
      complete: picture.complete,
      nowMicros,
    });
    if (picture.complete) {
      memory.reconciledEpoch = desk.epoch;
    }
    const told = atMost(findings.all);
    const agrees = this.#agrees();
    memory.last = {
      timeMicros: nowMicros,
      why: picture.why,
      complete: picture.complete,
      agrees,
      findings: told,
    };
    this.#tell(agrees, told);
  }

  #tell(agrees: boolean, findings: readonly Finding[]): void {
    const { emitter, nowMicros: timeMicros, causeSeq, settings } = this.#desk;
    const { accountId } = settings;
    emitter.emit({ kind: "reconciled", seq: 0, timeMicros, accountId, causeSeq, agrees, findings });
  }

  /** Books a deal that no report has told of. Those of before the first picture are in the balance that it brought. */
  #takeDeal(deal: BookedDeal, isFirst: boolean, findings: Findings): void {
    if (this.#deals.has(deal.dealId)) return;
    const { books, instruments, reconciliation } = this.#desk;
    const isOurs = books.orders.find(deal.intentId) !== undefined || this.#isOurs(deal.positionId);
    const since = (reconciliation.memory.adoptedMicros ?? 0) - DEAL_CLOCK_ERROR_MICROS;
    if (!isOurs && (isFirst || deal.timeMicros < since)) {
      this.#deals.add(deal.dealId);
      return;
    }
    this.#hear(this.#fillOf(deal));
    const symbol = instruments[deal.instrumentId]?.symbol ?? deal.symbol;
    const whose = isOurs ? deal.intentId || `position ${deal.positionId}` : "nothing of ours";
    findings.resolved(
      "missed-fill",
      deal.instrumentId,
      deal.dealId,
      `the broker has deal ${deal.dealId}, ${deal.side} ${lots(deal.volumeMicros)} of ${symbol} for ${whose}, which no report told of: it is booked now`,
    );
  }

  #fillOf(deal: BookedDeal): Execution {
    const { settings, causeSeq: seq } = this.#desk;
    return {
      kind: "execution",
      seq,
      timeMicros: deal.timeMicros,
      accountId: settings.accountId,
      intentId: deal.intentId,
      status: "filled",
      dealId: deal.dealId,
      instrumentId: deal.instrumentId,
      side: deal.side,
      volumeMicros: deal.volumeMicros,
      pricePoints: deal.pricePoints,
      commissionMicros: deal.costMicros,
      profitMicros: deal.profitMicros,
      reason: deal.reason,
      positionId: deal.positionId === "" ? null : deal.positionId,
      causeSeq: 0,
    };
  }

  /** What a picture proves of an order, as the report that did not come. */
  #verdictOn(order: TrackedOrder, status: ExecutionStatus): Execution {
    const { settings, causeSeq: seq, nowMicros: timeMicros } = this.#desk;
    return {
      kind: "execution",
      seq,
      timeMicros,
      accountId: settings.accountId,
      intentId: order.intentId,
      status,
      dealId: null,
      instrumentId: order.instrumentId,
      side: order.side,
      volumeMicros: order.volumeMicros,
      pricePoints: 0,
      commissionMicros: 0,
      reason: "reconciliation",
      positionId: null,
      causeSeq: 0,
    };
  }
}

const INCOMPLETE = {
  what: "incomplete",
  instrumentId: -1,
  subject: "",
  message:
    "the broker's books were too long or had figures that nothing can be made of: what is in them was compared, what is missing proves nothing; the next whole picture settles it",
} as const;

/** Neither won nor lost: they move the marks that days and drawdowns are measured from. */
const PAID_FROM_OUTSIDE: ReadonlySet<Adjustment["reason"]> = new Set([
  "deposit",
  "withdrawal",
  "credit",
  "negative-balance",
]);

/** Those that stand come first, and the last one counts what had no room. */
function atMost(findings: readonly Finding[]): readonly Finding[] {
  if (findings.length <= FINDINGS_MAX) return findings;
  const sorted = [
    ...findings.filter(({ resolved }) => !resolved),
    ...findings.filter(({ resolved }) => resolved),
  ];
  const kept = sorted.slice(0, FINDINGS_MAX);
  const last = kept.pop() as Finding;
  const left = findings.length - FINDINGS_MAX;
  return [...kept, { ...last, message: `${last.message} (and ${left} more findings)` }];
}
