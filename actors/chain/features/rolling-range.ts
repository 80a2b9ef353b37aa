// Highest high and lowest low of the last closed bars.

import type { Archive } from "../../base/archive.ts";
import { NumberWindow } from "../../base/ring.ts";

/**
 * Range of the last `period` closed bars (Donchian's channel); NaN before them. Scanned at each update: windows are a
 * few bars long and bars close once a minute, so a scan costs less than keeping order on every tick.
 */
export class RollingRange {
  high = Number.NaN;
  low = Number.NaN;
  readonly #highs: NumberWindow;
  readonly #lows: NumberWindow;

  constructor(period: number) {
    this.#highs = new NumberWindow(period);
    this.#lows = new NumberWindow(period);
  }

  update(bar: { readonly high: number; readonly low: number }): void {
    this.#highs.push(bar.high);
    this.#lows.push(bar.low);
    if (!this.#highs.full) return;
    let { high, low } = bar;
    for (let age = 1; age < this.#highs.capacity; age++) {
      const otherHigh = this.#highs.back(age);
      const otherLow = this.#lows.back(age);
      if (otherHigh > high) high = otherHigh;
      if (otherLow < low) low = otherLow;
    }
    this.high = high;
    this.low = low;
  }

  persist(archive: Archive): void {
    this.high = archive.number(this.high);
    this.low = archive.number(this.low);
    this.#highs.persist(archive);
    this.#lows.persist(archive);
  }
}
