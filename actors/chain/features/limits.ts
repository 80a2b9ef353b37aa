// Bounds and periods of the feature engine: how long each part remembers, and when it has seen enough to speak.

import { MICROS_PER_HOUR, MICROS_PER_MINUTE } from "../../base/clock.ts";

/**
 * Silence longer than this is a market gap (night, weekend, outage). The price move over it is not a minute's return:
 * it enters neither the volatilities nor the complexity window.
 */
export const MARKET_GAP_MICROS = 5 * MICROS_PER_MINUTE;

/** A quote stands this long although its horizon is shorter: a quiet market is no gap. */
export const QUIET_MICROS = MICROS_PER_MINUTE;

/** Time constant of the features that forget exponentially; they speak after one of it. */
export const FLOW_DECAY_MICROS = MICROS_PER_MINUTE;

/** Time constant of the mean that the volume rate is held against. */
export const VOLUME_MEAN_DECAY_MICROS = MICROS_PER_HOUR;

/** The volume rate speaks after this long: until then its mean is hardly longer than the rate itself. */
export const VOLUME_RATE_WARM_MICROS = MICROS_PER_HOUR / 4;

/** Closed returns the volatilities remember: the longest of their windows. */
export const VOLATILITY_RETURNS_MAX = 100;

/** Decay per return of the exponentially weighted volatility (RiskMetrics 1996, daily and intraday). */
export const EWMA_LAMBDA = 0.94;

/** Returns whose plain mean square the exponentially weighted volatility starts from. */
export const EWMA_SEED_RETURNS = 20;

/** Ticks the spread percentile remembers. */
export const SPREAD_TICKS_MAX = 1_024;

/** Ticks it needs before it speaks. */
export const SPREAD_TICKS_MIN = 100;

/** Spreads from here on share the last bin; no instrument accepts them as a quote. */
export const SPREAD_POINTS_MAX = 65_536;

/** Ranges in the median of five days: one for each quarter hour of a day, five times. */
export const RANGE_SAMPLES_MAX = 480;

/** A median of ranges speaks after two days. */
export const RANGE_SAMPLES_MIN = 192;

/** Days with a range that a quarter hour of the day remembers. */
export const SLOT_DAYS_MAX = 20;

/** Days a quarter hour needs before its median speaks. */
export const SLOT_DAYS_MIN = 10;

/** A range is one when there were bars in this share of its minutes. */
export const RANGE_COVERAGE_MIN = 0.8;

/** Weight of the newest change in the share of changes that keep the direction. */
export const SAME_SIGN_WEIGHT = 1 / 128;

/** Changes it needs before it speaks. */
export const SAME_SIGN_CHANGES_MIN = 128;

export const BASIS_POINTS = 10_000;
