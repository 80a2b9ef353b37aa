// Step 7: which of twelve regimes the market is in. Evidence is relative - to the symbol's own volatility, range and
// spread - so one set of thresholds serves all symbols. A challenger must lead clearly and for a while: regimes do not flicker.

import type { Archive } from "../base/archive.ts";
import { MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { FEATURE } from "../domain/features.ts";
import { type Regime, REGIMES } from "../domain/regime.ts";
import { clamp, trendStrength } from "./squash.ts";

/** Signs: positive is up. What is not warm counts as 0. */
export interface RegimeEvidence {
  /** -1..1: direction of the directional indicators times the strength of the trend. */
  trend: number;
  /**
   * -1 (half as volatile as usual, or less) .. 1 (twice, or more): (r - 1/r) / 1.5, r short over long volatility. Where a range is
   * foretold, the mean of that and the same of the range over the usual one.
   */
  volatility: number;
  /** 0..1: how far a trend is missing. */
  range: number;
  /** -1..1: how far price stands outside the range of the last 20 bars, more so while volatility rises. */
  breakout: number;
  /** -1..1: how strongly the last minute turns against the last quarter of an hour. */
  reversal: number;
  /** 0 (thin: few ticks, wide spread) .. 1. */
  liquidity: number;
}

export interface RegimeSettings {
  /** By how much a challenger's score must exceed the reigning regime's, */
  readonly margin: number;
  /** and for how long without interruption. Each challenger is timed on its own. */
  readonly dwellMicros: Micros;
}

export const REGIME_DEFAULTS: RegimeSettings = Object.freeze({
  margin: 0.1,
  dwellMicros: 15 * MICROS_PER_SECOND,
});

/** Below this many ticks per second a market is thin. */
const TICK_RATE_THIN = 0.05;
/** Above this share of recent spreads the spread is wide. */
const SPREAD_WIDE = 0.98;
/** A move of this many standard deviations is a strong one. */
const STRONG_MOVE = 2;
const MINUTES_15 = Math.sqrt(15);

const NUMBER = Object.freeze(Object.fromEntries(REGIMES.map((regime, index) => [regime, index]))) as Readonly<
  Record<Regime, number>
>;
/** (r - 1/r) at twice the usual volatility. */
const TWICE_AS_VOLATILE = 1.5;

/**
 * | regime | score |
 * | --- | --- |
 * | quiet-range | range, while volatility is below usual |
 * | active-range | range, while volatility is usual |
 * | volatile-range | range, while volatility is above usual |
 * | weak-uptrend, weak-downtrend | trend of its sign, most at one half |
 * | strong-uptrend, strong-downtrend | trend of its sign, above one half |
 * | breakout-up, breakout-down | breakout of its sign |
 * | reversal-up, reversal-down | reversal of its sign |
 * | illiquid | missing liquidity, doubled: few ticks overrule all others, a wide spread alone all below 0.8 |
 *
 * Before the indicators are warm all evidence is 0 but the missing trend: the regime is active-range.
 */
export class RegimeClassifier {
  readonly evidence: RegimeEvidence = {
    trend: 0,
    volatility: 0,
    range: 1,
    breakout: 0,
    reversal: 0,
    liquidity: 1,
  };
  readonly #settings: RegimeSettings;
  readonly #scores = new Float64Array(REGIMES.length);
  #current: number = NUMBER["active-range"];
  #sinceMicros: Micros = 0;
  /** Since when each regime has led the reigning one by the margin; NaN where it does not. */
  readonly #leadingMicros = new Float64Array(REGIMES.length).fill(Number.NaN);

  constructor(settings: Partial<RegimeSettings> = {}) {
    this.#settings = { ...REGIME_DEFAULTS, ...settings };
  }

  get current(): Regime {
    return REGIMES[this.#current] as Regime;
  }

  /** When the current regime began to reign. */
  get sinceMicros(): Micros {
    return this.#sinceMicros;
  }

  /** @param pace the range that is foretold, in usual ones; NaN where nobody foretells it */
  update(features: Float64Array, timeMicros: Micros, pace = Number.NaN): Regime {
    this.#weigh(features, pace);
    this.#score();
    const successor = this.#successor(timeMicros);
    if (successor !== this.#current) {
      this.#current = successor;
      this.#sinceMicros = timeMicros;
      this.#leadingMicros.fill(Number.NaN);
    }
    return this.current;
  }

  persist(archive: Archive): void {
    this.#current = archive.number(this.#current);
    this.#sinceMicros = archive.number(this.#sinceMicros);
    archive.numbers(this.#leadingMicros);
  }

  #weigh(features: Float64Array, pace: number): void {
    const { evidence } = this;
    const plus = known(features[FEATURE.plus_di_14] as number, 0);
    const minus = known(features[FEATURE.minus_di_14] as number, 0);
    const strength = trendStrength(known(features[FEATURE.adx_14] as number, 0));
    evidence.trend = plus === minus ? 0 : (plus > minus ? 1 : -1) * strength;
    evidence.range = 1 - strength;
    const measured = volatilityEvidence(known(features[FEATURE.volatility_ratio] as number, 1));
    evidence.volatility = Number.isNaN(pace) ? measured : (measured + volatilityEvidence(pace)) / 2;
    const position = known(features[FEATURE.donchian_position] as number, 0.5);
    const outside = position > 1 ? position - 1 : position < 0 ? position : 0;
    evidence.breakout = clamp(outside * 4, -1, 1) * (evidence.volatility > 0 ? 1 : 0.5);
    evidence.reversal = reversalOf(features);
    const rate = known(features[FEATURE.tick_rate] as number, TICK_RATE_THIN);
    const percentile = known(features[FEATURE.spread_percentile] as number, 0);
    const flowing = clamp(rate / TICK_RATE_THIN, 0, 1);
    evidence.liquidity = percentile > SPREAD_WIDE ? flowing * 0.6 : flowing;
  }

  #score(): void {
    const { trend, volatility, range, breakout, reversal, liquidity } = this.evidence;
    const scores = this.#scores;
    const up = Math.max(0, trend);
    const down = Math.max(0, -trend);
    scores[NUMBER["quiet-range"]] = 0.8 * range * Math.max(0, -volatility);
    scores[NUMBER["active-range"]] = 0.6 * range * (1 - Math.abs(volatility));
    scores[NUMBER["volatile-range"]] = 0.8 * range * Math.max(0, volatility);
    scores[NUMBER["weak-uptrend"]] = weakness(up);
    scores[NUMBER["strong-uptrend"]] = up > 0.5 ? up : 0;
    scores[NUMBER["weak-downtrend"]] = weakness(down);
    scores[NUMBER["strong-downtrend"]] = down > 0.5 ? down : 0;
    scores[NUMBER["breakout-up"]] = Math.max(0, breakout);
    scores[NUMBER["breakout-down"]] = Math.max(0, -breakout);
    scores[NUMBER["reversal-up"]] = Math.max(0, reversal);
    scores[NUMBER["reversal-down"]] = Math.max(0, -reversal);
    scores[NUMBER.illiquid] = 2 * (1 - liquidity);
  }

  /** The strongest of the regimes that have led for the dwell time; the reigning one while there is none. */
  #successor(timeMicros: Micros): number {
    const { margin, dwellMicros } = this.#settings;
    const scores = this.#scores;
    const leading = this.#leadingMicros;
    const needed = (scores[this.#current] as number) + margin;
    let best = this.#current;
    for (let i = 0; i < scores.length; i++) {
      if ((scores[i] as number) < needed) {
        leading[i] = Number.NaN;
        continue;
      }
      if (Number.isNaN(leading[i])) leading[i] = timeMicros;
      const ripe = timeMicros - (leading[i] as number) >= dwellMicros;
      if (ripe && (scores[i] as number) > (scores[best] as number)) best = i;
    }
    return best;
  }
}

/** Symmetric as the logarithm is, but the same bits on every machine. */
function volatilityEvidence(ratio: number): number {
  return ratio > 0 ? clamp((ratio - 1 / ratio) / TWICE_AS_VOLATILE, -1, 1) : -1;
}

function known(value: number, otherwise: number): number {
  return Number.isNaN(value) ? otherwise : value;
}

/** Highest, 0.7, at half strength; gone at none and at full. */
function weakness(trend: number): number {
  return 0.7 * (1 - Math.abs(2 * trend - 1)) * (trend > 0 ? 1 : 0);
}

/** The last minute against the quarter hour before, each in its own standard deviations. */
function reversalOf(features: Float64Array): number {
  const deviation = features[FEATURE.volatility_20] as number;
  const minute = (features[FEATURE.log_return_1m] as number) / deviation;
  const quarter = (features[FEATURE.log_return_15m] as number) / (deviation * MINUTES_15);
  if (!(deviation > 0) || !(minute * quarter < 0)) return 0;
  const strength = clamp(Math.abs(minute) / STRONG_MOVE, 0, 1) * clamp(Math.abs(quarter) / STRONG_MOVE, 0, 1);
  return minute > 0 ? strength : -strength;
}

export interface RegimePolicy {
  /** Why no position is opened in this regime; empty when one may be. */
  readonly veto: string;
  /** How much of a vote for an up move, and for a down move, is believed here: 1 all of it, 0 none. */
  readonly up: number;
  readonly down: number;
}

const NEUTRAL: RegimePolicy = { veto: "", up: 1, down: 1 };

const POLICIES: Readonly<Record<Regime, RegimePolicy>> = Object.freeze({
  "quiet-range": { veto: "", up: 0.8, down: 0.8 },
  "active-range": NEUTRAL,
  "volatile-range": { veto: "", up: 0.8, down: 0.8 },
  "weak-uptrend": { veto: "", up: 1, down: 0.8 },
  "strong-uptrend": { veto: "", up: 1, down: 0.5 },
  "weak-downtrend": { veto: "", up: 0.8, down: 1 },
  "strong-downtrend": { veto: "", up: 0.5, down: 1 },
  "breakout-up": { veto: "", up: 1, down: 0.5 },
  "breakout-down": { veto: "", up: 0.5, down: 1 },
  "reversal-up": { veto: "", up: 1, down: 0.7 },
  "reversal-down": { veto: "", up: 0.7, down: 1 },
  illiquid: { veto: "thin-market", up: 1, down: 1 },
});

/** What a regime allows: a veto on entries, or less belief in votes against it. */
export function regimePolicy(regime: Regime): RegimePolicy {
  return POLICIES[regime];
}
