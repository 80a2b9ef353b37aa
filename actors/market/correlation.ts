// Correlations between many return series, updated online: one step a minute, all pairs, no window to keep.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { decayFactor } from "../base/exponential.ts";

export interface CorrelationOptions {
  readonly series: number;
  /** After this many joint observations an old one counts half. */
  readonly halfLife: number;
  /** Joint observations below which a correlation is not given. */
  readonly warmAfter: number;
}

/**
 * Exponentially weighted correlation of zero-mean returns, pairwise complete: a pair moves only when both its series
 * have a value. Each pair keeps its own three sums - products and both squares - so that by Cauchy-Schwarz every
 * correlation lies in [-1, 1] whatever is missing. Zero-mean since the drift of a minute is far below its noise, and
 * estimating it adds more error than it removes.
 *
 * The sums forget: an old rounding error shrinks with the observation it came from, so they neither drift nor need
 * compensation. Memory and time of a step are O(series^2).
 */
export class CorrelationMatrix {
  readonly #series: number;
  readonly #decay: number;
  readonly #warmAfter: number;
  /** By pair, see {@link pairIndex}. */
  readonly #products: Float64Array;
  readonly #squaresLow: Float64Array;
  readonly #squaresHigh: Float64Array;
  readonly #counts: Float64Array;

  constructor(options: CorrelationOptions) {
    assert(options.series > 0 && options.halfLife > 0, "correlations need series and a half-life");
    this.#series = options.series;
    this.#decay = decayFactor(Math.LN2 / options.halfLife);
    this.#warmAfter = options.warmAfter;
    const pairs = (options.series * (options.series - 1)) / 2;
    this.#products = new Float64Array(pairs);
    this.#squaresLow = new Float64Array(pairs);
    this.#squaresHigh = new Float64Array(pairs);
    this.#counts = new Float64Array(pairs);
  }

  /** One step: the latest return of each series, NaN where it has none. */
  update(returns: Float64Array): void {
    assert(returns.length === this.#series, "one return for each series");
    const decay = this.#decay;
    let pair = 0;
    for (let high = 1; high < this.#series; high++) {
      const b = returns[high] as number;
      if (Number.isNaN(b)) {
        pair += high;
        continue;
      }
      for (let low = 0; low < high; low++, pair++) {
        const a = returns[low] as number;
        if (Number.isNaN(a)) continue;
        this.#products[pair] = (this.#products[pair] as number) * decay + a * b;
        this.#squaresLow[pair] = (this.#squaresLow[pair] as number) * decay + a * a;
        this.#squaresHigh[pair] = (this.#squaresHigh[pair] as number) * decay + b * b;
        this.#counts[pair] = (this.#counts[pair] as number) + 1;
      }
    }
  }

  /** Correlation of two different series; NaN while it is not warm or one of them does not move. */
  between(first: number, second: number): number {
    const pair = pairIndex(first, second);
    if ((this.#counts[pair] as number) < this.#warmAfter) return Number.NaN;
    const scale = Math.sqrt((this.#squaresLow[pair] as number) * (this.#squaresHigh[pair] as number));
    if (!(scale > 0)) return Number.NaN;
    return Math.max(-1, Math.min(1, (this.#products[pair] as number) / scale));
  }

  /** Mean absolute correlation of a series with the first `others` series, itself left out; NaN when none is warm. */
  meanAbsolute(series: number, others: number): number {
    let sum = 0;
    let warm = 0;
    for (let other = 0; other < others; other++) {
      if (other === series) continue;
      const correlation = this.between(series, other);
      if (Number.isNaN(correlation)) continue;
      sum += Math.abs(correlation);
      warm++;
    }
    return warm === 0 ? Number.NaN : sum / warm;
  }

  persist(archive: Archive): void {
    archive.numbers(this.#products);
    archive.numbers(this.#squaresLow);
    archive.numbers(this.#squaresHigh);
    archive.numbers(this.#counts);
  }
}

/** Pairs lie as the rows of a lower triangle: (1,0), (2,0), (2,1), (3,0), ... */
function pairIndex(first: number, second: number): number {
  const high = Math.max(first, second);
  return (high * (high - 1)) / 2 + Math.min(first, second);
}
