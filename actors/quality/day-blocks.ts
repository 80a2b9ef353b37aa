// How far a measure can be off by chance, where rows are not independent: labels overlap and a day's rows share its mood. Whole
// days are drawn with replacement (a block bootstrap); what a measure needs of a day is summed once, so that drawing is cheap.

import { assert } from "../base/assert.ts";
import { MICROS_PER_DAY, type Micros } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { Interval } from "./measures.ts";
import { SortedScores } from "./sorting.ts";

/** With fewer days nothing is said about chance. */
export const DAYS_MIN = 5;
/** Draws; the interval's ends move little with more. */
export const ROUNDS = 400;
/** Bins of rank that the area under the curve is drawn with; within one of 256 all scores count as equal. */
const RANK_BINS = 256;

/** Sums of each UTC day, `width` of them. */
export class DayBlocks {
  readonly width: number;
  readonly #days = new Map<number, Float64Array>();

  constructor(width: number) {
    this.width = width;
  }

  get count(): number {
    return this.#days.size;
  }

  /** The sums of the day of `timeMicros`, to add to. */
  of(timeMicros: Micros): Float64Array {
    const day = Math.floor(timeMicros / MICROS_PER_DAY);
    let sums = this.#days.get(day);
    if (sums === undefined) {
      sums = new Float64Array(this.width);
      this.#days.set(day, sums);
    }
    return sums;
  }

  total(): Float64Array {
    const total = new Float64Array(this.width);
    for (const sums of this.#days.values()) addTo(total, sums);
    return total;
  }

  /**
   * The middle 95 % of each statistic over days drawn with replacement; undefined with fewer than {@link DAYS_MIN} days. Draws that
   * a statistic has no number for are left out.
   * @param statistics what to make of the summed days
   */
  intervals(
    statistics: readonly ((sums: Float64Array) => number)[],
    { random, rounds = ROUNDS }: { random: Random; rounds?: number },
  ): (Interval | undefined)[] {
    const days = [...this.#days.values()];
    if (days.length < DAYS_MIN) return statistics.map(() => undefined);
    const drawn = statistics.map(() => new Float64Array(rounds));
    const sums = new Float64Array(this.width);
    for (let round = 0; round < rounds; round++) {
      sums.fill(0);
      for (let i = 0; i < days.length; i++) addTo(sums, days[random.integer(days.length)] as Float64Array);
      for (let i = 0; i < statistics.length; i++) {
        (drawn[i] as Float64Array)[round] = (statistics[i] as (of: Float64Array) => number)(sums);
      }
    }
    return drawn.map(middle95);
  }
}

/** The middle 95 % of the numbers among `values`. */
function middle95(values: Float64Array): Interval | undefined {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  if (sorted.length === 0) return undefined;
  return { low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}

/** Between the two nearest of sorted values. */
export function quantile(sorted: Float64Array, share: number): number {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (place - below) * (high - low);
}

function addTo(sums: Float64Array, more: Float64Array): void {
  for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + (more[i] as number);
}

interface ScoredRows {
  readonly scores: Float32Array;
  readonly outcomes: Uint8Array;
  readonly timesMicros: Float64Array;
  /** Scores and outcomes, where they are sorted already. */
  readonly sorted?: SortedScores;
}

/**
 * The interval of the area under the curve. Scores are drawn as ranks in 256 bins of equal mass; the difference that this makes to
 * the area of all rows is taken off again.
 * @param area of all rows, exact
 */
export function areaInterval(
  rows: ScoredRows,
  area: number,
  options: { random: Random; rounds?: number },
): Interval | undefined {
  const { scores, outcomes, timesMicros } = rows;
  const bins = new RankBins(scores, rows.sorted ?? new SortedScores(scores, outcomes));
  const blocks = new DayBlocks(bins.width);
  for (let i = 0; i < scores.length; i++) {
    bins.count(blocks.of(timesMicros[i] as number), { at: 0, row: i, outcome: outcomes[i] as number });
  }
  const areaOf = (sums: Float64Array): number => areaOfBins(sums, 0, bins.width);
  const [interval] = blocks.intervals([areaOf], options);
  return shifted(interval, area - areaOf(blocks.total()), 0);
}

/**
 * The interval of how much larger the area of the scores is than that of others on the same rows, both drawn together.
 * @param gain of all rows, exact
 */
export function areaGainInterval(
  rows: ScoredRows & { readonly others: Float32Array },
  gain: number,
  options: { random: Random; rounds?: number },
): Interval | undefined {
  const { scores, others, outcomes, timesMicros } = rows;
  const bins = new RankBins(scores, rows.sorted ?? new SortedScores(scores, outcomes));
  const otherBins = new RankBins(others, new SortedScores(others, outcomes));
  const width = bins.width + otherBins.width;
  const blocks = new DayBlocks(width);
  for (let row = 0; row < scores.length; row++) {
    const sums = blocks.of(timesMicros[row] as number);
    const outcome = outcomes[row] as number;
    bins.count(sums, { at: 0, row, outcome });
    otherBins.count(sums, { at: bins.width, row, outcome });
  }
  const gainOf = (sums: Float64Array): number =>
    areaOfBins(sums, 0, bins.width) - areaOfBins(sums, bins.width, width);
  const [interval] = blocks.intervals([gainOf], options);
  return shifted(interval, gain - gainOf(blocks.total()), -1);
}

/** Moved, but not below `least` nor above 1, where there is no area. */
function shifted(interval: Interval | undefined, by: number, least: number): Interval | undefined {
  if (interval === undefined) return undefined;
  return { low: Math.max(least, interval.low + by), high: Math.min(1, interval.high + by) };
}

/** Scores as bins of equal mass; for each two counts: where it did not happen, where it did. */
class RankBins {
  readonly width: number;
  readonly #scores: Float32Array;
  readonly #tops: Float32Array;

  constructor(scores: Float32Array, sorted: SortedScores) {
    assert(scores.length === sorted.length, "rows differ in length");
    this.#scores = scores;
    this.#tops = Float32Array.from(sorted.equalParts(RANK_BINS), (end) => sorted.score(end - 1));
    this.width = 2 * this.#tops.length;
  }

  /** Counts a row into sums whose bins begin at `at`. */
  count(sums: Float64Array, { at, row, outcome }: { at: number; row: number; outcome: number }): void {
    const place = at + 2 * binOf(this.#tops, this.#scores[row] as number) + outcome;
    sums[place] = (sums[place] as number) + 1;
  }
}

/** The first bin whose top is not below `score`. */
function binOf(tops: Float32Array, score: number): number {
  let low = 0;
  let high = tops.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((tops[middle] as number) < score) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Of counts by bin, from one place to another: where it did not happen, where it did. */
function areaOfBins(counts: Float64Array, from: number, until: number): number {
  let pairs = 0;
  let below = 0;
  let happened = 0;
  for (let i = from; i < until; i += 2) {
    const not = counts[i] as number;
    const did = counts[i + 1] as number;
    pairs += did * (below + not / 2);
    below += not;
    happened += did;
  }
  return pairs / (happened * below);
}
