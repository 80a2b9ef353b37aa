// The technical member: a score from the classic indicators. Where there is a trend it follows it, where there is none it
// expects a return to the middle, and the order flow of the last seconds leans on both.

import type { Archive } from "../base/archive.ts";
import { FEATURE } from "../domain/features.ts";
import { ABSTAIN, type ForecastInput, type Forecaster } from "../ports/forecaster.ts";
import { squash, trendStrength } from "./squash.ts";
import { TICK_VOTE_LIFE_MICROS } from "./vote-lives.ts";

/** Share of the distance to certainty that a full score covers: indicators alone are never sure. */
const CONVICTION = 0.45;

const MACD_WEIGHT = 0.35;
const AVERAGES_WEIGHT = 0.35;
const DIRECTION_WEIGHT = 0.3;

const RSI_WEIGHT = 0.35;
const BOLLINGER_WEIGHT = 0.4;
const STOCHASTIC_WEIGHT = 0.25;

const FLOW_WEIGHT = 0.25;

/**
 * -1 (down) .. 1 (up); NaN while an indicator it needs is not warm.
 * Trend following: MACD histogram and the gap between the 9- and 21-bar averages, both in units of the average true
 * range, and the difference of the directional indicators. Reversion: RSI, Bollinger %b and slow stochastics, each as
 * distance from its middle, turned round.
 */
export function technicalScore(features: Float64Array): number {
  const range = features[FEATURE.atr_14] as number;
  const strength = trendStrength(features[FEATURE.adx_14] as number);
  const plus = features[FEATURE.plus_di_14] as number;
  const minus = features[FEATURE.minus_di_14] as number;
  // Distances are price minus average: the slow one minus the fast one is fast average above slow.
  const averages =
    (features[FEATURE.ema_21_distance] as number) - (features[FEATURE.ema_9_distance] as number);
  // A market without any range has no distances either; an unknown range makes the score unknown.
  const perRange = range === 0 ? 0 : 1 / range;
  const trend =
    MACD_WEIGHT * squash(4 * (features[FEATURE.macd_histogram] as number) * perRange) +
    AVERAGES_WEIGHT * squash(averages * perRange) +
    (DIRECTION_WEIGHT * (plus - minus)) / Math.max(plus + minus, 1);
  const reversion =
    (RSI_WEIGHT * (50 - (features[FEATURE.rsi_14] as number))) / 50 +
    BOLLINGER_WEIGHT * squash(2 * (0.5 - (features[FEATURE.bollinger_percent_b] as number))) +
    (STOCHASTIC_WEIGHT * (50 - (features[FEATURE.stochastic_k] as number))) / 50;
  const flow =
    0.5 * ((features[FEATURE.tick_imbalance] as number) + (features[FEATURE.signed_flow] as number));
  const opinion = strength * trend + (1 - strength) * reversion;
  return Math.max(-1, Math.min(1, (1 - FLOW_WEIGHT) * opinion + FLOW_WEIGHT * flow));
}

export class TechnicalForecaster implements Forecaster {
  readonly member = "technical";
  readonly cadence = "tick";
  readonly deadlineMicros = 1_000;
  readonly voteLifeMicros = TICK_VOTE_LIFE_MICROS;

  forecast(input: ForecastInput): number {
    const score = technicalScore(input.features);
    return Number.isNaN(score) ? ABSTAIN : 0.5 + CONVICTION * score;
  }

  /** It remembers nothing. */
  persist(_archive: Archive): void {}
}
