// Indicators against two oracles that others wrote: TA-Lib's values on a stored series, and `trading-signals` run here.
// Where an oracle starts its averages differently, the two are compared once the start is forgotten.

import { describe, expect, test } from "bun:test";
import {
  ADX,
  ATR,
  BollingerBands as LibraryBollingerBands,
  CCI,
  EMA,
  MACD,
  RSI,
  SMA,
  StochasticOscillator,
} from "trading-signals";
import fixture from "../../../test/fixtures/indicators/talib.json" with { type: "json" };
import { BollingerBands } from "./bollinger.ts";
import { CommodityChannel } from "./commodity-channel.ts";
import { AverageTrueRange, DirectionalMovement } from "./directional-movement.ts";
import type { FormingBar } from "./forming-bar.ts";
import { Macd } from "./macd.ts";
import { ExponentialAverage, SimpleAverage } from "./moving-averages.ts";
import { RelativeStrength } from "./rsi.ts";
import { Stochastic } from "./stochastic.ts";

type Name = keyof typeof fixture.indicators;

const TOLERANCE = 1e-9;

const bars: FormingBar[] = fixture.series.close.map((close, i) => ({
  openTimeMicros: i * 60_000_000,
  open: fixture.series.open[i]!,
  high: fixture.series.high[i]!,
  low: fixture.series.low[i]!,
  close,
  volume: 1,
  ticks: 1,
}));

/** Values of every indicator after each bar of the series. */
function ours(): Record<Name, number[]> {
  const rsi = new RelativeStrength(14);
  const macd = new Macd({ fast: 12, slow: 26, signal: 9 });
  const bollinger = new BollingerBands({ period: 20, deviations: 2 });
  const range = new AverageTrueRange(14);
  const movement = new DirectionalMovement(14);
  const stochastic = new Stochastic(14);
  const channel = new CommodityChannel(20);
  const averages = {
    sma_20: new SimpleAverage(20),
    sma_100: new SimpleAverage(100),
    ema_9: new ExponentialAverage(9),
    ema_21: new ExponentialAverage(21),
    ema_50: new ExponentialAverage(50),
    ema_200: new ExponentialAverage(200),
  };
  const names = Object.keys(fixture.indicators) as Name[];
  const values = Object.fromEntries(names.map((name): [Name, number[]] => [name, []])) as Record<
    Name,
    number[]
  >;
  for (const bar of bars) {
    const { close } = bar;
    values.rsi_14.push(rsi.update(close));
    macd.update(close);
    values.macd_line.push(macd.line);
    values.macd_signal.push(macd.signal);
    values.macd_histogram.push(macd.histogram);
    bollinger.update(close);
    values.bollinger_upper.push(bollinger.middle + 2 * bollinger.deviation);
    values.bollinger_middle.push(bollinger.middle);
    values.bollinger_lower.push(bollinger.middle - 2 * bollinger.deviation);
    values.atr_14.push(range.update(bar));
    movement.update(bar);
    values.adx_14.push(movement.averageIndex);
    values.plus_di_14.push(movement.plusIndicator);
    values.minus_di_14.push(movement.minusIndicator);
    stochastic.update(bar);
    values.stochastic_k.push(stochastic.k);
    values.stochastic_d.push(stochastic.d);
    values.cci_20.push(channel.update(bar));
    for (const [name, average] of Object.entries(averages)) values[name as Name].push(average.update(close));
  }
  return values;
}

const values = ours();

/** Absolute distance allowed at `bar`: relative to the value, or to the largest the indicator takes. */
function worst(name: Name, from: number, other: (bar: number) => number | undefined): number {
  const scale = Math.max(...values[name].filter((value) => !Number.isNaN(value)).map(Math.abs));
  let worstSoFar = 0;
  for (let bar = from; bar < bars.length; bar++) {
    const expected = other(bar);
    if (expected === undefined) continue;
    const value = values[name][bar]!;
    // A value near zero, where relative error means nothing, is held against a thousandth of the largest.
    const error = Math.abs(value - expected) / Math.max(Math.abs(expected), scale * 1e-3);
    worstSoFar = Math.max(worstSoFar, Number.isNaN(error) ? Infinity : error);
  }
  return worstSoFar;
}

describe(`TA-Lib's values (${fixture.madeBy})`, () => {
  test.each([
    // The same start: equal from the first value on.
    ["rsi_14", 14, 0],
    ["bollinger_upper", 19, 0],
    ["bollinger_middle", 19, 0],
    ["bollinger_lower", 19, 0],
    ["atr_14", 14, 0],
    ["cci_20", 19, 0],
    ["sma_20", 19, 0],
    ["sma_100", 99, 0],
    ["ema_9", 8, 0],
    ["ema_21", 20, 0],
    ["ema_50", 49, 0],
    ["ema_200", 199, 0],
    // TA-Lib gives %K only from the first %D on.
    ["stochastic_k", 15, 0],
    ["stochastic_d", 17, 0],
    // TA-Lib starts the fast average at the slow one's length, and gives the line only from the first signal on.
    ["macd_line", 25, 250],
    ["macd_signal", 33, 250],
    ["macd_histogram", 33, 250],
    // TA-Lib's first sums hold 13 bars smoothed once, Wilder's own 14.
    ["adx_14", 27, 550],
    ["plus_di_14", 14, 450],
    ["minus_di_14", 14, 450],
  ] satisfies [Name, number, number][])(
    "%s is known from bar %i on, equal from bar %i on",
    (name, first, from) => {
      const oracle: { first: number; values: Record<string, number> } = fixture.indicators[name];
      expect(values[name].findIndex((value) => !Number.isNaN(value))).toBe(first);
      expect(oracle.first).toBeGreaterThanOrEqual(first);
      expect(worst(name, from, (bar) => oracle.values[String(bar)])).toBeLessThan(TOLERANCE);
    },
  );
});

describe("trading-signals, a bar at a time", () => {
  const library = {
    rsi: new RSI(14),
    macd: new MACD(new EMA(12), new EMA(26), new EMA(9)),
    bollinger: new LibraryBollingerBands(20, 2),
    atr: new ATR(14),
    stochastic: new StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }),
    cci: new CCI(20),
    sma: new SMA(20),
    ema: new EMA(21),
  };
  const theirs = bars.map((bar) => {
    const { close } = bar;
    const candle = { high: bar.high, low: bar.low, close };
    const macd = library.macd.update(close, false);
    const bollinger = library.bollinger.update(close, false);
    const stochastic = library.stochastic.update(candle, false);
    return {
      rsi_14: library.rsi.update(close, false),
      macd_line: macd?.macd,
      macd_signal: macd?.signal,
      bollinger_upper: bollinger?.upper,
      bollinger_lower: bollinger?.lower,
      atr_14: library.atr.update(candle, false),
      stochastic_k: stochastic?.stochK,
      stochastic_d: stochastic?.stochD,
      cci_20: library.cci.update(candle, false),
      sma_20: library.sma.update(close, false),
      ema_21: library.ema.update(close, false),
    };
  });

  test.each([
    ["rsi_14", 14],
    ["bollinger_upper", 19],
    ["bollinger_lower", 19],
    ["stochastic_k", 17],
    ["stochastic_d", 17],
    ["cci_20", 19],
    ["sma_20", 19],
    // It counts the first bar's range, which Wilder does not, and starts exponential averages at the first close.
    ["atr_14", 400],
    ["macd_line", 450],
    ["macd_signal", 450],
    ["ema_21", 400],
  ] satisfies [keyof (typeof theirs)[number], number][])("%s is equal from bar %i on", (name, from) => {
    expect(worst(name, from, (bar) => theirs[bar]![name] ?? Number.NaN)).toBeLessThan(TOLERANCE);
  });
});

test("trading-signals' directional movement is equal where no bar reaches as far up as down", () => {
  // It counts such a bar on both sides, Wilder on neither; the series has half-point steps and many of them.
  const oracle = new ADX(14);
  const movement = new DirectionalMovement(14);
  for (const [i, bar] of bars.entries()) {
    const untied = { ...bar, high: bar.high + ((i * 0.618) % 1) / 10, low: bar.low - ((i * 0.414) % 1) / 10 };
    const expected = oracle.update(untied, false);
    movement.update(untied);
    if (i < 700 || expected === null) continue;
    expect(movement.averageIndex / expected).toBeCloseTo(1, 9);
    expect(movement.plusIndicator / (100 * oracle.pdi!)).toBeCloseTo(1, 9);
    expect(movement.minusIndicator / (100 * oracle.mdi!)).toBeCloseTo(1, 9);
  }
});
