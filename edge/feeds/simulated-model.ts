// The numbers behind the simulated market: stated, round, and of the size real markets show. They are modelled on published
// stylised facts (Cont 2001: clustering, heavy tails, intraday seasonality) and on a week of OANDA ticks, not fitted.

import { assert } from "../../actors/base/assert.ts";

/** What one symbol is like on an average day. */
export interface SymbolModel {
  readonly startPrice: number;
  /** Standard deviation of a day's log return, jumps included, in basis points. */
  readonly dailyVolatilityBp: number;
  /** Usual spread in points in busy hours. */
  readonly spreadPoints: number;
  /** Share of all ticks, relative to the other symbols. */
  readonly activity: number;
  /** How many times livelier than {@link HOURLY_ACTIVITY} it is in Asian hours. */
  readonly asia: number;
}

export const SYMBOL_MODELS: Readonly<Record<string, SymbolModel>> = {
  EURUSD: { startPrice: 1.0862, dailyVolatilityBp: 50, spreadPoints: 8, activity: 1.6, asia: 1 },
  GBPUSD: { startPrice: 1.2715, dailyVolatilityBp: 55, spreadPoints: 11, activity: 1.3, asia: 1 },
  USDJPY: { startPrice: 147.35, dailyVolatilityBp: 60, spreadPoints: 9, activity: 1.4, asia: 2.2 },
  USDCHF: { startPrice: 0.8812, dailyVolatilityBp: 48, spreadPoints: 13, activity: 0.7, asia: 1 },
  USDCAD: { startPrice: 1.3544, dailyVolatilityBp: 40, spreadPoints: 14, activity: 0.7, asia: 0.9 },
  AUDUSD: { startPrice: 0.6581, dailyVolatilityBp: 60, spreadPoints: 9, activity: 0.9, asia: 2 },
  NZDUSD: { startPrice: 0.6093, dailyVolatilityBp: 62, spreadPoints: 14, activity: 0.6, asia: 2.2 },
  XAUUSD: { startPrice: 2034.5, dailyVolatilityBp: 95, spreadPoints: 250, activity: 1.8, asia: 1.5 },
};

/** Correlation of returns, in the order of SYMBOL_MODELS. */
export const CORRELATIONS: readonly (readonly number[])[] = [
  [1, 0.72, -0.45, -0.78, -0.5, 0.6, 0.55, 0.42],
  [0.72, 1, -0.38, -0.58, -0.48, 0.56, 0.52, 0.34],
  [-0.45, -0.38, 1, 0.52, 0.25, -0.3, -0.28, -0.46],
  [-0.78, -0.58, 0.52, 1, 0.38, -0.46, -0.42, -0.46],
  [-0.5, -0.48, 0.25, 0.38, 1, -0.6, -0.52, -0.3],
  [0.6, 0.56, -0.3, -0.46, -0.6, 1, 0.82, 0.4],
  [0.55, 0.52, -0.28, -0.42, -0.52, 0.82, 1, 0.36],
  [0.42, 0.34, -0.46, -0.46, -0.3, 0.4, 0.36, 1],
];

/** Variance and tick rate by hour of the UTC day, about 1 on average: London from 7, New York from 12, quiet from 20. */
export const HOURLY_ACTIVITY: readonly number[] = [
  0.35, 0.4, 0.38, 0.3, 0.28, 0.32, 0.7, 1.75, 1.75, 1.3, 1.2, 1.25, 2.1, 2.3, 2.3, 2, 1.45, 0.95, 0.75, 0.6,
  0.45, 0.35, 0.3, 0.3,
];

/** How Asian each hour is: 1 in Sydney and Tokyo hours. */
export const HOURLY_ASIA: readonly number[] = [
  1, 1, 1, 1, 1, 1, 0.7, 0.2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.3, 0.8, 1,
];

/** Widening of the spread by hour: banks roll over after 21:00. */
export const HOURLY_SPREAD: readonly number[] = [
  1.2, 1.1, 1.1, 1.1, 1.15, 1.1, 1.05, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1.05, 1.1, 1.2, 1.4, 2.4, 1.9, 1.4,
];

/**
 * Volatility is an exponential of two mean-reverting states, what all symbols share and what is a symbol's own (Taylor's
 * stochastic volatility in two parts). Deviations are stationary, in log volatility.
 */
export const LOG_VOLATILITY = {
  commonDeviation: 0.35,
  commonMemorySeconds: 3_600,
  ownDeviation: 0.2,
  ownMemorySeconds: 900,
} as const;

/**
 * Slow drift that comes and goes, so that there are trends to find: deviation in volatilities a second. It makes up about
 * a twelfth of the variance of 15-minute returns: more than real markets give away, little enough that costs still bite.
 */
export const DRIFT = { deviation: 0.011, memorySeconds: 1_200 } as const;

/** News: jumps of all symbols together, with wide spreads and busy, lively minutes after. */
export const NEWS = {
  /** In an hour of average activity; more often in busy hours. */
  meanSecondsBetween: 3 * 3_600,
  /** In standard deviations of a five-minute return. */
  size: 2.5,
  spreadWidening: 4,
  activityRise: 3,
  varianceRise: 3,
  memorySeconds: 90,
} as const;

/** Standard deviation of the gap after a weekend of 48 hours, in daily volatilities; others by the root of their length. */
export const WEEKEND_GAP = 0.35;

/** Spreads after an opening: how much wider, and for how long. */
export const OPENING = { spreadWidening: 3, memorySeconds: 300 } as const;

/** Ticks bring ticks (Hawkes process): the share of ticks that follow others, and for how long they do. */
export const EXCITEMENT = { share: 0.4, memorySeconds: 4 } as const;

/** Noise of a quote's mid around the true price, in spreads: single quotes revert, as bid-ask bounce does. */
export const QUOTE_NOISE = 0.06;

/** Quoted sizes in millions of the base currency (thousands of ounces): median and deviation of the logarithm. */
export const VOLUME = { median: 1.5, logDeviation: 0.6 } as const;

/**
 * The lower triangular matrix L with L L' = the correlations (Cholesky).
 * @throws AssertionError where the matrix is not positive definite: no market has such correlations
 */
export function choleskyOf(correlations: readonly (readonly number[])[]): Float64Array[] {
  const size = correlations.length;
  const lower = Array.from({ length: size }, () => new Float64Array(size));
  for (let i = 0; i < size; i++) {
    const row = lower[i] as Float64Array;
    for (let j = 0; j <= i; j++) {
      const other = lower[j] as Float64Array;
      let sum = correlations[i]?.[j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (row[k] as number) * (other[k] as number);
      assert(i !== j || sum > 0, "correlations are not positive definite");
      row[j] = i === j ? Math.sqrt(sum) : sum / (other[j] as number);
    }
  }
  return lower;
}

/** A value between those of an hourly table, which hold at the middle of their hours. */
export function hourly(table: readonly number[], secondOfDay: number): number {
  const position = secondOfDay / 3_600 - 0.5;
  const hour = Math.floor(position);
  const share = position - hour;
  const before = table[(hour + 24) % 24] ?? 1;
  const after = table[(hour + 25) % 24] ?? 1;
  return before + share * (after - before);
}
