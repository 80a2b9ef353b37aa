// A generated market, always labelled SIMULATED: eight correlated symbols with sessions, volatility that clusters, news
// that jumps, spreads that widen and weekends. It moves second by second; within a second, ticks fall at random.

import { assert } from "../../actors/base/assert.ts";
import {
  MICROS_PER_DAY,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  type Micros,
} from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import type { Failure } from "../../actors/base/result.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import { SIMULATED_TICKS_PER_SECOND_MAX } from "./limits.ts";
import {
  CORRELATIONS,
  choleskyOf,
  HOURLY_ACTIVITY,
  HOURLY_ASIA,
  HOURLY_SPREAD,
  hourly,
  LOG_VOLATILITY,
  NEWS,
  SYMBOL_MODELS,
} from "./simulated-model.ts";
import { type Conditions, reverted, SimulatedSymbol } from "./simulated-symbol.ts";
import {
  emptySourceTick,
  SIMULATED_SOURCE,
  sourceIdOf,
  type SourceProgress,
  type SourceTick,
  type TickSource,
} from "./source.ts";

const TICKS_PER_SECOND_DEFAULT = 24;

export interface SimulatedMarketOptions {
  readonly seed: number;
  readonly startMicros: Micros;
  /** Symbols of SYMBOL_MODELS; their sessions say when they trade. */
  readonly instruments: readonly Instrument[];
  /** All symbols together in an average hour; quiet nights have a third, news minutes several times as many. */
  readonly ticksPerSecond?: number;
  /** Where each symbol left off, by instrument id: its last mid and the number of its last tick. */
  readonly resume?: (instrumentId: number) => { mid: number; sourceSeq: number } | undefined;
}

/** Endless and in time order. The same options give the same ticks on any machine with the same floating-point library. */
export class SimulatedMarket implements TickSource {
  readonly failure: Failure<string> | undefined = undefined;
  readonly #random: SeededRandom;
  readonly #symbols: readonly SimulatedSymbol[];
  readonly #cholesky = choleskyOf(CORRELATIONS);
  readonly #shocks = new Float64Array(CORRELATIONS.length);
  readonly #conditions: Conditions;
  readonly #tick: SourceTick = emptySourceTick();
  #ticks = 0;

  constructor(options: SimulatedMarketOptions) {
    const ticksPerSecond = options.ticksPerSecond ?? TICKS_PER_SECOND_DEFAULT;
    assert(
      ticksPerSecond > 0 && ticksPerSecond <= SIMULATED_TICKS_PER_SECOND_MAX,
      `the simulated market gives up to ${SIMULATED_TICKS_PER_SECOND_MAX} ticks per second`,
    );
    assert(
      options.instruments.some(({ sessions }) => sessions.length > 0),
      "a market without trading hours never opens",
    );
    this.#random = new SeededRandom(options.seed);
    const total = options.instruments.reduce((sum, { symbol }) => sum + activityOf(symbol), 0);
    this.#symbols = options.instruments.map(
      (instrument) =>
        new SimulatedSymbol({
          instrument,
          random: this.#random,
          ticksPerSecond: (ticksPerSecond * activityOf(instrument.symbol)) / total,
          last: options.resume?.(instrument.id),
        }),
    );
    this.#conditions = {
      startMicros: Math.ceil(options.startMicros / MICROS_PER_SECOND) * MICROS_PER_SECOND - MICROS_PER_SECOND,
      activity: 1,
      asia: 0,
      spreadWidening: 1,
      commonLogVolatility: LOG_VOLATILITY.commonDeviation * this.#random.normal(),
      news: 0,
      jumpSize: 0,
    };
    this.#tick.sourceId = sourceIdOf(SIMULATED_SOURCE);
    this.#look(options.startMicros);
  }

  describe(): string {
    return `${SIMULATED_SOURCE} market of ${this.#symbols.length} symbols`;
  }

  progress(): SourceProgress {
    return { ticks: this.#ticks, ticksEstimate: Number.POSITIVE_INFINITY, bytes: 0, bytesTotal: 0 };
  }

  /** The next tick; there is always one. Closed hours are passed over, so its time may lie days ahead. */
  next(): SourceTick {
    let symbol = this.#earliest();
    while (symbol === undefined) {
      this.#enterSecond();
      symbol = this.#earliest();
    }
    symbol.quote(this.#tick, this.#conditions.startMicros);
    this.#ticks++;
    return this.#tick;
  }

  /** The symbol whose tick comes first in this second; of two at once, the first instrument. */
  #earliest(): SimulatedSymbol | undefined {
    let first: SimulatedSymbol | undefined;
    let withinMicros = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#symbols.length; i++) {
      const symbol = this.#symbols[i] as SimulatedSymbol;
      if (symbol.nextWithinMicros >= withinMicros) continue;
      first = symbol;
      withinMicros = symbol.nextWithinMicros;
    }
    return first;
  }

  #enterSecond(): void {
    const conditions = this.#conditions;
    let startMicros = conditions.startMicros + MICROS_PER_SECOND;
    // Hours begin and end on the minute.
    if (startMicros % MICROS_PER_MINUTE === 0) this.#look(startMicros);
    while (!this.#anyOpen()) {
      startMicros = Math.floor(startMicros / MICROS_PER_MINUTE + 1) * MICROS_PER_MINUTE;
      this.#look(startMicros);
    }
    this.#changeConditions(startMicros);
    this.#drawShocks();
    for (let i = 0; i < this.#symbols.length; i++) {
      const symbol = this.#symbols[i] as SimulatedSymbol;
      if (symbol.open) symbol.enter(conditions, this.#shocks[symbol.row] as number);
    }
  }

  #anyOpen(): boolean {
    for (let i = 0; i < this.#symbols.length; i++) {
      if ((this.#symbols[i] as SimulatedSymbol).open) return true;
    }
    return false;
  }

  /** Opens and closes symbols by their hours. */
  #look(timeMicros: Micros): void {
    this.#drawShocks();
    for (let i = 0; i < this.#symbols.length; i++) {
      const symbol = this.#symbols[i] as SimulatedSymbol;
      symbol.look(timeMicros, this.#shocks[symbol.row] as number);
    }
  }

  #changeConditions(startMicros: Micros): void {
    const conditions = this.#conditions;
    const random = this.#random;
    const secondOfDay = (startMicros % MICROS_PER_DAY) / MICROS_PER_SECOND;
    conditions.startMicros = startMicros;
    conditions.activity = hourly(HOURLY_ACTIVITY, secondOfDay);
    conditions.asia = hourly(HOURLY_ASIA, secondOfDay);
    conditions.spreadWidening = hourly(HOURLY_SPREAD, secondOfDay);
    conditions.commonLogVolatility = reverted(conditions.commonLogVolatility, {
      memorySeconds: LOG_VOLATILITY.commonMemorySeconds,
      noise: LOG_VOLATILITY.commonDeviation * random.normal(),
    });
    conditions.news *= 1 - 1 / NEWS.memorySeconds;
    const breaks = random.next() < conditions.activity / NEWS.meanSecondsBetween;
    conditions.jumpSize = breaks ? NEWS.size : 0;
    if (breaks) conditions.news = 1;
  }

  /** Correlated standard normals, one a row of the correlation matrix. */
  #drawShocks(): void {
    const shocks = this.#shocks;
    for (let i = 0; i < shocks.length; i++) shocks[i] = this.#random.normal();
    // From the last row up, so that each row still reads independent numbers.
    for (let i = shocks.length - 1; i >= 0; i--) {
      const row = this.#cholesky[i] as Float64Array;
      let sum = 0;
      for (let k = 0; k <= i; k++) sum += (row[k] as number) * (shocks[k] as number);
      shocks[i] = sum;
    }
  }
}

function activityOf(symbol: string): number {
  return SYMBOL_MODELS[symbol]?.activity ?? 0;
}
