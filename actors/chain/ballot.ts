// The vote: the latest answer of every member, weighted, with what is missing or expired left out and the weights of the
// others raised to a whole.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import { MEMBERS, type MemberId } from "../domain/prediction.ts";
import type { Component } from "../domain/signal.ts";

export interface BallotSettings {
  /** Relative; they need not sum to 1. A member that is not named has no weight and votes in vain. */
  readonly weights: Readonly<Partial<Record<MemberId, number>>>;
  /** How long a vote counts. Members that are not named: {@link VOTE_LIFE_DEFAULT_MICROS}. */
  readonly voteLifeMicros: Readonly<Partial<Record<MemberId, number>>>;
}

export const VOTE_LIFE_DEFAULT_MICROS = 10_000_000;

const COUNT = MEMBERS.length;
const SILENCED = Number.NEGATIVE_INFINITY;
const NUMBER = Object.freeze(Object.fromEntries(MEMBERS.map((member, index) => [member, index]))) as Readonly<
  Record<MemberId, number>
>;

export class Ballot {
  readonly #weights = new Float64Array(COUNT);
  readonly #livesMicros = new Float64Array(COUNT);
  /** Of those that are listened to the same; below 0 for the others, of whom every vote is too old. */
  readonly #heardMicros = new Float64Array(COUNT);
  readonly #probabilities = new Float64Array(COUNT).fill(Number.NaN);
  readonly #timesMicros = new Float64Array(COUNT);
  #agreement = 0;

  constructor(settings: BallotSettings) {
    for (const member of MEMBERS) {
      const weight = settings.weights[member] ?? 0;
      assert(weight >= 0 && Number.isFinite(weight), `${member} has weight ${weight}`);
      this.#weights[NUMBER[member]] = weight;
      this.#livesMicros[NUMBER[member]] = settings.voteLifeMicros[member] ?? VOTE_LIFE_DEFAULT_MICROS;
      this.silence(member, false);
    }
  }

  /** 1 when all members say the same, towards 0 the more they differ; of the last {@link combine}. */
  get agreement(): number {
    return this.#agreement;
  }

  /** `probabilityUp` in (0, 1). */
  cast(member: MemberId, probabilityUp: number, timeMicros: Micros): void {
    // The message only for a bug: it would cost more than the vote.
    if (!(probabilityUp > 0 && probabilityUp < 1))
      assert(false, `${member} votes ${probabilityUp}, no probability`);
    const number = NUMBER[member];
    this.#probabilities[number] = probabilityUp;
    this.#timesMicros[number] = timeMicros;
  }

  /** The member failed, was late or has nothing to say: its last vote counts no longer. */
  withdraw(member: MemberId): void {
    this.#probabilities[NUMBER[member]] = Number.NaN;
  }

  /** Whether the member's votes count for nothing from now on; they are kept. No part of the state: who decides that has it. */
  silence(member: MemberId, isSilenced: boolean): void {
    const number = NUMBER[member];
    this.#heardMicros[number] = isSilenced ? SILENCED : (this.#livesMicros[number] as number);
  }

  /** What the member said last, silenced or not; NaN where that is too long ago. */
  said(member: MemberId, timeMicros: Micros): number {
    const number = NUMBER[member];
    const ageMicros = timeMicros - (this.#timesMicros[number] as number);
    return ageMicros <= (this.#livesMicros[number] as number)
      ? (this.#probabilities[number] as number)
      : Number.NaN;
  }

  /** What the member said last, whatever its weight; NaN where that does not count. */
  latest(member: MemberId, timeMicros: Micros): number {
    const number = NUMBER[member];
    return this.#isAlive(number, timeMicros) ? (this.#probabilities[number] as number) : Number.NaN;
  }

  /** Weighted mean probability of an up move over the members present; NaN when there is none. */
  combine(timeMicros: Micros): number {
    let total = 0;
    let sum = 0;
    let squares = 0;
    for (let i = 0; i < COUNT; i++) {
      if (!this.#counts(i, timeMicros)) continue;
      const weight = this.#weights[i] as number;
      const probability = this.#probabilities[i] as number;
      total += weight;
      sum += weight * probability;
      squares += weight * probability * probability;
    }
    if (total === 0) {
      this.#agreement = 0;
      return Number.NaN;
    }
    const mean = sum / total;
    // The largest possible deviation of numbers in [0, 1] is one half.
    this.#agreement = 1 - 2 * Math.sqrt(Math.max(0, squares / total - mean * mean));
    return mean;
  }

  /** Every member's part in the vote, the heaviest first. Allocates: for signals only. */
  components(timeMicros: Micros): Component[] {
    const present = MEMBERS.filter((member) => this.#counts(NUMBER[member], timeMicros));
    const total = present.reduce((sum, member) => sum + (this.#weights[NUMBER[member]] as number), 0);
    return present
      .map((member) => ({
        member,
        probabilityUp: this.#probabilities[NUMBER[member]] as number,
        weight: (this.#weights[NUMBER[member]] as number) / total,
        ageMicros: timeMicros - (this.#timesMicros[NUMBER[member]] as number),
      }))
      .sort((a, b) => b.weight - a.weight);
  }

  persist(archive: Archive): void {
    archive.numbers(this.#probabilities);
    archive.numbers(this.#timesMicros);
    this.#agreement = archive.number(this.#agreement);
  }

  #counts(i: number, timeMicros: Micros): boolean {
    return (this.#weights[i] as number) > 0 && this.#isAlive(i, timeMicros);
  }

  #isAlive(i: number, timeMicros: Micros): boolean {
    return (
      !Number.isNaN(this.#probabilities[i]) &&
      timeMicros - (this.#timesMicros[i] as number) <= (this.#heardMicros[i] as number)
    );
  }
}
