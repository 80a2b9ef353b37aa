// One member's answers as the market goes on, judged against saying nothing.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_MINUTE, type Micros } from "../../base/clock.ts";
import { FEATURE_NAMES } from "../../domain/features.ts";
import type { MemberId } from "../../domain/prediction.ts";
import type { Quote } from "../../domain/quote.ts";
import type { OutcomeEvent } from "../../quality/outcomes.ts";
import type { Ballot } from "../ballot.ts";
import { AnswerFollower } from "./answer-follower.ts";
import { AnswerWatch } from "./answer-watch.ts";
import { BASE_RATE_ROWS } from "./limits.ts";

export interface WatchedMember {
  readonly member: MemberId;
  /** Who answers: another one begins with a clean record. */
  readonly name: string;
  readonly event: OutcomeEvent;
  readonly horizonMicros: Micros;
  /** Its probabilities are meant: what it overstates is held against it. Of a rule's score only the side and how far it leans are. */
  readonly isCalibrated: boolean;
  /** It is asked at every tick: it rests on how the symbol is quoted. */
  readonly readsQuotes: boolean;
  /** It has a weight in the vote. */
  readonly isVoter: boolean;
}

export class MemberWatch {
  readonly watched: WatchedMember;
  readonly #answers = new AnswerWatch();
  readonly #follower: AnswerFollower;
  /** The feature that a range has to exceed. Without one no answer on ranges is ever settled. */
  readonly #medianFeature: number;
  /** Ring of answers that wait, by their number. */
  readonly #probabilities: Float64Array;
  #settled = 0;
  /** Share of ranges wider than their median, of those settled; what is said where nothing is known. */
  #baseRate = 0.5;

  constructor(watched: WatchedMember) {
    const { horizonMicros, event } = watched;
    this.watched = watched;
    this.#medianFeature = medianFeature(event, horizonMicros);
    this.#follower = new AnswerFollower(watched, (answer, block, outcome) =>
      this.#settle(answer, block, outcome),
    );
    this.#probabilities = new Float64Array(this.#follower.slots);
  }

  /** Whether what it said of late was worse than nothing. */
  get isOff(): boolean {
    return this.#answers.isOff;
  }

  get settlesByMinutes(): boolean {
    return this.#follower.settlesByMinutes;
  }

  /** @returns whether {@link isOff} is another now */
  onMinute(
    closeMicros: Micros,
    bar: { readonly high: number; readonly low: number; readonly close: number },
  ): boolean {
    const before = this.isOff;
    this.#follower.onMinute(closeMicros, bar);
    return this.isOff !== before;
  }

  /** @returns whether {@link isOff} is another now */
  onQuote(quote: Quote): boolean {
    const before = this.isOff;
    this.#follower.onQuote(quote);
    return this.isOff !== before;
  }

  /** Holds what it says now, where that is not too soon after what it said last. */
  take(ballot: Ballot, features: Float64Array, timeMicros: Micros): void {
    if (!this.#follower.isDue(timeMicros)) return;
    const probability = ballot.said(this.watched.member, timeMicros);
    if (Number.isNaN(probability)) return;
    const answer = this.#follower.take(features[this.#medianFeature] ?? Number.NaN, timeMicros);
    if (answer >= 0) this.#probabilities[answer % this.#probabilities.length] = probability;
  }

  persist(archive: Archive): void {
    this.#answers.persist(archive);
    this.#follower.persist(archive);
    archive.numbers(this.#probabilities);
    this.#settled = archive.number(this.#settled);
    this.#baseRate = archive.number(this.#baseRate);
  }

  #settle(answer: number, block: number, outcome: number): void {
    const probability = this.#probabilities[answer % this.#probabilities.length] as number;
    this.#answers.add(block, this.#worse(probability, outcome));
    if (this.watched.event !== "up") {
      this.#baseRate += (outcome - this.#baseRate) / (Math.min(this.#settled++, BASE_RATE_ROWS) + 2);
    }
  }

  /**
   * How much larger the Brier score of an answer is than that of the base rate. With x the lean from the base rate b and y the outcome
   * that is x^2 - 2 x (y - b); the first term is what leaning costs by itself, and a rule, whose score is calibrated later, is let off it:
   * what is left is above 0 where it would be worse than nothing however little it were believed.
   */
  #worse(probability: number, outcome: number): number {
    const lean = probability - this.#baseRate;
    const pointed = 2 * lean * (outcome - this.#baseRate);
    return this.watched.isCalibrated ? lean * lean - pointed : -pointed;
  }
}

/** Where in a vector the median lies that a range of this horizon is held against; -1 where no feature says it. */
function medianFeature(event: OutcomeEvent, horizonMicros: Micros): number {
  if (event === "up") return -1;
  const prefix = event === "lively" ? "range" : "slot_range";
  const name = `${prefix}_${horizonMicros / MICROS_PER_MINUTE}m_median`;
  return FEATURE_NAMES.findIndex((known) => known === name);
}
