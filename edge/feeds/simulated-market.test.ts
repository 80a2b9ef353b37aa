// The simulated market has the shape that is claimed for it: measured on ten generated days, against the stated numbers.

import { describe, expect, test } from "bun:test";
import { AssertionError } from "../../actors/base/assert.ts";
import {
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
} from "../../actors/base/clock.ts";
import { isOpen } from "../../actors/domain/instrument.ts";
import { KNOWN_INSTRUMENTS, simulatedInstruments } from "./instruments.ts";
import { SimulatedMarket, type SimulatedMarketOptions } from "./simulated-market.ts";
import { choleskyOf, CORRELATIONS, hourly, HOURLY_ACTIVITY, SYMBOL_MODELS } from "./simulated-model.ts";
import { SIMULATED_SOURCE, sourceNameOf } from "./source.ts";

const MONDAY = Date.parse("2024-06-03T00:00:00Z") * 1_000;
const SATURDAY = Date.parse("2024-06-08T12:00:00Z") * 1_000;
const SUNDAY_OPEN = Date.parse("2024-06-09T21:00:00Z") * 1_000;
const DAYS = 10;
const instruments = simulatedInstruments({ alwaysOpen: false });
const symbols = instruments.map(({ symbol }) => symbol);

function market(options: Partial<SimulatedMarketOptions> = {}): SimulatedMarket {
  return new SimulatedMarket({ seed: 7, startMicros: MONDAY, instruments, ...options });
}

function take(source: SimulatedMarket, count: number): string[] {
  return Array.from({ length: count }, () => JSON.stringify(source.next()));
}

/** What ten days look like: mids by minute, and by hour of day the ticks and spreads of all symbols. */
function measure() {
  const minutes = (DAYS * MICROS_PER_DAY) / MICROS_PER_MINUTE;
  const mids = symbols.map(() => new Float64Array(minutes).fill(Number.NaN));
  const ticks = new Float64Array(24);
  const spreads = new Float64Array(24);
  const faults = { order: 0, closed: 0, grid: 0, spread: 0, seq: 0, volume: 0, source: 0 };
  const seqs = new Float64Array(symbols.length);
  const source = market({ ticksPerSecond: 4 });
  let lastMicros = 0;
  for (;;) {
    const tick = source.next();
    const time = tick.sourceTimeMicros;
    if (time >= MONDAY + DAYS * MICROS_PER_DAY) break;
    const id = tick.instrumentId;
    const instrument = instruments[id]!;
    const scale = 10 ** instrument.digits;
    if (time < lastMicros) faults.order++;
    if (!isOpen(instrument, time)) faults.closed++;
    if (Math.round(tick.bid * scale) / scale !== tick.bid) faults.grid++;
    if (Math.round(tick.ask * scale) / scale !== tick.ask) faults.grid++;
    const spread = Math.round((tick.ask - tick.bid) * scale);
    if (!(spread >= 1 && spread <= instrument.spreadMaxPoints)) faults.spread++;
    if (tick.sourceSeq !== ++seqs[id]!) faults.seq++;
    if (!(tick.bidVolume > 0 && tick.askVolume > 0)) faults.volume++;
    if (sourceNameOf(tick.sourceId) !== SIMULATED_SOURCE) faults.source++;
    lastMicros = time;
    mids[id]![Math.floor((time - MONDAY) / MICROS_PER_MINUTE)] = (tick.bid + tick.ask) / 2;
    const hour = Math.floor((time % MICROS_PER_DAY) / MICROS_PER_HOUR);
    ticks[hour]!++;
    spreads[hour]! += spread / SYMBOL_MODELS[instrument.symbol]!.spreadPoints;
  }
  return { mids, ticks, spreads: spreads.map((sum, hour) => sum / ticks[hour]!), faults };
}

/** Log returns over `step` minutes, NaN where a minute without ticks is at either end. */
function returnsOf(mids: Float64Array, step: number): number[] {
  const returns: number[] = [];
  for (let i = step; i < mids.length; i += step) returns.push(Math.log(mids[i]! / mids[i - step]!));
  return returns;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const pairs = a.map((x, i) => [x, b[i]!] as const).filter(([x, y]) => Number.isFinite(x + y));
  const mean = (side: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
  const means = [mean(0), mean(1)] as const;
  let [xy, xx, yy] = [0, 0, 0];
  for (const [x, y] of pairs) {
    xy += (x - means[0]) * (y - means[1]);
    xx += (x - means[0]) ** 2;
    yy += (y - means[1]) ** 2;
  }
  return xy / Math.sqrt(xx * yy);
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** One-minute returns divided by what the time of day explains. */
function withoutTimeOfDay(returns: readonly number[]): number[] {
  return returns.map((value, index) => {
    const secondOfDay = ((index + 0.5) % 1_440) * 60;
    return value / Math.sqrt(hourly(HOURLY_ACTIVITY, secondOfDay));
  });
}

const sample = measure();

describe("every tick", () => {
  test.each(Object.entries(sample.faults))("has no fault of %s", (_name, count) => {
    expect(count).toBe(0);
  });
});

describe("the same seed", () => {
  test("gives the same ticks, another seed others", () => {
    expect(take(market(), 5_000)).toEqual(take(market(), 5_000));
    expect(take(market({ seed: 8 }), 10)).not.toEqual(take(market(), 10));
  });
});

describe("returns", () => {
  test("of five minutes are correlated as stated", () => {
    const returns = sample.mids.map((mids) => returnsOf(mids, 5));
    for (let i = 0; i < symbols.length; i++) {
      for (let j = 0; j < i; j++) {
        const measured = correlation(returns[i]!, returns[j]!);
        if (Math.abs(measured - CORRELATIONS[i]![j]!) < 0.15) continue;
        throw new Error(`${symbols[i]}-${symbols[j]}: ${measured} where ${CORRELATIONS[i]![j]} is stated`);
      }
    }
  });

  test.each(symbols)("of %s are as volatile as stated, within a third", (symbol) => {
    const returns = returnsOf(sample.mids[symbols.indexOf(symbol)]!, 15).filter(Number.isFinite);
    const variance = meanOf(returns.map((value) => value * value));
    const daily = Math.sqrt(variance * 96) * 10_000;
    expect(daily / SYMBOL_MODELS[symbol]!.dailyVolatilityBp).toBeGreaterThan(0.75);
    expect(daily / SYMBOL_MODELS[symbol]!.dailyVolatilityBp).toBeLessThan(1.33);
  });

  test("have volatility that clusters beyond the time of day, and heavy tails", () => {
    const autocorrelations: number[] = [];
    const kurtoses: number[] = [];
    for (const mids of sample.mids) {
      const sizes = withoutTimeOfDay(returnsOf(mids, 1)).map(Math.abs);
      autocorrelations.push(correlation(sizes.slice(1), sizes.slice(0, -1)));
      const squares = sizes.filter(Number.isFinite).map((size) => size * size);
      kurtoses.push(meanOf(squares.map((square) => square * square)) / meanOf(squares) ** 2);
    }
    expect(meanOf(autocorrelations)).toBeGreaterThan(0.1);
    // 3 for a normal distribution.
    expect(meanOf(kurtoses)).toBeGreaterThan(5);
  });

  test("of successive quarters of an hour hold little to live off", () => {
    for (const mids of sample.mids) {
      const returns = returnsOf(mids, 15);
      expect(Math.abs(correlation(returns.slice(1), returns.slice(0, -1)))).toBeLessThan(0.2);
    }
  });
});

describe("the day", () => {
  test("is busiest when London and New York overlap, and quiet before Tokyo", () => {
    expect(sample.ticks[14]! / sample.ticks[4]!).toBeGreaterThan(2);
    expect(sample.ticks[14]! / sample.ticks[22]!).toBeGreaterThan(2);
  });

  test("has its widest spreads when banks roll over", () => {
    expect(sample.spreads[21]! / sample.spreads[14]!).toBeGreaterThan(1.5);
    expect(sample.spreads[14]!).toBeGreaterThan(0.7);
    expect(sample.spreads[14]!).toBeLessThan(2);
  });

  test("brings news a few times, each a jump with wide spreads", () => {
    const { jumps, widest, usual } = newsOf(market({ ticksPerSecond: 4 }), 5 * MICROS_PER_DAY);
    expect(jumps / 5).toBeGreaterThan(2);
    expect(jumps / 5).toBeLessThan(20);
    expect(widest / usual).toBeGreaterThan(3);
  });
});

/** Times at which the spread of EURUSD leapt to several times its recent mean. */
function newsOf(source: SimulatedMarket, span: number): { jumps: number; widest: number; usual: number } {
  let [jumps, widest, usual, lastJump] = [0, 0, 8, 0];
  for (;;) {
    const tick = source.next();
    if (tick.sourceTimeMicros >= MONDAY + span) return { jumps, widest, usual };
    if (tick.instrumentId !== 0) continue;
    const spread = Math.round((tick.ask - tick.bid) * 100_000);
    widest = Math.max(widest, spread);
    if (spread > 2.5 * usual && tick.sourceTimeMicros - lastJump > 10 * MICROS_PER_MINUTE) {
      jumps++;
      lastJump = tick.sourceTimeMicros;
    }
    usual += 0.005 * (spread - usual);
  }
}

describe("the weekend", () => {
  test("is silent: a start on Saturday begins with the opening on Sunday", () => {
    const first = market({ startMicros: SATURDAY }).next();
    expect(first.sourceTimeMicros - SUNDAY_OPEN).toBeGreaterThanOrEqual(0);
    expect(first.sourceTimeMicros - SUNDAY_OPEN).toBeLessThan(30 * MICROS_PER_SECOND);
  });

  test("leaves a gap in the price", () => {
    const gaps = sample.mids.slice(0, 7).map((mids) => {
      const close = mids.findLastIndex(
        (mid, minute) => minute < (SATURDAY - MONDAY) / MICROS_PER_MINUTE && mid > 0,
      );
      const open = mids.findIndex((mid, minute) => minute > close && mid > 0);
      expect(open - close).toBeGreaterThan(47 * 60);
      return Math.abs(Math.log(mids[open]! / mids[close]!)) * 10_000;
    });
    expect(Math.max(...gaps)).toBeGreaterThan(5);
    expect(Math.max(...gaps)).toBeLessThan(150);
  });

  test("is a living market where it is asked to be always open", () => {
    const open = simulatedInstruments({ alwaysOpen: true });
    const source = market({ startMicros: SATURDAY, instruments: open });
    let last = 0;
    for (let i = 0; i < 2_000; i++) last = source.next().sourceTimeMicros;
    expect(last - SATURDAY).toBeLessThan(MICROS_PER_HOUR);
  });
});

describe("options", () => {
  test.each([2, 24, 500])("%d ticks a second come about as often in an average hour", (ticksPerSecond) => {
    // From 10:00 to 11:00 activity is about 1.25 and no hour is Asian.
    const start = MONDAY + 10 * MICROS_PER_HOUR;
    const source = market({ ticksPerSecond, startMicros: start });
    const seconds = Math.min(3_600, 40_000 / ticksPerSecond);
    let ticks = 0;
    while (source.next().sourceTimeMicros < start + seconds * MICROS_PER_SECOND) ticks++;
    expect(ticks / seconds / ticksPerSecond).toBeGreaterThan(0.5);
    expect(ticks / seconds / ticksPerSecond).toBeLessThan(3);
  });

  test("a market goes on where it was: prices and numbers", () => {
    const source = market({ resume: (id) => (id === 0 ? { mid: 1.25, sourceSeq: 41 } : undefined) });
    let tick = source.next();
    while (tick.instrumentId !== 0) tick = source.next();
    expect(tick.sourceSeq).toBe(42);
    expect(Math.abs(tick.bid - 1.25)).toBeLessThan(0.002);
  });

  test("some of the symbols keep their correlations", () => {
    const pair = [
      { ...instruments[6]!, id: 0 },
      { ...instruments[5]!, id: 1 },
    ];
    const source = market({ instruments: pair, ticksPerSecond: 2 });
    const mids = [new Float64Array(1_440), new Float64Array(1_440)].map((array) => array.fill(Number.NaN));
    for (let tick = source.next(); tick.sourceTimeMicros < MONDAY + MICROS_PER_DAY; tick = source.next()) {
      const minute = Math.floor((tick.sourceTimeMicros - MONDAY) / MICROS_PER_MINUTE);
      mids[tick.instrumentId]![minute] = (tick.bid + tick.ask) / 2;
    }
    const measured = correlation(returnsOf(mids[0]!, 5), returnsOf(mids[1]!, 5));
    expect(Math.abs(measured - CORRELATIONS[6]![5]!)).toBeLessThan(0.2);
  });

  test.each([
    ["an unknown symbol", { instruments: [{ ...KNOWN_INSTRUMENTS.at(-1)!, id: 0 }] }],
    ["no instruments", { instruments: [] }],
    ["no trading hours", { instruments: [{ ...instruments[0]!, sessions: [] }] }],
    ["no ticks", { ticksPerSecond: 0 }],
    ["more ticks than any market", { ticksPerSecond: 1e9 }],
  ])("%s is a mistake of the caller", (_name, options) => {
    expect(() => market(options)).toThrow(AssertionError);
  });

  test("it says what it is", () => {
    expect(market().describe()).toContain(SIMULATED_SOURCE);
    expect(market().progress().ticksEstimate).toBe(Number.POSITIVE_INFINITY);
  });
});

describe("the correlation matrix", () => {
  test("is symmetric and is rebuilt by its factor", () => {
    const lower = choleskyOf(CORRELATIONS);
    for (let i = 0; i < CORRELATIONS.length; i++) {
      for (let j = 0; j < CORRELATIONS.length; j++) {
        expect(CORRELATIONS[i]![j]).toBe(CORRELATIONS[j]![i]);
        let sum = 0;
        for (let k = 0; k <= Math.min(i, j); k++) sum += lower[i]![k]! * lower[j]![k]!;
        expect(sum).toBeCloseTo(CORRELATIONS[i]![j]!, 12);
      }
    }
  });

  test("that no market can have is refused", () => {
    const impossible = [
      [1, 0.9, -0.9],
      [0.9, 1, 0.9],
      [-0.9, 0.9, 1],
    ];
    expect(() => choleskyOf(impossible)).toThrow(AssertionError);
  });
});
