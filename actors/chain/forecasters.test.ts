// The three rule members: which way they lean, when they keep still, and that what they say is a probability.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { SaveArchive } from "../base/archive.ts";
import { SeededRandom } from "../base/random.ts";
import { FEATURE_COUNT, FEATURE_NAMES, type FeatureName } from "../domain/features.ts";
import { ABSTAIN, type Forecaster } from "../ports/forecaster.ts";
import { vectorOf } from "./chain.fixture.ts";
import { ChaosForecaster } from "./chaos-forecaster.ts";
import { CHAOS_WINDOW, ChaosWindow } from "./chaos.ts";
import { normalCdf } from "../base/normal.ts";
import { PRESETS } from "./presets.ts";
import { QuantumForecaster } from "./quantum-forecaster.ts";
import { TechnicalForecaster, technicalScore } from "./technical-forecaster.ts";

type Market = Partial<Record<FeatureName, number>>;

const technical = new TechnicalForecaster();
const chaos = new ChaosForecaster();
const quantum = new QuantumForecaster();
const MEMBERS: readonly Forecaster[] = [technical, chaos, quantum];

/** What each member cannot do without. */
const NEEDS: Readonly<Record<string, readonly FeatureName[]>> = {
  technical: [
    "rsi_14",
    "macd_histogram",
    "bollinger_percent_b",
    "atr_14",
    "adx_14",
    "plus_di_14",
    "minus_di_14",
    "stochastic_k",
    "ema_9_distance",
    "ema_21_distance",
    "tick_imbalance",
    "signed_flow",
  ],
  chaos: ["hurst", "chaos_index", "predictability", "volatility_20", "log_return_5m"],
  quantum: ["wave_function", "wave_dispersion", "spread_pct"],
};

function ask(member: Forecaster, market: Market | Float64Array = {}): number {
  const features = market instanceof Float64Array ? market : vectorOf(market);
  return member.forecast({ features, timeMicros: 0, instrumentId: 0 });
}

describe.each(MEMBERS.map((member) => [member.member, member] as const))("%s", (name, member) => {
  test("says nothing while nothing is warm", () => {
    expect(ask(member, new Float64Array(FEATURE_COUNT).fill(Number.NaN))).toBe(ABSTAIN);
  });

  test.each(FEATURE_NAMES.map((feature) => [feature] as const))("without %s", (feature) => {
    const needed = NEEDS[name]!.includes(feature);
    expect(ask(member, { [feature]: Number.NaN }) === ABSTAIN).toBe(needed);
  });

  test("answers with a probability or not at all, whatever the features", () => {
    const value = fc.oneof(
      { weight: 8, arbitrary: fc.double({ min: -150, max: 150, noNaN: true }) },
      { weight: 4, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
      fc.constantFrom(Number.NaN, 0, 1, Infinity, -Infinity, 1e300, -1e300, 5e-324),
    );
    // Features have ranges of their own; these two are probabilities and distances by construction.
    const market = fc.record({
      ...Object.fromEntries(NEEDS[name]!.map((feature) => [feature, value])),
      wave_function: fc.double({ min: 1e-7, max: 1 - 1e-7, noNaN: true }),
      wave_dispersion: fc.double({ min: 0, max: 1e6, noNaN: true }),
      spread_pct: fc.double({ min: 0, max: 1e6, noNaN: true }),
    }) as fc.Arbitrary<Market>;
    fc.assert(
      fc.property(market, (features) => {
        const answer = ask(member, features);
        expect(answer === ABSTAIN || (answer > 0 && answer < 1)).toBe(true);
        expect(ask(member, features)).toBe(answer);
      }),
    );
  });

  test("has a deadline, and the vote life that the presets' ballots go by", () => {
    expect(member.deadlineMicros).toBeGreaterThan(0);
    for (const { ballot } of Object.values(PRESETS)) {
      expect(ballot.voteLifeMicros[member.member]).toBe(member.voteLifeMicros);
    }
  });

  test("remembers nothing", () => {
    const archive = new SaveArchive();
    member.persist(archive);
    expect(archive.finish()).toHaveLength(0);
  });
});

describe("technical: leanings", () => {
  const TREND = { adx_14: 40 };
  test.each<[string, Market, number]>([
    ["nothing to go by", {}, 0],
    ["a rising MACD in a trend", { ...TREND, macd_histogram: 0.5 }, 1],
    [
      "the fast average above the slow one in a trend",
      { ...TREND, ema_9_distance: 1, ema_21_distance: 3 },
      1,
    ],
    ["buyers ahead in a trend", { ...TREND, plus_di_14: 30, minus_di_14: 10 }, 1],
    [
      "overbought in a trend: no matter",
      { ...TREND, rsi_14: 90, stochastic_k: 95, bollinger_percent_b: 1.2 },
      0,
    ],
    ["overbought by RSI without a trend", { rsi_14: 80 }, -1],
    ["overbought by stochastics without a trend", { stochastic_k: 95 }, -1],
    ["above the upper band without a trend", { bollinger_percent_b: 1.1 }, -1],
    ["a rising MACD without a trend: no matter", { macd_histogram: 0.5 }, 0],
    ["ticks upwards", { tick_imbalance: 0.5 }, 1],
    ["flow upwards", { signed_flow: 0.5 }, 1],
  ])("%s", (_name, market, sign) => {
    const score = technicalScore(vectorOf(market));
    expect(score === 0 ? 0 : Math.sign(score)).toBe(sign);
    expect(ask(technical, market)).toBeCloseTo(0.5 + 0.45 * score, 12);
  });

  test.each<[string, Market, number]>([
    ["directional movement alone", { ...TREND, plus_di_14: 30, minus_di_14: 10 }, 0.75 * 0.3 * 0.5],
    ["stochastics alone", { stochastic_k: 100 }, -0.75 * 0.25],
    ["flow alone", { tick_imbalance: 1, signed_flow: 1 }, 0.25],
    ["half a trend", { adx_14: 27.5, plus_di_14: 30, minus_di_14: 10, rsi_14: 100 }, 0.75 * (0.075 - 0.175)],
  ])("%s", (_name, market, expected) => {
    expect(technicalScore(vectorOf(market))).toBeCloseTo(expected, 12);
  });

  test("a market turned upside down gets the opposite vote", () => {
    const value = fc.double({ min: -20, max: 20, noNaN: true });
    const share = fc.double({ min: 0, max: 100, noNaN: true });
    fc.assert(
      fc.property(
        value,
        value,
        share,
        share,
        share,
        share,
        fc.double({ min: -1, max: 1, noNaN: true }),
        share,
        (macd, average, plus, minus, rsi, k, flow, adx) => {
          const up = { macd_histogram: macd, ema_21_distance: average, plus_di_14: plus, minus_di_14: minus };
          const down = {
            macd_histogram: -macd,
            ema_21_distance: -average,
            plus_di_14: minus,
            minus_di_14: plus,
          };
          const one = { ...up, rsi_14: rsi, stochastic_k: k, signed_flow: flow, adx_14: adx };
          const other = {
            ...down,
            rsi_14: 100 - rsi,
            stochastic_k: 100 - k,
            signed_flow: -flow,
            adx_14: adx,
          };
          expect(ask(technical, one) + ask(technical, other)).toBeCloseTo(1, 10);
        },
      ),
    );
  });

  test("indicators alone are never sure", () => {
    const best = { adx_14: 60, macd_histogram: 1e6, ema_21_distance: 1e6, plus_di_14: 100, minus_di_14: 0 };
    expect(ask(technical, { ...best, tick_imbalance: 1, signed_flow: 1 })).toBeCloseTo(0.95, 3);
  });
});

/** Share of 200 windows of `next` in which the member has something to say. */
function spoken(next: (random: SeededRandom) => () => number): number {
  let count = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const window = new ChaosWindow();
    const draw = next(new SeededRandom(seed));
    for (let i = 0; i < CHAOS_WINDOW; i++) window.push(draw());
    const { hurst, entropy, chaosIndex, predictability } = window;
    const features = { hurst, entropy, chaos_index: chaosIndex, predictability };
    if (ask(chaos, { ...features, log_return_5m: 2 }) !== ABSTAIN) count++;
  }
  return count / 200;
}

describe("chaos: leanings", () => {
  const known = { predictability: 0.6, chaos_index: 0.1, volatility_20: 1 };
  test.each<[string, Market, number]>([
    ["follows a rise where returns persist", { ...known, hurst: 0.7, log_return_5m: 4 }, 1],
    ["follows a fall where returns persist", { ...known, hurst: 0.7, log_return_5m: -4 }, -1],
    ["turns against a rise where they revert", { ...known, hurst: 0.3, log_return_5m: 4 }, -1],
    ["does not lean without memory", { ...known, hurst: 0.5, log_return_5m: 4 }, 0],
    ["does not lean without a move", { ...known, hurst: 0.7, log_return_5m: 0 }, 0],
  ])("%s", (_name, market, sign) => {
    const answer = ask(chaos, market);
    expect(answer).not.toBe(ABSTAIN);
    expect(Math.sign(answer - 0.5)).toBe(sign);
  });

  test.each<[string, Market]>([
    ["a past no more regular than noise", { predictability: 0.29 }],
    ["a past that parts faster than noise", { chaos_index: 0.44 }],
    ["a market that does not move", { volatility_20: 0 }],
  ])("says nothing about %s", (_name, change) => {
    expect(ask(chaos, { ...known, hurst: 0.7, log_return_5m: 4, ...change })).toBe(ABSTAIN);
  });

  test.each<[string, Market, number]>([
    // Memory 3 x 0.1, trust 0.8, a move of 2 deviations of five minutes.
    ["a move of two deviations", { hurst: 0.6, log_return_5m: 2 * Math.sqrt(5) }, normalCdf(0.3 * 0.8 * 2)],
    [
      "a move of ten, taken for three",
      { hurst: 0.6, log_return_5m: 10 * Math.sqrt(5) },
      normalCdf(0.3 * 0.8 * 3),
    ],
    ["full memory", { hurst: 0.9, log_return_5m: Math.sqrt(5) }, normalCdf(0.8)],
  ])("%s", (_name, market, expected) => {
    expect(ask(chaos, { ...known, ...market })).toBeCloseTo(expected, 12);
  });

  test("the more regular the past, the further it leans", () => {
    const leans = [0.3, 0.5, 0.9].map((predictability) =>
      ask(chaos, { ...known, hurst: 0.6, log_return_5m: 3, predictability }),
    );
    expect(leans).toEqual([...leans].sort((a, b) => a - b));
    expect(new Set(leans).size).toBe(3);
  });

  test("says nothing about noise, nor about chaos, but about a swing with a little noise", () => {
    expect(spoken((random) => () => random.normal())).toBeLessThan(0.03);
    expect(
      spoken((random) => {
        let x = 0.1 + 0.8 * random.next();
        return () => (x = 4 * x * (1 - x));
      }),
    ).toBe(0);
    expect(
      spoken((random) => {
        let angle = 60 * random.next();
        return () => Math.sin((angle += 0.3)) + 0.1 * random.normal();
      }),
    ).toBe(1);
  });
});

describe("quantum: leanings", () => {
  test.each<[string, Market, number]>([
    ["without a spread it is the packet's own probability", { wave_function: 0.8, spread_pct: 0 }, 0.8],
    [
      "a spread twice as wide as the packet halves the distance from a coin toss",
      { wave_function: 0.8, wave_dispersion: 1, spread_pct: 2 },
      0.65,
    ],
    ["a packet without width says nothing but a coin toss", { wave_function: 0.5, wave_dispersion: 0 }, 0.5],
  ])("%s", (_name, market, expected) => {
    expect(ask(quantum, market)).toBeCloseTo(expected, 12);
  });
});
