// The paper broker against hand-made orders: when it fills, at what price, and how it says no.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY, MICROS_PER_MILLISECOND, MICROS_PER_SECOND } from "../../base/clock.ts";
import { NOON, tick } from "../account.fixture.ts";
import { DEFAULT_PAPER_BROKER_SETTINGS } from "../settings.ts";
import { Desk, opened } from "./broker.fixture.ts";
import { luckOf, slippagePoints } from "./fill-model.ts";

const MS = MICROS_PER_MILLISECOND;
const SECOND = MICROS_PER_SECOND;

describe("market orders", () => {
  test("fill at the first quote after their latency, BUY at the ask", () => {
    const desk = new Desk();
    desk.order(NOON);
    desk.quote(NOON + 50 * MS - 1, 109_000, 109_010);
    expect(desk.reports).toEqual([]);
    desk.quote(NOON + 50 * MS, 110_000, 110_010);
    expect(desk.reports[1]).toEqual({
      kind: "execution",
      seq: 0,
      timeMicros: NOON + 50 * MS,
      accountId: "paper",
      intentId: "paper-1",
      status: "filled",
      dealId: "paper-D1",
      instrumentId: 0,
      side: "BUY",
      volumeMicros: 1_000_000,
      pricePoints: 110_010,
      commissionMicros: 3_500_000,
      reason: "signal",
      positionId: "paper-P1",
      causeSeq: 4,
    });
    expect(desk.reports.map(({ status, dealId }) => [status, dealId])).toEqual([
      ["acknowledged", null],
      ["filled", "paper-D1"],
    ]);
  });

  test("SELL at the bid", () => {
    const desk = new Desk();
    desk.order(NOON, { side: "SELL" });
    desk.quote(NOON + SECOND, 110_000, 110_010);
    expect(desk.reports[1]?.pricePoints).toBe(110_000);
  });

  test("a beat fills at the last quote while it is fresh", () => {
    const desk = new Desk();
    desk.quote(NOON, 110_000, 110_010);
    desk.order(NOON);
    expect(desk.broker.nextDueMicros).toBe(NOON + 50 * MS);
    desk.beat(NOON + 100 * MS);
    expect(desk.told).toEqual([
      ["acknowledged", 0, "signal"],
      ["filled", 110_010, "signal"],
    ]);
    expect(desk.broker.nextDueMicros).toBe(Number.POSITIVE_INFINITY);
  });

  test("an old quote fills nothing; without a new one the order expires", () => {
    const desk = new Desk();
    desk.quote(NOON - 3 * SECOND, 110_000, 110_010);
    desk.order(NOON);
    desk.beat(NOON + 100 * MS);
    expect(desk.told).toEqual([["acknowledged", 0, "signal"]]);
    expect(desk.broker.nextDueMicros).toBe(NOON + 4 * SECOND);
    desk.beat(NOON + 4 * SECOND);
    expect(desk.told[1]).toEqual(["cancelled", 0, "expired"]);
  });

  test("without any quote a longer order is rejected after a time", () => {
    const desk = new Desk();
    desk.order(NOON, { expiresAtMicros: NOON + 60 * SECOND });
    desk.beat(NOON + 50 * MS + 5 * SECOND);
    expect(desk.told.at(-1)).toEqual(["rejected", 0, "no-quote"]);
  });

  test("raw ticks that are no quotes fill nothing", () => {
    const desk = new Desk();
    desk.order(NOON);
    desk.feed(
      tick({ timeMicros: NOON + SECOND, bid: 1.2 }),
      tick({ timeMicros: NOON + SECOND, bid: Number.NaN }),
    );
    expect(desk.reports).toEqual([]);
  });

  test("a large order fills in parts, one a quote, in one position", () => {
    const desk = new Desk({ volumePerQuoteMicros: 400_000 });
    desk.order(NOON);
    for (let i = 1; i <= 3; i++) desk.quote(NOON + i * SECOND, 110_000 + i, 110_010 + i);
    const fills = desk.reports
      .slice(1)
      .map((each) => [each.status, each.volumeMicros, each.pricePoints, each.positionId]);
    expect(fills).toEqual([
      ["partially-filled", 400_000, 110_011, "paper-P1"],
      ["partially-filled", 400_000, 110_012, "paper-P1"],
      ["filled", 200_000, 110_013, "paper-P1"],
    ]);
  });

  test("what is sent after its time, twice, unknown or under an old epoch does not trade", () => {
    const desk = new Desk();
    desk.order(NOON, { intentId: "late", expiresAtMicros: NOON });
    desk.order(NOON, { intentId: "new", epoch: 2, expiresAtMicros: NOON });
    desk.order(NOON, { intentId: "old", epoch: 1 });
    desk.feed({ kind: "sent", seq: 0, timeMicros: NOON, accountId: "paper", intentId: "never-heard-of" });
    const twice = desk.order(NOON, { intentId: "twice", epoch: 2 });
    desk.feed(twice, { kind: "sent", seq: 0, timeMicros: NOON, accountId: "paper", intentId: "twice" });
    desk.quote(NOON + SECOND, 110_000, 110_010);
    desk.feed({ kind: "sent", seq: 0, timeMicros: NOON, accountId: "paper", intentId: "twice" });
    desk.quote(NOON + 2 * SECOND, 110_000, 110_010);
    expect(desk.reports.map(({ intentId, status, reason }) => [intentId, status, reason])).toEqual([
      ["late", "cancelled", "expired"],
      ["new", "cancelled", "expired"],
      ["old", "rejected", "stale-epoch"],
      ["twice", "acknowledged", "signal"],
      ["twice", "filled", "signal"],
    ]);
  });
});

describe("stops and targets", () => {
  for (const [what, fields, bid, ask, expected] of [
    [
      "a BUY stop triggers on the bid",
      { stopPricePoints: 109_800 },
      109_800,
      109_830,
      ["filled", 109_800, "stop"],
    ],
    ["a BUY stop waits above", { stopPricePoints: 109_800 }, 109_801, 109_810, undefined],
    [
      "a SELL stop triggers on the ask",
      { side: "SELL", stopPricePoints: 110_200 },
      110_150,
      110_200,
      ["filled", 110_200, "stop"],
    ],
    ["a SELL stop waits below", { side: "SELL", stopPricePoints: 110_200 }, 110_190, 110_199, undefined],
    [
      "a BUY target fills at its price",
      { targetPricePoints: 110_400 },
      110_400,
      110_410,
      ["filled", 110_400, "target"],
    ],
    ["or better", { targetPricePoints: 110_400 }, 110_450, 110_460, ["filled", 110_450, "target"]],
    [
      "a SELL target triggers on the ask",
      { side: "SELL", targetPricePoints: 109_700 },
      109_660,
      109_690,
      ["filled", 109_690, "target"],
    ],
    [
      "a target waits for its own side",
      { side: "SELL", targetPricePoints: 109_700 },
      109_690,
      109_701,
      undefined,
    ],
  ] as const) {
    test(what, () => {
      const desk = opened(fields);
      desk.quote(NOON + 2 * SECOND, bid, ask);
      expect(desk.told[0]).toEqual(expected as unknown as [string, number, string]);
      desk.quote(NOON + 3 * SECOND, bid, ask);
      expect(desk.reports).toHaveLength(expected === undefined ? 0 : 1);
    });
  }

  test("over a weekend gap a stop fills where the market reopens, not at its price", () => {
    const desk = opened({ stopPricePoints: 109_800 });
    desk.quote(NOON + 2 * MICROS_PER_DAY, 108_500, 108_560);
    expect(desk.reports[0]).toMatchObject({
      intentId: "paper-1",
      side: "SELL",
      pricePoints: 108_500,
      reason: "stop",
      positionId: "paper-P1",
      dealId: "paper-D2",
      volumeMicros: 1_000_000,
    });
  });

  test("a stop slips like the market order it becomes; a target does not", () => {
    const stopped = opened({ stopPricePoints: 109_800 }, { slippageSpreadShare: 0.5 });
    stopped.quote(NOON + 2 * SECOND, 109_790, 109_810);
    expect(stopped.told).toEqual([["filled", 109_780, "stop"]]);
    const reached = opened({ targetPricePoints: 110_400 }, { slippageSpreadShare: 0.5 });
    reached.quote(NOON + 2 * SECOND, 110_400, 110_420);
    expect(reached.told).toEqual([["filled", 110_400, "target"]]);
  });

  test("an exit that comes after the stop is cancelled or rejected, never filled", () => {
    const desk = opened({ stopPricePoints: 109_800 });
    const exit = { purpose: "exit", side: "SELL", positionId: "paper-P1" } as const;
    desk.order(NOON + SECOND, { ...exit, intentId: "before" });
    desk.quote(NOON + 2 * SECOND, 109_700, 109_710);
    desk.order(NOON + 2 * SECOND, { ...exit, intentId: "after" });
    expect(desk.reports.map(({ intentId, status, reason }) => [intentId, status, reason])).toEqual([
      ["paper-1", "filled", "stop"],
      ["before", "acknowledged", "signal"],
      ["before", "cancelled", "position-closed"],
      ["after", "rejected", "no-position"],
    ]);
  });
});

describe("the fill model", () => {
  const settings = DEFAULT_PAPER_BROKER_SETTINGS;

  test("latency stays within its jitter and differs between orders, never between runs", () => {
    const latencies = Array.from({ length: 200 }, (_, i) => luckOf(`paper-${i}`, 1, settings).latencyMicros);
    expect(Math.min(...latencies)).toBeGreaterThanOrEqual(30 * MS);
    expect(Math.max(...latencies)).toBeLessThanOrEqual(70 * MS);
    expect(new Set(latencies).size).toBeGreaterThan(190);
    expect(luckOf("paper-7", 1, settings)).toEqual(luckOf("paper-7", 1, settings));
    expect(luckOf("paper-7", 1, settings)).not.toEqual(luckOf("paper-7", 2, settings));
  });

  test("slippage is adverse, whole points, and grows with spread and volatility", () => {
    expect(slippagePoints({ spreadPoints: 20, volatilityPoints: 0 }, 0.5, settings)).toBe(2);
    expect(slippagePoints({ spreadPoints: 20, volatilityPoints: 16 }, 0.5, settings)).toBe(6);
    expect(slippagePoints({ spreadPoints: 0, volatilityPoints: 0 }, 0.9, settings)).toBe(0);
  });
});
