// The UTC day so far: its volume-weighted mid and its range.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_DAY, type Micros } from "../../base/clock.ts";
import type { Quote } from "../../domain/quote.ts";

/**
 * Begins anew at every UTC midnight, and with the first quote there is: a day joined late is known from then on. Sums
 * hold distances from the day's first mid and only grow for one day, so their error stays below a millionth of a point.
 */
export class DayStatistics {
  high = Number.NaN;
  low = Number.NaN;
  #endMicros: Micros = -Infinity;
  #first = Number.NaN;
  #ticks = 0;
  #distances = 0;
  #volume = 0;
  #weightedDistances = 0;

  /** Mid weighted by volume, or by quotes while the day has had no volume; NaN before the first quote. */
  get volumeWeightedMid(): number {
    const mean = this.#volume > 0 ? this.#weightedDistances / this.#volume : this.#distances / this.#ticks;
    return this.#first + mean;
  }

  /** 0 at the day's low, 1 at its high, 0.5 while it has no range. */
  position(midPoints: number): number {
    return this.high > this.low ? (midPoints - this.low) / (this.high - this.low) : 0.5;
  }

  update(quote: Quote, timeMicros: Micros): void {
    const mid = quote.midPoints;
    if (timeMicros >= this.#endMicros) this.#begin(mid, timeMicros);
    if (mid > this.high) this.high = mid;
    if (mid < this.low) this.low = mid;
    const distance = mid - this.#first;
    this.#ticks++;
    this.#distances += distance;
    this.#volume += quote.volume;
    this.#weightedDistances += quote.volume * distance;
  }

  persist(archive: Archive): void {
    this.high = archive.number(this.high);
    this.low = archive.number(this.low);
    this.#endMicros = archive.number(this.#endMicros);
    this.#first = archive.number(this.#first);
    this.#ticks = archive.number(this.#ticks);
    this.#distances = archive.number(this.#distances);
    this.#volume = archive.number(this.#volume);
    this.#weightedDistances = archive.number(this.#weightedDistances);
  }

  #begin(mid: number, timeMicros: Micros): void {
    this.#endMicros = (Math.floor(timeMicros / MICROS_PER_DAY) + 1) * MICROS_PER_DAY;
    this.high = mid;
    this.low = mid;
    this.#first = mid;
    this.#ticks = 0;
    this.#distances = 0;
    this.#volume = 0;
    this.#weightedDistances = 0;
  }
}
