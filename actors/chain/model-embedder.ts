// What a network makes of a symbol's last minutes, before its last layer turns that into a probability: a place among markets, where
// those that it takes for alike are near each other.

import { assert } from "../base/assert.ts";
import type { MinuteRows } from "../ports/forecaster.ts";
import type { Inference } from "../ports/inference.ts";
import { ModelInput } from "./model-input.ts";

const NO_FEATURES = new Float64Array(0);

export class ModelEmbedder {
  readonly #inference: Inference;
  readonly #input: ModelInput;

  /** @param inference of a model that reads minutes, opened for its embedding; may be other symbols' as well */
  constructor(inference: Inference) {
    this.#inference = inference;
    this.#input = new ModelInput(inference);
    assert(this.#input.minutesRead > 1, `${inference.card.model} reads no minutes`);
  }

  /**
   * @returns a vector of length 1; undefined where the minutes are too few or say too little
   * @throws what the runtime says is wrong, and where its answer is no direction
   */
  embed(minutes: MinuteRows): number[] | undefined {
    const seen = { features: NO_FEATURES, minutes, timeMicros: minutes.closeMicros };
    if (!this.#input.read(seen)) return undefined;
    const answer = this.#inference.run();
    let squares = 0;
    for (const value of answer) squares += value * value;
    const length = Math.sqrt(squares);
    if (!(length > 0 && Number.isFinite(length))) {
      throw new Error("its embedding is no direction: every number is 0, or one is not finite");
    }
    return Array.from(answer, (value) => value / length);
  }
}
