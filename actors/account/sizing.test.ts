// Fixed-fraction sizing: the stop costs the risk budget or less, never more, and no step is half taken.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { EURUSD, USDJPY } from "./account.fixture.ts";
import { type ProposedOrder, type SizingFigures, sizeOrder } from "./sizing.ts";

const ORDER: ProposedOrder = {
  instrument: EURUSD,
  side: "BUY",
  pricePoints: 110_000,
  stopPoints: 200,
  targetPoints: 0,
};
const FIGURES: SizingFigures = {
  equityMicros: 100_000_000_000,
  freeMarginMicros: 50_000_000_000,
  leverage: 30,
  riskFraction: 0.005,
  conversionRate: 1,
};

describe("sizing", () => {
  for (const [what, order, figures, volumeMicros] of [
    ["500 USD over a stop of 200 USD a lot", {}, {}, 2_500_000],
    ["rounds down to the step", { stopPoints: 201 }, {}, 2_480_000],
    ["is cut by margin", { stopPoints: 1 }, {}, 13_630_000],
    [
      "is cut by the largest volume",
      { stopPoints: 1 },
      { freeMarginMicros: 1e15, equityMicros: 1e14 },
      100_000_000,
    ],
    ["is nothing when the budget buys less than a step", { stopPoints: 60_000 }, {}, 0],
    ["is nothing without free margin", {}, { freeMarginMicros: -1 }, 0],
    ["is nothing without equity", {}, { equityMicros: -5 }, 0],
    [
      "converts the stop's cost",
      { instrument: USDJPY, pricePoints: 150_000 },
      { conversionRate: 1 / 150 },
      3_750_000,
    ],
  ] as const) {
    test(what, () => {
      expect(sizeOrder({ ...ORDER, ...order }, { ...FIGURES, ...figures }).volumeMicros).toBe(volumeMicros);
    });
  }

  test("stays not-a-number when it cannot be computed", () => {
    const sized = sizeOrder(ORDER, { ...FIGURES, conversionRate: Number.NaN });
    expect(sized.volumeMicros).toBeNaN();
    expect(sized.marginMicros).toBeNaN();
  });

  test("never exceeds risk budget, free margin or the largest volume, and uses whole steps", () => {
    const money = fc.integer({ min: 0, max: 1e12 });
    fc.assert(
      fc.property(
        fc.record({
          stopPoints: fc.integer({ min: 1, max: 5_000 }),
          pricePoints: fc.integer({ min: 1, max: 500_000 }),
        }),
        fc.record({
          equityMicros: money,
          freeMarginMicros: money,
          conversionRate: fc.double({ min: 1e-4, max: 10, noNaN: true }),
        }),
        (order, figures) => {
          const sized = sizeOrder({ ...ORDER, ...order }, { ...FIGURES, ...figures });
          const step = EURUSD.volumeStepMicros;
          // Half a millionth a lot is what rounding the cost of one lot may hide.
          const slack = 1 + sized.volumeMicros / 1_000_000;
          expect(sized.volumeMicros % step).toBe(0);
          expect(sized.volumeMicros).toBeLessThanOrEqual(EURUSD.volumeMaxMicros);
          expect(sized.riskMicros).toBeLessThanOrEqual(figures.equityMicros * FIGURES.riskFraction + slack);
          if (sized.volumeMicros > 0)
            expect(sized.marginMicros).toBeLessThanOrEqual(figures.freeMarginMicros);
        },
      ),
    );
  });
});
