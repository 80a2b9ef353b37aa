// How a model is asked for evaluation: its card's features by name, of the present row or of the last closed minutes in a row. The
// same reading as a live member's, but for any horizon and event.

import type { Micros } from "../../actors/base/clock.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { MARKET_GAP_MICROS } from "../../actors/chain/features/limits.ts";
import { FEATURE_COUNT, FEATURE_NAMES } from "../../actors/domain/features.ts";
import type { Inference } from "../../actors/ports/inference.ts";
import { MODEL_WINDOW_MAX } from "../../actors/ports/models.ts";

/** The features of the last closed minutes of one symbol, in the four bytes that models see. */
export class MinuteWindow {
  readonly #rows = new Float32Array(MODEL_WINDOW_MAX * FEATURE_COUNT);
  #count = 0;
  #closeMicros: Micros = Number.NEGATIVE_INFINITY;

  /** A minute without a quote has no row; after a market gap the window begins anew. */
  push(features: Float64Array, closeMicros: Micros): void {
    if (closeMicros - this.#closeMicros > MARKET_GAP_MICROS) this.#count = 0;
    this.#closeMicros = closeMicros;
    this.#rows.set(features, (this.#count++ % MODEL_WINDOW_MAX) * FEATURE_COUNT);
  }

  get count(): number {
    return Math.min(this.#count, MODEL_WINDOW_MAX);
  }

  /** Feature `index` of the row `age` minutes back; 0 is the newest. */
  at(age: number, index: number): number {
    const place = (this.#count - 1 - age) % MODEL_WINDOW_MAX;
    return this.#rows[place * FEATURE_COUNT + index] as number;
  }
}

export type ReaderFailure = "unknown-feature" | "shape-mismatch";

export class ModelReader {
  readonly #inference: Inference;
  readonly #indices: Uint16Array;
  readonly #missingMax: number;

  private constructor(inference: Inference, indices: Uint16Array) {
    this.#inference = inference;
    this.#indices = indices;
    // With fewer numbers than half nothing is known of a market.
    this.#missingMax = inference.card.acceptsMissing ? inference.input.length / 2 : 0;
  }

  /** @param inference read by this reader alone */
  static of(inference: Inference): Result<ModelReader, ReaderFailure> {
    const { card, input } = inference;
    const name = `${card.model} ${card.version}`;
    const indices = card.features.map((feature) => FEATURE_NAMES.findIndex((known) => known === feature));
    const unknown = card.features.filter((_, index) => indices[index] === -1);
    if (unknown.length > 0) {
      return failure(
        "unknown-feature",
        `${name} reads features that there are none of: ${unknown.join(", ")}`,
      );
    }
    const wanted = card.window * card.features.length;
    if (input.length !== wanted) {
      return failure(
        "shape-mismatch",
        `${name} takes ${input.length} numbers; its card names ${card.features.length} features of ${card.window} rows`,
      );
    }
    return ok(new ModelReader(inference, Uint16Array.from(indices)));
  }

  get window(): number {
    return this.#inference.card.window;
  }

  /** Its answer to one row; NaN where it may not speak or says what is no probability. */
  ask(features: Float64Array): number {
    const { input } = this.#inference;
    for (let i = 0; i < this.#indices.length; i++) input[i] = features[this.#indices[i] as number] as number;
    return this.#run();
  }

  /** Its answer to the last minutes. */
  askWindow(rows: MinuteWindow): number {
    const { window } = this;
    if (rows.count < window) return Number.NaN;
    const { input } = this.#inference;
    const width = this.#indices.length;
    for (let row = 0; row < window; row++) {
      for (let i = 0; i < width; i++) {
        input[row * width + i] = rows.at(window - 1 - row, this.#indices[i] as number);
      }
    }
    return this.#run();
  }

  close(): void {
    this.#inference.close();
  }

  /** @throws what the runtime says is wrong */
  #run(): number {
    const { input } = this.#inference;
    let missing = 0;
    for (let i = 0; i < input.length; i++) {
      const value = input[i] as number;
      if (Number.isNaN(value)) missing++;
      else if (!Number.isFinite(value)) return Number.NaN;
    }
    if (missing > this.#missingMax) return Number.NaN;
    const output = this.#inference.run();
    const probability = output[output.length - 1] as number;
    return probability > 0 && probability < 1 ? probability : Number.NaN;
  }
}
