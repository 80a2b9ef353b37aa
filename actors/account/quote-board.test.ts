// Which ticks price anything, and the conversion of one currency into another.

import { describe, expect, test } from "bun:test";
import { TICK_BACKFILL, TICK_SECONDARY, TICK_SKIP_INFERENCE } from "../domain/tick.ts";
import { EURGBP, EURUSD, GBPUSD, instrument, INSTRUMENTS, NOON, tick, USDJPY } from "./account.fixture.ts";
import { convertMicros, CurrencyConverter } from "./conversion.ts";
import { DealMemory } from "./deal-memory.ts";
import { QuoteBoard } from "./quote-board.ts";

describe("quote board", () => {
  for (const [what, fields, taken] of [
    ["a good quote", {}, true],
    ["a zero spread", { ask: 1.1 }, true],
    ["skipped inference", { flags: TICK_SKIP_INFERENCE }, true],
    ["NaN", { bid: Number.NaN }, false],
    ["an infinity", { ask: Number.POSITIVE_INFINITY }, false],
    ["zero", { bid: 0, ask: 0 }, false],
    ["a price below half a point", { bid: 0.000_001 }, false],
    ["a negative price", { bid: -1.1, ask: -1 }, false],
    ["a crossed quote", { bid: 1.2 }, false],
    ["backfill", { flags: TICK_BACKFILL }, false],
    ["a second source", { flags: TICK_SECONDARY }, false],
    ["an unknown instrument", { instrumentId: 4 }, false],
  ] as const) {
    test(`${what} is ${taken ? "taken" : "passed over"}`, () => {
      expect(new QuoteBoard(INSTRUMENTS).take(tick({ timeMicros: NOON, ...fields }))).toBe(taken);
    });
  }

  test("prices are rounded to points", () => {
    const board = new QuoteBoard(INSTRUMENTS);
    board.take(tick({ timeMicros: NOON, bid: 1.100_004, ask: 1.100_016 }));
    expect([board.bidPoints(0), board.askPoints(0), board.timeMicros(0)]).toEqual([110_000, 110_002, NOON]);
  });

  test("a jump beyond 5 % counts only when the next quote confirms it", () => {
    const board = new QuoteBoard(INSTRUMENTS);
    const at = (mid: number): boolean => board.take(tick({ timeMicros: NOON, bid: mid, ask: mid }));
    expect([at(1), at(1.05), at(2), at(1.05), at(2), at(0.5), at(2), at(2)]).toEqual([
      true,
      true,
      false,
      true,
      false,
      false,
      false,
      true,
    ]);
  });
});

describe("currency conversion", () => {
  const quotes: readonly (readonly [number, number])[] = [
    [EURUSD.id, 1.1],
    [USDJPY.id, 150],
    [GBPUSD.id, 1.25],
  ];
  function converter(currency: string, ids: readonly number[]): CurrencyConverter {
    const board = new QuoteBoard(INSTRUMENTS);
    for (const [id, mid] of quotes) {
      if (ids.includes(id)) board.take(tick({ timeMicros: NOON, instrumentId: id, bid: mid, ask: mid }));
    }
    return new CurrencyConverter({ instruments: INSTRUMENTS, currency, board });
  }

  for (const [what, currency, ids, from, rate] of [
    ["the same currency needs no quote", "USD", [], EURUSD.id, 1],
    ["a direct pair multiplies", "USD", [GBPUSD.id], EURGBP.id, 1.25],
    ["an inverse pair divides", "USD", [USDJPY.id], USDJPY.id, 1 / 150],
    ["two legs over a third currency", "GBP", [USDJPY.id, GBPUSD.id], USDJPY.id, 1 / 150 / 1.25],
    ["nothing quoted", "USD", [EURUSD.id], USDJPY.id, Number.NaN],
    ["no way at all", "XXX", [EURUSD.id, USDJPY.id], USDJPY.id, Number.NaN],
  ] as const) {
    test(what, () => {
      expect(converter(currency, ids).rate(from)).toBe(rate);
    });
  }

  test("rounds half away from zero, and stays unknown with an unknown rate", () => {
    expect([convertMicros(-5, 0.5), convertMicros(5, 0.5), convertMicros(5, Number.NaN)]).toEqual([
      -3,
      3,
      Number.NaN,
    ]);
  });

  test("an instrument table without a common currency converts nothing", () => {
    const alone = [instrument(0, "AUDNZD")];
    const board = new QuoteBoard(alone);
    expect(new CurrencyConverter({ instruments: alone, currency: "USD", board }).rate(0)).toBeNaN();
  });
});

describe("deal memory", () => {
  test("knows each deal once and forgets the oldest beyond its bound", () => {
    const memory = new DealMemory(2);
    expect(["a", "a", "b", "c", "b", "a"].map((id) => memory.add(id))).toEqual([
      true,
      false,
      true,
      true,
      false,
      true,
    ]);
    expect(memory.size).toBe(2);
  });
});
