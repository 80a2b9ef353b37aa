// The engine against the naive reading of the whole history, on walks no market would spare it; and what it promises on
// any input: known values stay known, bounded ones stay in bounds, a snapshot changes nothing.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { EURUSD } from "../../../test/fixtures/instruments.ts";
import { NaiveFeatures, type NaiveName } from "../../../test/fixtures/naive-features.ts";
import { LoadArchive, SaveArchive } from "../../base/archive.ts";
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import { BAR_INTERVALS } from "../../domain/bar.ts";
import { FEATURE, FEATURE_NAMES, type FeatureName } from "../../domain/features.ts";
import { emptyQuote, type Quote } from "../../domain/quote.ts";
import { TICK_BACKFILL } from "../../domain/tick.ts";
import { BarSeries } from "../bars.ts";
import { ChaosWindow } from "../chaos.ts";
import { TradingCalendar } from "./calendar.ts";
import { logRatio } from "../../base/exponential.ts";
import { FeatureEngine } from "./feature-engine.ts";

const MINUTE = BAR_INTERVALS.indexOf("1m");
const START_MICROS = Date.UTC(2024, 2, 8, 18) * 1_000;

/** An engine behind real bars, and optionally the naive reading beside it. */
class Bench {
  readonly quote: Quote = emptyQuote();
  engine = new FeatureEngine({ instrument: EURUSD });
  readonly naive: NaiveFeatures | undefined;
  readonly bars = new BarSeries({
    instrumentId: EURUSD.id,
    onClosed: (bar, interval) => {
      if (interval !== MINUTE) return;
      this.engine.onMinuteBar(bar);
      this.naive?.onMinuteBar(bar);
      this.minuteBars++;
    },
  });
  minuteBars = 0;

  constructor(naive?: NaiveFeatures) {
    this.naive = naive;
    this.quote.timeMicros = START_MICROS;
    this.quote.bidPoints = 110_000;
    this.quote.askPoints = 110_010;
  }

  /** The next quote: so much later, both sides moved, with these sizes. */
  tick(options: {
    afterMicros: number;
    bidMove: number;
    spread: number;
    sizes?: [number, number];
    flags?: number;
  }) {
    const { quote } = this;
    quote.seq++;
    quote.timeMicros += options.afterMicros;
    quote.sourceTimeMicros = quote.timeMicros;
    quote.bidPoints = Math.max(100, quote.bidPoints + options.bidMove);
    quote.askPoints = quote.bidPoints + options.spread;
    quote.midPoints = (quote.bidPoints + quote.askPoints) / 2;
    quote.spreadPoints = options.spread;
    [quote.bidVolume, quote.askVolume] = options.sizes ?? [0, 0];
    quote.volume = quote.bidVolume + quote.askVolume;
    quote.flags = options.flags ?? 0;
    this.bars.onQuote(quote);
    this.engine.onQuote(quote, this.bars.minute);
    this.naive?.onQuote(quote);
  }

  value(name: FeatureName): number {
    return this.engine.vector[FEATURE[name]]!;
  }
}

/**
 * A seeded market: mostly ticks, now and then silence, a closed market, a burst, a jump, a stuck price, a quote without
 * sizes. In a quiet one the price hardly moves and the spread not at all.
 */
class Market {
  readonly #random: SeededRandom;
  readonly #sized: boolean;
  readonly #quiet: boolean;
  readonly #secondsMean: number;

  constructor(options: { seed: number; sized: boolean; secondsMean: number; quiet?: boolean }) {
    this.#random = new SeededRandom(options.seed);
    this.#sized = options.sized;
    this.#quiet = options.quiet ?? false;
    this.#secondsMean = options.secondsMean;
  }

  tick(bench: Bench): void {
    const random = this.#random;
    const chance = random.next();
    let afterMicros = Math.floor(-Math.log(1 - random.next()) * this.#secondsMean * MICROS_PER_SECOND);
    let bidMove = Math.round(random.normal() * 3);
    if (chance < 0.001) afterMicros += 2 * MICROS_PER_DAY + random.integer(MICROS_PER_HOUR);
    else if (chance < 0.004) afterMicros += random.integer(MICROS_PER_HOUR);
    else if (chance < 0.02) afterMicros += random.integer(3 * MICROS_PER_MINUTE);
    else if (chance < 0.1) afterMicros = random.integer(2);
    if (chance < 0.003 || chance > 0.997) bidMove *= 60;
    if (random.next() < 0.2) bidMove = 0;
    if (this.#quiet) bidMove = chance > 0.98 ? Math.sign(bidMove) : 0;
    bench.tick({
      afterMicros,
      bidMove,
      spread: this.#quiet || random.next() < 0.5 ? 10 : random.integer(200),
      sizes: this.#sized && random.next() < 0.9 ? [random.integer(50), random.integer(50)] : [0, 0],
    });
  }
}

/** Both in the feature's own unit; what is not named is exact to a billionth of itself or of its scale. */
const TOLERANCE = 1e-9;
/** Features whose naive reading itself divides by small differences. */
const TOLERANCES: Partial<Record<NaiveName, number>> = {
  cci_20: 1e-7,
  volatility_ratio: 1e-7,
  bollinger_percent_b: 1e-8,
  // The engine's normal distribution is a polynomial, the naive one a sum of slices.
  wave_function: 1e-6,
};

function compare(bench: Bench, naive: NaiveFeatures): void {
  const expected = naive.read(bench.bars.minute);
  for (const [name, value] of Object.entries(expected) as [NaiveName, number][]) {
    const actual = bench.value(name);
    const tolerance = (TOLERANCES[name] ?? TOLERANCE) * Math.max(1, Math.abs(value));
    const equal = Number.isNaN(value) ? Number.isNaN(actual) : Math.abs(actual - value) <= tolerance;
    if (!equal) throw new Error(`${name} is ${actual}, naively ${value}, after ${bench.minuteBars} bars`);
  }
}

describe("fast and naive agree", () => {
  test("on random walks with silences, weekends, bursts and jumps", () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.integer(),
          sized: fc.boolean(),
          quiet: fc.boolean(),
          secondsMean: fc.constantFrom(1, 8, 40),
          ticks: fc.integer({ min: 1, max: 700 }),
        }),
        ({ ticks, ...options }) => {
          const naive = new NaiveFeatures();
          const bench = new Bench(naive);
          const market = new Market(options);
          for (let i = 0; i < ticks; i++) {
            market.tick(bench);
            if (i % 23 === 0 || i === ticks - 1) compare(bench, naive);
          }
        },
      ),
      { numRuns: 30, includeErrorInReport: true },
    );
  });

  test("after every part is warm, on each of many ticks", () => {
    const naive = new NaiveFeatures();
    const bench = new Bench(naive);
    const market = new Market({ seed: 7, sized: true, secondsMean: 20 });
    for (let i = 0; i < 2_000; i++) {
      market.tick(bench);
      if (i > 1_960) compare(bench, naive);
    }
    expect(bench.minuteBars).toBeGreaterThan(250);
  });
});

test("complexity and calendar stand in the vector as their parts say", () => {
  const bench = new Bench();
  const market = new Market({ seed: 5, sized: true, secondsMean: 20 });
  const chaos = new ChaosWindow();
  const calendar = new TradingCalendar();
  let before = { openTimeMicros: Number.NaN, close: Number.NaN };
  const bars = new BarSeries({
    instrumentId: EURUSD.id,
    onClosed: ({ openTimeMicros, close }, interval) => {
      if (interval !== MINUTE) return;
      const near = openTimeMicros - before.openTimeMicros <= 5 * MICROS_PER_MINUTE;
      if (near) chaos.push(logRatio(close, before.close));
      before = { openTimeMicros, close };
    },
  });
  for (let i = 0; i < 1_500; i++) {
    market.tick(bench);
    bars.onQuote(bench.quote);
    calendar.update(bench.quote.timeMicros);
    const expected: Partial<Record<FeatureName, number>> = {
      hurst: chaos.hurst,
      entropy: chaos.entropy,
      chaos_index: chaos.chaosIndex,
      predictability: chaos.predictability,
      session_asia: calendar.asia,
      session_london: calendar.london,
      session_new_york: calendar.newYork,
      time_of_day_sin: calendar.timeOfDaySin,
      time_of_day_cos: calendar.timeOfDayCos,
      day_of_week_sin: calendar.dayOfWeekSin,
      day_of_week_cos: calendar.dayOfWeekCos,
    };
    for (const [name, value] of Object.entries(expected)) {
      expect(bench.value(name as FeatureName)).toBe(value);
    }
  }
  expect(bench.value("predictability")).toBeGreaterThan(0);
});

test("a million ticks later nothing has drifted", () => {
  const recent = new NaiveFeatures();
  const bench = new Bench();
  const market = new Market({ seed: 3, sized: true, secondsMean: 0.5 });
  for (let i = 0; i < 1_000_000; i++) market.tick(bench);
  // The naive reading begins here. What remembers a bounded past must agree once that past is over.
  const beside = new Bench(recent);
  beside.quote.timeMicros = bench.quote.timeMicros;
  beside.quote.bidPoints = bench.quote.bidPoints;
  const after = new Market({ seed: 4, sized: true, secondsMean: 20 });
  const again = new Market({ seed: 4, sized: true, secondsMean: 20 });
  for (let i = 0; i < 2_500; i++) {
    after.tick(bench);
    again.tick(beside);
  }
  compare(beside, recent);
  for (const name of Object.keys(recent.read(beside.bars.minute)) as NaiveName[]) {
    // The longest exponential average has not forgotten yet: a thousandth of what it was is left.
    const tolerance = name === "ema_200_distance" ? 1 : 1e-7;
    const expected = beside.value(name);
    const error = Math.abs(bench.value(name) - expected) / Math.max(1, Math.abs(expected));
    if (!(error <= tolerance)) throw new Error(`${name} is ${bench.value(name)}, without a past ${expected}`);
  }
});

test("a snapshot in the middle, or while parts are not warm, changes no bit of any vector after it", () => {
  const tick = fc.oneof(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 0, max: 899 }));
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(1, 15), tick, (seed, secondsMean, until) => {
      const whole = new Bench();
      const halves = new Bench();
      const [market, again] = [1, 2].map(() => new Market({ seed, sized: true, secondsMean })) as [
        Market,
        Market,
      ];
      for (let i = 0; i < 900; i++) {
        market.tick(whole);
        if (i === until) {
          const saved = new SaveArchive();
          halves.engine.persist(saved);
          halves.engine = new FeatureEngine({ instrument: EURUSD });
          const archive = new LoadArchive(saved.finish());
          halves.engine.persist(archive);
          archive.finish();
        }
        again.tick(halves);
        for (const name of FEATURE_NAMES) {
          const [actual, expected] = [halves.value(name), whole.value(name)];
          if (!Object.is(actual, expected)) throw new Error(`${name} is ${actual}, was ${expected} at ${i}`);
        }
      }
    }),
    { numRuns: 20, includeErrorInReport: true },
  );
});

const BOUNDS: Partial<Record<FeatureName, [number, number]>> = {
  rsi_14: [0, 100],
  adx_14: [0, 100],
  plus_di_14: [0, 100],
  minus_di_14: [0, 100],
  stochastic_k: [0, 100],
  stochastic_d: [0, 100],
  cci_20: [-667, 667],
  bollinger_percent_b: [-0.6, 1.6],
  day_range_position: [0, 1],
  same_sign_share: [0, 1],
  minute_of_hour: [0, 59],
  new_york_minute: [0, 1_439],
  spread_percentile: [0, 1],
  tick_imbalance: [-1, 1],
  signed_flow: [-1, 1],
  wave_function: [0, 1],
  hurst: [0, 1],
  entropy: [0, 1],
  predictability: [0, 1],
  volatility_ratio: [0, Infinity],
  volume_rate: [0, Infinity],
  tick_rate: [0, Infinity],
};

/** These may miss again: a gap lies within their horizon, or nothing moved. The market's own come from elsewhere. */
const MAY_MISS = /^log_return|^move|range_|^dollar|^peer/;

describe("every value is a number once it is known, and within its bounds", () => {
  const walks: Record<string, (i: number, random: SeededRandom) => Parameters<Bench["tick"]>[0]> = {
    "a price that never moves": () => ({ afterMicros: 7 * MICROS_PER_SECOND, bidMove: 0, spread: 10 }),
    "a tick a minute": (_, random) => ({
      afterMicros: MICROS_PER_MINUTE,
      bidMove: random.integer(3) - 1,
      spread: 10,
    }),
    "a price that only rises": () => ({ afterMicros: 7 * MICROS_PER_SECOND, bidMove: 1, spread: 0 }),
    "huge jumps": (i) => ({
      afterMicros: 9 * MICROS_PER_SECOND,
      bidMove: i % 2 === 0 ? 1e9 : -1e9,
      spread: i % 3 === 0 ? 0 : 300_000,
    }),
    "one jump in a dead market": (i) => ({
      afterMicros: 10 * MICROS_PER_SECOND,
      bidMove: i === 1_500 ? 50_000 : 0,
      spread: 1,
    }),
    "a month of silence": (i) => ({
      afterMicros: i % 500 === 499 ? 30 * MICROS_PER_DAY : 10 * MICROS_PER_SECOND,
      bidMove: (i % 5) - 2,
      spread: 5,
      sizes: [i % 2, i % 3],
    }),
    "everything at once": (i) => ({
      afterMicros: i < 2_000 ? 0 : MICROS_PER_SECOND,
      bidMove: i % 2,
      spread: 3,
    }),
  };

  test.each(Object.keys(walks))("%s", (name) => {
    const bench = new Bench();
    const random = new SeededRandom(1);
    const known = new Set<FeatureName>();
    for (let i = 0; i < 4_000; i++) {
      bench.tick(walks[name]!(i, random));
      for (const feature of FEATURE_NAMES) {
        const value = bench.value(feature);
        const [low, high] = BOUNDS[feature] ?? [-Infinity, Infinity];
        const missing = Number.isNaN(value) && (!known.has(feature) || MAY_MISS.test(feature));
        if (!missing) known.add(feature);
        const fine = missing || (Number.isFinite(value) && value >= low && value <= high);
        if (!fine) throw new Error(`${feature} is ${value} at tick ${i}`);
      }
    }
  });
});

test("a price that never moves is in the middle of everything", () => {
  const bench = new Bench();
  for (let i = 0; i < 3_000; i++) bench.tick({ afterMicros: 7 * MICROS_PER_SECOND, bidMove: 0, spread: 10 });
  const expected: Partial<Record<FeatureName, number>> = {
    rsi_14: 50,
    bollinger_percent_b: 0.5,
    bollinger_width: 0,
    stochastic_k: 50,
    stochastic_d: 50,
    cci_20: 0,
    adx_14: 0,
    plus_di_14: 0,
    minus_di_14: 0,
    volatility_100: 0,
    volatility_ratio: 1,
    day_range_position: 0.5,
    donchian_position: 0.5,
    spread_percentile: 0,
    tick_imbalance: 0,
    signed_flow: 0,
  };
  const names = Object.keys(expected) as FeatureName[];
  expect(Object.fromEntries(names.map((name) => [name, bench.value(name)]))).toEqual(expected);
});

test("a quote that came too late for its bar leaves the bar indicators as they are", () => {
  const bench = new Bench();
  const market = new Market({ seed: 1, sized: false, secondsMean: 20 });
  for (let i = 0; i < 300; i++) market.tick(bench);
  const before = bench.value("rsi_14");
  const none = { openTimeMicros: NaN, open: NaN, high: NaN, low: NaN, close: NaN, volume: 0, ticks: 0 };
  bench.engine.onQuote(bench.quote, none);
  expect(before).toBeGreaterThan(0);
  expect(bench.value("rsi_14")).toBe(before);
});

describe("time", () => {
  test("a backfilled quote counts at its source's time", () => {
    const bench = new Bench();
    bench.tick({ afterMicros: 0, bidMove: 0, spread: 10 });
    bench.quote.sourceTimeMicros = bench.quote.timeMicros + 3 * MICROS_PER_SECOND;
    bench.quote.timeMicros += MICROS_PER_HOUR;
    bench.quote.flags = TICK_BACKFILL;
    bench.engine.onQuote(bench.quote, bench.bars.minute);
    expect(bench.value("quote_age")).toBe(3);
  });

  test("a quote older than the last one does not turn time back", () => {
    const bench = new Bench();
    bench.tick({ afterMicros: 0, bidMove: 0, spread: 10 });
    bench.tick({ afterMicros: -MICROS_PER_MINUTE, bidMove: 0, spread: 10 });
    expect(bench.value("quote_age")).toBe(0);
  });
});

test("the market's state reaches its instrument; what it does not know is not known", () => {
  const bench = new Bench();
  const state = { kind: "market", seq: 1, timeMicros: 1, causeSeq: 0, dollarIndex: 100 } as const;
  bench.engine.onMarket({
    ...state,
    dollarIndexReturn: -1.5,
    dollarCorrelations: [0.25],
    peerCorrelations: [0.5],
  });
  expect(
    ["dollar_index_return", "dollar_correlation", "peer_correlation"].map((name) =>
      bench.value(name as FeatureName),
    ),
  ).toEqual([-1.5, 0.25, 0.5]);
  bench.engine.onMarket({
    ...state,
    dollarIndexReturn: null,
    dollarCorrelations: [],
    peerCorrelations: [null],
  });
  expect(bench.value("dollar_index_return")).toBeNaN();
  expect(bench.value("dollar_correlation")).toBeNaN();
  expect(bench.value("peer_correlation")).toBeNaN();
});
