// A market state's vector has length 1, says the same of the same shape at any price and volatility, and is what it is said to be.

import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../base/random.ts";
import { FEATURE, FEATURE_NAMES } from "../domain/features.ts";
import { embedState, embedWindow, EMBEDDING_RETURNS } from "./embedding.ts";

const PATH_POINTS = 40;
const DIMENSIONS = 64;

function returns(seed: number, volatility = 1e-4): Float64Array {
  const random = new SeededRandom(seed);
  return Float64Array.from({ length: EMBEDDING_RETURNS }, () => volatility * random.normal());
}

/** All at their centres but for the volatility, and those that are given. */
function features(values: Partial<Record<keyof typeof FEATURE, number>> = {}): Float64Array {
  const vector = new Float64Array(FEATURE_NAMES.length).fill(Number.NaN);
  for (const [name, value] of Object.entries({ volatility_100: 1, ...values })) {
    vector[FEATURE[name as keyof typeof FEATURE]] = value;
  }
  return vector;
}

function cosine(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

describe("a market state's vector", () => {
  test("has length 1, half of it the path's", () => {
    const vector = embedWindow(features({ rsi_14: 71, macd_histogram: 0.4 }), returns(1)) ?? [];
    expect(vector).toHaveLength(DIMENSIONS);
    expect(Math.hypot(...vector)).toBeCloseTo(1, 12);
    expect(Math.hypot(...vector.slice(0, PATH_POINTS))).toBeCloseTo(Math.SQRT1_2, 12);
  });

  test("is the path back from now, every three minutes", () => {
    const minutes = returns(2);
    const vector = embedWindow(features(), minutes) ?? [];
    const back = Array.from({ length: PATH_POINTS }, (_, point) =>
      minutes.slice(-3 * (point + 1)).reduce((sum, value) => sum + value, 0),
    );
    const length = Math.hypot(...back);
    for (const [point, value] of back.entries()) expect(vector[point]).toBeCloseTo(value / length, 12);
    expect(vector.slice(PATH_POINTS)).toEqual(Array.from({ length: DIMENSIONS - PATH_POINTS }, () => 0));
  });

  test("is the same for the same shape at another volatility, and the opposite for its mirror image", () => {
    const one = embedWindow(features(), returns(3, 1e-4)) ?? [];
    const louder = embedWindow(features(), returns(3, 5e-3)) ?? [];
    const mirrored = embedWindow(
      features(),
      returns(3).map((value) => -value),
    );
    expect(cosine(one, louder)).toBeCloseTo(1, 12);
    expect(cosine(one, mirrored ?? [])).toBeCloseTo(-1, 12);
    expect(Math.abs(cosine(one, embedWindow(features(), returns(4)) ?? []))).toBeLessThan(0.999);
  });

  test("takes an indicator that is not warm for one that says nothing, and bounds one that runs away", () => {
    const calm = embedWindow(features({ rsi_14: 70 }), returns(5));
    expect(embedWindow(features({ rsi_14: 70, hurst: Number.NaN }), returns(5))).toEqual(calm as number[]);
    const wild = embedWindow(features({ cci_20: Number.POSITIVE_INFINITY }), returns(5)) ?? [];
    expect(wild.every(Number.isFinite)).toBe(true);
  });

  test("is none where nothing moved, or not enough was seen", () => {
    expect(embedWindow(features(), new Float64Array(EMBEDDING_RETURNS))).toBeUndefined();
    const observed = { vector: features(), copyReturns: () => EMBEDDING_RETURNS - 1 };
    expect(embedState(observed)).toBeUndefined();
  });
});
