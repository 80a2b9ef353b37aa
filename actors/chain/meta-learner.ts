// The second half of the ensemble's layer: a logistic regression on the members' log odds (stacked generalisation, Wolpert 1992),
// fitted on votes about time that the members had not learned from. It knows which members repeat each other.

import { exponential, logRatio } from "../base/exponential.ts";
import type { Micros } from "../base/clock.ts";
import type { MemberId } from "../domain/prediction.ts";
import type { Ballot } from "./ballot.ts";

export interface MetaSettings {
  readonly intercept: number;
  /** Of the members' log odds. */
  readonly weights: Readonly<Partial<Record<MemberId, number>>>;
}

export class MetaLearner {
  readonly #intercept: number;
  readonly #members: readonly MemberId[];
  readonly #weights: Float64Array;
  readonly #weightTotal: number;

  constructor({ intercept, weights }: MetaSettings) {
    this.#intercept = intercept;
    this.#members = Object.keys(weights) as MemberId[];
    this.#weights = Float64Array.from(this.#members, (member) => weights[member] ?? 0);
    this.#weightTotal = this.#weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
  }

  /**
   * Probability of a rise. Members that are missing leave their weight to the others, as in the vote; NaN when all are.
   * @param ballot with the votes of now
   */
  combine(ballot: Ballot, timeMicros: Micros): number {
    let sum = 0;
    let present = 0;
    for (let i = 0; i < this.#weights.length; i++) {
      const probability = ballot.latest(this.#members[i] as MemberId, timeMicros);
      if (Number.isNaN(probability)) continue;
      const weight = this.#weights[i] as number;
      present += Math.abs(weight);
      sum += weight * logRatio(probability, 1 - probability);
    }
    if (present === 0) return Number.NaN;
    return 1 / (1 + exponential(-(this.#intercept + (sum * this.#weightTotal) / present)));
  }
}
