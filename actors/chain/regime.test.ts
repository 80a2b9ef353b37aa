// Which market makes which regime, how a regime changes, and what it allows.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_SECOND } from "../base/clock.ts";
import { FEATURE_COUNT, type FeatureName } from "../domain/features.ts";
import { type Regime, REGIMES } from "../domain/regime.ts";
import { carryOver, vectorOf } from "./chain.fixture.ts";
import { RegimeClassifier, regimePolicy } from "./regime.ts";

type Market = Partial<Record<FeatureName, number>>;

const START_MICROS = 1_400_000_000 * MICROS_PER_SECOND;
const DWELL_SECONDS = 15;

const UP = { plus_di_14: 30, minus_di_14: 10 };
const DOWN = { plus_di_14: 10, minus_di_14: 30 };
/** Outside the range of the last 20 bars by a quarter of it, on rising volatility. */
const RISING = { volatility_ratio: 1.5 };

const MARKETS: readonly [Regime, Market][] = [
  ["quiet-range", { volatility_ratio: 0.5 }],
  ["active-range", {}],
  ["volatile-range", { volatility_ratio: 2 }],
  ["weak-uptrend", { adx_14: 27, ...UP }],
  ["strong-uptrend", { adx_14: 40, ...UP }],
  ["weak-downtrend", { adx_14: 27, ...DOWN }],
  ["strong-downtrend", { adx_14: 40, ...DOWN }],
  ["breakout-up", { donchian_position: 1.25, ...RISING }],
  ["breakout-down", { donchian_position: -0.25, ...RISING }],
  ["reversal-up", { log_return_1m: 2, log_return_15m: -8 }],
  ["reversal-down", { log_return_1m: -2, log_return_15m: 8 }],
  ["illiquid", { tick_rate: 0.01 }],
];

/** Shows each market from its second until the next one's, a tick a second, and returns the regimes by second. */
function watch(markets: readonly Market[], classifier = new RegimeClassifier(), from = 0): Regime[] {
  return markets.map((market, i) =>
    classifier.update(vectorOf(market), START_MICROS + (from + i) * MICROS_PER_SECOND),
  );
}

function lasting(market: Market, seconds: number): Market[] {
  return Array.from({ length: seconds }, () => market);
}

describe("twelve markets, twelve regimes", () => {
  test.each(MARKETS)("%s", (regime, market) => {
    expect(watch(lasting(market, DWELL_SECONDS + 1)).at(-1)).toBe(regime);
  });

  test("all are covered", () => {
    expect(MARKETS.map(([regime]) => regime)).toEqual([...REGIMES]);
  });

  test.each<[string, Market]>([
    ["few ticks overrule a strong trend", { adx_14: 40, ...UP, tick_rate: 0.02 }],
    ["the widest of spreads overrules a weak one", { adx_14: 27, ...UP, spread_percentile: 0.999 }],
  ])("%s", (_name, thin) => {
    expect(watch(lasting(thin, DWELL_SECONDS + 1)).at(-1)).toBe("illiquid");
  });

  test.each([
    [1.5, 1],
    [1, 0.5],
    [0.7, 0.5],
  ])("at volatility ratio %d a quarter outside the range is a breakout of %d", (ratio, expected) => {
    const classifier = new RegimeClassifier();
    watch([{ donchian_position: 1.25, volatility_ratio: ratio }], classifier);
    expect(classifier.evidence.breakout).toBe(expected);
  });

  test.each([
    [0.5, -1],
    [0.25, -1],
    [0.8, -0.3],
    [1, 0],
    [1.25, 0.3],
    [2, 1],
    [5, 1],
  ])("volatility ratio %d is evidence of %d", (ratio, expected) => {
    const classifier = new RegimeClassifier();
    watch([{ volatility_ratio: ratio }], classifier);
    expect(classifier.evidence.volatility).toBeCloseTo(expected, 12);
  });

  test("before the indicators are warm it is an active range", () => {
    const classifier = new RegimeClassifier();
    const cold = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
    for (let second = 0; second < 60; second++) {
      expect(classifier.update(cold, START_MICROS + second * MICROS_PER_SECOND)).toBe("active-range");
    }
  });
});

describe("hysteresis", () => {
  const range: Market = {};
  const trend: Market = { adx_14: 40, ...UP };

  test("a challenger reigns when it has led for the dwell time, not before", () => {
    const regimes = watch(lasting(trend, DWELL_SECONDS + 1));
    expect(regimes.indexOf("strong-uptrend")).toBe(DWELL_SECONDS);
  });

  test("one moment in which it does not lead makes it wait again", () => {
    const regimes = watch([...lasting(trend, DWELL_SECONDS), range, ...lasting(trend, DWELL_SECONDS)]);
    expect(new Set(regimes)).toEqual(new Set(["active-range"]));
  });

  test("a lead below the margin is none", () => {
    // At ADX 24 the trend scores 0.50 and the range 0.38.
    const market = { adx_14: 24, ...UP };
    const patient = new RegimeClassifier({ margin: 0.3 });
    expect(watch(lasting(market, 60), patient).at(-1)).toBe("active-range");
    const eager = new RegimeClassifier({ margin: 0.05 });
    expect(watch(lasting(market, 60), eager).at(-1)).toBe("weak-uptrend");
  });

  test("challengers that lead by turns do not keep a regime alive that both have left behind", () => {
    const classifier = new RegimeClassifier();
    watch(lasting({ tick_rate: 0.001 }, 20), classifier);
    expect(classifier.current).toBe("illiquid");
    const byTurns = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? { volatility_ratio: 0.7 } : range));
    const regimes = watch(byTurns, classifier, 20);
    expect(regimes.at(-1)).not.toBe("illiquid");
    expect(new Set(regimes).size).toBe(2);
  });

  test("of several that have led long enough the strongest reigns", () => {
    // The trend scores 0.8, the breakout 0.7, then 0.9.
    const trending = { adx_14: 35, ...UP, ...RISING };
    const before = { ...trending, donchian_position: 1.175 };
    const after = { ...trending, donchian_position: 1.225 };
    expect(watch(lasting(before, DWELL_SECONDS + 1)).at(-1)).toBe("strong-uptrend");
    expect(watch([...lasting(before, DWELL_SECONDS), after]).at(-1)).toBe("breakout-up");
  });

  test("one that has not led long enough waits, however strong", () => {
    const breakout = { donchian_position: 1.175, ...RISING };
    const late = { ...breakout, adx_14: 40, ...UP };
    expect(watch([...lasting(breakout, DWELL_SECONDS), late]).at(-1)).toBe("breakout-up");
  });

  test("a restored classifier has not forgotten how long a challenger has led", () => {
    const half = new RegimeClassifier();
    watch(lasting(trend, 10), half);
    const restored = carryOver(half, new RegimeClassifier());
    expect(watch(lasting(trend, 6), restored, 10).indexOf("strong-uptrend")).toBe(5);
  });

  test("says since when it reigns", () => {
    const classifier = new RegimeClassifier();
    watch(lasting(trend, 60), classifier);
    expect(classifier.sinceMicros).toBe(START_MICROS + DWELL_SECONDS * MICROS_PER_SECOND);
  });
});

const anything = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -300, max: 6_000 }).map((value) => value / 100) },
  fc.constantFrom(Number.NaN, 0, Infinity, -Infinity, 1e300),
);
const market: fc.Arbitrary<Market> = fc.record({
  adx_14: anything,
  plus_di_14: anything,
  minus_di_14: anything,
  volatility_ratio: anything,
  volatility_20: anything,
  log_return_1m: anything,
  log_return_15m: anything,
  donchian_position: anything,
  tick_rate: anything,
  spread_percentile: anything,
});

describe("always", () => {
  test("evidence keeps to its scale, whatever the features say", () => {
    fc.assert(
      fc.property(market, (features) => {
        const classifier = new RegimeClassifier();
        watch([features], classifier);
        const { trend, volatility, range, breakout, reversal, liquidity } = classifier.evidence;
        for (const signed of [trend, volatility, breakout, reversal]) {
          expect(Math.abs(signed)).toBeLessThanOrEqual(1);
        }
        for (const share of [range, liquidity]) {
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        }
      }),
    );
  });

  test("two changes are at least the dwell time apart", () => {
    fc.assert(
      fc.property(fc.array(market, { minLength: 40, maxLength: 120 }), (markets) => {
        const regimes = watch(markets.flatMap((features) => lasting(features, 4)));
        let last = -Infinity;
        for (let second = 1; second < regimes.length; second++) {
          if (regimes[second] === regimes[second - 1]) continue;
          expect(second - last).toBeGreaterThanOrEqual(DWELL_SECONDS);
          last = second;
        }
      }),
      { numRuns: 30 },
    );
  });

  test("a restored classifier goes on as the one that was saved", () => {
    const markets = fc.array(fc.constantFrom(...MARKETS.map(([, features]) => features)), { maxLength: 12 });
    fc.assert(
      fc.property(markets, markets, fc.integer({ min: 1, max: 20 }), (before, after, seconds) => {
        const whole = new RegimeClassifier();
        const first = before.flatMap((features) => lasting(features, seconds));
        watch(first, whole);
        const restored = carryOver(whole, new RegimeClassifier());
        const rest = after.flatMap((features) => lasting(features, 7));
        expect(watch(rest, restored, first.length)).toEqual(watch(rest, whole, first.length));
        expect(restored.sinceMicros).toBe(whole.sinceMicros);
      }),
      { numRuns: 40 },
    );
  });
});

describe("what a regime allows", () => {
  test("only a thin market forbids entries", () => {
    expect(REGIMES.filter((regime) => regimePolicy(regime).veto !== "")).toEqual(["illiquid"]);
  });

  test.each(REGIMES)("%s believes shares of a vote", (regime) => {
    const { up, down } = regimePolicy(regime);
    for (const share of [up, down]) {
      expect(share).toBeGreaterThan(0);
      expect(share).toBeLessThanOrEqual(1);
    }
  });

  test.each<[Regime, Regime]>([
    ["weak-uptrend", "weak-downtrend"],
    ["strong-uptrend", "strong-downtrend"],
    ["breakout-up", "breakout-down"],
    ["reversal-up", "reversal-down"],
  ])("%s damps votes against it as %s does", (rising, falling) => {
    const [up, down] = [regimePolicy(rising), regimePolicy(falling)];
    expect(up).toEqual({ veto: "", up: down.down, down: down.up });
    expect(up.down).toBeLessThan(up.up);
  });
});

test("a range that is foretold counts half of the evidence on volatility", () => {
  const calm = vectorOf({ volatility_ratio: 1 });
  const evidenceOf = (pace?: number): number => {
    const classifier = new RegimeClassifier();
    classifier.update(calm, 0, pace);
    return classifier.evidence.volatility;
  };
  expect(evidenceOf()).toBe(0);
  expect(evidenceOf(Number.NaN)).toBe(0);
  expect(evidenceOf(2)).toBeCloseTo(0.5, 12);
  expect(evidenceOf(0.5)).toBeCloseTo(-0.5, 12);
});
