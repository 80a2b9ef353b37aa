// Where the mid stood some time ago, for returns over horizons of time instead of bars.

import type { Archive } from "../../base/archive.ts";
import type { Micros } from "../../base/clock.ts";
import { logRatio } from "../../base/exponential.ts";
import { BASIS_POINTS, QUIET_MICROS } from "./limits.ts";

const NONE = -1;

/**
 * Log returns against the mid that stood one horizon ago. Time is cut into steps; one sample is kept per step that had
 * quotes, its last mid, and a horizon's reference is the last mid before the step that began one horizon before the
 * current one: the return spans its horizon and at most one step more.
 *
 * A reference is missing (NaN) while there is none yet, and when its quote was older at that time than the horizon and
 * {@link QUIET_MICROS}: the market was closed then, and the price across a gap is no return over the horizon.
 */
export class HorizonReturns {
  /** The mid each horizon is measured against, in points; NaN when missing. */
  readonly references: Float64Array;
  readonly #stepMicros: number;
  readonly #horizonSteps: Float64Array;
  readonly #ageMaxMicros: Float64Array;
  readonly #mids: Float64Array;
  readonly #times: Float64Array;
  /** Samples taken before the reference of each horizon; {@link NONE} when it has none. */
  readonly #cursors: Float64Array;
  #samples = 0;
  #step = NONE;
  #mid = Number.NaN;
  #timeMicros: Micros = 0;

  /** @param options.horizonsMicros multiples of the step, ascending */
  constructor(options: { stepMicros: number; horizonsMicros: readonly number[] }) {
    const { stepMicros, horizonsMicros } = options;
    this.#stepMicros = stepMicros;
    this.#horizonSteps = Float64Array.from(horizonsMicros, (horizonMicros) => horizonMicros / stepMicros);
    this.#ageMaxMicros = Float64Array.from(horizonsMicros, (micros) => Math.max(micros, QUIET_MICROS));
    // The longest horizon's steps, and the reference before them.
    const capacity = Math.max(...this.#horizonSteps) + 1;
    this.#mids = new Float64Array(capacity);
    this.#times = new Float64Array(capacity);
    this.#cursors = new Float64Array(horizonsMicros.length).fill(NONE);
    this.references = new Float64Array(horizonsMicros.length).fill(Number.NaN);
  }

  /** A quote; times never go backwards. */
  update(midPoints: number, timeMicros: Micros): void {
    const step = Math.floor(timeMicros / this.#stepMicros);
    if (step !== this.#step) this.#begin(step);
    this.#mid = midPoints;
    this.#timeMicros = timeMicros;
  }

  /** Log return over horizon number `index`, bp; NaN without a reference. */
  read(index: number): number {
    return BASIS_POINTS * logRatio(this.#mid, this.references[index] as number);
  }

  persist(archive: Archive): void {
    archive.numbers(this.references);
    archive.numbers(this.#mids);
    archive.numbers(this.#times);
    archive.numbers(this.#cursors);
    this.#samples = archive.number(this.#samples);
    this.#step = archive.number(this.#step);
    this.#mid = archive.number(this.#mid);
    this.#timeMicros = archive.number(this.#timeMicros);
  }

  #begin(step: number): void {
    if (this.#step !== NONE) {
      const slot = this.#samples % this.#mids.length;
      this.#mids[slot] = this.#mid;
      this.#times[slot] = this.#timeMicros;
      this.#samples++;
    }
    this.#step = step;
    for (let i = 0; i < this.references.length; i++) {
      const boundaryMicros = (step - (this.#horizonSteps[i] as number)) * this.#stepMicros;
      this.references[i] = this.#referenceAt(i, boundaryMicros);
    }
  }

  /** Each sample is passed once by each cursor, so the cost is constant per sample. */
  #referenceAt(index: number, boundaryMicros: Micros): number {
    const capacity = this.#mids.length;
    let cursor = this.#cursors[index] as number;
    while (cursor + 1 < this.#samples && (this.#times[(cursor + 1) % capacity] as number) < boundaryMicros)
      cursor++;
    this.#cursors[index] = cursor;
    if (cursor === NONE) return Number.NaN;
    const ageMicros = boundaryMicros - (this.#times[cursor % capacity] as number);
    return ageMicros <= (this.#ageMaxMicros[index] as number)
      ? (this.#mids[cursor % capacity] as number)
      : Number.NaN;
  }
}
