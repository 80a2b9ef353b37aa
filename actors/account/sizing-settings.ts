// How volumes are chosen. Whatever the method, the stop never costs more than the account's riskFraction, and no limit is
// passed: a method can only make orders smaller than that.

import { MICROS_PER_MINUTE } from "../base/clock.ts";

/**
 * `fixed-fraction`: the stop costs the account's riskFraction. `volatility-target`: the foretold move, or a year of such
 * moves, is worth a share of equity. `fractional-kelly`: the stop costs a share of what Kelly's criterion stakes.
 */
export const SIZING_METHODS = ["fixed-fraction", "volatility-target", "fractional-kelly"] as const;

export interface SizingSettings {
  readonly method: (typeof SIZING_METHODS)[number];
  /** Share of equity: of one trade's standard deviation, or of a year's (`volatilityPeriod`). */
  readonly volatilityFraction: number;
  readonly volatilityPeriod: "trade" | "year";
  /** What the foretold move is about. */
  readonly volatilityHorizonMicros: number;
  /** Of Kelly's stake: a half bears three quarters of the growth at a quarter of the variance (Thorp 2006). */
  readonly kellyFraction: number;
  /** How much of the volume depends on confidence: 0 for nothing, 1 for none at a probability of one half. */
  readonly confidenceShare: number;
  /** How much of it depends on how far members agree: 0 for nothing, 1 for none where half are sure of either side. */
  readonly uncertaintyShare: number;
}

export const DEFAULT_SIZING_SETTINGS: SizingSettings = {
  method: "fixed-fraction",
  volatilityFraction: 0.005,
  volatilityPeriod: "trade",
  volatilityHorizonMicros: 15 * MICROS_PER_MINUTE,
  kellyFraction: 0.25,
  confidenceShare: 0,
  uncertaintyShare: 0,
};
