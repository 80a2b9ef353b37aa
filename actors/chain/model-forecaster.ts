// A trained model as a member of the ensemble: features in, the probability of its event out. It keeps still where it may not
// speak.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import type { MemberId } from "../domain/prediction.ts";
import { ABSTAIN, type Cadence, type Forecaster, type ForecastInput } from "../ports/forecaster.ts";
import type { Inference } from "../ports/inference.ts";
import { modelExpiryMicros } from "../ports/models.ts";
import { ModelInput } from "./model-input.ts";

export class ModelForecaster implements Forecaster {
  readonly member: MemberId;
  readonly version: string;
  readonly cadence: Cadence;
  readonly deadlineMicros: number;
  readonly voteLifeMicros: number;
  readonly minutesRead: number;
  readonly readsMinutesAlone: boolean;
  readonly #inference: Inference;
  readonly #input: ModelInput;
  readonly #expiryMicros: Micros;

  /** @param inference may be other symbols' as well; its card has passed modelColumns */
  constructor(inference: Inference) {
    const { card } = inference;
    this.#inference = inference;
    this.#input = new ModelInput(inference);
    this.member = card.member;
    this.version = `${card.model} ${card.version}`;
    this.cadence = card.cadence;
    this.deadlineMicros = card.deadlineMicros;
    this.voteLifeMicros = card.voteLifeMicros;
    this.minutesRead = this.#input.minutesRead;
    this.readsMinutesAlone = this.minutesRead > 0;
    this.#expiryMicros = modelExpiryMicros(card);
  }

  /** Of two classes the second is the event. */
  forecast(input: ForecastInput): number {
    if (input.timeMicros > this.#expiryMicros || !this.#input.read(input)) return ABSTAIN;
    const output = this.#inference.run();
    return output[output.length - 1] as number;
  }

  persist(archive: Archive): void {
    // A model remembers nothing between calls; the archive is asked so that a snapshot of another kind is noticed.
    archive.boolean(true);
  }
}
