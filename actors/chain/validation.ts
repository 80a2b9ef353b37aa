// Step 7's second half: what of a vote is believed in a regime. A trend is not easily voted against, and where votes have meant
// less than they said, less of them counts.

import type { Regime } from "../domain/regime.ts";
import { regimePolicy } from "./regime.ts";

/**
 * How much of a vote's distance from one half has come true in each regime, 0..1, learned from forecasts of time that nobody
 * had learned from; 1 where it is not named.
 */
export type Reliability = Readonly<Partial<Record<Regime, number>>>;

/** @returns the probability that is left, on the same side of one half; NaN for NaN */
export function believed(probabilityUp: number, regime: Regime, reliability: Reliability = {}): number {
  const policy = regimePolicy(regime);
  const belief = (probabilityUp > 0.5 ? policy.up : policy.down) * (reliability[regime] ?? 1);
  return 0.5 + (probabilityUp - 0.5) * belief;
}
