// The bounding helpers: their fixed points, and what holds for every number.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { clamp, squash, trendStrength } from "./squash.ts";

const finite = fc.double({ noNaN: true, noDefaultInfinity: true });

describe("squash", () => {
  test.each([
    [0, 0],
    [1, 0.5],
    [-1, -0.5],
    [3, 0.75],
  ])("of %d is %d", (x, expected) => {
    expect(squash(x)).toBe(expected);
  });

  test("is odd, and never beyond one", () => {
    fc.assert(
      fc.property(finite, (x) => {
        expect(squash(x) + squash(-x)).toBe(0);
        expect(Math.abs(squash(x))).toBeLessThanOrEqual(1);
      }),
    );
  });

  test("rises", () => {
    const x = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(x, x, (one, other) => {
        expect(squash(Math.min(one, other))).toBeLessThanOrEqual(squash(Math.max(one, other)));
      }),
    );
  });

  test("of nothing known is nothing known", () => {
    expect(squash(Number.NaN)).toBeNaN();
  });
});

describe("clamp", () => {
  test.each([
    [-0.1, 0],
    [0, 0],
    [0.4, 0.4],
    [1, 1],
    [1.1, 1],
    [-Infinity, 0],
    [Infinity, 1],
    [Number.NaN, Number.NaN],
  ])("of %d to 0..1 is %d", (value, expected) => {
    expect(clamp(value, 0, 1)).toBe(expected);
  });
});

describe("strength of a trend", () => {
  test.each([
    [0, 0],
    [15, 0],
    [25, 0.4],
    [27.5, 0.5],
    [40, 1],
    [100, 1],
    [Number.NaN, Number.NaN],
  ])("at ADX %d is %d", (adx, strength) => {
    expect(trendStrength(adx)).toBe(strength);
  });
});
