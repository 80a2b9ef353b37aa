// A fair sample of the feature vectors of a stream of unknown length, for comparing its halves.

import type { Micros } from "../../actors/base/clock.ts";
import type { Random } from "../../actors/base/random.ts";
import { FEATURE_COUNT, FEATURE_NAMES } from "../../actors/domain/features.ts";
import { stabilityIndex } from "../../actors/quality/measures.ts";

/** Vectors of a symbol that are kept: shares of a decile are then known to half a percent. */
const SAMPLE_MAX = 20_000;

/** Vitter's reservoir (1985, algorithm R): each vector so far has the same chance to be in it. */
export class FeatureSample {
  readonly #random: Random;
  readonly #timesMicros = new Float64Array(SAMPLE_MAX);
  readonly #rows = new Float32Array(SAMPLE_MAX * FEATURE_COUNT);
  #seen = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  add(timeMicros: Micros, features: Float64Array): void {
    const place = this.#seen < SAMPLE_MAX ? this.#seen : this.#random.integer(this.#seen + 1);
    this.#seen++;
    if (place >= SAMPLE_MAX) return;
    this.#timesMicros[place] = timeMicros;
    this.#rows.set(features, place * FEATURE_COUNT);
  }

  /** Of each feature, how far it moved from before `splitMicros` to after it; NaN where one side is empty. */
  stability(splitMicros: Micros): { feature: string; psi: number }[] {
    const count = Math.min(this.#seen, SAMPLE_MAX);
    const rows = Array.from({ length: count }, (_, row) => row);
    const before = rows.filter((row) => (this.#timesMicros[row] as number) < splitMicros);
    const after = rows.filter((row) => (this.#timesMicros[row] as number) >= splitMicros);
    return FEATURE_NAMES.map((feature, index) => ({
      feature,
      psi: stabilityIndex(this.#column(before, index), this.#column(after, index)),
    }));
  }

  #column(rows: readonly number[], index: number): Float32Array {
    return Float32Array.from(rows, (row) => this.#rows[row * FEATURE_COUNT + index] as number);
  }
}
