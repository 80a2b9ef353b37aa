// Slow stochastics: where the close stands within the recent range, smoothed.

import type { Archive } from "../../base/archive.ts";
import type { FormingBar } from "./forming-bar.ts";
import { RollingRange } from "./rolling-range.ts";

/**
 * Fast %K = 100 x (close - lowest low) / (highest high - lowest low) over `period` bars, %K its 3-bar mean, %D the 3-bar
 * mean of %K (Lane 1984). 0..100; a range of zero counts as 50. %K is NaN before `period` + 2 bars, %D for 2 more.
 */
export class Stochastic {
  k = Number.NaN;
  d = Number.NaN;
  readonly #range: RollingRange;
  #fast1 = Number.NaN;
  #fast2 = Number.NaN;
  #slow1 = Number.NaN;
  #slow2 = Number.NaN;

  constructor(period: number) {
    this.#range = new RollingRange(period - 1);
  }

  peek(bar: FormingBar): void {
    this.#smooth(this.#fast(bar));
  }

  update(bar: FormingBar): void {
    const fast = this.#fast(bar);
    this.#smooth(fast);
    this.#fast2 = this.#fast1;
    this.#fast1 = fast;
    this.#slow2 = this.#slow1;
    this.#slow1 = this.k;
    this.#range.update(bar);
  }

  persist(archive: Archive): void {
    this.k = archive.number(this.k);
    this.d = archive.number(this.d);
    this.#range.persist(archive);
    this.#fast1 = archive.number(this.#fast1);
    this.#fast2 = archive.number(this.#fast2);
    this.#slow1 = archive.number(this.#slow1);
    this.#slow2 = archive.number(this.#slow2);
  }

  #fast(bar: FormingBar): number {
    const high = bar.high > this.#range.high ? bar.high : this.#range.high;
    const low = bar.low < this.#range.low ? bar.low : this.#range.low;
    return high === low ? 50 : 100 * ((bar.close - low) / (high - low));
  }

  #smooth(fast: number): void {
    this.k = (this.#fast2 + this.#fast1 + fast) / 3;
    this.d = (this.#slow2 + this.#slow1 + this.k) / 3;
  }
}
