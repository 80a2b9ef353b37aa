// Moving averages. Like every indicator here they answer twice: `peek` takes the forming bar's value as the newest and
// forgets it, `update` takes a closed bar's and keeps it. Both give the same value for the same number.

import type { Archive } from "../../base/archive.ts";
import { assert } from "../../base/assert.ts";
import { NumberWindow } from "../../base/ring.ts";

/**
 * Simple moving average; NaN before the period is full. The sum of the closed values is taken anew at each update, as
 * distances from the newest: nothing runs on, so nothing drifts.
 */
export class SimpleAverage {
  readonly #period: number;
  readonly #closed: NumberWindow;
  #reference = Number.NaN;
  #distances = 0;

  constructor(period: number) {
    assert(period > 1, "an average needs at least two values");
    this.#period = period;
    this.#closed = new NumberWindow(period - 1);
  }

  peek(value: number): number {
    if (!this.#closed.full) return Number.NaN;
    return this.#reference + (this.#distances + (value - this.#reference)) / this.#period;
  }

  update(value: number): number {
    const average = this.peek(value);
    this.#closed.push(value);
    this.#reference = value;
    let distances = 0;
    for (let age = 1; age < this.#closed.size; age++) distances += this.#closed.back(age) - value;
    this.#distances = distances;
    return average;
  }

  persist(archive: Archive): void {
    this.#closed.persist(archive);
    this.#reference = archive.number(this.#reference);
    this.#distances = archive.number(this.#distances);
  }
}

/**
 * Exponential moving average with weight 2 / (period + 1), started by the mean of its first `period` values as TA-Lib
 * does; NaN before them.
 */
export class ExponentialAverage {
  readonly #period: number;
  readonly #weight: number;
  #count = 0;
  #sum = 0;
  #average = Number.NaN;

  constructor(period: number) {
    assert(period > 1, "an average needs at least two values");
    this.#period = period;
    this.#weight = 2 / (period + 1);
  }

  peek(value: number): number {
    if (this.#count >= this.#period) return this.#average + this.#weight * (value - this.#average);
    return this.#count + 1 === this.#period ? (this.#sum + value) / this.#period : Number.NaN;
  }

  update(value: number): number {
    this.#average = this.peek(value);
    if (this.#count < this.#period) {
      this.#count++;
      this.#sum += value;
    }
    return this.#average;
  }

  persist(archive: Archive): void {
    this.#count = archive.number(this.#count);
    this.#sum = archive.number(this.#sum);
    this.#average = archive.number(this.#average);
  }
}

/**
 * Wilder's smoothing (New Concepts in Technical Trading Systems, 1978): weight 1 / period, started by the mean of its
 * first `period` values; NaN before them. Written so that rounding keeps its order: averages of smaller numbers are
 * never larger, which keeps ratios of two of them within their bounds.
 */
export class WilderAverage {
  readonly #period: number;
  #count = 0;
  #sum = 0;
  #average = Number.NaN;

  constructor(period: number) {
    assert(period > 1, "an average needs at least two values");
    this.#period = period;
  }

  peek(value: number): number {
    if (this.#count >= this.#period) return (this.#average * (this.#period - 1) + value) / this.#period;
    return this.#count + 1 === this.#period ? (this.#sum + value) / this.#period : Number.NaN;
  }

  update(value: number): number {
    this.#average = this.peek(value);
    if (this.#count < this.#period) {
      this.#count++;
      this.#sum += value;
    }
    return this.#average;
  }

  persist(archive: Archive): void {
    this.#count = archive.number(this.#count);
    this.#sum = archive.number(this.#sum);
    this.#average = archive.number(this.#average);
  }
}
