// The controls through the account: what it remembers, what people switch, and that many orders at once never pass a limit.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../base/clock.ts";
import type { OrderIntent } from "../domain/order.ts";
import type { Command } from "../domain/records.ts";
import { execution, instrument, INSTRUMENTS, NOON, signal, TestEngine, tick } from "./account.fixture.ts";
import type { RiskSettings } from "./risk/limits.ts";
import type { AccountSettings } from "./settings.ts";

const SECOND = MICROS_PER_SECOND;
const STORMS = process.env["TICKFORGE_TORTURE"] === "1" ? 5_000 : 100;

function under(
  account: RiskSettings["account"],
  settings: Partial<AccountSettings> = {},
): Partial<AccountSettings> {
  return { ...settings, risk: { tenant: {}, account, symbols: {} } };
}

function quoted(settings: Partial<AccountSettings>): TestEngine {
  const engine = new TestEngine({ broker: "none", settings });
  engine.feed(tick({ timeMicros: NOON }));
  return engine;
}

function command(engine: TestEngine, what: Command, timeMicros = NOON): void {
  engine.feed({ kind: "commanded", seq: 0, timeMicros, command: what });
}

function codes(engine: TestEngine): string[] {
  return engine.refusals.map(({ code }) => code);
}

/** Signal, quote and fill at `timeMicros`, closed again at `pricePoints`. */
function roundTrip(engine: TestEngine, timeMicros: number, pricePoints: number): void {
  engine.feed(tick({ timeMicros }), signal({ timeMicros }));
  const entry = engine.intents.at(-1)!;
  engine.feed(execution(entry, { timeMicros }));
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

const WIN = 110_100;
const LOSS = 109_900;

describe("modes", () => {
  const paper = { accountId: "paper", by: "operator" };

  test("reducing refuses entries by its own name, halted by its own, and active takes them again", () => {
    const engine = quoted({});
    for (const mode of ["reducing", "halted", "active"] as const) {
      command(engine, { command: "set-mode", mode, ...paper });
      engine.feed(signal({ timeMicros: NOON }));
      expect(engine.account.view()).toMatchObject({ mode, entriesHalted: mode === "halted" });
    }
    expect(codes(engine)).toEqual(["reduce-only", "entries-halted"]);
    expect(engine.intents).toHaveLength(1);
  });

  test("exits leave in every mode, and a restart keeps the mode", () => {
    for (const mode of ["reducing", "halted"] as const) {
      const engine = quoted({});
      engine.feed(signal({ timeMicros: NOON }));
      engine.feed(execution(engine.intents[0]!));
      command(engine, { command: "set-mode", mode, ...paper });
      const restarted = new TestEngine({ broker: "none" });
      restarted.load(engine.save(), engine.records.length);
      restarted.feed(signal({ timeMicros: NOON, action: "SELL" }));
      expect(restarted.intents[0]).toMatchObject({ purpose: "exit" });
      expect(restarted.account.view().mode).toBe(mode);
    }
  });

  test("of another account is not heard", () => {
    const engine = quoted({});
    command(engine, { command: "set-mode", mode: "halted", accountId: "other", by: "operator" });
    expect(engine.account.view().mode).toBe("active");
  });
});

describe("what the account remembers", () => {
  const reset: Command = { command: "reset-drawdown", accountId: "paper", by: "operator" };

  test("losses in a row stop entries until a profit, another day or a person", () => {
    const engine = quoted(under({ consecutiveLossesMax: 2 }));
    roundTrip(engine, NOON, LOSS);
    roundTrip(engine, NOON, LOSS);
    engine.feed(signal({ timeMicros: NOON }));
    expect(codes(engine)).toEqual(["consecutive-losses"]);
    command(engine, reset);
    roundTrip(engine, NOON, LOSS);
    roundTrip(engine, NOON, WIN);
    roundTrip(engine, NOON, LOSS);
    roundTrip(engine, NOON, LOSS);
    const nextDay = NOON + 10 * MICROS_PER_HOUR;
    roundTrip(engine, nextDay, LOSS);
    expect(codes(engine)).toEqual(["consecutive-losses"]);
  });

  test("commission turns a small profit into a loss", () => {
    const engine = quoted(under({ consecutiveLossesMax: 1 }));
    engine.feed(signal({ timeMicros: NOON }));
    const entry = engine.intents[0]!;
    engine.feed(execution(entry, { commissionMicros: 2_000_000 }));
    // A point of 2.5 lots is 2.5 USD.
    engine.feed(
      execution(entry, { side: "SELL", dealId: "target", pricePoints: 110_011, commissionMicros: 600_000 }),
    );
    engine.feed(signal({ timeMicros: NOON }));
    expect(codes(engine)).toEqual(["consecutive-losses"]);
  });

  test("pauses after an exit and after a loss end on time", () => {
    const engine = quoted(
      under({ cooldownAfterExitMicros: 60 * SECOND, cooldownAfterLossMicros: 90 * SECOND }),
    );
    roundTrip(engine, NOON, WIN);
    const ask = (after: number): void => {
      engine.feed(tick({ timeMicros: NOON + after }), signal({ timeMicros: NOON + after }));
    };
    ask(60 * SECOND - 1);
    roundTrip(engine, NOON + 60 * SECOND, LOSS);
    ask(120 * SECOND);
    ask(150 * SECOND);
    expect(codes(engine)).toEqual(["cooldown-after-exit", "cooldown-after-loss"]);
    expect(engine.intents).toHaveLength(3);
  });

  test("a symbol executed too often is off until a person allows it, orders by hand are not", () => {
    const engine = quoted(under({ executionsMax: 2, executionsWindowMicros: MICROS_PER_MINUTE }));
    roundTrip(engine, NOON, WIN);
    roundTrip(engine, NOON, WIN);
    const later = NOON + MICROS_PER_HOUR;
    engine.feed(tick({ timeMicros: later }), signal({ timeMicros: later }));
    expect(codes(engine)).toEqual(["repeated-executions"]);
    const byHand = {
      side: "BUY" as const,
      volumeMicros: 1_000_000,
      bidPoints: 110_000,
      askPoints: 110_010,
      stopPoints: 200,
      targetPoints: 0,
      expiresAtMicros: later + SECOND,
    };
    const who = { accountId: "paper", by: "trader", instrumentId: 0 };
    command(engine, { command: "trade", ...who, ...byHand }, later);
    expect(engine.intents.at(-1)?.reason).toBe("manual:trader");
    engine.feed(execution(engine.intents.at(-1)!, { status: "rejected", dealId: null }));
    command(engine, { command: "re-enable", ...who }, later);
    engine.feed(signal({ timeMicros: later }));
    expect(engine.intents.at(-1)?.reason).toBe("signal:test");
  });

  test("a drawdown stops entries after prices have come back, until a person resets it", () => {
    for (const [limits, code] of [
      [{ trailingDrawdownMaxMicros: 250_000_000 }, "trailing-drawdown"],
      [{ absoluteDrawdownMaxMicros: 250_000_000 }, "absolute-drawdown"],
    ] as const) {
      const engine = quoted(under(limits));
      engine.feed(signal({ timeMicros: NOON }));
      const entry = engine.intents[0]!;
      engine.feed(execution(entry));
      // 2.5 lots, 110 points below the entry: 275 USD.
      engine.feed(tick({ timeMicros: NOON + 1, bid: 1.099, ask: 1.0991 }), tick({ timeMicros: NOON + 2 }));
      engine.feed(execution(entry, { side: "SELL", dealId: "x", pricePoints: 110_010 }));
      engine.feed(signal({ timeMicros: NOON + 2 }));
      expect(codes(engine)).toEqual([code]);
      command(engine, reset);
      engine.feed(signal({ timeMicros: NOON + 2 }));
      expect(engine.intents).toHaveLength(2);
    }
  });

  test("messages within a second are counted over all symbols, exits among them", () => {
    const engine = quoted(under({ messagesPerSecondMax: 2 }));
    engine.feed(tick({ timeMicros: NOON, instrumentId: 3, bid: 1.25, ask: 1.2501 }));
    const other = { instrumentId: 3, bidPoints: 125_000, askPoints: 125_010 };
    engine.feed(signal({ timeMicros: NOON }));
    engine.feed(execution(engine.intents[0]!));
    engine.feed(signal({ timeMicros: NOON, action: "SELL" }));
    engine.feed(signal({ timeMicros: NOON + SECOND - 1, ...other }));
    engine.feed(signal({ timeMicros: NOON + SECOND, ...other }));
    expect(engine.intents.map(({ purpose }) => purpose)).toEqual(["entry", "exit", "entry"]);
    expect(codes(engine)).toEqual(["messages-per-second"]);
  });
});

describe("what the account hears", () => {
  test("news keep entries away from both currencies, and another calendar ends it", () => {
    const engine = quoted(under({ newsBeforeMicros: MICROS_PER_HOUR, newsAfterMicros: MICROS_PER_HOUR }));
    const event = { timeMicros: NOON, currency: "USD", importance: "high" as const, name: "CPI" };
    engine.feed({ kind: "calendar", seq: 0, timeMicros: NOON, events: [event] });
    engine.feed(signal({ timeMicros: NOON }));
    expect(codes(engine)).toEqual(["news-blackout"]);
    engine.feed({ kind: "calendar", seq: 0, timeMicros: NOON, events: [] }, signal({ timeMicros: NOON }));
    expect(engine.intents).toHaveLength(1);
  });

  test("a price that has run away from its mean is not followed", () => {
    const engine = quoted(under({ priceCollarFraction: 0.01 }));
    const later = NOON + 2 * MICROS_PER_MINUTE;
    engine.feed(tick({ timeMicros: later, bid: 1.12, ask: 1.1201 }));
    engine.feed(signal({ timeMicros: later, bidPoints: 112_000, askPoints: 112_010 }));
    expect(codes(engine)).toEqual(["price-collar"]);
  });

  test("a regime that is vetoed opens nothing, nor does a restricted symbol or a session about to close", () => {
    for (const [limits, code] of [
      [{ regimesVetoed: ["quiet-range"] as const }, "regime-veto"],
      [{ restrictedSymbols: ["EURUSD"] }, "restricted-symbol"],
      [{ tradersAllowed: [] }, undefined],
    ] as const) {
      const engine = quoted(under(limits));
      engine.feed(signal({ timeMicros: NOON }));
      expect(codes(engine)).toEqual(code === undefined ? [] : [code]);
    }
    const closing = [{ openMinute: 0, closeMinute: 2 * 24 * 60 + 12 * 60 + 10 }];
    const engine = new TestEngine({
      broker: "none",
      instruments: [instrument(0, "EURUSD", { sessions: closing })],
      settings: under({ sessionCloseGateMicros: 15 * MICROS_PER_MINUTE }),
    });
    engine.feed(tick({ timeMicros: NOON }), signal({ timeMicros: NOON }));
    expect(codes(engine)).toEqual(["session-closing"]);
  });

  test("correlations of the market bound what moves together", () => {
    const engine = quoted(under({ correlatedExposureMaxMicros: 300_000_000_000 }));
    engine.feed(
      tick({ timeMicros: NOON, instrumentId: 3, bid: 1.25, ask: 1.2501 }),
      {
        kind: "market",
        seq: 0,
        timeMicros: NOON,
        causeSeq: 1,
        dollarIndex: null,
        dollarIndexReturn: null,
        dollarCorrelations: [-1, null, null, -1],
        peerCorrelations: [],
      },
      signal({ timeMicros: NOON }),
      signal({ timeMicros: NOON, instrumentId: 3, bidPoints: 125_000, askPoints: 125_010 }),
    );
    // 2.5 lots at 1.1001 are 275,025; of the 24,975 left, lots of 125,010 buy 0.19.
    expect(engine.intents.map(({ volumeMicros }) => volumeMicros)).toEqual([2_500_000, 190_000]);
    expect(engine.intents[1]?.checks.at(-1)?.control).toBe("sized-by:correlated-exposure");
  });
});

/** A quote without a spread, so that a position is worth what its order was. */
const PRICES = [1.1, 150, 0.88, 1.25];
const RATES = [1, 1 / 150, 1.25, 1];

function worthOf({ instrumentId, volumeMicros }: { instrumentId: number; volumeMicros: number }): number {
  return Math.round((PRICES[instrumentId] ?? 0) * 100_000 * volumeMicros * (RATES[instrumentId] ?? 0));
}

function answer(
  engine: TestEngine,
  intent: OrderIntent,
  { rest, choice, step }: { rest: Map<string, number>; choice: number; step: number },
): void {
  const left = rest.get(intent.intentId) ?? 0;
  const dealId = `deal-${step}`;
  switch (choice % 7) {
    case 0:
    case 1:
      engine.feed(execution(intent, { dealId, volumeMicros: left }));
      rest.delete(intent.intentId);
      return;
    case 2: {
      const volumeMicros = Math.min(left, 10_000);
      engine.feed(execution(intent, { dealId, volumeMicros, status: "partially-filled" }));
      if (volumeMicros === left) rest.delete(intent.intentId);
      else rest.set(intent.intentId, left - volumeMicros);
      return;
    }
    case 3:
      engine.feed(execution(intent, { dealId: null, status: "rejected" }));
      rest.delete(intent.intentId);
      return;
    case 4:
      engine.feed(execution(intent, { dealId: null, status: "unknown" }));
      return;
    default:
  }
}

describe("many orders at once", () => {
  const GROSS = 500_000_000_000;
  const LONG = 1_500_000;

  /** A signal on every symbol, over and over, while orders are filled, filled in part, rejected, lost or left waiting. */
  function storm(choices: readonly number[]): void {
    const engine = new TestEngine({
      broker: "none",
      settings: under(
        { grossExposureMaxMicros: GROSS, longVolumeMaxMicros: LONG, shortVolumeMaxMicros: LONG },
        { riskFraction: 0.01, marginUseFraction: 1 },
      ),
    });
    for (const [id, price] of PRICES.entries()) {
      engine.feed(tick({ timeMicros: NOON, instrumentId: id, bid: price, ask: price }));
    }
    const rest = new Map<string, number>();
    let heard = 0;
    for (const [step, choice] of choices.entries()) {
      const instrumentId = choice % 4;
      const points = Math.round((PRICES[instrumentId] ?? 0) * 10 ** (INSTRUMENTS[instrumentId]?.digits ?? 0));
      const action = choice % 3 === 0 ? "SELL" : "BUY";
      engine.feed(
        signal({
          timeMicros: NOON,
          instrumentId,
          action,
          bidPoints: points,
          askPoints: points,
          stopPoints: 100,
        }),
      );
      for (const intent of engine.intents.slice(heard)) rest.set(intent.intentId, intent.volumeMicros);
      heard = engine.intents.length;
      const waiting = engine.intents.filter(({ intentId }) => rest.has(intentId));
      const chosen = waiting[choice % Math.max(1, waiting.length)];
      if (chosen !== undefined) answer(engine, chosen, { rest, choice, step });
      const { positions, liveOrders } = engine.account.view();
      const live = engine.intents.filter(
        ({ intentId, purpose }) =>
          purpose === "entry" && liveOrders.some((each) => each.intentId === intentId),
      );
      const unfilled = live.map(({ instrumentId: id, intentId }) => ({
        instrumentId: id,
        volumeMicros: rest.get(intentId) ?? 0,
      }));
      const gross = [...positions, ...unfilled].reduce((sum, held) => sum + worthOf(held), 0);
      expect(gross).toBeLessThanOrEqual(GROSS);
      for (const id of PRICES.keys()) {
        const volume = [...positions, ...unfilled]
          .filter((held) => held.instrumentId === id)
          .reduce((sum, held) => sum + held.volumeMicros, 0);
        expect(volume).toBeLessThanOrEqual(LONG);
      }
    }
  }

  test("never pass a limit together, whatever becomes of them", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { minLength: 20, maxLength: 60 }), (choices) => storm(choices)),
      { numRuns: STORMS },
    );
  }, 600_000);

  test("of one moment share what is left, and the rest is refused", () => {
    const engine = new TestEngine({
      broker: "none",
      settings: under({ grossExposureMaxMicros: GROSS }, { riskFraction: 0.01, marginUseFraction: 1 }),
    });
    for (const [id, price] of PRICES.entries()) {
      engine.feed(tick({ timeMicros: NOON, instrumentId: id, bid: price, ask: price }));
    }
    for (const [instrumentId, points] of [110_000, 150_000, 88_000, 125_000].entries()) {
      engine.feed(
        signal({ timeMicros: NOON, instrumentId, bidPoints: points, askPoints: points, stopPoints: 400 }),
      );
    }
    const total = engine.intents.reduce((sum, intent) => sum + worthOf(intent), 0);
    expect(total).toBeLessThanOrEqual(GROSS);
    expect(total).toBeGreaterThan(GROSS - 2_000_000_000);
    expect(codes(engine)).toContain("volume-too-small");
  });
});

describe("what people see of the limits", () => {
  test("is what each control says now, and reading it changes nothing", () => {
    const engine = quoted(under({ grossExposureMaxMicros: 500_000_000_000, consecutiveLossesMax: 3 }));
    engine.feed(signal({ timeMicros: NOON }), signal({ timeMicros: NOON }));
    // As bytes: NaN is not equal to itself.
    const state = (): string =>
      engine
        .save()
        .map((part) => Buffer.from(part.buffer).toString("hex"))
        .join();
    const before = state();
    const view = engine.account.risk();
    expect(state()).toBe(before);
    const account = new Map(view.controls.map((control) => [control.code, control]));
    // 2.5 lots on their way at 1.1001.
    expect(account.get("gross-exposure")).toMatchObject({
      unit: "money",
      value: 275_025_000_000,
      limit: 500_000_000_000,
      headroom: 224_975_000_000,
      passed: true,
    });
    expect(account.get("consecutive-losses")).toMatchObject({ value: 0, headroom: 3 });
    expect(account.has("net-exposure")).toBe(false);
    const euro = view.symbols[0];
    expect(euro?.controls.find(({ code }) => code === "duplicate-intent")).toMatchObject({
      value: 1,
      headroom: -1,
      passed: false,
    });
    expect(euro?.orderLimits).toContainEqual({ code: "volume-too-small", unit: "lots", limit: 10_000 });
    expect(view.refusals["duplicate-intent"]).toBe(1);
    // No quote yet: nothing is known of its spread.
    const yen = view.symbols[1]?.controls.find(({ code }) => code === "spread-too-wide");
    expect([yen?.value, yen?.passed]).toEqual([Number.NaN, false]);
  });
});

test("the default settings leave volumes and refusals as they were without layers of limits", () => {
  const bare = new TestEngine({
    broker: "none",
    settings: { risk: undefined, sizing: undefined, compliance: undefined },
  });
  const layered = quoted({});
  bare.feed(tick({ timeMicros: NOON }));
  for (const engine of [bare, layered]) {
    engine.feed(signal({ timeMicros: NOON }), signal({ timeMicros: NOON }));
  }
  expect(layered.account.intentHash).toBe(bare.account.intentHash);
  expect(codes(layered)).toEqual(codes(bare));
  expect(bare.intents[0]?.checks).toHaveLength(19);
});
