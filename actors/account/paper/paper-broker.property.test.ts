// Random markets, orders, changes and restarts: whatever happens, the paper broker's money adds up, its prices keep their
// terms, every order ends once, and the same records bring the same answers.

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_HOUR, MICROS_PER_SECOND } from "../../base/clock.ts";
import { MICROS_PER_UNIT } from "../../domain/money.ts";
import type { OrderIntent, PendingTerms } from "../../domain/order.ts";
import type { JournalRecord } from "../../domain/records.ts";
import { EURUSD, GBPUSD, NOON, tick } from "../account.fixture.ts";
import type { PaperBrokerSettings } from "../settings.ts";
import { Desk, orderIntent, pending } from "./broker.fixture.ts";
import { NaiveLedger } from "./naive-ledger.fixture.ts";

const START = 20_000 * MICROS_PER_UNIT;
/** Requests may be turned down and lost: so often is tried again at the end. */
const ROUNDS_MAX = 60;

const share = fc.constantFrom(0, 0, 0.2);
const settingsOf: fc.Arbitrary<Partial<PaperBrokerSettings>> = fc.record({
  positionMode: fc.constantFrom("hedging", "netting"),
  latencyJitterMicros: fc.constantFrom(0, 30_000),
  latencyLogDeviation: fc.constantFrom(0, 1.5),
  slippageSpreadShare: fc.constantFrom(0, 0.5),
  slippageVolatilityShare: fc.constantFrom(0, 1),
  volumePerQuoteMicros: fc.constantFrom(130_000, 100_000_000),
  stopsLevelPoints: fc.constantFrom(undefined, 0, 15),
  commissionFraction: fc.constantFrom(0, 0.000_03),
  closeByCommission: fc.boolean(),
  rejectionProbability: share,
  requoteDeviationPoints: fc.constantFrom(undefined, 5),
  silence: share.map((probability) => ({
    probability,
    lostShare: 0.5,
    revealMicros: 40 * MICROS_PER_SECOND,
  })),
  margin: fc.constantFrom(undefined, { callLevel: 1, stopOutLevel: 0.5, negativeBalanceProtection: true }),
  swap: fc.constantFrom(undefined, {
    unit: "points",
    rates: { EURUSD: { long: -6.3, short: 1.7 }, GBPUSD: { long: 3, short: -9 } },
    tripleWeekday: 3,
  }),
});

const stepOf = fc.record({
  what: fc.constantFrom(
    "quote",
    "quote",
    "quote",
    "quote",
    "beat",
    "entry",
    "pending",
    "pending",
    "modify",
    "cancel",
    "exit",
    "close-by",
    "levels",
  ),
  waitMicros: fc.oneof(
    { weight: 30, arbitrary: fc.integer({ min: 0, max: 600_000 }) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 30 * MICROS_PER_HOUR }) },
  ),
  instrumentId: fc.constantFrom(EURUSD.id, GBPUSD.id),
  movePoints: fc.oneof(
    { weight: 20, arbitrary: fc.integer({ min: -25, max: 25 }) },
    { weight: 1, arbitrary: fc.integer({ min: -3_000, max: 3_000 }) },
  ),
  spreadPoints: fc.integer({ min: 0, max: 15 }),
  side: fc.constantFrom("BUY", "SELL"),
  type: fc.constantFrom("limit", "stop", "stop-limit"),
  timeInForce: fc.constantFrom("gtc", "gtc", "day", "until"),
  awayPoints: fc.integer({ min: -10, max: 60 }),
  stopPoints: fc.constantFrom(null, 40, 100),
  targetPoints: fc.constantFrom(null, 50),
  centilots: fc.integer({ min: 1, max: 150 }),
  pick: fc.nat(1_000),
  sent: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
});
type Step = typeof stepOf extends fc.Arbitrary<infer Value> ? Value : never;

/** Turns steps into records, by what the broker has said up to then. */
class Flow {
  readonly desk: Desk;
  readonly ledger: NaiveLedger;
  readonly records: JournalRecord[] = [];
  readonly #checked: boolean;
  readonly #bids = new Map([
    [EURUSD.id, 110_000],
    [GBPUSD.id, 125_000],
  ]);
  #heard = 0;
  #nowMicros = NOON;
  #intents = 0;

  constructor(settings: Partial<PaperBrokerSettings>, seed: number) {
    this.desk = deskOf(settings, seed);
    // What is kept back is missing in between.
    this.#checked = settings.silence?.probability === 0;
    this.ledger = new NaiveLedger({ startMicros: START, prompt: this.#checked });
  }

  play(step: Step): void {
    this.#nowMicros += step.waitMicros;
    const { what, side, instrumentId } = step;
    const volumeMicros = step.centilots * 10_000;
    if (what === "quote") this.#quote(step);
    else if (what === "beat") this.#feed({ kind: "beat", seq: 0, timeMicros: this.#nowMicros });
    else if (what === "entry") {
      this.#intend(step, {
        side,
        instrumentId,
        volumeMicros,
        ...this.#levels(step, this.#bid(instrumentId)),
      });
    } else if (what === "pending") {
      const terms = this.#terms(step);
      this.#intend(step, {
        side,
        instrumentId,
        volumeMicros,
        terms,
        ...this.#levels(step, terms.limitPricePoints ?? terms.pricePoints),
      });
    } else if (what === "modify" || what === "cancel") this.#change(step, what);
    else this.#touch(step);
  }

  /** Cancels, waits and closes until nothing is left. */
  finish(): void {
    for (let round = 0; round < ROUNDS_MAX && this.#left(); round++) {
      for (const { intent } of this.ledger.unfinished.filter((each) => each.intent.terms !== undefined)) {
        if (intent.purpose === "entry")
          this.#intend({ sent: true }, { purpose: "cancel", orderIntentId: intent.intentId });
      }
      for (const [positionId, { instrumentId, micros }] of this.ledger.held) {
        if (micros === 0) continue;
        const side = micros > 0 ? "SELL" : "BUY";
        this.#intend(
          { sent: true },
          { purpose: "exit", positionId, side, instrumentId, volumeMicros: Math.abs(micros) },
        );
      }
      for (let i = 0; i < 30; i++) {
        this.#nowMicros += 2 * MICROS_PER_SECOND;
        for (const instrumentId of this.#bids.keys()) {
          this.#quote({ instrumentId, movePoints: 0, spreadPoints: 3 });
        }
      }
    }
  }

  #left(): boolean {
    return this.ledger.unfinished.length > 0 || this.ledger.open > 0;
  }

  #bid(instrumentId: number): number {
    return this.#bids.get(instrumentId) ?? 0;
  }

  #quote({
    instrumentId,
    movePoints,
    spreadPoints,
  }: Pick<Step, "instrumentId" | "movePoints" | "spreadPoints">): void {
    const bid = Math.max(50_000, this.#bid(instrumentId) + movePoints);
    this.#bids.set(instrumentId, bid);
    const prices = { bid: bid / 100_000, ask: (bid + spreadPoints) / 100_000 };
    this.#feed(tick({ timeMicros: this.#nowMicros, instrumentId, ...prices }));
  }

  #terms({ type, side, awayPoints, instrumentId, timeInForce, waitMicros }: Step): PendingTerms {
    const away = (side === "BUY") === (type === "limit") ? -1 : 1;
    const pricePoints = this.#bid(instrumentId) + away * awayPoints;
    return pending(type, pricePoints, {
      limitPricePoints: type === "stop-limit" ? pricePoints - away * 5 : null,
      timeInForce,
      untilMicros: timeInForce === "until" ? this.#nowMicros + 10 * waitMicros : null,
    });
  }

  #levels({ side, stopPoints, targetPoints }: Step, pricePoints: number): Partial<OrderIntent> {
    const away = side === "BUY" ? 1 : -1;
    return {
      stopPricePoints: stopPoints === null ? null : pricePoints - away * stopPoints,
      targetPricePoints: targetPoints === null ? null : pricePoints + away * targetPoints,
    };
  }

  #change(step: Step, purpose: "modify" | "cancel"): void {
    const orders = [...this.ledger.orders.values()].filter(({ intent }) => intent.purpose === "entry");
    const order = orders[step.pick % orders.length]?.intent;
    if (order === undefined) return;
    const { side, instrumentId } = order;
    const fields = { purpose, side, instrumentId, orderIntentId: order.intentId };
    const type = order.terms?.type;
    if (purpose === "cancel" || type === undefined) {
      this.#intend(step, fields);
      return;
    }
    const like = { ...step, side, instrumentId, type };
    const terms = this.#terms(like);
    const levels = this.#levels(like, terms.limitPricePoints ?? terms.pricePoints);
    this.#intend(step, { ...fields, ...levels, terms });
  }

  /** Something with open positions: an exit of a part, a pair that closes each other, other levels. */
  #touch(step: Step): void {
    const open = [...this.ledger.held].filter(([, { micros }]) => micros !== 0);
    const [positionId, held] = open[step.pick % open.length] ?? [];
    if (positionId === undefined || held === undefined) return;
    const { instrumentId, micros } = held;
    const long = micros > 0;
    if (step.what === "levels") {
      const levels = this.#levels({ ...step, side: long ? "BUY" : "SELL" }, this.#bid(instrumentId));
      this.#intend(step, { purpose: "modify", positionId, instrumentId, ...levels });
      return;
    }
    const opposite = open.find(
      ([, other]) => other.instrumentId === instrumentId && other.micros > 0 !== long,
    );
    if (step.what === "close-by" && opposite === undefined) return;
    this.#intend(step, {
      purpose: "exit",
      positionId,
      instrumentId,
      side: long ? "SELL" : "BUY",
      volumeMicros: Math.min(step.centilots * 10_000, Math.abs(micros)),
      ...(step.what === "close-by" ? { byPositionId: opposite?.[0] ?? "" } : {}),
    });
  }

  #intend({ sent }: Pick<Step, "sent">, fields: Partial<OrderIntent>): void {
    const intentId = `paper-${++this.#intents}`;
    this.#feed(orderIntent(this.#nowMicros, { intentId, ...fields }));
    if (sent) this.#feed({ kind: "sent", seq: 0, timeMicros: this.#nowMicros, accountId: "paper", intentId });
  }

  #feed(record: JournalRecord): void {
    this.records.push(record);
    this.ledger.given(record);
    this.desk.feed(record);
    for (; this.#heard < this.desk.said.length; this.#heard++) {
      const draft = this.desk.said[this.#heard];
      if (draft?.kind === "execution") this.ledger.said(draft);
      if (draft?.kind === "adjustment") this.ledger.adjusted(draft);
    }
    if (this.#checked) this.check();
  }

  check(): void {
    const { equityMicros, positions, balanceMicros } = this.desk.broker.view();
    expect(positions).toBe(this.ledger.open);
    expect(equityMicros).toBe(this.ledger.equityMicros);
    if (positions === 0) expect(balanceMicros).toBe(this.ledger.equityMicros);
  }
}

function deskOf(settings: Partial<PaperBrokerSettings>, seed: number): Desk {
  return new Desk(settings, { account: { startingBalanceMicros: START }, seed });
}

test("money adds up, terms are kept, every order ends once, and a broker restarted at every record says the same", () => {
  fc.assert(
    fc.property(
      settingsOf,
      fc.integer(),
      fc.array(stepOf, { minLength: 20, maxLength: 120 }),
      (settings, seed, steps) => {
        const flow = new Flow(settings, seed);
        for (const step of steps) flow.play(step);
        flow.finish();
        flow.check();
        expect(flow.ledger.unfinished).toEqual([]);
        expect(flow.ledger.open).toBe(0);
        const again = deskOf(settings, seed);
        const restarted = deskOf(settings, seed);
        for (const record of flow.records) {
          again.feed(record);
          restarted.feed(record);
          restarted.restart();
        }
        expect(again.said).toEqual(flow.desk.said);
        expect(restarted.said).toEqual(flow.desk.said);
      },
    ),
    { numRuns: 300 },
  );
}, 120_000);
