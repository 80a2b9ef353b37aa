// Whether an instrument still moves with the dollar as it usually does. Where that breaks down, what was learned of how symbols
// hang together is not to be trusted: a person is told with the signal.

import type { Archive } from "../base/archive.ts";
import { exponential, logRatio } from "../base/exponential.ts";
import { clamp } from "./squash.ts";

/** Minutes that the usual correlation looks back on: a trading day; and those before anything is judged. */
const USUAL_MINUTES = 1_440;
const WARM_MINUTES = 240;
/** A breakdown is this many deviations from the usual and this far in correlation. */
const DEVIATIONS_MIN = 3;
const DISTANCE_MIN = 0.3;
/** Correlations beyond this are one to the transform. */
const CORRELATION_MAX = 0.999;

export interface CorrelationBreak {
  readonly usual: number;
  readonly now: number;
}

/**
 * The correlation with the dollar index, minute by minute, as Fisher's z = artanh(r) (Fisher 1915), whose spread does not depend on
 * the correlation itself, against its own slow mean. One that never wavers breaks by distance alone.
 */
export class CorrelationWatch {
  #minutes = 0;
  #mean = 0;
  #variance = 0;
  #now = Number.NaN;
  #isBroken = false;

  /** Undefined while it moves with the dollar as usual, or that is not known. Allocates where it does not. */
  get broken(): CorrelationBreak | undefined {
    return this.#isBroken ? { usual: correlationOf(this.#mean), now: this.#now } : undefined;
  }

  /** @param correlation of a minute; NaN where it is not known */
  update(correlation: number): void {
    this.#now = correlation;
    this.#isBroken = false;
    if (Number.isNaN(correlation)) return;
    const z = fisher(correlation);
    const difference = z - this.#mean;
    if (this.#minutes >= WARM_MINUTES) {
      const isFar = Math.abs(correlation - correlationOf(this.#mean)) >= DISTANCE_MIN;
      this.#isBroken = isFar && difference * difference >= DEVIATIONS_MIN * DEVIATIONS_MIN * this.#variance;
    }
    const weight = 1 / Math.min(++this.#minutes, USUAL_MINUTES);
    this.#mean += weight * difference;
    this.#variance = (1 - weight) * (this.#variance + weight * difference * difference);
  }

  persist(archive: Archive): void {
    this.#minutes = archive.number(this.#minutes);
    this.#mean = archive.number(this.#mean);
    this.#variance = archive.number(this.#variance);
    this.#now = archive.number(this.#now);
    this.#isBroken = archive.boolean(this.#isBroken);
  }
}

function fisher(correlation: number): number {
  const bounded = clamp(correlation, -CORRELATION_MAX, CORRELATION_MAX);
  return logRatio(1 + bounded, 1 - bounded) / 2;
}

/** tanh(z). */
function correlationOf(z: number): number {
  return 1 - 2 / (exponential(2 * z) + 1);
}
