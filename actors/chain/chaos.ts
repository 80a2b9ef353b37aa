// How complex the recent past is: four measures over the last closed 1-minute returns. They cost tens of microseconds, so
// they move when a bar closes, one of them at each bar in turn: over a window of two hours, four minutes are no age.

import type { Archive } from "../base/archive.ts";
import { NumberWindow } from "../base/ring.ts";
import { logRatio } from "../base/exponential.ts";

/** Closed 1-minute returns looked at. */
export const CHAOS_WINDOW = 128;

const MEASURES = 4;
const NOT_YET = -1;
const EMBEDDING = 3;
const VECTORS = CHAOS_WINDOW - EMBEDDING + 1;
/** Neighbours closer in time than this are the same orbit and do not count (Theiler 1986). */
const THEILER = 5;
/** Steps a pair of neighbours is followed. */
const DIVERGENCE_STEPS = 4;
/** Share of pairs that count as recurrences: fixes the threshold, whatever the scale of the returns. */
const RECURRENCE_SHARE = 0.1;
/** Shortest diagonal that counts as determinism; embedded neighbours overlap, so shorter ones come by themselves. */
const LINE_MIN = 4;
const THRESHOLD_BINS = 1_024;
/** The threshold is estimated on one pair in this many. */
const THRESHOLD_PAIRS_STEP = 7;
/** Vectors whose divergence can be followed to the end. */
const FOLLOWED = VECTORS - DIVERGENCE_STEPS;
const NOBODY = -1;
const RANGE_SIZES = [8, 16, 32, 64] as const;

// Scratch of one call; actors run to completion on one thread, so all windows share it.
const series = new Float64Array(CHAOS_WINDOW);
const distances = new Float64Array(VECTORS * VECTORS);
const nearest = new Int16Array(VECTORS);
const least = new Float64Array(VECTORS);
const bins = new Uint32Array(THRESHOLD_BINS);
const patterns = new Uint32Array(6);
const LOG_PATTERNS = logRatio(patterns.length, 1);
const EXPECTED_RANGES = RANGE_SIZES.map((size) => logRatio(expectedRescaledRange(size), 1));

export class ChaosWindow {
  readonly #returns = new NumberWindow(CHAOS_WINDOW);
  /** Which measure moved last. */
  #turn = NOT_YET;
  #hurst = Number.NaN;
  #entropy = Number.NaN;
  #chaosIndex = Number.NaN;
  #predictability = Number.NaN;

  /** Hurst exponent: 0.5 without memory, above it trends persist, below it they revert. */
  get hurst(): number {
    return this.#hurst;
  }

  /** Permutation entropy of order 3 over its maximum, 0 (one pattern only) .. 1 (noise). */
  get entropy(): number {
    return this.#entropy;
  }

  /** Largest Lyapunov exponent per minute: how fast near pasts part. Positive is chaotic or noisy. */
  get chaosIndex(): number {
    return this.#chaosIndex;
  }

  /** Determinism of the recurrence plot, 0..1: share of recurrences that lie on diagonals. */
  get predictability(): number {
    return this.#predictability;
  }

  /** Copies the returns, oldest first, and says how many there are. */
  copyReturns(target: Float64Array): number {
    return this.#returns.copyTo(target);
  }

  /**
   * A 1-minute bar closed with this log return. All four are NaN until the window is full; then all are measured, and
   * from there on each at every fourth bar.
   */
  push(logReturn: number): void {
    this.#returns.push(logReturn);
    if (!this.#returns.full) return;
    this.#returns.copyTo(series);
    const first = this.#turn === NOT_YET;
    this.#turn = (this.#turn + 1) % MEASURES;
    if (first || this.#turn === 0) this.#hurst = hurstExponent();
    if (first || this.#turn === 1) this.#entropy = permutationEntropy();
    if (!first && this.#turn < 2) return;
    measureDistances();
    if (first || this.#turn === 2) this.#chaosIndex = lyapunovExponent();
    if (first || this.#turn === 3) this.#predictability = determinism();
  }

  persist(archive: Archive): void {
    this.#returns.persist(archive);
    this.#turn = archive.number(this.#turn);
    this.#hurst = archive.number(this.#hurst);
    this.#entropy = archive.number(this.#entropy);
    this.#chaosIndex = archive.number(this.#chaosIndex);
    this.#predictability = archive.number(this.#predictability);
  }
}

/**
 * Rescaled range (Hurst 1951; Mandelbrot and Wallis 1969): 0.5 plus the slope of log(R/S) against log(n), after taking
 * away what a memoryless series of that length shows (Anis and Lloyd 1976).
 */
function hurstExponent(): number {
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumXY = 0;
  let sizes = 0;
  for (let s = 0; s < RANGE_SIZES.length; s++) {
    const size = RANGE_SIZES[s] as number;
    const ratio = meanRescaledRange(size);
    if (!(ratio > 0)) continue;
    const x = logRatio(size, 1);
    const y = logRatio(ratio, 1) - (EXPECTED_RANGES[s] as number);
    sumX += x;
    sumY += y;
    sumXX += x * x;
    sumXY += x * y;
    sizes++;
  }
  if (sizes < 2) return 0.5;
  const slope = (sizes * sumXY - sumX * sumY) / (sizes * sumXX - sumX * sumX);
  return Math.min(1, Math.max(0, 0.5 + slope));
}

/** Mean of R/S over the blocks of `size` returns; 0 when all of them are constant. */
function meanRescaledRange(size: number): number {
  let sum = 0;
  let blocks = 0;
  for (let start = 0; start + size <= CHAOS_WINDOW; start += size) {
    let mean = 0;
    for (let i = 0; i < size; i++) mean += series[start + i] as number;
    mean /= size;
    let walk = 0;
    let high = 0;
    let low = 0;
    let squares = 0;
    for (let i = 0; i < size; i++) {
      const deviation = (series[start + i] as number) - mean;
      squares += deviation * deviation;
      walk += deviation;
      if (walk > high) high = walk;
      if (walk < low) low = walk;
    }
    const deviation = Math.sqrt(squares / size);
    if (!(deviation > 0)) continue;
    sum += (high - low) / deviation;
    blocks++;
  }
  return blocks === 0 ? 0 : sum / blocks;
}

/** E[R/S] of `size` independent normal numbers, even sizes: C(2k, k) / 4^k x sum of sqrt((n - i) / i), k = n/2 - 1. */
function expectedRescaledRange(size: number): number {
  let factor = 1;
  for (let j = 1; j <= size / 2 - 1; j++) factor *= (2 * j - 1) / (2 * j);
  let sum = 0;
  for (let i = 1; i < size; i++) sum += Math.sqrt((size - i) / i);
  return factor * sum;
}

/** Bandt and Pompe (2002), order 3, delay 1; equal values rank in the order they came. */
function permutationEntropy(): number {
  patterns.fill(0);
  for (let i = 0; i + 2 < CHAOS_WINDOW; i++) {
    const a = series[i] as number;
    const b = series[i + 1] as number;
    const c = series[i + 2] as number;
    const pattern = a <= b ? (b <= c ? 0 : a <= c ? 1 : 2) : a <= c ? 3 : b <= c ? 4 : 5;
    patterns[pattern] = (patterns[pattern] as number) + 1;
  }
  let entropy = 0;
  for (let pattern = 0; pattern < patterns.length; pattern++) {
    const share = (patterns[pattern] as number) / (CHAOS_WINDOW - 2);
    if (share > 0) entropy -= share * logRatio(share, 1);
  }
  return entropy / LOG_PATTERNS;
}

/** Squared distances between all pairs of embedded vectors (delay 1), upper triangle, and who is nearest to whom. */
function measureDistances(): void {
  nearest.fill(NOBODY);
  least.fill(Number.POSITIVE_INFINITY);
  for (let i = 0; i < VECTORS; i++) {
    const a = series[i] as number;
    const b = series[i + 1] as number;
    const c = series[i + 2] as number;
    for (let j = i + 1; j < VECTORS; j++) {
      const first = a - (series[j] as number);
      const second = b - (series[j + 1] as number);
      const third = c - (series[j + 2] as number);
      const squared = first * first + second * second + third * third;
      distances[i * VECTORS + j] = squared;
      if (j - i <= THEILER || j >= FOLLOWED || squared === 0) continue;
      if (squared < (least[i] as number)) {
        least[i] = squared;
        nearest[i] = j;
      }
      if (squared < (least[j] as number)) {
        least[j] = squared;
        nearest[j] = i;
      }
    }
  }
}

function distanceOf(i: number, j: number): number {
  return (i < j ? distances[i * VECTORS + j] : distances[j * VECTORS + i]) as number;
}

/** Rosenstein, Collins and De Luca (1993): slope of the mean log divergence of nearest neighbours. */
function lyapunovExponent(): number {
  let sumX = 0;
  let sumY = 0;
  let sumXX = 0;
  let sumXY = 0;
  let count = 0;
  for (let i = 0; i < FOLLOWED; i++) {
    const neighbour = nearest[i] as number;
    if (neighbour === NOBODY) continue;
    for (let step = 0; step <= DIVERGENCE_STEPS; step++) {
      const squared = distanceOf(i + step, neighbour + step);
      if (!(squared > 0)) continue;
      const y = 0.5 * logRatio(squared, 1);
      sumX += step;
      sumY += y;
      sumXX += step * step;
      sumXY += step * y;
      count++;
    }
  }
  const spread = count * sumXX - sumX * sumX;
  return spread > 0 ? (count * sumXY - sumX * sumY) / spread : 0;
}

/** Recurrence quantification (Webber and Zbilut 1994): the threshold makes a fixed share of pairs recur. */
function determinism(): number {
  const threshold = recurrenceThreshold();
  let recurrences = 0;
  let onLines = 0;
  for (let lag = 1; lag < VECTORS; lag++) {
    let run = 0;
    for (let i = 0; i + lag <= VECTORS; i++) {
      const recurs = i + lag < VECTORS && (distances[i * VECTORS + i + lag] as number) <= threshold;
      if (recurs) {
        run++;
        continue;
      }
      recurrences += run;
      if (run >= LINE_MIN) onLines += run;
      run = 0;
    }
  }
  return recurrences === 0 ? 0 : onLines / recurrences;
}

/** The squared distance below which {@link RECURRENCE_SHARE} of the pairs lie, to a bin of the distances' range. */
function recurrenceThreshold(): number {
  let longest = 0;
  for (let i = 0; i < VECTORS; i++) {
    for (let j = firstSampled(i); j < VECTORS; j += THRESHOLD_PAIRS_STEP) {
      const squared = distances[i * VECTORS + j] as number;
      if (squared > longest) longest = squared;
    }
  }
  if (longest === 0) return 0;
  const scale = (THRESHOLD_BINS - 1) / Math.sqrt(longest);
  let pairs = 0;
  bins.fill(0);
  for (let i = 0; i < VECTORS; i++) {
    for (let j = firstSampled(i); j < VECTORS; j += THRESHOLD_PAIRS_STEP) {
      const bin = Math.floor(Math.sqrt(distances[i * VECTORS + j] as number) * scale);
      bins[bin] = (bins[bin] as number) + 1;
      pairs++;
    }
  }
  const wanted = RECURRENCE_SHARE * pairs;
  let seen = 0;
  for (let bin = 0; bin < THRESHOLD_BINS; bin++) {
    seen += bins[bin] as number;
    if (seen < wanted) continue;
    const threshold = (bin + 1) / scale;
    return threshold * threshold;
  }
  return longest;
}

/** The samples of neighbouring vectors begin at different lags, so that all lags are seen alike. */
function firstSampled(i: number): number {
  return i + 1 + (i % THRESHOLD_PAIRS_STEP);
}
