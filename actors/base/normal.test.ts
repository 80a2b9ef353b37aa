// The stand-ins for exponentials, held against the library's own and against a quadrature.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { cheapDecay, normalCdf } from "./normal.ts";

/** Mass of the standard normal density between 0 and z, by Simpson's rule on 400 steps. */
function massFromMiddle(z: number): number {
  const steps = 400;
  const width = z / steps;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const share = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += share * Math.exp(-((i * width) ** 2) / 2);
  }
  return (sum * width) / 3 / Math.sqrt(2 * Math.PI);
}

describe("decay", () => {
  test("is within 0.4 % of e^-x up to 0.6", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.6, noNaN: true }), (x) => {
        expect(Math.abs(cheapDecay(x) / Math.exp(-x) - 1)).toBeLessThan(0.004);
      }),
    );
  });

  test("is a share that falls with time, from 1 and never to nothing", () => {
    expect(cheapDecay(0)).toBe(1);
    const age = fc.double({ min: 0, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(age, age, (one, other) => {
        const [sooner, later] = one < other ? [one, other] : [other, one];
        expect(cheapDecay(sooner)).toBeGreaterThanOrEqual(cheapDecay(later));
        expect(cheapDecay(later)).toBeGreaterThan(0);
      }),
    );
  });
});

describe("normal distribution function", () => {
  test("is within 4e-7 of a quadrature", () => {
    fc.assert(
      fc.property(fc.integer({ min: -800, max: 800 }), (hundredths) => {
        const z = hundredths / 100;
        expect(Math.abs(normalCdf(z) - 0.5 - massFromMiddle(z))).toBeLessThan(4e-7);
      }),
    );
  });

  test("is exactly one half in the middle and symmetric about it", () => {
    expect(normalCdf(0)).toBe(0.5);
    fc.assert(
      fc.property(fc.double({ min: 0, max: 50, noNaN: true }), (z) => {
        expect(normalCdf(-z) + normalCdf(z)).toBeCloseTo(1, 15);
      }),
    );
  });

  test("rises", () => {
    const z = fc.double({ min: -10, max: 10, noNaN: true });
    fc.assert(
      fc.property(z, z, (one, other) => {
        expect(normalCdf(Math.min(one, other))).toBeLessThanOrEqual(normalCdf(Math.max(one, other)));
      }),
    );
  });

  test.each([-Infinity, -1e9, -12, 12, 1e9, Infinity])("of %d is no certainty", (z) => {
    expect(normalCdf(z)).toBeGreaterThan(0);
    expect(normalCdf(z)).toBeLessThan(1);
  });

  test("of nothing known is nothing known", () => {
    expect(normalCdf(Number.NaN)).toBeNaN();
  });
});
