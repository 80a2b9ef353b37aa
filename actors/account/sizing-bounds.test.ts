// Volumes of signals: what each method asks for, which bound wins, and that no bound is ever passed.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { EURUSD, NOON } from "./account.fixture.ts";
import type { Component } from "../domain/signal.ts";
import { entryChecks } from "./risk/controls.ts";
import { EXPOSURE, FIGURES, RISK } from "./risk/controls.fixture.ts";
import type { ExposureFigures, NetRange } from "./risk/exposure.ts";
import { NO_RISK_LIMITS, type RiskLimits } from "./risk/limits.ts";
import { DEFAULT_ACCOUNT_SETTINGS } from "./settings.ts";
import { type ProposedOrder, type SizingFigures, sizeOrder } from "./sizing.ts";
import { cutToBounds, type Forecast, kellyStake, sizeScale, uncertaintyOf } from "./sizing-bounds.ts";
import { DEFAULT_SIZING_SETTINGS, type SizingSettings } from "./sizing-settings.ts";

const ORDER: ProposedOrder = {
  instrument: EURUSD,
  side: "BUY",
  pricePoints: 110_000,
  stopPoints: 200,
  targetPoints: 400,
};

/** The stop may cost 500 USD: 2.5 lots. */
const SIZING: SizingFigures = {
  equityMicros: 100_000_000_000,
  freeMarginMicros: 50_000_000_000,
  leverage: 30,
  riskFraction: 0.005,
  conversionRate: 1,
};

function vote(probabilityUp: number, weight: number): Component {
  return { member: "technical", probabilityUp, weight, ageMicros: 0 };
}

const FORECAST: Forecast = { confidence: 0.6, components: [vote(0.6, 1)], movePoints: 100 };

interface Changes {
  readonly order?: Partial<ProposedOrder>;
  readonly sizing?: Partial<SizingFigures>;
  readonly forecast?: Partial<Forecast>;
  readonly settings?: Partial<SizingSettings>;
  readonly exposure?: Partial<ExposureFigures>;
  readonly limits?: Partial<RiskLimits>;
}

function sized(changes: Changes) {
  const figures = { ...SIZING, ...changes.sizing };
  return cutToBounds(sizeOrder({ ...ORDER, ...changes.order }, figures), {
    figures,
    forecast: { ...FORECAST, ...changes.forecast },
    settings: { ...DEFAULT_SIZING_SETTINGS, ...changes.settings },
    exposure: { ...EXPOSURE, ...changes.exposure },
    limits: { ...NO_RISK_LIMITS, ...changes.limits },
  });
}

const volatility: Partial<SizingSettings> = { method: "volatility-target", volatilityFraction: 0.002 };
const kelly: Partial<SizingSettings> = { method: "fractional-kelly", kellyFraction: 0.01 };

describe("methods", () => {
  const cases: readonly [string, Changes, number, string][] = [
    ["fixed fraction is the risk budget", {}, 2_500_000, "risk-budget"],
    // A move of 100 points is a deviation of 125.33: 200 USD buy 1.595 lots.
    ["volatility of a trade", { settings: volatility }, 1_590_000, "volatility-target"],
    // 252 days have 24,192 quarter-hours: 155.5 times the deviation, so 20,000 USD buy 1.025 lots.
    [
      "volatility of a year",
      { settings: { ...volatility, volatilityPeriod: "year", volatilityFraction: 0.2 } },
      1_020_000,
      "volatility-target",
    ],
    [
      "a stop stands in for a move that nobody foretells",
      { settings: volatility, forecast: { movePoints: null } },
      1_000_000,
      "volatility-target",
    ],
    // (0.6 x 2 - 0.4) / 2 = 0.4 of equity; a hundredth of it are 400 USD.
    ["Kelly", { settings: kelly }, 2_000_000, "fractional-kelly"],
    [
      "Kelly never above the risk budget",
      { settings: { ...kelly, kellyFraction: 1 } },
      2_500_000,
      "risk-budget",
    ],
    ["Kelly without an edge", { settings: kelly, forecast: { confidence: 0.3 } }, 0, "fractional-kelly"],
    ["half of it depends on confidence", { settings: { confidenceShare: 0.5 } }, 1_500_000, "fixed-fraction"],
    [
      "members that are sure of either side",
      { settings: { uncertaintyShare: 1 }, forecast: { components: [vote(1, 0.5), vote(0, 0.5)] } },
      0,
      "fixed-fraction",
    ],
  ];
  for (const [what, changes, volumeMicros, boundBy] of cases) {
    test(what, () => {
      const { order, figure } = sized(changes);
      expect([order.volumeMicros, figure.control]).toEqual([volumeMicros, `sized-by:${boundBy}`]);
    });
  }

  test("Kelly without a target knows no odds, and a move that is no number no volume", () => {
    expect(sized({ order: { targetPoints: 0 }, settings: kelly }).order.volumeMicros).toBeNaN();
    expect(
      sized({ settings: volatility, forecast: { movePoints: Number.NaN } }).order.volumeMicros,
    ).toBeNaN();
    expect(sized({ sizing: { conversionRate: Number.NaN } }).order.volumeMicros).toBeNaN();
  });

  test("scales lie between nothing and everything", () => {
    expect(kellyStake(0.5, { stopPoints: 100, targetPoints: 100 })).toBe(0);
    expect(uncertaintyOf([])).toBe(1);
    expect(uncertaintyOf([vote(0.7, 0.5), vote(0.5, 0.5)])).toBeCloseTo(0.2);
    const settings = { ...DEFAULT_SIZING_SETTINGS, confidenceShare: 1, uncertaintyShare: 1 };
    expect(sizeScale({ ...FORECAST, confidence: 0.5 }, settings)).toBe(0);
    expect(sizeScale({ ...FORECAST, confidence: 1 }, settings)).toBe(1);
    const unknown = { confidence: Number.NaN, components: [vote(Number.NaN, 1)], movePoints: null };
    expect(sizeScale(unknown, settings)).toBeNaN();
    expect(sizeScale(unknown, DEFAULT_SIZING_SETTINGS)).toBe(1);
  });
});

function net(highMicros: number, lowMicros: number): NetRange {
  return { highMicros, lowMicros };
}

describe("bounds", () => {
  const cases: readonly [string, Changes, number][] = [
    ["margin", { sizing: { freeMarginMicros: 2_000_000_000 } }, 540_000],
    ["instrument-volume", { sizing: { equityMicros: 1e14, freeMarginMicros: 1e14 } }, 100_000_000],
    ["order-volume", { limits: { orderVolumeMaxMicros: 1_234_567 } }, 1_230_000],
    ["order-value", { limits: { orderValueMaxMicros: 110_000_000_000 } }, 1_000_000],
    ["order-value", { limits: { orderValueMaxMicros: 109_999_999_999 } }, 990_000],
    [
      "long-position",
      { limits: { longVolumeMaxMicros: 3_000_000 }, exposure: { longVolumeMicros: 2_000_000 } },
      1_000_000,
    ],
    [
      "short-position",
      {
        order: { side: "SELL" },
        limits: { shortVolumeMaxMicros: 3_000_000 },
        exposure: { shortVolumeMicros: 4_000_000 },
      },
      0,
    ],
    [
      "gross-exposure",
      { limits: { grossExposureMaxMicros: 220_000_000_000 }, exposure: { grossMicros: 110_000_000_000 } },
      1_000_000,
    ],
    [
      "net-exposure",
      { limits: { netExposureMaxMicros: 110_000_000_000 }, exposure: { net: net(-55_000_000_000, -1e11) } },
      1_500_000,
    ],
    [
      "currency-exposure",
      {
        order: { side: "SELL" },
        limits: { currencyExposureMaxMicros: 110_000_000_000 },
        exposure: { base: net(0, -55_000_000_000) },
      },
      500_000,
    ],
    [
      "correlated-exposure",
      { limits: { correlatedExposureMaxMicros: 110_000_000_000 }, exposure: { correlation: 1 } },
      1_000_000,
    ],
  ];
  for (const [name, changes, volumeMicros] of cases) {
    test(`${name} leaves ${volumeMicros}`, () => {
      const { order, figure } = sized(changes);
      expect([order.volumeMicros, figure.control]).toEqual([volumeMicros, `sized-by:${name}`]);
      expect(figure.value).toBe(volumeMicros);
    });
  }

  const BOUND = new Set([
    "order-volume",
    "order-value",
    "margin",
    "over-risk-budget",
    "volume-too-large",
    "long-position",
    "short-position",
    "gross-exposure",
    "net-exposure",
    "currency-exposure",
    "correlated-exposure",
  ]);

  test("no control on volume or exposure ever refuses what was sized", () => {
    const money = fc.integer({ min: -600_000_000_000, max: 600_000_000_000 });
    const amount = fc.integer({ min: 0, max: 600_000_000_000 });
    const range = fc.tuple(money, amount).map(([low, more]) => net(low + more, low));
    fc.assert(
      fc.property(
        fc.record({
          side: fc.constantFrom("BUY" as const, "SELL" as const),
          stopPoints: fc.integer({ min: 20, max: 2_000 }),
          pricePoints: fc.integer({ min: 50_000, max: 200_000 }),
        }),
        fc.record({
          longVolumeMicros: fc.integer({ min: 0, max: 4_000_000 }),
          shortVolumeMicros: fc.integer({ min: 0, max: 4_000_000 }),
          grossMicros: amount,
          net: range,
          base: range,
          quote: range,
          dollar: range,
          otherVariance: amount.map((value) => value ** 2),
          ownMicros: amount,
          unknownMicros: amount,
          correlation: fc.option(fc.double({ min: -1, max: 1, noNaN: true })),
        }),
        fc.double({ min: 0.001, max: 2, noNaN: true }),
        fc.constantFrom("fixed-fraction" as const, "volatility-target" as const, "fractional-kelly" as const),
        (order, exposure, conversionRate, method) => {
          const sizing = { ...SIZING, conversionRate };
          const { order: result } = sized({ order, sizing, exposure, limits: RISK, settings: { method } });
          expect(result.volumeMicros % EURUSD.volumeStepMicros).toBe(0);
          // What is over its limit already is for the controls to refuse, whatever the volume.
          if (result.volumeMicros === 0) return;
          const figures = {
            ...FIGURES,
            nowMicros: NOON,
            equityMicros: SIZING.equityMicros,
            conversionRate,
            exposure,
            volumeBudgetMicros: sizeOrder({ ...ORDER, ...order }, sizing).volumeMicros,
          };
          const limits = { account: DEFAULT_ACCOUNT_SETTINGS, risk: RISK };
          const checks = entryChecks(result, figures, limits);
          const other = order.side === "BUY" ? "short-position" : "long-position";
          const failed = checks.filter(
            ({ control, passed }) => !passed && control !== other && BOUND.has(control),
          );
          // The side that the order does not widen may be beyond its limit without it.
          expect(
            failed.filter(({ control, value, limit }) => !standsBeyond(control, value, limit, exposure)),
          ).toEqual([]);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

function worst(range: NetRange | null): number {
  return range === null ? 0 : Math.max(Math.abs(range.highMicros), Math.abs(range.lowMicros));
}

/** Whether a net figure is what it was before the order. */
function standsBeyond(control: string, value: number, limit: number, exposure: ExposureFigures): boolean {
  if (control === "net-exposure") return value === worst(exposure.net) && value > limit;
  if (control !== "currency-exposure") return false;
  return value === Math.max(worst(exposure.base), worst(exposure.quote)) && value > limit;
}
