// The robust scale against the plain mean it replaces.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { SeededRandom } from "../base/random.ts";
import { RobustScale } from "./robust.ts";

function scaleOf(values: readonly number[]): number {
  const scale = new RobustScale(1);
  for (const value of values) scale.update(value);
  return scale.value;
}

describe("the robust scale", () => {
  test("is the mean of ordinary values", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new SeededRandom(seed);
        const values = Array.from({ length: 2_000 }, () => 10 + 10 * random.next());
        expect(Math.abs(scaleOf(values) - 15)).toBeLessThan(1.5);
      }),
      { numRuns: 30 },
    );
  });

  test("moves by at most a sixteenth for one outlier, however large", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 1e15, noNaN: true }), (outlier) => {
        const calm = Array.from({ length: 100 }, () => 4);
        expect(scaleOf([...calm, outlier])).toBeLessThanOrEqual(4 * (1 + 4 / 64) + 1e-9);
      }),
    );
  });

  test("follows a market that stays ten times as lively within 200 values", () => {
    const calm = Array.from({ length: 100 }, () => 4);
    const lively = Array.from({ length: 200 }, () => 40);
    expect(scaleOf([...calm, ...lively])).toBeGreaterThan(30);
  });

  test("rises from zero, where a share of itself would hold it", () => {
    const still = Array.from({ length: 100 }, () => 0);
    const moving = Array.from({ length: 400 }, () => 8);
    expect(scaleOf([...still, ...moving])).toBeGreaterThan(6);
  });
});
