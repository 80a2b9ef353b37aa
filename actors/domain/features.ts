// The feature schema: names, order and version. A vector is a Float64Array in this order; NaN means "not warm yet".
// Models are trained against the schema's hash, so a change here is a new version.

import { StateHash } from "../base/hash.ts";

/** Bump when a name, its order or its meaning changes. */
export const FEATURE_SCHEMA_VERSION = 2;

/**
 * Indicators run on 1-minute bars of the mid price with the forming bar as the newest, unless a comment says
 * otherwise. Distances and indicators in price units are divided by the mid and given in basis points (bp).
 */
export const FEATURE_NAMES = [
  // Returns
  "returns", // simple return since the previous tick, bp
  "log_return_10s", // log return over the horizon by time, bp
  "log_return_1m",
  "log_return_5m",
  "log_return_15m",
  "log_return_1h",
  // Volatility
  "volatility_5", // sample standard deviation of the last n closed 1-minute log returns, bp
  "volatility_20",
  "volatility_100",
  "volatility_ewma", // RiskMetrics, lambda 0.94, on closed 1-minute log returns, bp
  "volatility_ratio", // volatility_5 / volatility_100
  "volatility_tick", // root of the time-decayed (60 s) mean squared tick return per second, bp
  // Oscillators and trend
  "rsi_14", // Wilder, 0..100
  "macd_line", // EMA 12 - EMA 26, bp
  "macd_signal", // EMA 9 of the line, bp
  "macd_histogram", // line - signal, bp
  "bollinger_percent_b", // (mid - lower) / (upper - lower), 20 bars, 2 population deviations
  "bollinger_width", // (upper - lower) / middle, bp
  "atr_14", // Wilder, bp
  "adx_14", // Wilder, 0..100
  "plus_di_14",
  "minus_di_14",
  "stochastic_k", // slow %K: 14 bars, smoothed by 3, 0..100
  "stochastic_d", // 3-bar mean of %K
  "cci_20",
  // Position against averages and ranges
  "sma_20_distance", // (mid - average) / mid, bp
  "sma_100_distance",
  "ema_9_distance",
  "ema_21_distance",
  "ema_50_distance",
  "ema_200_distance",
  "vwap_deviation", // against the UTC day's volume-weighted mid, bp
  "day_range_position", // 0 at the UTC day's low, 1 at its high
  "donchian_position", // 0 at the low of the last 20 closed bars, 1 at the high; beyond on a breakout
  // Liquidity and microstructure
  "spread", // points
  "spread_pct", // spread / mid, bp
  "spread_percentile", // share of recent ticks with a narrower spread, 0..1
  "tick_rate", // ticks per second, exponential decay 60 s
  "volume_rate", // volume per second over its hourly mean
  "tick_imbalance", // decayed mean of the sign of mid changes, -1..1
  "signed_flow", // decayed best-quote order-flow imbalance (Cont, Kukanov, Stoikov 2014), -1..1
  "quote_age", // seconds since the previous tick
  // Session and calendar
  "session_asia", // 0 or 1
  "session_london",
  "session_new_york",
  "time_of_day_sin",
  "time_of_day_cos",
  "day_of_week_sin",
  "day_of_week_cos",
  // Complexity (move on 1-minute bar close)
  "hurst", // rescaled range over the last 128 closed 1-minute returns
  "entropy", // permutation entropy, order 3, over the same window, 0..1
  "chaos_index", // largest Lyapunov exponent (Rosenstein), per minute
  "predictability", // determinism of the recurrence plot, 0..1
  // Wave function
  "wave_function", // probability of an up move: mass of |psi|^2 above the current price
  "wave_momentum", // expected momentum of the packet, bp per minute
  "wave_dispersion", // width of the packet at the horizon, bp
  // Cross-asset (from market records)
  "dollar_index_return", // synthetic dollar index, log return over 5 minutes, bp
  "dollar_correlation", // correlation of 1-minute returns with the synthetic dollar index, -1..1
  "peer_correlation", // mean absolute correlation with the other instruments, 0..1
  // The two sides of the quote, apart
  "bid_change_1", // newest change of the bid, bp of the mid; then the ones before it
  "bid_change_2",
  "bid_change_3",
  "bid_change_1_age", // seconds since that change
  "bid_change_2_age",
  "bid_change_3_age",
  "ask_change_1",
  "ask_change_2",
  "ask_change_3",
  "ask_change_1_age",
  "ask_change_2_age",
  "ask_change_3_age",
  "bid_ema_300ms_distance", // bid - its average over time with that time constant, bp
  "bid_ema_1s_distance",
  "bid_ema_3s_distance",
  "bid_ema_10s_distance",
  "bid_ema_30s_distance",
  "ask_ema_300ms_distance",
  "ask_ema_1s_distance",
  "ask_ema_3s_distance",
  "ask_ema_10s_distance",
  "ask_ema_30s_distance",
  "spread_ema_1s_distance",
  "spread_ema_30s_distance",
  "tick_rate_1s", // ticks per second, decaying with that time constant
  "tick_rate_3s",
  "tick_rate_10s",
  "same_sign_share", // share of changes of the mid that go on in the direction of the one before, of about the last 128, 0..1
  // Moves in units of the usual one (move on 1-minute bar close): log return over n closed minutes / (volatility_100 * sqrt(n))
  "move_1m",
  "move_5m",
  "move_15m",
  "move_60m",
  "move_240m",
  // Ranges, ln(high / low) of the mid over closed minutes, against what is usual (move on 1-minute bar close)
  "range_5m", // bp
  "range_15m",
  "range_60m",
  "range_240m",
  "range_15m_median", // of the ranges that ended on the last 480 quarter hours with a market: five days, bp
  "range_60m_median",
  "slot_range_15m_median", // of the ranges that began in this quarter hour of the UTC day, on the last 20 days with one, bp
  "slot_range_60m_median",
  "range_5m_ratio", // ln(range_5m / range_15m_median)
  "range_15m_ratio", // ln(range_15m / range_15m_median)
  "range_60m_ratio", // ln(range_60m / range_60m_median)
  "range_240m_ratio", // ln(range_240m / range_60m_median)
  "slot_range_15m_ratio", // ln(slot_range_15m_median / range_15m_median): how lively this time of day usually is
  "slot_range_60m_ratio",
  "slot_range_15m_last", // ln(the newest range that began in this quarter hour of the day / range_15m_median)
  "slot_range_60m_last",
  "range_15m_surprise", // ln(range_15m / the slot median of when it began): livelier than usual at that time
  "range_60m_surprise",
  "surprise_mean", // of range_15m_surprise on quarter hours, decaying by 5 % each
  // The clock that news keep
  "minute_of_hour", // 0..59
  "new_york_minute", // minute of the day in New York, daylight saving included, 0..1439
] as const;

export type FeatureName = (typeof FEATURE_NAMES)[number];

export const FEATURE_COUNT = FEATURE_NAMES.length;

/** Position of each feature in a vector. */
export const FEATURE: Readonly<Record<FeatureName, number>> = Object.freeze(
  Object.fromEntries(FEATURE_NAMES.map((name, index) => [name, index])) as Record<FeatureName, number>,
);

/** Identifies the schema in model cards and records. */
export const FEATURE_SCHEMA_HASH: string = schemaHash();

function schemaHash(): string {
  const hash = new StateHash();
  hash.number(FEATURE_SCHEMA_VERSION);
  for (const name of FEATURE_NAMES) hash.text(name);
  return hash.hex();
}
