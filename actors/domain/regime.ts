// The twelve market regimes. Evidence and thresholds are in chain/regime.ts.

/** Position is the regime's number in records and features: append, never reorder. */
export const REGIMES = [
  "quiet-range",
  "active-range",
  "volatile-range",
  "weak-uptrend",
  "strong-uptrend",
  "weak-downtrend",
  "strong-downtrend",
  "breakout-up",
  "breakout-down",
  "reversal-up",
  "reversal-down",
  "illiquid",
] as const;

export type Regime = (typeof REGIMES)[number];
