// A telling of what a broker must have done, from what it was given and what it said alone: cash flows instead of average
// prices, the best and worst quotes since an order was placed instead of triggers. It knows no code of the broker.

import { expect } from "bun:test";
import type { Adjustment } from "../../domain/broker-books.ts";
import type { Execution, OrderIntent, PendingTerms } from "../../domain/order.ts";
import type { JournalRecord } from "../../domain/records.ts";

interface Quote {
  bid: number;
  ask: number;
}

interface Waiting {
  readonly intent: OrderIntent;
  terms: PendingTerms | undefined;
  filledMicros: number;
  ends: number;
  /** Since it was placed, of the side it trades at. */
  lowest: number;
  highest: number;
}

const BY_THE_BROKER = new Set(["stop", "target", "stop-out"]);

export class NaiveLedger {
  readonly orders = new Map<string, Waiting>();
  readonly sent = new Set<string>();
  /** Signed volumes by position. */
  readonly held = new Map<string, { instrumentId: number; micros: number }>();
  readonly #quotes = new Map<number, Quote>();
  readonly #prompt: boolean;
  #cash: number;

  /** @param options.prompt every answer comes at once: what is kept back comes after later changes of its order's terms */
  constructor(options: { startMicros: number; prompt: boolean }) {
    this.#cash = options.startMicros;
    this.#prompt = options.prompt;
  }

  given(record: JournalRecord): void {
    if (record.kind === "intent") {
      const { terms } = record;
      const side = { lowest: Number.POSITIVE_INFINITY, highest: 0 };
      this.orders.set(record.intentId, { intent: record, terms, filledMicros: 0, ends: 0, ...side });
    }
    if (record.kind === "sent") this.sent.add(record.intentId);
    if (record.kind !== "tick") return;
    const quote = { bid: Math.round(record.bid * 100_000), ask: Math.round(record.ask * 100_000) };
    this.#quotes.set(record.instrumentId, quote);
    for (const order of this.orders.values()) {
      if (order.intent.instrumentId !== record.instrumentId) continue;
      const price = order.intent.side === "BUY" ? quote.ask : quote.bid;
      order.lowest = Math.min(order.lowest, price);
      order.highest = Math.max(order.highest, price);
    }
  }

  adjusted({ amountMicros }: Adjustment): void {
    this.#cash += amountMicros;
  }

  said(report: Execution): void {
    const order = this.orders.get(report.intentId);
    expect(order).toBeDefined();
    if (order === undefined) return;
    const byBroker = BY_THE_BROKER.has(report.reason);
    if (report.dealId !== null) this.#deal(report);
    if (report.dealId !== null && !byBroker && report.side === order.intent.side) this.#filled(order, report);
    if (report.status === "done") this.#done(order);
    if (byBroker || ["acknowledged", "partially-filled"].includes(report.status)) return;
    order.ends++;
    expect(order.ends).toBe(1);
    if (report.status === "filled") expect(order.filledMicros).toBe(order.intent.volumeMicros);
  }

  /** Cash and what is open at what it could be closed for; exact, where prices are in the account's currency. */
  get equityMicros(): number {
    let equity = this.#cash;
    for (const { instrumentId, micros } of this.held.values()) {
      const quote = this.#quotes.get(instrumentId);
      if (micros !== 0) equity += micros * (micros > 0 ? (quote?.bid ?? 0) : (quote?.ask ?? 0));
    }
    return equity;
  }

  get open(): number {
    return [...this.held.values()].filter(({ micros }) => micros !== 0).length;
  }

  get unfinished(): Waiting[] {
    return [...this.orders.values()].filter(
      ({ intent, ends }) => ends === 0 && this.sent.has(intent.intentId),
    );
  }

  #deal(report: Execution): void {
    const { positionId, instrumentId, side, volumeMicros, pricePoints, commissionMicros } = report;
    expect(volumeMicros).toBeGreaterThan(0);
    const signed = side === "BUY" ? volumeMicros : -volumeMicros;
    const key = positionId ?? "";
    const held = this.held.get(key) ?? { instrumentId, micros: 0 };
    expect(held.instrumentId).toBe(instrumentId);
    held.micros += signed;
    this.held.set(key, held);
    // A point of a lot of 100,000 is worth one unit: a millionth of a lot, a millionth.
    this.#cash -= signed * pricePoints + commissionMicros;
  }

  #filled(order: Waiting, report: Execution): void {
    order.filledMicros += report.volumeMicros;
    expect(order.filledMicros).toBeLessThanOrEqual(order.intent.volumeMicros);
    const { terms } = order;
    if (terms === undefined || !this.#prompt) return;
    const buys = order.intent.side === "BUY";
    const limit = terms.type === "limit" ? terms.pricePoints : terms.limitPricePoints;
    if (limit !== null) {
      if (buys) expect(report.pricePoints).toBeLessThanOrEqual(limit);
      else expect(report.pricePoints).toBeGreaterThanOrEqual(limit);
    }
    if (terms.type === "limit") return;
    if (buys) expect(order.highest).toBeGreaterThanOrEqual(terms.pricePoints);
    else expect(order.lowest).toBeLessThanOrEqual(terms.pricePoints);
  }

  #done({ intent }: Waiting): void {
    const order = this.orders.get(intent.orderIntentId ?? "");
    if (intent.purpose !== "modify" || order === undefined || intent.terms === undefined) return;
    // A limit that its trigger has placed has no trigger any more.
    order.terms = intent.terms;
  }
}
