// What a trained model reads of a symbol, put into its input as its card orders it: the features as they stand, or as they stood at
// the closes of the last minutes.

import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import { failure, ok, type Result } from "../base/result.ts";
import { FEATURE_NAMES } from "../domain/features.ts";
import type { ForecastInput, MinuteRows } from "../ports/forecaster.ts";
import type { Inference } from "../ports/inference.ts";
import type { ModelCard } from "../ports/models.ts";
import { MARKET_GAP_MICROS } from "./features/limits.ts";

/** With fewer values than half nothing is known of a market. */
const MISSING_SHARE_MAX = 0.5;

/** What {@link readRow} and {@link readMinutes} answer where a value is infinite. */
const INFINITE = -1;

export type ModelInputFailure = "schema-mismatch" | "shape-mismatch";

/** Where the columns of a model's input lie in a vector of features; refused where its card asks for what there is not. */
export function modelColumns(card: ModelCard): Result<Int32Array, ModelInputFailure> {
  const name = `${card.model} ${card.version}`;
  const columns = Int32Array.from(card.features, (feature) =>
    FEATURE_NAMES.findIndex((each) => each === feature),
  );
  const unknown = card.features.filter((_, index) => columns[index] === -1);
  if (unknown.length > 0) {
    return failure(
      "schema-mismatch",
      `${name} reads ${unknown.join(", ")}, which this engine does not have: train it again`,
    );
  }
  if (card.window > 1 && card.cadence !== "bar-close") {
    return failure(
      "shape-mismatch",
      `${name} reads ${card.window} closed minutes, so its cadence is bar-close, not ${card.cadence}`,
    );
  }
  const shape = card.window === 1 ? [null, columns.length] : [null, card.window, columns.length];
  const [input, ...others] = card.inputs;
  if (others.length > 0) return failure("shape-mismatch", `${name} has more than one input`);
  if (input?.shape.length === shape.length && shape.every((size, index) => input.shape[index] === size))
    return ok(columns);
  return failure(
    "shape-mismatch",
    `${name} has an input of shape [${input?.shape.join(", ")}]; ${columns.length} features and a window of ${card.window} make ` +
      `[${shape.join(", ")}]`,
  );
}

export class ModelInput {
  /** How many closed minutes it reads; 0 for the features as they stand. */
  readonly minutesRead: number;
  readonly #input: Float32Array;
  readonly #columns: Int32Array;
  readonly #missingMax: number;

  /** @param inference its card has passed {@link modelColumns} */
  constructor({ card, input }: Pick<Inference, "card" | "input">) {
    const columns = modelColumns(card);
    assert(columns.ok, columns.ok ? "" : columns.message);
    assert(
      input.length === card.window * columns.value.length,
      `${card.model} takes ${input.length} numbers`,
    );
    this.minutesRead = card.cadence === "bar-close" ? card.window : 0;
    this.#input = input;
    this.#columns = columns.value;
    this.#missingMax = card.acceptsMissing ? MISSING_SHARE_MAX * input.length : 0;
  }

  /** Puts a market into the model's input; false where too little is known of it, or nonsense. */
  read({ features, minutes, timeMicros }: Omit<ForecastInput, "instrumentId">): boolean {
    let missing: number;
    if (this.minutesRead > 0 && minutes !== undefined) {
      if (!this.#isWhole(minutes, timeMicros)) return false;
      missing = readMinutes(minutes, this.#columns, this.#input);
    } else {
      if (this.minutesRead > 1) return false;
      missing = readRow(features, this.#columns, this.#input);
    }
    return missing !== INFINITE && missing <= this.#missingMax;
  }

  /** A window begins anew after a market gap; so it does where nothing closed for as long. */
  #isWhole(minutes: MinuteRows, timeMicros: Micros): boolean {
    return minutes.count >= this.minutesRead && timeMicros - minutes.closeMicros <= MARKET_GAP_MICROS;
  }
}

/** @returns how many values are missing, or {@link INFINITE} */
function readRow(features: Float64Array, columns: Int32Array, input: Float32Array): number {
  let missing = 0;
  for (let i = 0; i < columns.length; i++) {
    const value = Math.fround(features[columns[i] as number] as number);
    if (Number.isNaN(value)) missing++;
    else if (!Number.isFinite(value)) return INFINITE;
    input[i] = value;
  }
  return missing;
}

/** The rows from the oldest to the newest, as many as the input holds; answers as {@link readRow}. */
function readMinutes(minutes: MinuteRows, columns: Int32Array, input: Float32Array): number {
  const { values } = minutes;
  let missing = 0;
  let at = 0;
  for (let age = input.length / columns.length - 1; age >= 0; age--) {
    const offset = minutes.offsetOf(age);
    for (let i = 0; i < columns.length; i++) {
      const value = values[offset + (columns[i] as number)] as number;
      if (Number.isNaN(value)) missing++;
      else if (!Number.isFinite(value)) return INFINITE;
      input[at++] = value;
    }
  }
  return missing;
}
