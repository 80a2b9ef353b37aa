// Step 7's second half: what of a vote is believed in a regime. What was learned of the vote counts; where nothing was, a trend is
// not easily voted against.

import type { Regime } from "../domain/regime.ts";
import { regimePolicy } from "./regime.ts";

/**
 * How much of a vote's distance from one half has come true in each regime, 0..1, learned from forecasts of time that nobody
 * had learned from. A regime that is not named is left to its rule of thumb.
 */
export type Reliability = Readonly<Partial<Record<Regime, number>>>;

/** @returns the probability that is left, on the same side of one half; NaN for NaN */
export function believed(probabilityUp: number, regime: Regime, reliability: Reliability = {}): number {
  const { up, down } = regimePolicy(regime);
  const belief = reliability[regime] ?? (probabilityUp > 0.5 ? up : down);
  return 0.5 + (probabilityUp - 0.5) * belief;
}
