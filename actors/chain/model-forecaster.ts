// A trained model as a member of the ensemble: features in, the probability of its event out. It keeps still where it may not
// speak.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import { failure, ok, type Result } from "../base/result.ts";
import { FEATURE_NAMES } from "../domain/features.ts";
import type { MemberId } from "../domain/prediction.ts";
import {
  ABSTAIN,
  type Cadence,
  type Forecaster,
  type ForecastInput,
  type MinuteRows,
} from "../ports/forecaster.ts";
import type { Inference } from "../ports/inference.ts";
import { type ModelCard, modelExpiryMicros } from "../ports/models.ts";
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

export class ModelForecaster implements Forecaster {
  readonly member: MemberId;
  readonly version: string;
  readonly cadence: Cadence;
  readonly deadlineMicros: number;
  readonly voteLifeMicros: number;
  readonly minutesRead: number;
  readonly #inference: Inference;
  readonly #columns: Int32Array;
  readonly #missingMax: number;
  readonly #expiryMicros: Micros;

  /** @param inference may be other symbols' as well; its card has passed {@link modelColumns} */
  constructor(inference: Inference) {
    const { card, input } = inference;
    const columns = modelColumns(card);
    assert(columns.ok, columns.ok ? "" : columns.message);
    assert(
      input.length === card.window * columns.value.length,
      `${card.model} takes ${input.length} numbers`,
    );
    this.member = card.member;
    this.version = `${card.model} ${card.version}`;
    this.cadence = card.cadence;
    this.deadlineMicros = card.deadlineMicros;
    this.voteLifeMicros = card.voteLifeMicros;
    this.minutesRead = card.cadence === "bar-close" ? card.window : 0;
    this.#inference = inference;
    this.#columns = columns.value;
    this.#missingMax = card.acceptsMissing ? MISSING_SHARE_MAX * input.length : 0;
    this.#expiryMicros = modelExpiryMicros(card);
  }

  /** Of two classes the second is the event. */
  forecast({ features, minutes, timeMicros }: ForecastInput): number {
    if (timeMicros > this.#expiryMicros) return ABSTAIN;
    const { input } = this.#inference;
    let missing: number;
    if (this.minutesRead > 0 && minutes !== undefined) {
      // A window begins anew after a market gap; so it does where nothing closed for as long.
      if (minutes.count < this.minutesRead || timeMicros - minutes.closeMicros > MARKET_GAP_MICROS)
        return ABSTAIN;
      missing = readMinutes(minutes, this.#columns, input);
    } else {
      if (this.minutesRead > 1) return ABSTAIN;
      missing = readRow(features, this.#columns, input);
    }
    if (missing === INFINITE || missing > this.#missingMax) return ABSTAIN;
    const output = this.#inference.run();
    return output[output.length - 1] as number;
  }

  persist(archive: Archive): void {
    // A model remembers nothing between calls; the archive is asked so that a snapshot of another kind is noticed.
    archive.boolean(true);
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
