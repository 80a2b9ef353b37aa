// The rows that window models read: a symbol's features as they stood when each of its last minutes closed. Kept once for all
// members, so that a model which takes another's place reads on where that one was.

import type { Archive, Persistent } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import { MARKET_GAP_MICROS } from "../chain/features/limits.ts";
import { FEATURE_COUNT } from "../domain/features.ts";
import type { MinuteRows } from "../ports/forecaster.ts";

export class MinuteHistory implements MinuteRows, Persistent {
  readonly values: Float32Array;
  readonly #rowsMax: number;
  #count = 0;
  /** Row that the next one is written to. */
  #next = 0;
  #closeMicros: Micros = -Infinity;

  constructor(rowsMax: number) {
    this.#rowsMax = rowsMax;
    this.values = new Float32Array(rowsMax * FEATURE_COUNT);
  }

  get count(): number {
    return this.#count;
  }

  get closeMicros(): Micros {
    return this.#closeMicros;
  }

  offsetOf(age: number): number {
    const row = this.#next - 1 - age;
    return (row < 0 ? row + this.#rowsMax : row) * FEATURE_COUNT;
  }

  /** A minute without a quote has no row; more than a market gap between two, and all before it is another market. */
  push(features: Float64Array, closeMicros: Micros): void {
    if (closeMicros - this.#closeMicros > MARKET_GAP_MICROS) this.#count = 0;
    this.#closeMicros = closeMicros;
    this.#append(features);
  }

  persist(archive: Archive): void {
    const count = archive.number(this.#count);
    this.#closeMicros = archive.number(this.#closeMicros);
    const row = new Float64Array(FEATURE_COUNT);
    if (archive.loading) this.#count = 0;
    for (let age = count - 1; age >= 0; age--) {
      if (!archive.loading) this.#copy(age, row);
      archive.numbers(row);
      // One that was saved with more room leaves its newest rows.
      if (archive.loading) this.#append(row);
    }
  }

  #append(features: Float64Array): void {
    this.values.set(features, this.#next * FEATURE_COUNT);
    this.#next = (this.#next + 1) % this.#rowsMax;
    if (this.#count < this.#rowsMax) this.#count++;
  }

  #copy(age: number, row: Float64Array): void {
    const offset = this.offsetOf(age);
    for (let i = 0; i < FEATURE_COUNT; i++) row[i] = this.values[offset + i] as number;
  }
}
