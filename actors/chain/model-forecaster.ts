// A trained model as a member of the ensemble: features in, its probability of a rise out. It keeps still where it may not speak.

import { assert } from "../base/assert.ts";
import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import { FEATURE_COUNT } from "../domain/features.ts";
import { MEMBERS, type MemberId } from "../domain/prediction.ts";
import { ABSTAIN, type Cadence, type Forecaster, type ForecastInput } from "../ports/forecaster.ts";
import type { Inference } from "../ports/inference.ts";

/** With fewer features than half nothing is known of a market. */
const MISSING_MAX = FEATURE_COUNT / 2;

export class ModelForecaster implements Forecaster {
  readonly member: MemberId;
  readonly cadence: Cadence;
  readonly deadlineMicros: number;
  readonly voteLifeMicros: number;
  readonly #inference: Inference;
  readonly #acceptsMissing: boolean;
  readonly #expiresAtMicros: Micros;

  /** @param inference of a model whose input is one row of features; its card names a member of the ensemble */
  constructor(inference: Inference) {
    const { card, input } = inference;
    const member = MEMBERS.find((each) => each === card.model);
    assert(member !== undefined, `no member of the ensemble is called ${card.model}`);
    assert(
      input.length === FEATURE_COUNT,
      `${card.model} takes ${input.length} numbers, not one row of features`,
    );
    this.member = member;
    this.cadence = card.cadence;
    this.deadlineMicros = card.deadlineMicros;
    this.voteLifeMicros = card.voteLifeMicros;
    this.#inference = inference;
    this.#acceptsMissing = card.acceptsMissing;
    this.#expiresAtMicros =
      card.expiresAfterMicros === null
        ? Number.POSITIVE_INFINITY
        : Date.parse(card.trainedAt) * 1_000 + card.expiresAfterMicros;
  }

  /** Of two classes the second is the rise. */
  forecast({ features, timeMicros }: ForecastInput): number {
    if (timeMicros > this.#expiresAtMicros) return ABSTAIN;
    const { input } = this.#inference;
    let missing = 0;
    for (let i = 0; i < FEATURE_COUNT; i++) {
      const value = Math.fround(features[i] as number);
      // What is not warm is missing to a model that was trained with such rows; nothing is ever infinite to one.
      if (Number.isNaN(value)) missing++;
      else if (!Number.isFinite(value)) return ABSTAIN;
      input[i] = value;
    }
    if (missing > (this.#acceptsMissing ? MISSING_MAX : 0)) return ABSTAIN;
    const output = this.#inference.run();
    return output[output.length - 1] as number;
  }

  persist(archive: Archive): void {
    // A model remembers nothing between calls; the archive is asked so that a snapshot of another kind is noticed.
    archive.boolean(true);
  }
}
