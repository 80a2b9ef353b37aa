// How wide the spread is against its own recent past.

import type { Archive } from "../../base/archive.ts";
import { SPREAD_POINTS_MAX, SPREAD_TICKS_MAX, SPREAD_TICKS_MIN } from "./limits.ts";

/** Below this a bin is one point wide; above, each doubling is cut into half as many bins: 3 % wide at most. */
const EXACT_POINTS = 64;
const BINS_PER_DOUBLING = EXACT_POINTS / 2;
const DOUBLINGS = Math.log2(SPREAD_POINTS_MAX / EXACT_POINTS);
const BINS = EXACT_POINTS + DOUBLINGS * BINS_PER_DOUBLING + 1;

/**
 * Share of the last {@link SPREAD_TICKS_MAX} spreads in a narrower bin than the newest's; NaN before
 * {@link SPREAD_TICKS_MIN}. Counts are whole numbers, so the histogram cannot drift. The number of narrower spreads is
 * walked to from the last bin asked for: a step per bin the spread moved, and at most one per bin there is.
 */
export class SpreadPercentile {
  readonly #recent = new Float64Array(SPREAD_TICKS_MAX);
  readonly #counts = new Float64Array(BINS);
  #ticks = 0;
  #bin = 0;
  #narrower = 0;

  update(spreadPoints: number): number {
    const bin = spreadBin(spreadPoints);
    const slot = this.#ticks % SPREAD_TICKS_MAX;
    if (this.#ticks >= SPREAD_TICKS_MAX) {
      const oldest = this.#recent[slot] as number;
      this.#counts[oldest] = (this.#counts[oldest] as number) - 1;
      if (oldest < this.#bin) this.#narrower--;
    }
    this.#recent[slot] = bin;
    this.#counts[bin] = (this.#counts[bin] as number) + 1;
    if (bin < this.#bin) this.#narrower++;
    this.#ticks++;
    this.#walkTo(bin);
    if (this.#ticks < SPREAD_TICKS_MIN) return Number.NaN;
    return this.#narrower / (this.#ticks < SPREAD_TICKS_MAX ? this.#ticks : SPREAD_TICKS_MAX);
  }

  persist(archive: Archive): void {
    archive.numbers(this.#recent);
    archive.numbers(this.#counts);
    this.#ticks = archive.number(this.#ticks);
    this.#bin = archive.number(this.#bin);
    this.#narrower = archive.number(this.#narrower);
  }

  #walkTo(bin: number): void {
    let at = this.#bin;
    let narrower = this.#narrower;
    for (; at < bin; at++) narrower += this.#counts[at] as number;
    while (at > bin) narrower -= this.#counts[--at] as number;
    this.#bin = at;
    this.#narrower = narrower;
  }
}

/** The bin of a spread: spreads in a lower bin are narrower. */
export function spreadBin(spreadPoints: number): number {
  if (spreadPoints >= SPREAD_POINTS_MAX) return BINS - 1;
  const whole = spreadPoints | 0;
  if (whole < EXACT_POINTS) return whole > 0 ? whole : 0;
  // 32..63 have 26 leading zeros; each doubling has one less.
  const doubling = 26 - Math.clz32(whole);
  return BINS_PER_DOUBLING * doubling + (whole >> doubling);
}
