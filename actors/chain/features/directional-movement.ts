// Wilder's directional movement system: which way bars reach beyond the one before, and how one-sidedly; and the true
// range it is measured by.

import type { Archive } from "../../base/archive.ts";
import type { FormingBar } from "./forming-bar.ts";
import { WilderAverage } from "./moving-averages.ts";

/** Largest of high - low, |high - previous close| and |low - previous close| (Wilder 1978). */
function trueRange(bar: FormingBar, previousClose: number): number {
  const high = bar.high > previousClose ? bar.high : previousClose;
  const low = bar.low < previousClose ? bar.low : previousClose;
  return high - low;
}

/** Average true range (Wilder 1978), in the unit of the prices; NaN before `period` + 1 bars. */
export class AverageTrueRange {
  readonly #average: WilderAverage;
  #close = Number.NaN;

  constructor(period: number) {
    this.#average = new WilderAverage(period);
  }

  peek(bar: FormingBar): number {
    return this.#average.peek(trueRange(bar, this.#close));
  }

  update(bar: FormingBar): number {
    const previousClose = this.#close;
    this.#close = bar.close;
    return Number.isNaN(previousClose) ? Number.NaN : this.#average.update(trueRange(bar, previousClose));
  }

  persist(archive: Archive): void {
    this.#average.persist(archive);
    this.#close = archive.number(this.#close);
  }
}

/**
 * Directional indicators and average directional index (Wilder 1978). All 0..100; 0 when nothing moved. The indicators
 * are NaN before `period` + 1 bars, the index before 2 x `period`. TA-Lib starts its sums with one bar less; the two
 * agree once the start is forgotten.
 */
export class DirectionalMovement {
  plusIndicator = Number.NaN;
  minusIndicator = Number.NaN;
  averageIndex = Number.NaN;
  readonly #range: WilderAverage;
  readonly #plus: WilderAverage;
  readonly #minus: WilderAverage;
  readonly #index: WilderAverage;
  #high = Number.NaN;
  #low = Number.NaN;
  #close = Number.NaN;

  constructor(period: number) {
    this.#range = new WilderAverage(period);
    this.#plus = new WilderAverage(period);
    this.#minus = new WilderAverage(period);
    this.#index = new WilderAverage(period);
  }

  peek(bar: FormingBar): void {
    const range = this.#range.peek(trueRange(bar, this.#close));
    if (Number.isNaN(range)) return;
    const up = bar.high - this.#high;
    const down = this.#low - bar.low;
    this.averageIndex = this.#index.peek(
      this.#indicate(
        range,
        this.#plus.peek(up > down && up > 0 ? up : 0),
        this.#minus.peek(down > up && down > 0 ? down : 0),
      ),
    );
  }

  update(bar: FormingBar): void {
    const up = bar.high - this.#high;
    const down = this.#low - bar.low;
    const range = trueRange(bar, this.#close);
    const first = Number.isNaN(this.#close);
    this.#high = bar.high;
    this.#low = bar.low;
    this.#close = bar.close;
    if (first) return;
    const averageRange = this.#range.update(range);
    const plus = this.#plus.update(up > down && up > 0 ? up : 0);
    const minus = this.#minus.update(down > up && down > 0 ? down : 0);
    if (Number.isNaN(averageRange)) return;
    this.averageIndex = this.#index.update(this.#indicate(averageRange, plus, minus));
  }

  persist(archive: Archive): void {
    this.#range.persist(archive);
    this.#plus.persist(archive);
    this.#minus.persist(archive);
    this.#index.persist(archive);
    this.plusIndicator = archive.number(this.plusIndicator);
    this.minusIndicator = archive.number(this.minusIndicator);
    this.averageIndex = archive.number(this.averageIndex);
    this.#high = archive.number(this.#high);
    this.#low = archive.number(this.#low);
    this.#close = archive.number(this.#close);
  }

  /** Sets the indicators and returns the directional index of this bar alone. */
  #indicate(range: number, plus: number, minus: number): number {
    this.plusIndicator = range > 0 ? 100 * (plus / range) : 0;
    this.minusIndicator = range > 0 ? 100 * (minus / range) : 0;
    const movement = plus + minus;
    return movement > 0 ? 100 * (Math.abs(plus - minus) / movement) : 0;
  }
}
