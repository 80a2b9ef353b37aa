// How much closed 1-minute returns vary, over windows and exponentially weighted. Moves when a bar closes.

import type { Archive } from "../../base/archive.ts";
import { assert } from "../../base/assert.ts";
import { NumberWindow } from "../../base/ring.ts";
import { EWMA_LAMBDA, EWMA_SEED_RETURNS, VOLATILITY_RETURNS_MAX } from "./limits.ts";

/** Scratch of one call; actors run to completion on one thread, so all instances share it. */
const returns = new Float64Array(VOLATILITY_RETURNS_MAX);

export class ReturnVolatility {
  readonly #window = new NumberWindow(VOLATILITY_RETURNS_MAX);
  #count = 0;
  #squares = 0;
  #ewmaVariance = Number.NaN;

  /**
   * Root of the exponentially weighted mean square (RiskMetrics 1996, lambda 0.94), in the unit of the returns. Starts
   * from the plain mean square of the first {@link EWMA_SEED_RETURNS}; NaN before them.
   */
  get ewma(): number {
    return Math.sqrt(this.#ewmaVariance);
  }

  update(value: number): void {
    this.#window.push(value);
    const square = value * value;
    if (this.#count < EWMA_SEED_RETURNS) {
      this.#count++;
      this.#squares += square;
      if (this.#count === EWMA_SEED_RETURNS) this.#ewmaVariance = this.#squares / EWMA_SEED_RETURNS;
    } else {
      this.#ewmaVariance = EWMA_LAMBDA * this.#ewmaVariance + (1 - EWMA_LAMBDA) * square;
    }
  }

  /**
   * Sample standard deviation (n - 1) of the last `count` returns; NaN before them. Two passes over the window, so there
   * is no running sum to drift.
   */
  deviation(count: number): number {
    assert(count > 1 && count <= VOLATILITY_RETURNS_MAX, "no such window of returns");
    const size = this.#window.size;
    if (size < count) return Number.NaN;
    this.#window.copyTo(returns);
    let sum = 0;
    for (let i = size - count; i < size; i++) sum += returns[i] as number;
    const mean = sum / count;
    let squares = 0;
    for (let i = size - count; i < size; i++) {
      const distance = (returns[i] as number) - mean;
      squares += distance * distance;
    }
    return Math.sqrt(squares / (count - 1));
  }

  persist(archive: Archive): void {
    this.#window.persist(archive);
    this.#count = archive.number(this.#count);
    this.#squares = archive.number(this.#squares);
    this.#ewmaVariance = archive.number(this.#ewmaVariance);
  }
}
