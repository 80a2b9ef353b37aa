// Commodity channel index: the typical price's distance from its average, in mean absolute deviations.

import type { Archive } from "../../base/archive.ts";
import { NumberWindow } from "../../base/ring.ts";
import type { FormingBar } from "./forming-bar.ts";

/** Lambert's constant: puts about three quarters of the values within -100..100. */
const LAMBERT = 0.015;

/**
 * (typical price - its simple average) / (0.015 x its mean absolute deviation), typical price = (high + low + close) / 3
 * (Lambert 1980). 0 when nothing moved; NaN before `period` bars.
 *
 * The deviation is exact at constant cost per tick: the closed prices are kept sorted, with the sums up to each (both
 * rebuilt when a bar closes), so it needs only the number of them below the average. That number is walked to from the
 * last one, and the average of 20 moves a twentieth of what the price does. Prices are three times the typical one, which
 * cancels, and distances from the newest closed one, which keeps the sums small.
 */
export class CommodityChannel {
  readonly #period: number;
  readonly #closed: NumberWindow;
  readonly #sorted: Float64Array;
  /** Sum of the first i distances at i. */
  readonly #sums: Float64Array;
  #reference = Number.NaN;
  #below = 0;

  constructor(period: number) {
    this.#period = period;
    this.#closed = new NumberWindow(period - 1);
    this.#sorted = new Float64Array(period - 1);
    this.#sums = new Float64Array(period);
  }

  peek(bar: FormingBar): number {
    if (!this.#closed.full) return Number.NaN;
    const count = this.#period - 1;
    const total = this.#sums[count] as number;
    const distance = bar.high + bar.low + bar.close - this.#reference;
    const mean = (total + distance) / this.#period;
    const below = this.#countBelow(mean);
    const sumBelow = this.#sums[below] as number;
    const closedDeviations = mean * (2 * below - count) + total - 2 * sumBelow;
    const deviation = (closedDeviations + Math.abs(distance - mean)) / this.#period;
    return deviation > 0 ? (distance - mean) / (LAMBERT * deviation) : 0;
  }

  update(bar: FormingBar): number {
    const index = this.peek(bar);
    this.#reference = bar.high + bar.low + bar.close;
    this.#closed.push(this.#reference);
    if (this.#closed.full) this.#rebuild();
    return index;
  }

  persist(archive: Archive): void {
    this.#closed.persist(archive);
    archive.numbers(this.#sorted);
    archive.numbers(this.#sums);
    this.#reference = archive.number(this.#reference);
    this.#below = archive.number(this.#below);
  }

  #countBelow(mean: number): number {
    const sorted = this.#sorted;
    let below = this.#below;
    while (below < sorted.length && (sorted[below] as number) < mean) below++;
    while (below > 0 && (sorted[below - 1] as number) >= mean) below--;
    this.#below = below;
    return below;
  }

  #rebuild(): void {
    const sorted = this.#sorted;
    for (let i = 0; i < sorted.length; i++) sorted[i] = this.#closed.back(i) - this.#reference;
    sorted.sort();
    let sum = 0;
    for (let i = 0; i < sorted.length; i++) {
      sum += sorted[i] as number;
      this.#sums[i + 1] = sum;
    }
  }
}
