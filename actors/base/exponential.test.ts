// Decay and logarithms without a math library, held against the library's own.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { decayFactor, exponential, logRatio } from "./exponential.ts";

describe("decay", () => {
  test.each([
    ["where memories live", 1],
    ["far beyond", 700],
  ])("is e^-x to 4 parts in 10^15 for each unit of x, %s", (_, max) => {
    fc.assert(
      fc.property(fc.double({ min: 0, max, noNaN: true }), (x) => {
        const error = Math.abs(decayFactor(x) / Math.exp(-x) - 1);
        expect(error).toBeLessThan(4e-15 * Math.max(1, x));
      }),
    );
  });

  test.each([
    [0, 1],
    [746.5, 0],
    [1e18, 0],
  ])("of %d is exactly %d", (x, expected) => {
    expect(decayFactor(x)).toBe(expected);
  });
});

test("exponential is e^x on both sides of 0, with an error that grows with x", () => {
  fc.assert(
    fc.property(fc.double({ min: -200, max: 200, noNaN: true }), (x) => {
      expect(Math.abs(exponential(x) / Math.exp(x) - 1)).toBeLessThan(4e-15 * Math.max(1, Math.abs(x)));
    }),
  );
  expect(exponential(0)).toBe(1);
});

describe("log ratio", () => {
  test("is ln(a / b) at any distance", () => {
    const price = fc.double({ min: 1e-3, max: 1e12, noNaN: true });
    fc.assert(
      fc.property(price, price, (a, b) => {
        const expected = Math.log(a) - Math.log(b);
        expect(Math.abs(logRatio(a, b) - expected)).toBeLessThan(1e-13 * Math.max(1, Math.abs(expected)));
      }),
    );
  });

  test("keeps the digits of a small move, which the logarithm of a ratio loses", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: 1e7 }), fc.constantFrom(-0.5, 0.5, 1), (b, move) => {
        const expected = Math.log1p(move / b);
        expect(Math.abs(logRatio(b + move, b) / expected - 1)).toBeLessThan(1e-15);
      }),
    );
  });

  test.each([
    [5, 5, 0],
    [0, 1, Number.NaN],
    [1, 0, Number.NaN],
    [-1, 1, Number.NaN],
    [Number.NaN, 1, Number.NaN],
    [Infinity, 1, Number.NaN],
  ])("of %d to %d is %d", (a, b, expected) => {
    expect(logRatio(a, b)).toBe(expected);
  });
});
