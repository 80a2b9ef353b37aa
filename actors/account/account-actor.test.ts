// The account against hand-made reports: what it does with each record, and what it refuses to do.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_SECOND } from "../base/clock.ts";
import type { OrderIntent } from "../domain/order.ts";
import type { Command, TradeCommand } from "../domain/records.ts";
import { execution, handTrade, instrument, NOON, signal, TestEngine, tick } from "./account.fixture.ts";

const SECOND = MICROS_PER_SECOND;

function quoted(options: ConstructorParameters<typeof TestEngine>[0] = {}): TestEngine {
  const engine = new TestEngine({ broker: "none", ...options });
  engine.feed(tick({ timeMicros: NOON }));
  return engine;
}

/** An engine with one open BUY position of 2.5 lots EURUSD, opened at 1.10010, stop 200 points below. */
function holding(options: ConstructorParameters<typeof TestEngine>[0] = {}): {
  engine: TestEngine;
  entry: OrderIntent;
} {
  const engine = quoted(options);
  engine.feed(signal({ timeMicros: NOON }));
  const entry = engine.intents[0]!;
  engine.feed(execution(entry));
  return { engine, entry };
}

function command(
  engine: TestEngine,
  name: "halt-entries" | "resume-entries" | "flatten",
  timeMicros = NOON,
): void {
  const order: Command = { command: name, accountId: "paper", by: "operator" };
  engine.feed({ kind: "commanded", seq: 0, timeMicros, command: order });
}

function codes(engine: TestEngine): string[] {
  return engine.refusals.map((refusal) => refusal.code);
}

describe("entries", () => {
  test("a signal becomes an intent: sized, with stop and target, every check and its cause", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    expect(engine.intents).toHaveLength(1);
    expect(engine.intents[0]).toMatchObject({
      accountId: "paper",
      intentId: "paper-000000001",
      purpose: "entry",
      side: "BUY",
      volumeMicros: 2_500_000,
      causeSeq: 2,
      bidPoints: 110_000,
      askPoints: 110_010,
      stopPricePoints: 109_810,
      targetPricePoints: 110_410,
      positionId: null,
      expiresAtMicros: NOON + 5 * SECOND,
      epoch: 1,
      reason: "signal:test",
    });
    expect(engine.intents[0]!.checks.every((check) => check.passed)).toBe(true);
  });

  test("intents carry the epoch of the run, also after a restart", () => {
    const engine = quoted();
    engine.feed({ kind: "configured", seq: 0, timeMicros: NOON, epoch: 7, config: {} });
    const restarted = new TestEngine({ broker: "none" });
    restarted.load(engine.save(), engine.records.length);
    restarted.feed(signal({ timeMicros: NOON }));
    expect(restarted.intents[0]?.epoch).toBe(7);
  });

  test("a SELL has its stop above and its target below", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON, action: "SELL", targetPoints: 0 }));
    expect(engine.intents[0]).toMatchObject({ stopPricePoints: 110_200, targetPricePoints: null });
  });

  for (const [code, fields, at] of [
    ["signal-not-tradable", { tradable: false }, NOON],
    ["signal-expired", { expiresAtMicros: NOON }, NOON],
    ["stale-quote", { expiresAtMicros: NOON + 60 * SECOND }, NOON + 5 * SECOND + 1],
    ["price-moved", { askPoints: 109_700 }, NOON],
    ["no-stop", { stopPoints: Number.NaN }, NOON],
    ["stale-quote", { instrumentId: 1 }, NOON],
  ] as const) {
    test(`${code}: ${JSON.stringify(fields)} opens nothing`, () => {
      const engine = quoted();
      engine.feed(signal({ timeMicros: at, ...fields }));
      expect(engine.intents).toEqual([]);
      expect(codes(engine)).toEqual([code]);
      expect(engine.account.view().refusals[code]).toBe(1);
    });
  }

  test("without a way to convert profits the refusal says so", () => {
    const engine = quoted({ instruments: [instrument(0, "EURUSD", { quoteCurrency: "CHF" })] });
    engine.feed(signal({ timeMicros: NOON }));
    expect(codes(engine)).toEqual(["no-conversion-rate"]);
  });

  test("one order and one position an instrument", () => {
    const { engine, entry } = holding();
    engine.feed(signal({ timeMicros: NOON }));
    const second = quoted();
    second.feed(signal({ timeMicros: NOON }), signal({ timeMicros: NOON }));
    expect(entry.purpose).toBe("entry");
    expect(codes(engine)).toEqual(["position-open"]);
    expect(codes(second)).toEqual(["duplicate-intent"]);
  });

  test("a signal for an instrument nobody knows is an anomaly", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON, instrumentId: 99 }));
    expect(engine.account.view().anomalies["unknown-instrument"]).toBe(1);
  });
});

function trade(engine: TestEngine, changes: Partial<TradeCommand> = {}): void {
  engine.feed({ kind: "commanded", seq: 0, timeMicros: NOON, command: handTrade(changes) });
}

describe("orders by hand", () => {
  test("become intents of the volume asked for, with every check", () => {
    const engine = quoted();
    trade(engine);
    expect(engine.intents[0]).toMatchObject({
      purpose: "entry",
      side: "BUY",
      volumeMicros: 1_000_000,
      stopPricePoints: 109_810,
      targetPricePoints: 110_410,
      reason: "manual:trader",
      causeSeq: 2,
    });
    expect(engine.intents[0]?.checks.every(({ passed }) => passed)).toBe(true);
  });

  const refused: readonly [string, Partial<TradeCommand>, string][] = [
    ["whose stop costs more than one trade may", { volumeMicros: 2_510_000 }, "over-risk-budget"],
    ["without a stop", { stopPoints: 0 }, "no-stop"],
    ["below a step", { volumeMicros: 9_999 }, "volume-too-small"],
    ["that came too late", { expiresAtMicros: NOON }, "signal-expired"],
    ["decided on another price", { askPoints: 109_000 }, "price-moved"],
  ];
  for (const [what, changes, code] of refused) {
    test(`are refused by name: one ${what}`, () => {
      const engine = quoted();
      trade(engine, changes);
      expect([engine.intents.length, codes(engine)]).toEqual([0, [code]]);
    });
  }

  test("are refused like any entry while entries are halted, and of another account not heard", () => {
    const engine = quoted();
    trade(engine, { accountId: "another" });
    command(engine, "halt-entries");
    trade(engine);
    expect([engine.intents.length, codes(engine)]).toEqual([0, ["entries-halted"]]);
  });
});

describe("exits", () => {
  test("a signal against the position closes it and opens nothing until it is closed", () => {
    const { engine } = holding();
    const against = signal({ timeMicros: NOON + SECOND, action: "SELL" });
    engine.feed(against, against);
    expect(engine.intents[1]).toMatchObject({
      purpose: "exit",
      side: "SELL",
      volumeMicros: 2_500_000,
      positionId: "position-of-paper-000000001",
      reason: "signal",
    });
    expect(engine.intents).toHaveLength(2);
    expect(codes(engine)).toEqual(["duplicate-intent"]);
    engine.feed(execution(engine.intents[1]!, { pricePoints: 110_050 }));
    expect(engine.account.view()).toMatchObject({ positions: [], realisedMicros: 100_000_000 });
    engine.feed(against);
    expect(engine.intents[2]).toMatchObject({ purpose: "entry", side: "SELL" });
  });

  for (const [what, fields] of [
    ["untradable", { tradable: false }],
    ["expired", { expiresAtMicros: NOON }],
  ] as const) {
    test(`an ${what} signal closes nothing`, () => {
      const { engine } = holding();
      engine.feed(signal({ timeMicros: NOON, action: "SELL", ...fields }));
      expect(engine.intents).toHaveLength(1);
      expect(engine.refusals).toHaveLength(1);
    });
  }

  test("go out when entries are halted, the day is lost, the spread is wide and the quote is old", () => {
    const { engine } = holding();
    command(engine, "halt-entries");
    engine.feed(tick({ timeMicros: NOON + SECOND, bid: 1.06, ask: 1.09 }));
    engine.feed(signal({ timeMicros: NOON + 9 * SECOND, action: "SELL" }));
    const exit = engine.intents[1]!;
    expect(exit.purpose).toBe("exit");
    expect(exit.checks.filter((check) => !check.passed).map((check) => check.control)).toEqual([
      "stale-quote",
      "spread-too-wide",
    ]);
  });

  test("an old position is closed by the clock", () => {
    const { engine } = holding({ settings: { positionAgeMaxMicros: MICROS_PER_HOUR } });
    expect(engine.account.nextDueMicros).toBe(NOON + MICROS_PER_HOUR);
    engine.beat(NOON + MICROS_PER_HOUR - 1);
    expect(engine.intents).toHaveLength(1);
    engine.beat(NOON + MICROS_PER_HOUR);
    expect(engine.intents[1]).toMatchObject({ purpose: "exit", reason: "time" });
  });

  test("a rejected exit is tried again, more slowly each time", () => {
    const { engine } = holding();
    command(engine, "flatten");
    const waits: number[] = [];
    let last = NOON;
    for (let i = 1; i <= 8; i++) {
      const exit = engine.intents[i]!;
      engine.feed(execution(exit, { status: "rejected", dealId: null, timeMicros: exit.timeMicros }));
      engine.beat(engine.account.nextDueMicros);
      waits.push((engine.intents[i + 1]!.timeMicros - last) / SECOND);
      last = engine.intents[i + 1]!.timeMicros;
    }
    expect(waits).toEqual([5, 10, 20, 40, 80, 160, 300, 300]);
  });

  test("an exit of unknown outcome is not sent again", () => {
    const { engine } = holding();
    command(engine, "flatten");
    engine.feed(execution(engine.intents[1]!, { status: "unknown", dealId: null }));
    engine.beat(NOON + MICROS_PER_HOUR);
    expect(engine.intents).toHaveLength(2);
    engine.feed(
      execution(engine.intents[1]!, { status: "rejected", dealId: null, timeMicros: NOON + MICROS_PER_HOUR }),
    );
    expect(engine.intents).toHaveLength(3);
  });

  test("while the market is closed and silent an exit waits for the next quote", () => {
    const sessions = [{ openMinute: 0, closeMinute: 2 * 24 * 60 + 12 * 60 + 1 }];
    const instruments = [instrument(0, "EURUSD", { sessions })];
    const { engine } = holding({ instruments, settings: { positionAgeMaxMicros: MICROS_PER_HOUR } });
    engine.beat(NOON + MICROS_PER_HOUR);
    expect(engine.intents).toHaveLength(1);
    expect(engine.account.nextDueMicros).toBe(Number.POSITIVE_INFINITY);
    engine.feed(tick({ timeMicros: NOON + MICROS_PER_DAY, bid: 1.09, ask: 1.0901 }));
    expect(engine.intents[1]).toMatchObject({ purpose: "exit", reason: "time" });
  });
});

describe("unknown outcomes", () => {
  test("silence after sending makes an order unknown; it keeps its exposure and blocks its symbol", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    const reserved = engine.account.view().marginReservedMicros;
    engine.beat(NOON + 15 * SECOND);
    expect(engine.account.view().liveOrders[0]?.state).toBe("unknown");
    expect(engine.account.view().marginReservedMicros).toBe(reserved);
    engine.feed(tick({ timeMicros: NOON + 16 * SECOND }), signal({ timeMicros: NOON + 16 * SECOND }));
    expect(codes(engine)).toEqual(["unknown-order"]);
  });

  test("a later report resolves it, and entries are possible again", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    engine.feed(execution(engine.intents[0]!, { status: "unknown", dealId: null }));
    engine.feed(execution(engine.intents[0]!, { status: "rejected", dealId: null }));
    engine.feed(signal({ timeMicros: NOON }));
    expect(engine.intents).toHaveLength(2);
    expect(engine.account.view().marginReservedMicros).toBeGreaterThan(0);
  });

  test("a human releases the symbol; a deal that still comes is booked", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    const lost = engine.intents[0]!;
    engine.feed(execution(lost, { status: "unknown", dealId: null }));
    const release: Command = { command: "release-symbol", instrumentId: 0, by: "operator" };
    engine.feed({ kind: "commanded", seq: 0, timeMicros: NOON, command: release });
    expect(engine.account.view().liveOrders).toEqual([]);
    engine.feed(execution(lost));
    expect(engine.account.view().positions).toHaveLength(1);
  });

  test("an unsent intent expires and frees what it reserved", () => {
    const engine = quoted();
    engine.sends = false;
    engine.feed(signal({ timeMicros: NOON }));
    expect(engine.account.nextDueMicros).toBe(NOON + 5 * SECOND);
    engine.beat(NOON + 5 * SECOND);
    expect(engine.account.view()).toMatchObject({ liveOrders: [], marginReservedMicros: 0 });
  });
});

describe("booking", () => {
  test("the balance moves by profit and commission; costs are counted", () => {
    const { engine, entry } = holding();
    engine.feed(tick({ timeMicros: NOON + SECOND, bid: 1.102, ask: 1.1022 }));
    expect(engine.account.view().positions[0]?.unrealisedMicros).toBe(475_000_000);
    command(engine, "flatten", NOON + SECOND);
    engine.feed(execution(engine.intents[1]!, { pricePoints: 110_195, commissionMicros: 8_750_000 }));
    expect(entry.askPoints).toBe(110_010);
    expect(engine.account.view()).toMatchObject({
      balanceMicros: 100_000_000_000 + 462_500_000 - 8_750_000,
      realisedMicros: 462_500_000,
      realisedAfterCostsMicros: 453_750_000,
      dayProfitMicros: 453_750_000,
      // Half of 10 points coming in and half of 20 going out; the exit slipped 5 points.
      costs: { commissionMicros: 8_750_000, spreadMicros: 37_500_000, slippageMicros: 12_500_000 },
      fills: 2,
    });
  });

  test("partial fills, duplicates and an acknowledgement after the fill: each deal counts once", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    const entry = engine.intents[0]!;
    const part = (dealId: string, volumeMicros: number) =>
      execution(entry, { dealId, volumeMicros, status: "partially-filled" });
    engine.feed(part("b", 1_000_000), part("a", 1_500_000), part("b", 1_000_000), part("a", 1_500_000));
    engine.feed(execution(entry, { status: "acknowledged", dealId: null }));
    expect(engine.account.view().positions[0]?.volumeMicros).toBe(2_500_000);
    expect(engine.account.view().liveOrders).toEqual([]);
    expect(engine.account.view().anomalies).toMatchObject({ "duplicate-deal": 2, "illegal-transition": 0 });
  });

  test("a stop the broker filled itself closes the position and leaves the entry's order alone", () => {
    const { engine, entry } = holding();
    engine.feed(execution(entry, { side: "SELL", dealId: "stop-1", pricePoints: 109_800, reason: "stop" }));
    const view = engine.account.view();
    expect(view.positions).toEqual([]);
    expect(view.realisedMicros).toBe(-525_000_000);
    expect(view.costs.slippageMicros).toBe(25_000_000);
    expect(view.anomalies["illegal-transition"]).toBe(0);
  });

  for (const [what, fields, code] of [
    ["without a deal id", { dealId: null }, "bad-fill"],
    ["of no volume", { volumeMicros: 0 }, "bad-fill"],
    ["at a price that is not a number", { pricePoints: Number.NaN }, "bad-fill"],
    ["of an instrument nobody knows", { instrumentId: 17 }, "bad-fill"],
    ["larger than its order", { volumeMicros: 9_000_000 }, "overfilled"],
    ["of an intent nobody knows", { intentId: "other" }, "unknown-intent"],
  ] as const) {
    test(`a fill ${what} is an anomaly, not a crash`, () => {
      const engine = quoted();
      engine.feed(signal({ timeMicros: NOON }));
      engine.feed(execution(engine.intents[0]!, fields));
      expect(engine.account.view().anomalies[code]).toBe(1);
      expect(engine.account.view().positions).toHaveLength(code === "bad-fill" ? 0 : 1);
    });
  }

  test("reports of other accounts are not its business", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    engine.feed(execution(engine.intents[0]!, { accountId: "other" }));
    expect(engine.account.view()).toMatchObject({ positions: [], fills: 0 });
  });

  test("a profit that cannot be converted halts entries and says so", () => {
    const engine = new TestEngine({ broker: "none" });
    engine.feed(tick({ timeMicros: NOON }), signal({ timeMicros: NOON }));
    const other = execution(engine.intents[0]!, {
      instrumentId: 1,
      intentId: "x",
      positionId: "x",
      pricePoints: 150_000,
    });
    engine.feed({ ...other, dealId: "1" }, { ...other, dealId: "2", side: "SELL", pricePoints: 150_100 });
    expect(engine.account.view()).toMatchObject({ entriesHalted: true, balanceMicros: 100_000_000_000 });
    expect(engine.account.view().anomalies["unconverted-profit"]).toBe(1);
  });
});

describe("the trading day", () => {
  const settings = { dailyLossFraction: 0.01, dayResetMinuteUtc: 17 * 60 };
  const reset = NOON + 5 * MICROS_PER_HOUR;

  test("a lost day stays lost although the price comes back, and ends at its reset", () => {
    const { engine } = holding({ settings });
    engine.feed(
      tick({ timeMicros: NOON + SECOND, bid: 1.096, ask: 1.0961 }),
      tick({ timeMicros: NOON + 2 * SECOND }),
    );
    expect(engine.account.view().dayProfitMicros).toBeGreaterThan(-1_000_000_000);
    command(engine, "flatten", NOON + 2 * SECOND);
    engine.feed(execution(engine.intents[1]!));
    command(engine, "resume-entries", NOON + 2 * SECOND);
    engine.feed(signal({ timeMicros: NOON + 2 * SECOND }));
    expect(codes(engine)).toEqual(["daily-loss-limit"]);

    engine.feed(tick({ timeMicros: reset - 1 }), signal({ timeMicros: reset - 1 }));
    expect(codes(engine)).toEqual(["daily-loss-limit", "daily-loss-limit"]);
    engine.feed(signal({ timeMicros: reset }));
    expect(engine.intents.at(-1)).toMatchObject({ purpose: "entry" });
    expect(engine.account.view().dayProfitMicros).toBe(0);
  });
});

describe("commands", () => {
  test("halt and resume", () => {
    const engine = quoted();
    command(engine, "halt-entries");
    engine.feed(signal({ timeMicros: NOON }));
    expect(codes(engine)).toEqual(["entries-halted"]);
    command(engine, "resume-entries");
    engine.feed(signal({ timeMicros: NOON }));
    expect(engine.intents).toHaveLength(1);
  });

  test("flatten closes every position, also one that still opens, and keeps entries halted", () => {
    const { engine } = holding();
    engine.feed(tick({ timeMicros: NOON, instrumentId: 3, bid: 1.25, ask: 1.2501 }));
    engine.feed(signal({ timeMicros: NOON, instrumentId: 3, bidPoints: 125_000, askPoints: 125_010 }));
    command(engine, "flatten");
    expect(engine.intents.map(({ purpose, instrumentId }) => [purpose, instrumentId])).toEqual([
      ["entry", 0],
      ["entry", 3],
      ["exit", 0],
    ]);
    engine.feed(execution(engine.intents[1]!));
    expect(engine.intents[3]).toMatchObject({ purpose: "exit", instrumentId: 3, reason: "flatten" });
    engine.feed(execution(engine.intents[2]!), execution(engine.intents[3]!));
    expect(engine.account.view()).toMatchObject({ positions: [], entriesHalted: true });
  });

  test("of other accounts are not its business", () => {
    const engine = quoted();
    const other: Command = { command: "halt-entries", accountId: "other", by: "operator" };
    engine.feed({ kind: "commanded", seq: 0, timeMicros: NOON, command: other });
    expect(engine.account.view().entriesHalted).toBe(false);
  });
});
