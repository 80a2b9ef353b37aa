// What the parts of one account share: its books, its time, and the one way an approved order leaves. The desks decide
// (entries, exits), the actor listens; this is the table they sit at.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import { StateHash } from "../base/hash.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { MicroMoney } from "../domain/money.ts";
import type { OrderIntent, RiskCheck, Side } from "../domain/order.ts";
import type { DecisionMaker } from "../domain/pretrade.ts";
import { nameIntent } from "../domain/intent-name.ts";
import type { Emitter } from "../ports/emitter.ts";
import type { Answer, RequestCode } from "./answers.ts";
import { AccountBooks } from "./books.ts";
import { evidenceOf, isComplianceCheck } from "./compliance/checks.ts";
import { ComplianceDesk, type DecisionMoment, type OrderOrigin } from "./compliance/compliance-desk.ts";
import { KillSwitch } from "./kill-switch.ts";
import { emptyOrder, type OrderTrigger, type TrackedOrder } from "./orders.ts";
import { entryPricePoints } from "./pending.ts";
import { ReconciliationState } from "./reconciliation/state.ts";
import { RiskMemory } from "./risk-memory.ts";
import type { ComplianceVerdict } from "./risk/approval.ts";
import { ACCOUNT_MODES, type AccountMode, type EntryLimits } from "./risk/check.ts";
import { isRefusalCode, type RefusalCode } from "./risk/codes.ts";
import { resolveLimits } from "./risk/limits.ts";
import type { AccountSettings } from "./settings.ts";
import { type AnomalyCode, Tally } from "./tally.ts";

export interface DeskOptions {
  readonly settings: AccountSettings;
  /** By id, without holes. */
  readonly instruments: readonly Instrument[];
  readonly emitter: Emitter;
  /** Names what decides: the preset and its models. */
  readonly decisionAlgorithm: string;
  /** The fencing epoch that intents carry until a configured record names another. */
  readonly epoch: number;
}

/** What reasons of orders by hand begin with; who asked for them follows. */
const BY_HAND = "manual:";

/** An order that was approved, without what the desk knows itself. */
export interface ApprovedIntent extends Pick<
  OrderIntent,
  | "instrumentId"
  | "purpose"
  | "side"
  | "volumeMicros"
  | "stopPricePoints"
  | "targetPricePoints"
  | "positionId"
  | "expiresAtMicros"
  | "checks"
  | "reason"
  | "terms"
  | "orderIntentId"
  | "byPositionId"
  | "group"
> {
  readonly compliance: ComplianceVerdict;
  /** Left out where none asked for it. */
  readonly signal?: OrderOrigin["signal"];
  readonly marginMicros: MicroMoney;
  /** A signal asked for it, not a person. */
  readonly bySignal: boolean;
  /** Of an entry whose stop is to follow the price. */
  readonly trailPoints?: number;
}

/** What is not done, by a control or because there is nothing that it could be done to. */
export interface Refusal {
  readonly instrumentId: number;
  readonly code: RefusalCode | RequestCode;
  readonly message: string;
  readonly checks: readonly RiskCheck[];
}

export class Desk {
  readonly settings: AccountSettings;
  readonly instruments: readonly Instrument[];
  readonly emitter: Emitter;
  readonly books: AccountBooks;
  readonly memory: RiskMemory;
  readonly compliance: ComplianceDesk;
  readonly decisionAlgorithm: string;
  /** By instrument id. */
  readonly limits: readonly EntryLimits[];
  readonly tally = new Tally();
  epoch: number;
  nowMicros: Micros = 0;
  /** Sequence of the record being handled: the cause of whatever is emitted. */
  causeSeq = 0;
  /** As it was set; see {@link effectiveMode}. */
  mode: AccountMode = "active";
  readonly killSwitch = new KillSwitch();
  readonly reconciliation: ReconciliationState;
  #intents = 0;
  /** Over every intent: what was decided, not when or under which number it was journaled. */
  readonly #intentHash = new StateHash();

  constructor(options: DeskOptions) {
    this.settings = options.settings;
    this.instruments = options.instruments;
    this.emitter = options.emitter;
    this.epoch = options.epoch;
    this.reconciliation = new ReconciliationState(options.settings.terminal !== undefined);
    this.books = new AccountBooks(options.instruments, options.settings);
    this.decisionAlgorithm = options.decisionAlgorithm;
    this.compliance = new ComplianceDesk({ ...options, books: this.books });
    this.limits = options.instruments.map((instrument) => ({
      account: options.settings,
      risk: resolveLimits(options.settings.risk, instrument),
      compliance: this.compliance.limits[instrument.id],
    }));
    this.memory = new RiskMemory(this.limits.map(({ risk }) => risk));
  }

  get moment(): DecisionMoment {
    return { timeMicros: this.nowMicros, causeSeq: this.causeSeq, epoch: this.epoch };
  }

  /** Those it has named so far. */
  get intents(): number {
    return this.#intents;
  }

  get intentHash(): string {
    return this.#intentHash.hex();
  }

  /** What the account lets in: no more than its kill switch does. */
  get effectiveMode(): AccountMode {
    const { trip } = this.killSwitch;
    if (trip === undefined) return this.mode;
    return trip.mode === "reduce-only" && this.mode !== "halted" ? "reducing" : "halted";
  }

  /** Takes an approved order into the books and says so, its pre-trade record first. From here its exposure is reserved. */
  intend(intent: ApprovedIntent): Answer {
    const { marginMicros, bySignal, trailPoints, compliance, signal = null, checks, ...what } = intent;
    const { board, orders } = this.books;
    const intentId = nameIntent(this.settings.accountId, ++this.#intents, this.settings.terminal?.intentTag);
    const bidPoints = board.bidPoints(intent.instrumentId);
    const askPoints = board.askPoints(intent.instrumentId);
    this.#hash(intentId, intent);
    this.memory.messageSent(this.nowMicros);
    orders.add({
      ...emptyOrder(),
      intentId,
      instrumentId: intent.instrumentId,
      purpose: intent.purpose,
      side: intent.side,
      volumeMicros: intent.volumeMicros,
      filledMicros: 0,
      state: "intended",
      bidPoints,
      askPoints,
      stopPricePoints: intent.stopPricePoints ?? Number.NaN,
      targetPricePoints: intent.targetPricePoints ?? Number.NaN,
      bySignal,
      marginMicros,
      positionId: intent.positionId ?? "",
      terms: intent.terms ?? null,
      orderIntentId: intent.orderIntentId ?? "",
      byPositionId: intent.byPositionId ?? "",
      group: intent.group ?? "",
      pricePoints:
        intent.terms === undefined
          ? intent.side === "BUY"
            ? askPoints
            : bidPoints
          : entryPricePoints(intent.terms),
      trailPoints: trailPoints ?? Number.NaN,
      decidedMicros: this.nowMicros,
      expiresAtMicros: intent.expiresAtMicros,
      deadlineMicros: intent.expiresAtMicros,
    });
    this.compliance.sent({ ...intent, intentId }, this.nowMicros);
    const riskChecks = checks.filter((check) => !isComplianceCheck(check));
    const decision = this.deciderOf(intent.reason);
    this.compliance.record(
      { ...what, decision, signal, intentId, code: null, riskChecks, compliance },
      this.moment,
    );
    this.emitter.emit({
      kind: "intent",
      seq: 0,
      timeMicros: this.nowMicros,
      accountId: this.settings.accountId,
      intentId,
      causeSeq: this.causeSeq,
      bidPoints,
      askPoints,
      epoch: this.epoch,
      // One by one: bytes of a record depend on the order of its fields, and those of before have this one.
      instrumentId: what.instrumentId,
      purpose: what.purpose,
      side: what.side,
      volumeMicros: what.volumeMicros,
      stopPricePoints: what.stopPricePoints,
      targetPricePoints: what.targetPricePoints,
      positionId: what.positionId,
      expiresAtMicros: what.expiresAtMicros,
      checks,
      reason: what.reason,
      ...(what.terms === undefined ? {} : { terms: what.terms }),
      ...(what.orderIntentId === undefined ? {} : { orderIntentId: what.orderIntentId }),
      ...(what.byPositionId === undefined ? {} : { byPositionId: what.byPositionId }),
      ...(what.group === undefined ? {} : { group: what.group }),
    });
    return { intentId, code: "", message: "" };
  }

  /** What compliance says of an order on `side`: blocks entries, and is evidence of whatever else leaves. */
  evidence(instrumentId: number, side: Side): ComplianceVerdict {
    const figures = this.compliance.figures(instrumentId, side, this.nowMicros);
    return evidenceOf(figures, this.compliance.limits[instrumentId]);
  }

  /** Who wanted an order that has this reason. */
  deciderOf(reason: string): DecisionMaker {
    if (reason.startsWith(BY_HAND)) return { by: "person", id: reason.slice(BY_HAND.length) };
    if (reason === "kill-switch") return { by: "kill-switch", id: this.killSwitch.trip?.by ?? null };
    // The command that the record's cause leads to names him.
    if (reason === "flatten") return { by: "person", id: null };
    return { by: "algorithm", id: this.decisionAlgorithm };
  }

  /** Says that something asked for is not done, and why. */
  refuse({ instrumentId, code, message, checks }: Refusal): Answer {
    if (isRefusalCode(code)) this.tally.refused(code);
    const { nowMicros: timeMicros, causeSeq, settings } = this;
    const { accountId } = settings;
    this.emitter.emit({
      kind: "refusal",
      seq: 0,
      timeMicros,
      accountId,
      instrumentId,
      causeSeq,
      code,
      message,
      checks,
    });
    return { intentId: null, code, message };
  }

  /** Moves an order along its lifecycle and sets when to lose patience with it. Returns whether its state is another now. */
  move(order: TrackedOrder, trigger: OrderTrigger): boolean {
    const { previous, current, legal } = this.books.orders.apply(order, trigger);
    if (!legal) {
      this.odd("illegal-transition", `order ${order.intentId} was ${previous} when "${trigger}" came`);
    }
    this.compliance.moved(order);
    const timeout = this.settings.reportTimeoutMicros;
    if (current === "sent") order.deadlineMicros = this.nowMicros + timeout;
    if (trigger === "send") order.sentMicros = this.nowMicros;
    if (current === "acknowledged" || current === "partially-filled") {
      order.deadlineMicros = Math.max(this.nowMicros, this.#endsMicros(order)) + timeout;
    }
    if (current === "unknown") order.deadlineMicros = Number.POSITIVE_INFINITY;
    return current !== previous;
  }

  /** One at the market is over when it expires; one that waits at the broker when its terms say so. */
  #endsMicros(order: TrackedOrder): Micros {
    if (order.terms === null || order.purpose !== "entry") return order.expiresAtMicros;
    return order.terms.untilMicros ?? Number.POSITIVE_INFINITY;
  }

  odd(code: AnomalyCode, message: string): void {
    this.tally.odd({ code, timeMicros: this.nowMicros, message });
  }

  persist(archive: Archive): void {
    this.books.persist(archive);
    this.tally.persist(archive);
    this.nowMicros = archive.number(this.nowMicros);
    this.epoch = archive.number(this.epoch);
    this.mode = ACCOUNT_MODES[archive.number(ACCOUNT_MODES.indexOf(this.mode))] ?? "halted";
    this.killSwitch.persist(archive);
    this.reconciliation.persist(archive);
    this.memory.persist(archive);
    this.compliance.persist(archive);
    this.#intents = archive.number(this.#intents);
    this.#intentHash.persist(archive);
  }

  #hash(intentId: string, intent: ApprovedIntent): void {
    const hash = this.#intentHash;
    hash.text(intentId);
    hash.number(intent.instrumentId);
    hash.text(intent.purpose);
    hash.text(intent.side);
    hash.number(intent.volumeMicros);
    hash.number(intent.stopPricePoints ?? Number.NaN);
    hash.number(intent.targetPricePoints ?? Number.NaN);
    hash.text(intent.positionId ?? "");
    hash.text(intent.reason);
    // Only where they are there: hashes of journals of before stay what they were.
    const { terms, orderIntentId, byPositionId, group } = intent;
    if (terms !== undefined) {
      hash.text(`${terms.type} ${terms.timeInForce}`);
      hash.number(terms.pricePoints);
      hash.number(terms.limitPricePoints ?? Number.NaN);
      hash.number(terms.untilMicros ?? Number.NaN);
    }
    if (orderIntentId !== undefined) hash.text(`about ${orderIntentId}`);
    if (byPositionId !== undefined) hash.text(`by ${byPositionId}`);
    if (group !== undefined) hash.text(`of ${group}`);
  }
}
