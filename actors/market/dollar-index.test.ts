// The ICE formula: published level, direction of each pair, and what happens when pairs are missing.

import { describe, expect, test } from "bun:test";
import type { Instrument } from "../domain/instrument.ts";
import { DollarIndex } from "./dollar-index.ts";

const SYMBOLS = ["EURUSD", "USDJPY", "GBPUSD", "USDCAD", "USDSEK", "USDCHF", "XAUUSD"];
const INSTRUMENTS = SYMBOLS.map((symbol, id) => ({ id, symbol }) as Instrument);
const MIDS = [1.1, 150, 1.25, 1.35, 10.5, 0.88, 2_000];

function mids(present: readonly string[]): Float64Array {
  return Float64Array.from(MIDS, (mid, id) => (present.includes(SYMBOLS[id]!) ? mid : Number.NaN));
}

describe("dollar index", () => {
  const index = new DollarIndex(INSTRUMENTS);

  test("is the ICE formula when all six pairs are quoted", () => {
    const product =
      50.14348112 *
      1.1 ** -0.576 *
      150 ** 0.136 *
      1.25 ** -0.119 *
      1.35 ** 0.091 *
      10.5 ** 0.042 *
      0.88 ** 0.036;
    expect(index.level(mids(SYMBOLS))).toBeCloseTo(product, 9);
  });

  test("weights are renormalised over the pairs present", () => {
    expect(index.level(mids(["EURUSD", "XAUUSD"]))).toBeCloseTo(50.14348112 / 1.1, 9);
    const both = 50.14348112 * 1.1 ** (-0.576 / 0.712) * 150 ** (0.136 / 0.712);
    expect(index.level(mids(["EURUSD", "USDJPY"]))).toBeCloseTo(both, 9);
  });

  test("is not a number when none is present", () => {
    expect(index.level(mids(["XAUUSD"]))).toBeNaN();
    expect(index.logReturn(new Float64Array(7).fill(Number.NaN))).toBeNaN();
  });

  test("a move of the dollar against everything is answered in full, whatever is missing", () => {
    const against = [-1, 1, -1, 1, 1, 1, 5].map((sign) => sign * 0.001);
    expect(index.logReturn(Float64Array.from(against))).toBeCloseTo(0.001, 12);
    const fewer = Float64Array.from(against, (value, id) => (id === 0 || id === 5 ? value : Number.NaN));
    expect(index.logReturn(fewer)).toBeCloseTo(0.001, 12);
  });
});
