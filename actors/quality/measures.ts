// How good probabilities were, once it is known what happened: plain functions over arrays, the same ones for evaluation on
// history and for what live members said. An outcome is 1 where the event happened, else 0.

import { logRatio } from "../base/exponential.ts";
import { SortedScores } from "./sorting.ts";

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** 97.5 % of the standard normal distribution lies below it. */
const NORMAL_975 = 1.959964;

/** A probability nearer to 0 or 1 counts as this near: one wrong certainty would cost infinitely much. */
const PROBABILITY_MIN = 1e-7;

/** Bins of the expected calibration error and of calibration curves. */
const CALIBRATION_BINS = 15;
const DECILES = 10;

/** Bins of the population stability index, of equal mass in the reference; missing values have one besides. */
const STABILITY_BINS = 10;
/** An empty bin counts as this share: otherwise one value too many would be infinitely far away. */
const STABILITY_SHARE_MIN = 1e-4;

/**
 * Area under the ROC curve: the chance that a row where the event happened has a higher score than one where it did not (Mann and
 * Whitney 1947), equal scores counting half.
 * @param sorted both, where they are sorted already
 * @returns NaN where all outcomes are the same
 */
export function areaUnderCurve(
  scores: Float32Array,
  outcomes: Uint8Array,
  sorted: SortedScores = new SortedScores(scores, outcomes),
): number {
  let pairs = 0;
  let below = 0;
  let happened = 0;
  for (let from = 0; from < sorted.length;) {
    const end = sorted.endOfTies(from);
    let inTie = 0;
    for (let i = from; i < end; i++) inTie += sorted.label(i);
    const notInTie = end - from - inTie;
    pairs += inTie * (below + notInTie / 2);
    below += notInTie;
    happened += inTie;
    from = end;
  }
  return pairs / (happened * below);
}

/** Right guesses, those without an opinion (exactly one half) counting half. */
export function rightGuesses(probabilities: Float32Array, outcomes: Uint8Array): number {
  let twice = 0;
  for (let i = 0; i < probabilities.length; i++) {
    twice += guessCredit(probabilities[i] as number, outcomes[i] as number);
  }
  return twice / 2;
}

/** 2 for a right guess, 1 for none, 0 for a wrong one. */
export function guessCredit(probability: number, outcome: number): number {
  if (probability === 0.5) return 1;
  return probability > 0.5 === (outcome === 1) ? 2 : 0;
}

/** Wilson's interval (1927) for a share, at 95 %; of rows that do not overlap. */
export function wilsonInterval(right: number, count: number): Interval {
  if (count === 0) return { low: 0, high: 1 };
  const square = NORMAL_975 * NORMAL_975;
  const share = right / count;
  const middle = (share + square / (2 * count)) / (1 + square / count);
  const half =
    (NORMAL_975 / (1 + square / count)) *
    Math.sqrt((share * (1 - share)) / count + square / (4 * count * count));
  return { low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}

/** Share of rows where the event happened. */
export function baseRate(outcomes: Uint8Array): number {
  let happened = 0;
  for (let i = 0; i < outcomes.length; i++) happened += outcomes[i] as number;
  return happened / outcomes.length;
}

/** Mean of -ln of what was given to what happened. */
export function logLoss(probabilities: Float32Array, outcomes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++)
    sum += surprise(probabilities[i] as number, outcomes[i] as number);
  return sum / probabilities.length;
}

/** -ln of what was given to what happened. */
export function surprise(probability: number, outcome: number): number {
  const given = outcome === 1 ? probability : 1 - probability;
  return -logRatio(Math.min(1 - PROBABILITY_MIN, Math.max(PROBABILITY_MIN, given)), 1);
}

/** Mean squared distance of probability and outcome (Brier 1950). */
export function brierScore(probabilities: Float32Array, outcomes: Uint8Array): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const distance = (probabilities[i] as number) - (outcomes[i] as number);
    sum += distance * distance;
  }
  return sum / probabilities.length;
}

/** 1 - Brier score over that of always saying the base rate; NaN where all outcomes are the same. */
export function brierSkill(brier: number, rate: number): number {
  return 1 - brier / (rate * (1 - rate));
}

export interface CalibrationBin {
  readonly count: number;
  /** Mean of what was said. */
  readonly said: number;
  /** How often it happened. */
  readonly happened: number;
}

/**
 * What was said against what happened, in bins of equal mass, the lowest probability first.
 * @param sorted both, where they are sorted already
 */
export function calibrationCurve(
  probabilities: Float32Array,
  outcomes: Uint8Array,
  sorted: SortedScores = new SortedScores(probabilities, outcomes),
): CalibrationBin[] {
  let from = 0;
  return sorted.equalParts(CALIBRATION_BINS).map((end) => {
    let said = 0;
    let happened = 0;
    for (let i = from; i < end; i++) {
      said += sorted.score(i);
      happened += sorted.label(i);
    }
    const count = end - from;
    from = end;
    return { count, said: said / count, happened: happened / count };
  });
}

/** Expected calibration error: the mean distance of said and happened over the bins, by their rows. */
export function calibrationError(curve: readonly CalibrationBin[]): number {
  const count = curve.reduce((sum, bin) => sum + bin.count, 0);
  return curve.reduce((sum, bin) => sum + bin.count * Math.abs(bin.said - bin.happened), 0) / count;
}

export interface CoverageStep {
  /** Rows at least this sure, as a share of all, from the surest on. */
  readonly coverage: number;
  readonly count: number;
  /** Right guesses among the rows of this step, and among all that are at least as sure. */
  readonly accuracy: number;
  readonly accuracyWithin: number;
  /** The least distance from one half in this step. */
  readonly confidence: number;
}

/** Accuracy by decile of confidence - the distance from one half -, the surest first. */
export function coverageCurve(probabilities: Float32Array, outcomes: Uint8Array): CoverageStep[] {
  const unsureness = new Float32Array(probabilities.length);
  const credits = new Uint8Array(probabilities.length);
  for (let i = 0; i < unsureness.length; i++) {
    const probability = probabilities[i] as number;
    unsureness[i] = -Math.abs(probability - 0.5);
    credits[i] = guessCredit(probability, outcomes[i] as number);
  }
  const sorted = new SortedScores(unsureness, credits);
  let from = 0;
  let creditWithin = 0;
  return sorted.equalParts(DECILES).map((end) => {
    let credit = 0;
    for (let i = from; i < end; i++) credit += sorted.label(i);
    creditWithin += credit;
    const count = end - from;
    from = end;
    return {
      coverage: end / sorted.length,
      count,
      accuracy: credit / 2 / count,
      accuracyWithin: creditWithin / 2 / end,
      confidence: -sorted.score(end - 1),
    };
  });
}

/**
 * Population stability index of a sample against a reference: the sum over bins of equal mass in the reference of
 * (s - r) ln(s / r), s and r the shares of both in the bin. By custom 0.1 is a shift worth a look and 0.25 a large one.
 * @returns NaN where one of them is empty
 */
export function stabilityIndex(reference: Float32Array, sample: Float32Array): number {
  if (reference.length === 0 || sample.length === 0) return Number.NaN;
  const present = reference.filter((value) => !Number.isNaN(value));
  const sorted = new SortedScores(present, new Uint8Array(present.length));
  const tops = sorted.equalParts(STABILITY_BINS).map((end) => sorted.score(end - 1));
  return shareDivergence(sharesOf(reference, tops), sharesOf(sample, tops));
}

/** The same of shares that are known: of the bins of a reference, and of a sample in the same bins. */
export function shareDivergence(reference: Float64Array, sample: Float64Array): number {
  return reference.reduce((sum, share, bin) => {
    const r = Math.max(STABILITY_SHARE_MIN, share);
    const s = Math.max(STABILITY_SHARE_MIN, sample[bin] as number);
    return sum + (s - r) * logRatio(s, r);
  }, 0);
}

/** Shares of the values in the bins that end with `tops`, the last one open; after them the share of what is missing. */
function sharesOf(values: Float32Array, tops: readonly number[]): Float64Array {
  const bins = Math.max(1, tops.length);
  const shares = new Float64Array(bins + 1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    let bin = bins;
    if (!Number.isNaN(value)) {
      bin = 0;
      while (bin < bins - 1 && value > (tops[bin] as number)) bin++;
    }
    shares[bin] = (shares[bin] as number) + 1 / values.length;
  }
  return shares;
}

/**
 * Rows whose outcomes do not overlap: the first, then each that comes at or after the end of the one before.
 * @param timesMicros rising
 */
export function nonOverlapping(timesMicros: Float64Array, spanMicros: number): Uint32Array {
  const chosen = new Uint32Array(timesMicros.length);
  let count = 0;
  let freeMicros = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < timesMicros.length; i++) {
    const timeMicros = timesMicros[i] as number;
    if (timeMicros < freeMicros) continue;
    chosen[count++] = i;
    freeMicros = timeMicros + spanMicros;
  }
  return chosen.slice(0, count);
}
