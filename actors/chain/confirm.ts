// Steps 5 to 8: the four layers between what members say and what is acted on - technical score, vote and meta-learner, regime,
// calibration. Each leaves what it made of the votes behind, so that a signal can show it.

import type { Archive, Persistent } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import type { Bar } from "../domain/bar.ts";
import type { MemberId, Vote, Votes } from "../domain/prediction.ts";
import type { Regime } from "../domain/regime.ts";
import type { Quote } from "../domain/quote.ts";
import type { Component, Confirmations, Recalibration } from "../domain/signal.ts";
import { Ballot } from "./ballot.ts";
import { betaCalibrator, type Calibrator, IDENTITY_CALIBRATOR } from "./calibration.ts";
import type { QualityGate } from "./gate/quality-gate.ts";
import { MetaLearner } from "./meta-learner.ts";
import { Outlook } from "./outlook.ts";
import type { Preset } from "./presets.ts";
import type { Recalibrator } from "./recalibration/recalibrator.ts";
import { nameOfVote, recalibratorOf } from "./recalibration/vote.ts";
import { RegimeClassifier, type RegimeEvidence } from "./regime.ts";
import { believed, type Reliability } from "./validation.ts";

export class Confirmation {
  /** How far the price is likely to go; of the last {@link validate}. */
  readonly outlook = new Outlook();
  readonly #ballot: Ballot;
  readonly #meta: MetaLearner | undefined;
  readonly #regime = new RegimeClassifier();
  readonly #reliability: Reliability;
  readonly #calibrator: Calibrator;
  #technical = Number.NaN;
  #vote = Number.NaN;
  #learned = Number.NaN;
  #validated = Number.NaN;
  #calibrated = Number.NaN;
  readonly #recalibrator: Recalibrator | undefined;
  /** Whose answers it learned from: another vote begins anew. */
  readonly #voteName: string;
  #recalibrated = Number.NaN;

  constructor(preset: Preset) {
    this.#ballot = new Ballot(preset.ballot);
    this.#meta = preset.meta === undefined ? undefined : new MetaLearner(preset.meta);
    this.#reliability = preset.reliability ?? {};
    this.#calibrator = calibratorOf(preset);
    this.#recalibrator = recalibratorOf(preset);
    this.#voteName = nameOfVote(preset);
  }

  get regime(): Regime {
    return this.#regime.current;
  }

  get evidence(): Readonly<RegimeEvidence> {
    return this.#regime.evidence;
  }

  /** Of the members, in the last {@link vote}. */
  get agreement(): number {
    return this.#ballot.agreement;
  }

  /** Votes that count from the next {@link vote} on. */
  cast({ votes, timeMicros }: Pick<Votes, "votes" | "timeMicros">): void {
    const ballot = this.#ballot;
    for (let i = 0; i < votes.length; i++) {
      const vote = votes[i] as Vote;
      if (vote.status === "voted") ballot.cast(vote.member, vote.probabilityUp, timeMicros);
      else ballot.withdraw(vote.member);
    }
  }

  /** Shows the gate what members say now, and leaves out those it has switched off. */
  pass(gate: QualityGate, features: Float64Array, timeMicros: Micros): void {
    gate.watch(this.#ballot, features, timeMicros);
    this.#recalibrator?.heed(gate.isVoteWhole);
  }

  withdraw(member: MemberId): void {
    this.#ballot.withdraw(member);
  }

  /** What a member said last, with or without weight; NaN where that counts no longer. */
  latest(member: MemberId, timeMicros: Micros): number {
    return this.#ballot.latest(member, timeMicros);
  }

  /** Layers 1 and 2. Members that are missing leave their weight to the others. */
  vote(timeMicros: Micros): void {
    const ballot = this.#ballot;
    this.#technical = ballot.latest("technical", timeMicros);
    this.#vote = ballot.combine(timeMicros);
    this.#learned = this.#meta?.combine(ballot, timeMicros) ?? Number.NaN;
  }

  /** Layer 3: the regime of now, and what it leaves of the vote. */
  validate(features: Float64Array, timeMicros: Micros): void {
    this.outlook.update(this.#ballot, features, timeMicros);
    const regime = this.#regime.update(features, timeMicros, this.outlook.pace);
    const aggregated = Number.isNaN(this.#learned) ? this.#vote : this.#learned;
    this.#validated = believed(aggregated, regime, this.#reliability);
  }

  /** Layer 4. @returns the probability that is acted on; NaN where nobody voted */
  calibrate(timeMicros: Micros): number {
    this.#calibrated = this.#calibrator.calibrate(this.#validated);
    this.#recalibrated = this.#recalibrator?.apply(this.#calibrated, timeMicros) ?? this.#calibrated;
    return this.#recalibrated;
  }

  /** What the last layer said before it was re-calibrated; of the last {@link calibrate}. */
  get calibratedBefore(): number {
    return this.#calibrated;
  }

  /** How the last layer is re-calibrated; undefined where it is not. Allocates. */
  get recalibration(): Recalibration | undefined {
    return this.#recalibrator?.state;
  }

  /** A valid quote. What follows tells what the vote's answers were worth. */
  onQuote(quote: Quote): void {
    this.#recalibrator?.onQuote(quote);
  }

  /** A minute closed. */
  onMinute(bar: Bar): void {
    this.#recalibrator?.onMinute(bar);
  }

  /** Every member's part in the vote, the heaviest first. Allocates. */
  components(timeMicros: Micros): Component[] {
    return this.#ballot.components(timeMicros);
  }

  /** What each layer made of the votes of now. Allocates: for signals only. */
  layers(): Omit<Confirmations, "movePoints" | "costPoints"> {
    const { recalibration } = this;
    return {
      technical: orNull(this.#technical),
      vote: this.#vote,
      meta: orNull(this.#learned),
      validated: this.#validated,
      calibrated: this.#recalibrated,
      ...(recalibration === undefined
        ? {}
        : { recalibration: { ...recalibration, before: this.#calibrated } }),
    };
  }

  persist(archive: Archive): void {
    this.#ballot.persist(archive);
    this.#regime.persist(archive);
    const parts: [string, Persistent][] =
      this.#recalibrator === undefined ? [] : [[this.#voteName, this.#recalibrator]];
    archive.parts(new Map(parts));
  }
}

function calibratorOf({ calibration }: Preset): Calibrator {
  if (calibration === undefined) return IDENTITY_CALIBRATOR;
  const fitted = betaCalibrator(calibration);
  assert(fitted.ok, fitted.ok ? "" : fitted.message);
  return fitted.value;
}

/** JSON has no NaN. */
export function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}
