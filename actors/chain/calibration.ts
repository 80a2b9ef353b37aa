// Calibration: what a vote of 0.7 has meant in the past. Identity until models and their walk-forward reports come.

import { exponential, logRatio } from "../base/exponential.ts";
import { type Failure, failure, ok, type Result } from "../base/result.ts";

export interface Calibrator {
  /** Monotone, keeps (0, 1) in (0, 1) and NaN NaN. */
  calibrate(probability: number): number;
}

export const IDENTITY_CALIBRATOR: Calibrator = { calibrate: (probability) => probability };

export type CalibrationFailure = "calibration-invalid";

const PROBABILITY_MIN = 1e-6;

/**
 * Isotonic calibration as its fitting leaves it: points (vote, observed frequency) joined by straight lines, flat
 * beyond the ends.
 */
export function isotonicCalibrator(
  votes: readonly number[],
  frequencies: readonly number[],
): Result<Calibrator, CalibrationFailure> {
  const problem = isotonicProblem(votes, frequencies);
  if (problem !== undefined) return invalid(`an isotonic calibration cannot be used: ${problem}`);
  // Copies: what was checked is what is used.
  const xs = Float64Array.from(votes);
  const ys = Float64Array.from(frequencies);
  return ok({
    calibrate: (probability) => {
      if (Number.isNaN(probability)) return probability;
      return bounded(interpolate(xs, ys, probability));
    },
  });
}

/**
 * Beta calibration (Kull, Silva Filho and Flach 2017): 1 / (1 + 1 / (e^c p^a / (1 - p)^b)), monotone for a, b >= 0.
 */
export function betaCalibrator(parameters: {
  a: number;
  b: number;
  c: number;
}): Result<Calibrator, CalibrationFailure> {
  const { a, b, c } = parameters;
  if (!(a >= 0 && b >= 0 && a + b > 0 && Number.isFinite(a + b + c))) {
    return invalid(
      `a beta calibration cannot be used: a and b must not be negative nor both 0 and all finite, got ${a}, ${b}, ${c}`,
    );
  }
  return ok({
    calibrate: (probability) => {
      if (Number.isNaN(probability)) return probability;
      const p = bounded(probability);
      return bounded(1 / (1 + exponential(-(c + a * logRatio(p, 1) - b * logRatio(1 - p, 1)))));
    },
  });
}

function invalid(what: string): Failure<CalibrationFailure> {
  return failure("calibration-invalid", `${what}; fit it again or leave it out`);
}

function isotonicProblem(votes: readonly number[], frequencies: readonly number[]): string | undefined {
  if (votes.length !== frequencies.length)
    return `${votes.length} votes but ${frequencies.length} frequencies`;
  if (votes.length === 0) return "no points";
  for (let i = 0; i < votes.length; i++) {
    const vote = votes[i] as number;
    const frequency = frequencies[i] as number;
    if (!(vote >= 0 && vote <= 1 && frequency >= 0 && frequency <= 1)) return `point ${i} is outside 0..1`;
    if (i === 0) continue;
    if (!(vote > (votes[i - 1] as number))) return `votes must rise: point ${i}`;
    if (!(frequency >= (frequencies[i - 1] as number))) return `frequencies must not fall: point ${i}`;
  }
  return undefined;
}

function interpolate(xs: Float64Array, ys: Float64Array, x: number): number {
  const last = xs.length - 1;
  if (x <= (xs[0] as number)) return ys[0] as number;
  if (x >= (xs[last] as number)) return ys[last] as number;
  let low = 0;
  let high = last;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((xs[middle] as number) <= x) low = middle;
    else high = middle;
  }
  const share = (x - (xs[low] as number)) / ((xs[high] as number) - (xs[low] as number));
  return (ys[low] as number) + share * ((ys[high] as number) - (ys[low] as number));
}

/** A probability of 0 or 1 would be a promise. */
function bounded(probability: number): number {
  return Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, probability));
}
