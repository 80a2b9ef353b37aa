// What a tick costs in the feature engine, and what the same indicators cost in `trading-signals`: both see the same
// bars, the forming one as the newest on every tick. Contenders take turns in one process and medians are compared.

import { ADX, ATR, BollingerBands, CCI, EMA, MACD, RSI, SMA, StochasticOscillator } from "trading-signals";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { BarIndicators } from "../../actors/chain/features/bar-indicators.ts";
import { FeatureEngine } from "../../actors/chain/features/feature-engine.ts";
import { FEATURE_COUNT } from "../../actors/domain/features.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import { emptyQuote } from "../../actors/domain/quote.ts";
import { type Emit, median } from "./row.ts";

const BUSY_TICKS_PER_BAR = 120;
/** Complexity is measured at each bar's close, so a tick costs more where bars hold few: EURUSD over a day has 34. */
const USUAL_TICKS_PER_BAR = 34;
const TICKS = 24_000;
const ENGINE_LAPS = 10;
const INDICATOR_LAPS = 20;
const LIBRARY_LAPS = 2;
const ROUNDS = 9;
const WARM_ROUNDS = 2;
const TICKS_PER_SECOND_MIN = 500_000;
const RATIO_MIN = 10;
const START_MICROS = Date.UTC(2024, 0, 8, 9) * 1_000;

const instrument: Instrument = {
  id: 0,
  symbol: "EURUSD",
  baseCurrency: "EUR",
  quoteCurrency: "USD",
  digits: 5,
  contractSize: 100_000,
  volumeStepMicros: 10_000,
  volumeMinMicros: 10_000,
  volumeMaxMicros: 100_000_000,
  spreadMaxPoints: 300,
  sessions: [{ openMinute: 0, closeMinute: 7 * 24 * 60 }],
};

/** One lap of quotes; the next lap continues in time and price. */
class Walk {
  readonly #elapsedMicros = new Float64Array(TICKS);
  readonly #steps = new Float64Array(TICKS);
  readonly #spreads = new Float64Array(TICKS);
  readonly #volumes = new Float64Array(TICKS);

  constructor(ticksPerBar: number) {
    const random = new SeededRandom(1);
    let sum = 0;
    for (let i = 0; i < TICKS; i++) {
      this.#elapsedMicros[i] = Math.floor((-Math.log(1 - random.next()) * MICROS_PER_MINUTE) / ticksPerBar);
      // Drawn back to the start, and there exactly when the lap is over: laps do not wander off.
      const step = Math.round(random.normal() * 2 - sum * 0.001);
      sum += step;
      this.#steps[i] = step;
      this.#spreads[i] = 8 + random.integer(12);
      this.#volumes[i] = 1 + random.integer(50);
    }
    this.#steps[0] = (this.#steps[0] as number) - sum;
  }

  /** Runs `laps` laps from where `course` is. */
  run(course: Course, laps: number): void {
    for (let lap = 0; lap < laps; lap++) {
      for (let i = 0; i < TICKS; i++) {
        course.timeMicros += this.#elapsedMicros[i] as number;
        course.bidPoints += this.#steps[i] as number;
        course.tick(this.#spreads[i] as number, this.#volumes[i] as number);
      }
    }
  }
}

/** A contender's own quote and bar; folding them costs all contenders the same. */
abstract class Course {
  timeMicros = START_MICROS;
  bidPoints = 110_000;
  readonly quote = emptyQuote();
  readonly bar = { openTimeMicros: -1, open: 0, high: 0, low: 0, close: 0, volume: 0, ticks: 0 };

  tick(spreadPoints: number, volume: number): void {
    const { quote, bar } = this;
    quote.timeMicros = this.timeMicros;
    quote.sourceTimeMicros = this.timeMicros;
    quote.bidPoints = this.bidPoints;
    quote.askPoints = this.bidPoints + spreadPoints;
    quote.midPoints = this.bidPoints + spreadPoints / 2;
    quote.spreadPoints = spreadPoints;
    quote.bidVolume = volume;
    quote.askVolume = spreadPoints;
    quote.volume = volume + spreadPoints;
    const mid = quote.midPoints;
    const first = this.timeMicros >= bar.openTimeMicros + MICROS_PER_MINUTE;
    if (first) {
      if (bar.ticks > 0) this.onClose();
      bar.openTimeMicros = Math.floor(this.timeMicros / MICROS_PER_MINUTE) * MICROS_PER_MINUTE;
      bar.open = mid;
      bar.high = mid;
      bar.low = mid;
      bar.volume = 0;
      bar.ticks = 0;
    }
    if (mid > bar.high) bar.high = mid;
    if (mid < bar.low) bar.low = mid;
    bar.close = mid;
    bar.volume += quote.volume;
    bar.ticks++;
    this.onTick(first);
  }

  abstract onClose(): void;
  abstract onTick(first: boolean): void;
}

class EngineCourse extends Course {
  readonly engine = new FeatureEngine({ instrument });

  onClose(): void {
    this.engine.onMinuteBar(this.bar);
  }

  onTick(): void {
    this.engine.onQuote(this.quote, this.bar);
  }
}

class IndicatorCourse extends Course {
  readonly indicators = new BarIndicators();
  readonly vector = new Float64Array(FEATURE_COUNT);

  onClose(): void {
    this.indicators.update(this.bar);
  }

  onTick(): void {
    this.indicators.peek(this.bar, this.vector);
  }
}

/** The library adds a bar on its first tick and replaces it on every further one. */
class LibraryCourse extends Course {
  readonly #closes = [
    new RSI(14),
    new MACD(new EMA(12), new EMA(26), new EMA(9)),
    new BollingerBands(20, 2),
    new SMA(20),
    new SMA(100),
    new EMA(9),
    new EMA(21),
    new EMA(50),
    new EMA(200),
  ];
  readonly #candles = [
    new ATR(14),
    new ADX(14),
    new StochasticOscillator({ kPeriod: 14, kSlowingPeriod: 3, dPeriod: 3 }),
    new CCI(20),
  ];

  onClose(): void {}

  onTick(first: boolean): void {
    const { high, low, close } = this.bar;
    for (const indicator of this.#closes) indicator.update(close, !first);
    // It keeps the candles it is given, so each tick needs one of its own.
    for (const indicator of this.#candles) indicator.update({ high, low, close }, !first);
  }
}

function ticksPerSecond(walk: Walk, course: Course, laps: number): number {
  const startNanos = Bun.nanoseconds();
  walk.run(course, laps);
  return (laps * TICKS * 1e9) / (Bun.nanoseconds() - startNanos);
}

interface Contender {
  readonly walk: Walk;
  readonly course: Course;
  readonly laps: number;
  readonly rates: number[];
}

function contender(course: Course, laps: number, ticksPerBar = BUSY_TICKS_PER_BAR): Contender {
  return { walk: new Walk(ticksPerBar), course, laps, rates: [] };
}

export async function bench(emit: Emit): Promise<void> {
  const engine = contender(new EngineCourse(), ENGINE_LAPS);
  const usual = contender(new EngineCourse(), ENGINE_LAPS, USUAL_TICKS_PER_BAR);
  const indicators = contender(new IndicatorCourse(), INDICATOR_LAPS);
  const library = contender(new LibraryCourse(), LIBRARY_LAPS);
  const contenders = [engine, usual, indicators, library];
  for (const { walk, course, laps } of contenders) walk.run(course, WARM_ROUNDS * laps);
  for (let round = 0; round < ROUNDS; round++) {
    for (const { walk, course, laps, rates } of contenders) rates.push(ticksPerSecond(walk, course, laps));
  }
  const engineRate = median(engine.rates);
  emit({
    name: "features",
    metric: `full engine, ${BUSY_TICKS_PER_BAR} ticks a bar`,
    value: engineRate,
    unit: "ticks/s",
    bar: `>= ${TICKS_PER_SECOND_MIN}`,
    met: engineRate >= TICKS_PER_SECOND_MIN,
  });
  emit({
    name: "features",
    metric: `full engine, ${USUAL_TICKS_PER_BAR} ticks a bar`,
    value: median(usual.rates),
    unit: "ticks/s",
  });
  const value = median(indicators.rates);
  const baseline = median(library.rates);
  const ratio = value / baseline;
  emit({
    name: "features",
    metric: "bar indicators vs trading-signals",
    value,
    unit: "ticks/s",
    baseline,
    ratio,
    bar: `>= ${RATIO_MIN} times`,
    met: ratio >= RATIO_MIN,
  });
}

if (import.meta.main) await bench((row) => console.log(JSON.stringify(row)));
