// One symbol of the simulated market: its price on the way through a second, its own volatility and drift, and when its
// next tick falls. The market decides what happens to all; the symbol turns that into quotes.

import { assert } from "../../actors/base/assert.ts";
import { MICROS_PER_HOUR, MICROS_PER_SECOND, type Micros } from "../../actors/base/clock.ts";
import type { Random } from "../../actors/base/random.ts";
import { type Instrument, isOpen, pointsPerUnit } from "../../actors/domain/instrument.ts";
import { SIMULATED_TICKS_OF_A_SECOND_MAX } from "./limits.ts";
import {
  DRIFT,
  EXCITEMENT,
  LOG_VOLATILITY,
  NEWS,
  OPENING,
  QUOTE_NOISE,
  SYMBOL_MODELS,
  type SymbolModel,
  VOLUME,
  WEEKEND_GAP,
} from "./simulated-model.ts";
import type { SourceTick } from "./source.ts";

const SECONDS_PER_DAY = 86_400;
const SECONDS_OF_FIVE_MINUTES = 300;
const BASIS_POINTS = 10_000;
const WEEKEND_HOURS = 48;
const VOLUME_DECIMALS = 100;

/** What is left of the variance for the continuous part, so that with its jumps a day is as volatile as stated. */
const DIFFUSION_SHARE = 1 - (NEWS.size ** 2 * SECONDS_OF_FIVE_MINUTES) / NEWS.meanSecondsBetween;

/** Makes the mean of the squared volatility factor 1: E exp(2x) = exp(2 deviation^2) of a normal x. */
const LOG_VOLATILITY_MEAN = -(LOG_VOLATILITY.commonDeviation ** 2 + LOG_VOLATILITY.ownDeviation ** 2);

const EXCITEMENT_DECAY = Math.exp(-1 / EXCITEMENT.memorySeconds);
/** What one tick adds to the next second's rate, so that each has `share` followers in all. */
const EXCITEMENT_PER_TICK = EXCITEMENT.share * (1 - EXCITEMENT_DECAY);

/** What a second is like for every symbol. */
export interface Conditions {
  startMicros: Micros;
  /** Variance and tick rate against the average, before Asian hours are weighed in. */
  activity: number;
  /** How Asian the hour is, 0..1. */
  asia: number;
  spreadWidening: number;
  commonLogVolatility: number;
  /** How much of the last news is still felt, 0..1. */
  news: number;
  /** Size of a jump at the start of this second, in standard deviations of a five-minute return; 0 for none. */
  jumpSize: number;
}

export class SimulatedSymbol {
  readonly instrument: Instrument;
  readonly model: SymbolModel;
  /** Row of the correlation matrix. */
  readonly row: number;
  /** When in the second the next tick falls, in microseconds; Infinity when none does. */
  nextWithinMicros = Number.POSITIVE_INFINITY;
  readonly #random: Random;
  readonly #points: number;
  readonly #secondVolatilityMean: number;
  /** Ticks a second of an average hour, without those that others bring. */
  readonly #baseRate: number;
  #open = false;
  /** When trading stopped; NaN before the first opening. */
  #closedAtMicros = Number.NaN;
  #ownLogVolatility: number;
  #drift = 0;
  #excitement = 0;
  #opening = 0;
  #spreadPoints = 1;
  #secondVolatility = 0;
  #rate = 0;
  /** The price at the last tick or the start of the second, and where the second ends. */
  #log: number;
  #withinMicros = 0;
  #logEnd: number;
  #sourceSeq: number;

  constructor(options: {
    instrument: Instrument;
    random: Random;
    ticksPerSecond: number;
    last: { mid: number; sourceSeq: number } | undefined;
  }) {
    const { instrument, random, last } = options;
    const model = SYMBOL_MODELS[instrument.symbol];
    assert(model !== undefined, `the simulated market has no ${instrument.symbol}`);
    this.instrument = instrument;
    this.model = model;
    this.row = Object.keys(SYMBOL_MODELS).indexOf(instrument.symbol);
    this.#random = random;
    this.#points = pointsPerUnit(instrument);
    this.#secondVolatilityMean = model.dailyVolatilityBp / BASIS_POINTS / Math.sqrt(SECONDS_PER_DAY);
    this.#baseRate = options.ticksPerSecond * (1 - EXCITEMENT.share);
    this.#ownLogVolatility = LOG_VOLATILITY.ownDeviation * random.normal();
    this.#log = Math.log(last?.mid ?? model.startPrice);
    this.#logEnd = this.#log;
    this.#sourceSeq = last?.sourceSeq ?? 0;
  }

  get open(): boolean {
    return this.#open;
  }

  /**
   * Opens or closes by the instrument's hours; an opening after a pause moves the price by a gap.
   * @param shock standard normal, correlated with the other symbols'
   */
  look(timeMicros: Micros, shock: number): void {
    const open = isOpen(this.instrument, timeMicros);
    if (open === this.#open) return;
    this.#open = open;
    if (!open) {
      this.#closedAtMicros = timeMicros;
      this.nextWithinMicros = Number.POSITIVE_INFINITY;
      return;
    }
    if (Number.isNaN(this.#closedAtMicros)) return;
    const hours = (timeMicros - this.#closedAtMicros) / MICROS_PER_HOUR;
    const daily = this.model.dailyVolatilityBp / BASIS_POINTS;
    this.#logEnd += daily * WEEKEND_GAP * Math.sqrt(hours / WEEKEND_HOURS) * shock;
    this.#opening = 1;
  }

  /**
   * Lives through the start of one second: decides where it ends, how wide quotes are and how often they come.
   * @param shock standard normal, correlated with the other symbols'
   */
  enter(conditions: Conditions, shock: number): void {
    const random = this.#random;
    const { news, activity } = conditions;
    this.#ownLogVolatility = reverted(this.#ownLogVolatility, {
      memorySeconds: LOG_VOLATILITY.ownMemorySeconds,
      noise: LOG_VOLATILITY.ownDeviation * random.normal(),
    });
    this.#drift = reverted(this.#drift, {
      memorySeconds: DRIFT.memorySeconds,
      noise: DRIFT.deviation * random.normal(),
    });
    this.#opening *= 1 - 1 / OPENING.memorySeconds;
    const stress = Math.exp(conditions.commonLogVolatility + this.#ownLogVolatility + LOG_VOLATILITY_MEAN);
    const here = activity * (1 + (this.model.asia - 1) * conditions.asia);
    const variance = DIFFUSION_SHARE * here * (1 + NEWS.varianceRise * news);
    this.#secondVolatility = this.#secondVolatilityMean * stress * Math.sqrt(variance);
    const jump = conditions.jumpSize * this.#secondVolatilityMean * Math.sqrt(SECONDS_OF_FIVE_MINUTES);
    this.#log = this.#logEnd + jump * shock;
    this.#withinMicros = 0;
    this.#logEnd = this.#log + this.#secondVolatility * (shock + this.#drift);
    const widening = (1 + NEWS.spreadWidening * news) * (1 + OPENING.spreadWidening * this.#opening);
    this.#spreadPoints =
      this.model.spreadPoints * conditions.spreadWidening * widening * Math.sqrt(Math.max(1, stress));
    this.#excitement *= EXCITEMENT_DECAY;
    const rate = this.#baseRate * here * stress * (1 + NEWS.activityRise * news) + this.#excitement;
    this.#rate = Math.min(rate, SIMULATED_TICKS_OF_A_SECOND_MAX);
    this.nextWithinMicros = 0;
    this.#drawNext();
  }

  /** Fills `tick` with the quote at `nextWithinMicros` and draws when the one after falls. */
  quote(tick: SourceTick, secondMicros: Micros): void {
    const random = this.#random;
    const within = this.nextWithinMicros;
    this.#moveTo(within);
    const noise = Math.exp(0.15 * random.normal());
    const spread = Math.min(
      Math.max(1, Math.round(this.#spreadPoints * noise)),
      this.instrument.spreadMaxPoints,
    );
    const midPoints = Math.exp(this.#log) * this.#points + QUOTE_NOISE * spread * random.normal();
    const bidPoints = Math.max(1, Math.round(midPoints - spread / 2));
    tick.instrumentId = this.instrument.id;
    tick.sourceSeq = ++this.#sourceSeq;
    tick.sourceTimeMicros = secondMicros + within;
    tick.bid = bidPoints / this.#points;
    tick.ask = (bidPoints + spread) / this.#points;
    tick.bidVolume = this.#volume();
    tick.askVolume = this.#volume();
    this.#excitement += EXCITEMENT_PER_TICK;
    this.#drawNext();
  }

  /** A Brownian bridge: within its second the price wanders, at its end it is where the second ends. */
  #moveTo(within: number): void {
    const left = MICROS_PER_SECOND - this.#withinMicros;
    const step = within - this.#withinMicros;
    const variance = (step * (left - step)) / left / MICROS_PER_SECOND;
    this.#log +=
      ((this.#logEnd - this.#log) * step) / left +
      this.#secondVolatility * Math.sqrt(variance) * this.#random.normal();
    this.#withinMicros = within;
  }

  /** Exponential waiting times: Poisson arrivals at the second's rate. */
  #drawNext(): void {
    const wait = -Math.log(1 - this.#random.next()) / this.#rate;
    const within = this.nextWithinMicros + Math.floor(wait * MICROS_PER_SECOND);
    this.nextWithinMicros = within < MICROS_PER_SECOND ? within : Number.POSITIVE_INFINITY;
  }

  #volume(): number {
    const volume = VOLUME.median * Math.exp(VOLUME.logDeviation * this.#random.normal());
    return Math.max(1, Math.round(volume * VOLUME_DECIMALS)) / VOLUME_DECIMALS;
  }
}

/** One second of an Ornstein-Uhlenbeck process around 0; `noise` is its stationary deviation times a standard normal. */
export function reverted(value: number, options: { memorySeconds: number; noise: number }): number {
  return value * (1 - 1 / options.memorySeconds) + options.noise * Math.sqrt(2 / options.memorySeconds);
}
