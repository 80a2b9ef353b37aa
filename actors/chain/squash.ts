// Bounding helpers shared by the rule members and the regimes.

/** Odd, monotone, in (-1, 1): x / (1 + |x|). */
export function squash(x: number): number {
  return x / (1 + Math.abs(x));
}

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

/** How strong a trend is by its ADX: 0 at 15 and below, 1 at 40 and above (Wilder calls 25 a trend). */
export function trendStrength(adx: number): number {
  return clamp((adx - ADX_NONE) / (ADX_FULL - ADX_NONE), 0, 1);
}

const ADX_NONE = 15;
const ADX_FULL = 40;
