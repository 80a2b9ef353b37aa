// Stands where a journal names a model that is not here: asked, it fails by name, and the others vote on. What was recorded of
// the model can be replayed without it.

import type { Archive } from "../base/archive.ts";
import type { MemberId } from "../domain/prediction.ts";
import type { Cadence, Forecaster } from "../ports/forecaster.ts";
import { TICK_VOTE_LIFE_MICROS } from "./vote-lives.ts";

export class AbsentForecaster implements Forecaster {
  readonly member: MemberId;
  readonly version: string;
  /** What it was asked at is on its card, which is not here either. */
  readonly cadence: Cadence = "tick";
  readonly deadlineMicros = 1_000;
  readonly voteLifeMicros = TICK_VOTE_LIFE_MICROS;

  constructor(member: MemberId, version: string) {
    this.member = member;
    this.version = version;
  }

  forecast(): never {
    throw new Error(`${this.version} is not here`);
  }

  persist(archive: Archive): void {
    // As a model's, which remembers nothing.
    archive.boolean(true);
  }
}
