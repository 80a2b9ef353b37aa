// The account's compliance desk: remembers own order flow and what second sources quote, has figures ready for the last stage of an
// approval, and writes the pre-trade record of every order before the order itself.

import type { Archive } from "../../base/archive.ts";
import type { Micros } from "../../base/clock.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { moveValueMicros } from "../../domain/money.ts";
import type {
  Execution,
  OrderIntent,
  PendingTerms,
  RiskCheck,
  Side,
  TimeInForce,
} from "../../domain/order.ts";
import type { ArrivalQuote, ComplianceFigures, DecisionMaker, PreTrade } from "../../domain/pretrade.ts";
import type { JournalRecord } from "../../domain/records.ts";
import { type Tick, TICK_SECONDARY } from "../../domain/tick.ts";
import type { Emitter } from "../../ports/emitter.ts";
import type { AccountBooks } from "../books.ts";
import { convertMicros } from "../conversion.ts";
import { isLive, type TrackedOrder } from "../orders.ts";
import { QuoteBoard } from "../quote-board.ts";
import type { ComplianceVerdict } from "../risk/approval.ts";
import type { AccountSettings } from "../settings.ts";
import { complianceFigures } from "./figures.ts";
import { type FlowMessage, isDormant, OrderFlow } from "./order-flow.ts";
import { OtherOrders } from "./other-orders.ts";
import { type ComplianceLimits, NO_COMPLIANCE_LIMITS, resolveCompliance } from "./settings.ts";

/** Who wanted the order, and what for. */
export interface OrderOrigin {
  readonly decision: DecisionMaker;
  readonly signal: PreTrade["signal"];
}

/** An order that was decided on, approved or not. */
export interface DecidedOrder
  extends
    OrderOrigin,
    Pick<
      OrderIntent,
      | "instrumentId"
      | "purpose"
      | "side"
      | "volumeMicros"
      | "stopPricePoints"
      | "targetPricePoints"
      | "positionId"
      | "expiresAtMicros"
      | "reason"
      | "terms"
      | "orderIntentId"
      | "byPositionId"
      | "group"
    > {
  /** Null for one that was refused, with the code of the control that did. */
  readonly intentId: string | null;
  readonly code: string | null;
  readonly riskChecks: readonly RiskCheck[];
  readonly compliance: ComplianceVerdict;
}

type SentOrder = Pick<
  OrderIntent,
  "intentId" | "instrumentId" | "purpose" | "side" | "terms" | "orderIntentId"
>;

/** What a record says of the moment it was made in. */
export type DecisionMoment = Pick<PreTrade, "timeMicros" | "causeSeq" | "epoch">;

export class ComplianceDesk {
  /** By instrument id; undefined where it is off. */
  readonly limits: readonly (ComplianceLimits | undefined)[];
  readonly #settings: AccountSettings;
  readonly #instruments: readonly Instrument[];
  readonly #books: AccountBooks;
  readonly #emitter: Emitter;
  readonly #flows: readonly OrderFlow[];
  readonly #others: OtherOrders;
  readonly #second: QuoteBoard;
  /** By instrument id: which sources the quotes on the account's own board and on that one are of. */
  readonly #sources: Float64Array;
  readonly #secondSources: Float64Array;
  #records = 0;

  constructor(options: {
    settings: AccountSettings;
    instruments: readonly Instrument[];
    books: AccountBooks;
    emitter: Emitter;
  }) {
    const { settings, instruments } = options;
    this.#settings = settings;
    this.#instruments = instruments;
    this.#books = options.books;
    this.#emitter = options.emitter;
    this.limits = instruments.map((instrument) => resolveCompliance(settings.compliance, instrument));
    this.#flows = this.limits.map((limits) => new OrderFlow(limits ?? NO_COMPLIANCE_LIMITS));
    const windows = this.limits.map((limits) => (limits ?? NO_COMPLIANCE_LIMITS).washWindowMicros);
    this.#others = new OtherOrders(Math.max(0, ...windows));
    this.#second = new QuoteBoard(instruments, "second");
    this.#sources = new Float64Array(instruments.length).fill(-1);
    this.#secondSources = new Float64Array(instruments.length).fill(-1);
  }

  /**
   * Whether a record is nothing of the account's: a quote of a second source, an order of another account of the owner's, and what became
   * of it. It is no part of the account's time, so that it changes nothing where compliance is off.
   */
  overhears(record: JournalRecord): boolean {
    switch (record.kind) {
      case "tick":
        if ((record.flags & TICK_SECONDARY) === 0) return false;
        if (this.#second.take(record)) this.#secondSources[record.instrumentId] = record.sourceId;
        return true;
      case "intent":
      case "execution":
        if (record.accountId === this.#settings.accountId) return false;
        this.#others.hear(record);
        return true;
      default:
        return false;
    }
  }

  /** The market was quoted, believably. */
  quoted({ instrumentId, sourceId }: Tick, doubleMid: number): void {
    this.#sources[instrumentId] = sourceId;
    this.#flows[instrumentId]?.quoted(doubleMid);
  }

  /** An order goes out. */
  sent(order: SentOrder, timeMicros: Micros): void {
    this.#flows[order.instrumentId]?.sent(this.#messageOf(order, timeMicros));
  }

  /** An order has become something else. */
  moved({ instrumentId, intentId, state, filledMicros }: TrackedOrder): void {
    const outcome = { intentId, live: isLive(state), cancelled: state === "cancelled", filledMicros };
    this.#flows[instrumentId]?.moved(outcome);
  }

  filled(order: TrackedOrder, { side, pricePoints }: Execution, timeMicros: Micros): void {
    // One that waited was meant for its own price, not for the quote of when it was given.
    const quotePoints = side === "BUY" ? order.askPoints : order.bidPoints;
    const arrivalPoints = order.terms === null ? quotePoints : order.pricePoints;
    this.#flows[order.instrumentId]?.filled({ timeMicros, side, pricePoints, arrivalPoints });
  }

  /** @param terms of an order that waits; left out for one at the market */
  figures(instrumentId: number, side: Side, nowMicros: Micros, terms?: PendingTerms): ComplianceFigures {
    const pricePoints = terms?.pricePoints ?? this.#arrivalPoints(instrumentId, side);
    return complianceFigures(
      {
        proposal: { side, pricePoints, dormant: isDormant(terms), nowMicros },
        flow: this.#flows[instrumentId] as OrderFlow,
        quote: this.#quote(instrumentId),
        secondQuote: this.#secondQuote(instrumentId),
        others: this.#others.of(instrumentId, nowMicros),
      },
      this.limits[instrumentId] ?? NO_COMPLIANCE_LIMITS,
    );
  }

  /** Says what was decided, and why; nothing where compliance is off. */
  record(order: DecidedOrder, moment: DecisionMoment): void {
    const { compliance, accountId } = this.#settings;
    const instrument = this.#instruments[order.instrumentId];
    if (compliance === undefined || instrument === undefined) return;
    const { identity } = compliance;
    const { capacity, firmLei, venue, executionAlgorithm, tenantId, clientLei: lei } = identity;
    const { compliance: verdict, code, ...rest } = order;
    this.#emitter.emit({
      kind: "pretrade",
      seq: 0,
      accountId,
      number: ++this.#records,
      ...moment,
      ...rest,
      verdict: code !== null ? "refused" : order.purpose === "exit" ? "exit" : "approved",
      code,
      executionAlgorithm,
      capacity,
      client: { tenantId, accountId, lei },
      firmLei,
      venue,
      instrument: instrumentOf(instrument, identity.isins),
      orderType: order.terms?.type ?? "market",
      pricePoints: order.terms?.pricePoints ?? this.#arrivalPoints(instrument.id, order.side),
      timeInForce: TIME_IN_FORCE[order.terms?.timeInForce ?? "until"],
      quote: this.#quote(instrument.id),
      secondQuote: this.#secondQuote(instrument.id),
      expectedCost: this.#expectedCost(instrument, order),
      figures: verdict.figures,
      checks: verdict.checks,
    });
  }

  persist(archive: Archive): void {
    this.#second.persist(archive);
    this.#others.persist(archive);
    archive.growing(this.#sources);
    archive.growing(this.#secondSources);
    this.#records = archive.number(this.#records);
    // Instruments follow at the end of the table: there may be fewer in what is loaded.
    const count = archive.number(this.#flows.length);
    for (let id = 0; id < count; id++) (this.#flows[id] as OrderFlow).persist(archive);
  }

  /** What an order of each purpose is to the flow. */
  #messageOf(order: SentOrder, timeMicros: Micros): FlowMessage {
    const { purpose, intentId, instrumentId, side, terms, orderIntentId } = order;
    switch (purpose) {
      case "entry":
      case "exit": {
        const pricePoints = terms?.pricePoints ?? this.#arrivalPoints(instrumentId, side);
        const kind = { resting: terms?.type === "limit", dormant: isDormant(terms) };
        return { what: "place", intentId, side, pricePoints, ...kind, timeMicros };
      }
      case "modify":
      case "cancel": {
        const pricePoints = terms?.pricePoints ?? null;
        return { what: "change", intentId: orderIntentId ?? "", pricePoints, timeMicros };
      }
    }
  }

  #arrivalPoints(id: number, side: Side): number {
    const { board } = this.#books;
    return side === "BUY" ? board.askPoints(id) : board.bidPoints(id);
  }

  #quote(id: number): ArrivalQuote {
    return quoteOf(this.#books.board, this.#sources, id);
  }

  #secondQuote(id: number): PreTrade["secondQuote"] {
    return Number.isNaN(this.#second.timeMicros(id)) ? null : quoteOf(this.#second, this.#secondSources, id);
  }

  #expectedCost(instrument: Instrument, order: DecidedOrder): PreTrade["expectedCost"] {
    const { board } = this.#books;
    const { id } = instrument;
    const { slippageMean } = order.compliance.figures;
    const rate = this.#books.conversionRate(id);
    const moneyOf = (points: number): number =>
      convertMicros(moveValueMicros(instrument, points, order.volumeMicros), rate);
    return {
      currency: this.#settings.currency,
      spreadMicros: moneyOf((board.askPoints(id) - board.bidPoints(id)) / 2),
      slippageMicros:
        slippageMean === null ? null : moneyOf(slippageMean * this.#arrivalPoints(id, order.side)),
    };
  }
}

/** In the words of RTS 24. An order at the market is good until it expires. */
const TIME_IN_FORCE: Readonly<Record<TimeInForce, PreTrade["timeInForce"]>> = {
  gtc: "good-till-cancel",
  day: "day",
  until: "good-till-time",
};

function quoteOf(board: QuoteBoard, sources: Float64Array, id: number): ArrivalQuote {
  return {
    sourceId: sources[id] as number,
    bidPoints: board.bidPoints(id),
    askPoints: board.askPoints(id),
    timeMicros: board.timeMicros(id),
  };
}

function instrumentOf(
  { symbol, baseCurrency, quoteCurrency, digits, contractSize }: Instrument,
  isins: Readonly<Record<string, string>>,
): PreTrade["instrument"] {
  const isin = Object.entries(isins).find(([name]) => name === symbol)?.[1] ?? null;
  return { symbol, isin, baseCurrency, quoteCurrency, digits, contractSize };
}
