// Compliance through the account: a pre-trade record before every order and refusal, what it says, that exits leave whatever the
// checks say, and that without settings nothing is there of it.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from "../../base/clock.ts";
import type { PreTrade } from "../../domain/pretrade.ts";
import type { Command, JournalRecord } from "../../domain/records.ts";
import { TICK_BACKFILL, TICK_SECONDARY } from "../../domain/tick.ts";
import { execution, NOON, signal, TestEngine, tick } from "../account.fixture.ts";
import { type ComplianceLimits, type ComplianceSettings, DEFAULT_COMPLIANCE_SETTINGS } from "./settings.ts";

const PAPER = { accountId: "paper", by: "operator" };

function engineOf(compliance: ComplianceSettings | undefined = DEFAULT_COMPLIANCE_SETTINGS): TestEngine {
  return new TestEngine({ broker: "none", settings: { compliance } });
}

function under(account: Partial<ComplianceLimits>): ComplianceSettings {
  return { ...DEFAULT_COMPLIANCE_SETTINGS, account };
}

function quoted(compliance?: ComplianceSettings): TestEngine {
  const engine = engineOf(compliance);
  engine.feed(tick({ timeMicros: NOON }));
  return engine;
}

function second(engine: TestEngine, fields: { bid: number; ask: number; timeMicros?: Micros }): void {
  engine.feed(tick({ timeMicros: NOON, sourceId: 2, flags: TICK_SECONDARY, ...fields }));
}

function command(engine: TestEngine, order: Command, timeMicros = NOON): void {
  engine.feed({ kind: "commanded", seq: 0, timeMicros, command: order });
}

/** Signal and fill at `pricePoints`, closed again at the same price by the broker. */
function roundTrip(engine: TestEngine, pricePoints: number, timeMicros = NOON): void {
  engine.feed(tick({ timeMicros }), signal({ timeMicros }));
  const entry = engine.intents.at(-1)!;
  engine.feed(execution(entry, { timeMicros, pricePoints }));
  engine.feed(
    execution(entry, {
      timeMicros,
      side: "SELL",
      dealId: `stop-of-${entry.intentId}`,
      pricePoints,
      reason: "stop",
    }),
  );
}

function holding(compliance?: ComplianceSettings): TestEngine {
  const engine = quoted(compliance);
  engine.feed(signal({ timeMicros: NOON }));
  engine.feed(execution(engine.intents[0]!));
  return engine;
}

function codes(engine: TestEngine): string[] {
  return engine.refusals.map(({ code }) => code);
}

/** Records the account makes, each with the one that must follow it. */
function decisionsOf(records: readonly JournalRecord[]): [PreTrade, JournalRecord | undefined][] {
  return records.flatMap((record, index) =>
    record.kind === "pretrade" ? [[record, records[index + 1]] as [PreTrade, JournalRecord | undefined]] : [],
  );
}

describe("a pre-trade record", () => {
  test("comes right before its order, and says all that a report needs", () => {
    const identity = {
      ...DEFAULT_COMPLIANCE_SETTINGS.identity,
      clientLei: "5493001KJTIIGC8Y1R12",
      isins: { EURUSD: "EU0009652759" },
    };
    const engine = engineOf({ ...DEFAULT_COMPLIANCE_SETTINGS, identity });
    engine.feed(tick({ timeMicros: NOON }));
    second(engine, { bid: 1.09999, ask: 1.10008 });
    const components = [{ member: "technical" as const, probabilityUp: 0.7, weight: 1, ageMicros: 5 }];
    engine.feed(signal({ timeMicros: NOON, components }));
    const [record, intent] = decisionsOf(engine.records)[0]!;
    const entry = engine.intents[0]!;
    expect(intent).toBe(entry);
    const cause = engine.records.find(({ kind }) => kind === "signal")!;
    expect(record).toMatchObject({
      timeMicros: NOON,
      accountId: "paper",
      causeSeq: cause.seq,
      number: 1,
      epoch: 1,
      intentId: entry.intentId,
      verdict: "approved",
      code: null,
      purpose: "entry",
      decision: { by: "algorithm", id: "test" },
      executionAlgorithm: "tickforge",
      capacity: "DEAL",
      client: { tenantId: "default", accountId: "paper", lei: "5493001KJTIIGC8Y1R12" },
      firmLei: null,
      venue: "paper",
      instrument: { symbol: "EURUSD", isin: "EU0009652759", contractSize: 100_000, digits: 5 },
      side: "BUY",
      volumeMicros: entry.volumeMicros,
      orderType: "market",
      pricePoints: 110_010,
      stopPricePoints: 109_810,
      targetPricePoints: 110_410,
      timeInForce: "good-till-time",
      expiresAtMicros: entry.expiresAtMicros,
      quote: { sourceId: 0, bidPoints: 110_000, askPoints: 110_010, timeMicros: NOON },
      secondQuote: { sourceId: 2, bidPoints: 109_999, askPoints: 110_008, timeMicros: NOON },
      // Half a spread of ten points on 2.5 lots.
      expectedCost: { currency: "USD", spreadMicros: 12_500_000, slippageMicros: null },
      figures: { secondSource: "fresh", quoteDeviation: 2 / 110_008, messages: 1, trades: 0 },
      signal: { seq: cause.seq, confidence: 0.7, regime: "quiet-range", components },
    });
    expect([...record.riskChecks, ...record.checks].map(({ control }) => control).sort()).toEqual(
      entry.checks.map(({ control }) => control).sort(),
    );
  });

  test("is there for refusals of risk and of compliance, with the order that was wanted", () => {
    const engine = quoted(under({ secondSourceRequired: true }));
    engine.feed(signal({ timeMicros: NOON }), signal({ timeMicros: NOON, tradable: false }));
    const told = decisionsOf(engine.records);
    expect(told.map(([{ verdict, code, intentId, number }]) => [verdict, code, intentId, number])).toEqual([
      ["refused", "best-execution", null, 1],
      ["refused", "signal-not-tradable", null, 2],
    ]);
    expect(told.map(([, next]) => next)).toEqual(engine.refusals);
    expect(told[0]?.[0]).toMatchObject({ side: "BUY", volumeMicros: 2_500_000, pricePoints: 110_010 });
    expect(engine.refusals[0]?.message).toContain("a second source quotes a better price");
  });

  test("names the person of an order by hand, and who wanted an exit", () => {
    const engine = quoted();
    command(engine, {
      command: "trade",
      ...PAPER,
      instrumentId: 0,
      side: "BUY",
      volumeMicros: 1_000_000,
      bidPoints: 110_000,
      askPoints: 110_010,
      stopPoints: 200,
      targetPoints: 0,
      expiresAtMicros: NOON + MICROS_PER_SECOND,
    });
    engine.feed(execution(engine.intents[0]!));
    command(engine, { command: "flatten", ...PAPER });
    const killed = holding();
    command(killed, { command: "trip", mode: "flatten", reason: "test", ...PAPER });
    const deciders = [...engine.pretrades, ...killed.pretrades].map(
      ({ purpose, decision, signal: asked }) => [purpose, decision.by, decision.id, asked === null],
    );
    expect(deciders).toEqual([
      ["entry", "person", "operator", true],
      ["exit", "person", null, true],
      ["entry", "algorithm", "test", false],
      ["exit", "kill-switch", "operator", true],
    ]);
  });

  test("expects the slippage that recent fills had", () => {
    const engine = engineOf();
    for (let i = 0; i < 5; i++) roundTrip(engine, 110_015, NOON + i * MICROS_PER_MINUTE);
    engine.feed(signal({ timeMicros: NOON + 5 * MICROS_PER_MINUTE }));
    const { figures, expectedCost, volumeMicros } = engine.pretrades.at(-1)!;
    expect(figures.fills).toBe(5);
    expect(figures.slippageMean).toBeCloseTo(5 / 110_010, 12);
    expect(expectedCost.slippageMicros).toBe(5 * volumeMicros);
  });
});

describe("checks in the account", () => {
  test("a quote that is worse than the second source's is refused, one that is as good is not", () => {
    const engine = quoted();
    second(engine, { bid: 1.0979, ask: 1.098 });
    engine.feed(signal({ timeMicros: NOON }));
    second(engine, { bid: 1.09999, ask: 1.1 });
    engine.feed(signal({ timeMicros: NOON }));
    expect([codes(engine), engine.intents.length]).toEqual([["best-execution"], 1]);
  });

  test("quotes that are backfilled, crossed or old are not compared with", () => {
    const engine = quoted();
    second(engine, { bid: 1.0979, ask: 1.098, timeMicros: NOON - 6 * MICROS_PER_SECOND });
    second(engine, { bid: 1.099, ask: 1.098 });
    engine.feed(tick({ timeMicros: NOON, bid: 1.0979, ask: 1.098, flags: TICK_SECONDARY | TICK_BACKFILL }));
    engine.feed(signal({ timeMicros: NOON }));
    expect(engine.pretrades[0]?.figures).toMatchObject({ secondSource: "stale", quoteDeviation: null });
  });

  test("slippage of recent fills stops entries, until they are no longer recent", () => {
    const engine = engineOf(under({ slippageMeanMax: 0.00002 }));
    for (let i = 0; i < 5; i++) roundTrip(engine, 110_013, NOON);
    const ask = (timeMicros: Micros): void => engine.feed(tick({ timeMicros }), signal({ timeMicros }));
    ask(NOON + MICROS_PER_HOUR - 1);
    ask(NOON + MICROS_PER_HOUR);
    expect([codes(engine), engine.intents.length]).toEqual([["execution-slippage"], 6]);
  });

  test("orders that pay ever more in a row are ramping", () => {
    const engine = engineOf(under({ rampingOrdersMax: 3 }));
    const rise = (index: number): void => {
      const bid = 1.1 + index * 0.0001;
      engine.feed(tick({ timeMicros: NOON, bid, ask: bid + 0.0001 }));
      const points = Math.round(bid * 100_000);
      engine.feed(signal({ timeMicros: NOON, bidPoints: points, askPoints: points + 10 }));
      const entry = engine.intents.at(-1)!;
      engine.feed(execution(entry, { status: "rejected", dealId: null }));
    };
    for (let index = 0; index < 4; index++) rise(index);
    expect(engine.pretrades.map(({ figures }) => [figures.rampingOrders, figures.rampingMoves])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
      [4, 3],
    ]);
    expect(codes(engine)).toEqual(["ramping"]);
  });

  test("orders that never trade are quote stuffing", () => {
    const engine = quoted(under({ orderToTradeMax: 3 }));
    for (let index = 0; index < 5; index++) {
      engine.feed(signal({ timeMicros: NOON }));
      engine.feed(execution(engine.intents.at(-1)!, { status: "rejected", dealId: null }));
    }
    expect([codes(engine), engine.intents.length]).toEqual([["quote-stuffing"], 4]);
  });

  test("are shown with what is left before them, where they are about the symbol", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    const controls = engine.account.risk().symbols[0]?.controls ?? [];
    expect(controls.find(({ code }) => code === "quote-stuffing")).toMatchObject({
      unit: "rate",
      value: 1,
      limit: 100,
      headroom: 99,
      passed: true,
    });
  });
});

/** Limits that every order is beyond. */
const HARSH = under({
  secondSourceRequired: true,
  rampingOrdersMax: 0,
  orderToTradeMax: -1,
  washOrdersMax: -1,
});

describe("exits", () => {
  test("leave whatever the checks say, each with its record", () => {
    const ways: Readonly<Record<string, (engine: TestEngine) => void>> = {
      signal: (engine) => engine.feed(signal({ timeMicros: NOON, action: "SELL" })),
      flatten: (engine) => command(engine, { command: "flatten", ...PAPER }),
      trip: (engine) => command(engine, { command: "trip", mode: "flatten", reason: "test", ...PAPER }),
      age: (engine) => {
        engine.feed(tick({ timeMicros: NOON + 4 * MICROS_PER_HOUR }));
        engine.beat(NOON + 4 * MICROS_PER_HOUR);
      },
    };
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(ways)),
        fc.option(fc.double(), { nil: null }),
        fc.integer({ min: 0, max: 20 }),
        (way, bid, noise) => {
          const before = holding();
          const engine = engineOf(HARSH);
          engine.load(before.save(), before.records.length);
          if (bid !== null) second(engine, { bid, ask: bid });
          for (let index = 0; index < noise; index++) engine.feed(signal({ timeMicros: NOON }));
          expect(codes(engine)).toHaveLength(noise);
          ways[way]?.(engine);
          const [exit] = engine.intents;
          expect([engine.intents.length, exit?.purpose]).toEqual([1, "exit"]);
          const record = engine.pretrades.at(-1);
          expect(record).toMatchObject({
            verdict: "exit",
            code: null,
            intentId: exit?.intentId,
            side: "SELL",
          });
          expect(record?.checks.filter(({ passed }) => !passed).map(({ control }) => control)).toContain(
            "quote-stuffing",
          );
        },
      ),
    );
  });
});

describe("a second source", () => {
  test("moves neither the account's time nor its decisions", () => {
    const runs = [true, false].map((hears) => {
      const bare = new TestEngine({ broker: "none", settings: { compliance: undefined } });
      bare.feed(tick({ timeMicros: NOON }));
      bare.feed(signal({ timeMicros: NOON }));
      // Later than the order's life: were it time, the order would have expired.
      const timeMicros = NOON + MICROS_PER_HOUR;
      if (hears) second(bare, { bid: 1, ask: 1.1, timeMicros });
      bare.feed(signal({ timeMicros: NOON }));
      return bare;
    });
    // Numbers of records differ by the tick that one of them heard.
    const own = runs.map(({ intents, refusals }) => [
      ...intents.map((intent) => [
        intent.timeMicros,
        intent.side,
        intent.volumeMicros,
        intent.expiresAtMicros,
      ]),
      ...refusals.map(({ timeMicros, code, checks }) => [timeMicros, code, checks]),
    ]);
    expect(own[0]).toEqual(own[1]);
    expect(runs[0]?.account.intentHash).toBe(runs[1]!.account.intentHash);
  });
});

describe("without settings", () => {
  test("an order's fields lie as in journals of before, so that its bytes are theirs", () => {
    const engine = holding();
    command(engine, { command: "flatten", ...PAPER });
    const fields =
      "kind seq timeMicros accountId intentId causeSeq bidPoints askPoints epoch instrumentId purpose side volumeMicros " +
      "stopPricePoints targetPricePoints positionId expiresAtMicros checks reason";
    expect(engine.intents.map((intent) => Object.keys(intent).join(" "))).toEqual([fields, fields]);
  });

  test("no record is made, and orders and refusals are as they were", () => {
    const [on, off] = [DEFAULT_COMPLIANCE_SETTINGS, undefined].map((compliance) => {
      const engine = new TestEngine({ broker: "none", settings: { compliance } });
      engine.feed(tick({ timeMicros: NOON }));
      for (let i = 0; i < 3; i++) roundTrip(engine, 110_015, NOON + i * MICROS_PER_MINUTE);
      engine.feed(signal({ timeMicros: NOON + MICROS_PER_HOUR }));
      return engine;
    });
    expect([on?.pretrades.length, off?.pretrades.length]).toEqual([4, 0]);
    expect(on?.account.intentHash).toBe(off!.account.intentHash);
    expect(on?.refusals.map(({ code }) => code)).toEqual(off!.refusals.map(({ code }) => code));
    expect(off?.intents[0]?.checks.some(({ control }) => control === "quote-stuffing")).toBe(false);
  });
});

test("records are numbered on after a restart, and go on alike", () => {
  const through = quoted();
  const restarted = engineOf();
  const first: JournalRecord[] = [signal({ timeMicros: NOON }), signal({ timeMicros: NOON })];
  through.feed(...first);
  restarted.load(through.save(), through.records.length);
  const before = through.records.length;
  const next = NOON + MICROS_PER_SECOND;
  for (const engine of [through, restarted]) {
    engine.feed(tick({ timeMicros: next }), signal({ timeMicros: next }));
  }
  expect(restarted.records).toEqual(through.records.slice(before));
  expect(restarted.pretrades.at(-1)?.number).toBe(3);
});
