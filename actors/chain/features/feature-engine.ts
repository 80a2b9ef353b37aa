// Step 3 of the chain: the feature vector of one symbol, moved by every tick at constant cost and without allocation.
// Names, units and order are the schema's (domain/features.ts); formulas and their sources stand with each part.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from "../../base/clock.ts";
import { FEATURE, FEATURE_COUNT } from "../../domain/features.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { MarketState } from "../../domain/market.ts";
import type { Quote } from "../../domain/quote.ts";
import { TICK_BACKFILL } from "../../domain/tick.ts";
import { ChaosWindow } from "../chaos.ts";
import { WavePacket } from "../wave.ts";
import { BarIndicators } from "./bar-indicators.ts";
import { TradingCalendar } from "./calendar.ts";
import { DayStatistics } from "./day-statistics.ts";
import { logRatio } from "../../base/exponential.ts";
import type { FormingBar } from "./forming-bar.ts";
import { HorizonReturns } from "./horizon-returns.ts";
import { BASIS_POINTS, MARKET_GAP_MICROS } from "./limits.ts";
import { QuoteSides } from "./quote-sides.ts";
import { RangeMemory } from "./range-memory.ts";
import { SpreadPercentile } from "./spread-percentile.ts";
import { TickFlow } from "./tick-flow.ts";
import { ReturnVolatility } from "./volatility.ts";

/**
 * When a feature moves: by default with every quote; volatilities, moves, ranges and complexity when a 1-minute bar closes; calendar
 * with the UTC minute; cross-asset features with market records. Each is NaN until its part has seen enough, and a
 * number from then on - but for log returns, moves and ranges, which miss again while a market gap lies within their horizon.
 *
 * Time is the time a quote was taken in, for a backfilled one its source's, as it is for bars; it never goes backwards.
 */
export class FeatureEngine {
  /** In the order of FEATURE_NAMES; NaN where not warm. Changes with every call. */
  readonly vector: Float64Array = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  readonly #instrumentId: number;
  readonly #seconds = new HorizonReturns({
    stepMicros: MICROS_PER_SECOND,
    horizonsMicros: [10 * MICROS_PER_SECOND, MICROS_PER_MINUTE],
  });
  readonly #tens = new HorizonReturns({
    stepMicros: 10 * MICROS_PER_SECOND,
    horizonsMicros: [5 * MICROS_PER_MINUTE, 15 * MICROS_PER_MINUTE, MICROS_PER_HOUR],
  });
  readonly #flow = new TickFlow();
  readonly #sides = new QuoteSides();
  readonly #spreads = new SpreadPercentile();
  readonly #day = new DayStatistics();
  readonly #calendar = new TradingCalendar();
  readonly #bars = new BarIndicators();
  readonly #volatility = new ReturnVolatility();
  readonly #ranges = new RangeMemory();
  readonly #chaos = new ChaosWindow();
  readonly #wave = new WavePacket();
  #timeMicros: Micros = -Infinity;
  #closedClose = Number.NaN;
  #closedOpenTimeMicros: Micros = Number.NaN;

  constructor(options: { instrument: Instrument }) {
    this.#instrumentId = options.instrument.id;
  }

  /** Whether the last quote moved the mid on in the direction it last took, 1 or 0; NaN where it did not move it, or first. */
  get wentOn(): number {
    return this.#sides.wentOn;
  }

  /**
   * A valid quote.
   * @param minute the forming 1-minute bar with this quote in it; one without quotes (the quote came too late for its
   *   bar) leaves the bar indicators as they are
   */
  onQuote(quote: Quote, minute: FormingBar): void {
    const timeMicros = this.#advance(quote);
    this.#readReturns(quote, timeMicros);
    this.#readFlow(quote, timeMicros);
    this.#sides.update(quote, timeMicros, this.vector);
    this.#readDay(quote, timeMicros);
    this.#readWave(quote, timeMicros);
    if (minute.ticks > 0) this.#bars.peek(minute, this.vector);
  }

  /** A 1-minute bar closed; called before the first quote of a later minute. */
  onMinuteBar(bar: FormingBar): void {
    this.#bars.update(bar);
    const sinceMicros = bar.openTimeMicros - this.#closedOpenTimeMicros;
    if (sinceMicros <= MARKET_GAP_MICROS) this.#takeReturn(logRatio(bar.close, this.#closedClose));
    this.#closedClose = bar.close;
    this.#closedOpenTimeMicros = bar.openTimeMicros;
    this.#ranges.update(bar, this.vector);
  }

  /** The state of the whole market: features of an instrument it does not know are NaN. */
  onMarket(state: MarketState): void {
    const { vector } = this;
    const id = this.#instrumentId;
    vector[FEATURE.dollar_index_return] = state.dollarIndexReturn ?? Number.NaN;
    vector[FEATURE.dollar_correlation] = state.dollarCorrelations[id] ?? Number.NaN;
    vector[FEATURE.peer_correlation] = state.peerCorrelations[id] ?? Number.NaN;
  }

  /** Copies the last closed 1-minute log returns, up to 128, oldest first, and says how many there are. */
  copyReturns(target: Float64Array): number {
    return this.#chaos.copyReturns(target);
  }

  persist(archive: Archive): void {
    archive.numbers(this.vector);
    this.#timeMicros = archive.number(this.#timeMicros);
    this.#closedClose = archive.number(this.#closedClose);
    this.#closedOpenTimeMicros = archive.number(this.#closedOpenTimeMicros);
    this.#seconds.persist(archive);
    this.#tens.persist(archive);
    this.#flow.persist(archive);
    this.#sides.persist(archive);
    this.#spreads.persist(archive);
    this.#day.persist(archive);
    this.#calendar.persist(archive);
    this.#bars.persist(archive);
    this.#volatility.persist(archive);
    this.#ranges.persist(archive);
    this.#chaos.persist(archive);
    this.#wave.persist(archive);
  }

  #advance(quote: Quote): Micros {
    let timeMicros = quote.timeMicros;
    if ((quote.flags & TICK_BACKFILL) !== 0 && quote.sourceTimeMicros < timeMicros) {
      timeMicros = quote.sourceTimeMicros;
    }
    if (timeMicros > this.#timeMicros) this.#timeMicros = timeMicros;
    return this.#timeMicros;
  }

  #readReturns(quote: Quote, timeMicros: Micros): void {
    const { vector } = this;
    const seconds = this.#seconds;
    const tens = this.#tens;
    seconds.update(quote.midPoints, timeMicros);
    tens.update(quote.midPoints, timeMicros);
    vector[FEATURE.log_return_10s] = seconds.read(0);
    vector[FEATURE.log_return_1m] = seconds.read(1);
    vector[FEATURE.log_return_5m] = tens.read(0);
    vector[FEATURE.log_return_15m] = tens.read(1);
    vector[FEATURE.log_return_1h] = tens.read(2);
  }

  #readFlow(quote: Quote, timeMicros: Micros): void {
    const { vector } = this;
    const flow = this.#flow;
    flow.update(quote, timeMicros);
    vector[FEATURE.returns] = flow.tickReturn;
    vector[FEATURE.volatility_tick] = flow.tickVolatility;
    vector[FEATURE.tick_rate] = flow.tickRate;
    vector[FEATURE.volume_rate] = flow.volumeRate;
    vector[FEATURE.tick_imbalance] = flow.imbalance;
    vector[FEATURE.signed_flow] = flow.signedFlow;
    vector[FEATURE.quote_age] = flow.quoteAge;
    vector[FEATURE.spread] = quote.spreadPoints;
    vector[FEATURE.spread_pct] = (BASIS_POINTS * quote.spreadPoints) / quote.midPoints;
    vector[FEATURE.spread_percentile] = this.#spreads.update(quote.spreadPoints);
  }

  #readDay(quote: Quote, timeMicros: Micros): void {
    const { vector } = this;
    const mid = quote.midPoints;
    const day = this.#day;
    day.update(quote, timeMicros);
    vector[FEATURE.vwap_deviation] = (BASIS_POINTS * (mid - day.volumeWeightedMid)) / mid;
    vector[FEATURE.day_range_position] = day.position(mid);
    const calendar = this.#calendar;
    if (!calendar.update(timeMicros)) return;
    vector[FEATURE.session_asia] = calendar.asia;
    vector[FEATURE.session_london] = calendar.london;
    vector[FEATURE.session_new_york] = calendar.newYork;
    vector[FEATURE.time_of_day_sin] = calendar.timeOfDaySin;
    vector[FEATURE.time_of_day_cos] = calendar.timeOfDayCos;
    vector[FEATURE.day_of_week_sin] = calendar.dayOfWeekSin;
    vector[FEATURE.day_of_week_cos] = calendar.dayOfWeekCos;
    vector[FEATURE.minute_of_hour] = calendar.minuteOfHour;
    vector[FEATURE.new_york_minute] = calendar.newYorkMinute;
  }

  #readWave(quote: Quote, timeMicros: Micros): void {
    const { vector } = this;
    const wave = this.#wave;
    wave.update(quote.midPoints, timeMicros);
    vector[FEATURE.wave_function] = wave.probabilityUp;
    vector[FEATURE.wave_momentum] = wave.momentum;
    vector[FEATURE.wave_dispersion] = wave.dispersion;
  }

  /** A return between the closes of two bars no market gap apart. */
  #takeReturn(logReturn: number): void {
    const { vector } = this;
    const volatility = this.#volatility;
    volatility.update(BASIS_POINTS * logReturn);
    const short = volatility.deviation(5);
    const long = volatility.deviation(100);
    vector[FEATURE.volatility_5] = short;
    vector[FEATURE.volatility_20] = volatility.deviation(20);
    vector[FEATURE.volatility_100] = long;
    vector[FEATURE.volatility_ewma] = volatility.ewma;
    // A market that does not move at all is as quiet as it usually is.
    vector[FEATURE.volatility_ratio] = long === 0 ? 1 : short / long;
    const chaos = this.#chaos;
    chaos.push(logReturn);
    vector[FEATURE.hurst] = chaos.hurst;
    vector[FEATURE.entropy] = chaos.entropy;
    vector[FEATURE.chaos_index] = chaos.chaosIndex;
    vector[FEATURE.predictability] = chaos.predictability;
  }
}
