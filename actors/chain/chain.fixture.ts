// What the tests of the chain's steps share: a warm feature vector to vary, a quote, and a trip through an archive.

import { type Archive, LoadArchive, SaveArchive } from "../base/archive.ts";
import { FEATURE, FEATURE_COUNT, type FeatureName } from "../domain/features.ts";
import { emptyQuote, type Quote } from "../domain/quote.ts";

/** A calm, liquid market without a direction; everything the rule members and the regimes read. */
const CALM: Readonly<Partial<Record<FeatureName, number>>> = {
  log_return_1m: 0,
  log_return_5m: 0,
  log_return_15m: 0,
  volatility_20: 1,
  volatility_ratio: 1,
  rsi_14: 50,
  macd_histogram: 0,
  bollinger_percent_b: 0.5,
  atr_14: 2,
  adx_14: 10,
  plus_di_14: 20,
  minus_di_14: 20,
  stochastic_k: 50,
  ema_9_distance: 0,
  ema_21_distance: 0,
  donchian_position: 0.5,
  spread_pct: 0.5,
  spread_percentile: 0.5,
  tick_rate: 1,
  tick_imbalance: 0,
  signed_flow: 0,
  hurst: 0.5,
  entropy: 0.95,
  chaos_index: 0.3,
  predictability: 0.5,
  wave_function: 0.5,
  wave_dispersion: 2,
};

/** {@link CALM} with `changes`; every other feature is NaN. */
export function vectorOf(changes: Partial<Record<FeatureName, number>> = {}): Float64Array {
  const vector = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  for (const [name, value] of Object.entries({ ...CALM, ...changes })) {
    vector[FEATURE[name as FeatureName]] = value;
  }
  return vector;
}

export function quoteOf(prices: { bidPoints: number; askPoints: number }): Quote {
  const { bidPoints, askPoints } = prices;
  return {
    ...emptyQuote(),
    bidPoints,
    askPoints,
    midPoints: (bidPoints + askPoints) / 2,
    spreadPoints: askPoints - bidPoints,
  };
}

interface Persistent {
  persist(archive: Archive): void;
}

/** Saves `from`, loads it into `to` and makes sure that nothing was left over. */
export function carryOver<Part extends Persistent>(from: Part, to: Part): Part {
  const save = new SaveArchive();
  from.persist(save);
  const load = new LoadArchive(save.finish());
  to.persist(load);
  load.finish();
  return to;
}
