// Bollinger bands: where the price stands within its usual distance from its average.

import type { Archive } from "../../base/archive.ts";
import { NumberWindow } from "../../base/ring.ts";

/**
 * Bands `deviations` population standard deviations around the simple average of `period` closes (Bollinger 2001).
 * NaN before `period` closes. The sums are taken anew at each update, as distances from the newest closed value: that
 * value is one of the window, so the variance loses at most a factor `period` to cancellation.
 */
export class BollingerBands {
  middle = Number.NaN;
  /** One population standard deviation, in the unit of the input. */
  deviation = Number.NaN;
  /** 0 at the lower band, 1 at the upper; 0.5 when the bands meet. */
  percentB = Number.NaN;
  readonly #period: number;
  readonly #deviations: number;
  readonly #closed: NumberWindow;
  #reference = Number.NaN;
  #distances = 0;
  #squares = 0;

  constructor(options: { period: number; deviations: number }) {
    this.#period = options.period;
    this.#deviations = options.deviations;
    this.#closed = new NumberWindow(options.period - 1);
  }

  /** Upper band less lower band, as a share of the middle. */
  get width(): number {
    return (2 * this.#deviations * this.deviation) / this.middle;
  }

  peek(close: number): void {
    if (!this.#closed.full) return;
    const distance = close - this.#reference;
    const mean = (this.#distances + distance) / this.#period;
    const variance = (this.#squares + distance * distance) / this.#period - mean * mean;
    this.middle = this.#reference + mean;
    this.deviation = variance > 0 ? Math.sqrt(variance) : 0;
    const half = this.#deviations * this.deviation;
    this.percentB = half > 0 ? 0.5 + (distance - mean) / (2 * half) : 0.5;
  }

  update(close: number): void {
    this.peek(close);
    this.#closed.push(close);
    this.#reference = close;
    let distances = 0;
    let squares = 0;
    for (let age = 1; age < this.#closed.size; age++) {
      const distance = this.#closed.back(age) - close;
      distances += distance;
      squares += distance * distance;
    }
    this.#distances = distances;
    this.#squares = squares;
  }

  persist(archive: Archive): void {
    this.#closed.persist(archive);
    this.middle = archive.number(this.middle);
    this.deviation = archive.number(this.deviation);
    this.percentB = archive.number(this.percentB);
    this.#reference = archive.number(this.#reference);
    this.#distances = archive.number(this.#distances);
    this.#squares = archive.number(this.#squares);
  }
}
