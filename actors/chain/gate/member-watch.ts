// One member's answers as the market goes on: taken at even moments, held until their horizon has passed, settled by the definition
// that training and evaluation have, and judged against saying nothing.

import type { Archive } from "../../base/archive.ts";
import { assert } from "../../base/assert.ts";
import { MICROS_PER_MINUTE, type Micros } from "../../base/clock.ts";
import { FEATURE_NAMES } from "../../domain/features.ts";
import type { MemberId } from "../../domain/prediction.ts";
import type { Quote } from "../../domain/quote.ts";
import { happened, MinuteOutcomes, type OutcomeEvent, QuoteOutcomes } from "../../quality/outcomes.ts";
import type { Ballot } from "../ballot.ts";
import { AnswerWatch } from "./answer-watch.ts";
import {
  BASE_RATE_ROWS,
  BLOCK_MIN_MICROS,
  HORIZON_MAX_MICROS,
  SAMPLE_MIN_MICROS,
  SAMPLES_PER_HORIZON_MAX,
} from "./limits.ts";

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
}

/** Whether members of so long a horizon can be watched. */
export function isWatchable(horizonMicros: Micros): boolean {
  return horizonMicros > 0 && horizonMicros <= HORIZON_MAX_MICROS;
}

export class MemberWatch {
  readonly watched: WatchedMember;
  readonly #answers = new AnswerWatch();
  readonly #blockMicros: number;
  /** One of the two: horizons of whole minutes settle with closed minutes, others with quotes. */
  readonly #minutes: MinuteOutcomes | undefined;
  readonly #quotes: QuoteOutcomes | undefined;
  readonly #spacingMicros: number;
  /** The feature that a range has to exceed. Without one no answer on ranges is ever settled. */
  readonly #medianFeature: number;
  /** Rings of answers that wait, by their number. */
  readonly #timesMicros: Float64Array;
  readonly #probabilities: Float64Array;
  readonly #medians: Float64Array;
  #taken = 0;
  #takenMicros: Micros = Number.NEGATIVE_INFINITY;
  #settled = 0;
  /** Share of ranges wider than their median, of those settled; what is said where nothing is known. */
  #baseRate = 0.5;

  constructor(watched: WatchedMember) {
    const { horizonMicros, event } = watched;
    assert(isWatchable(horizonMicros), `${watched.member} has a horizon of ${horizonMicros} us`);
    this.watched = watched;
    this.#blockMicros = Math.max(horizonMicros, BLOCK_MIN_MICROS);
    this.#medianFeature = medianFeature(event, horizonMicros);
    if (horizonMicros % MICROS_PER_MINUTE === 0) {
      this.#minutes = new MinuteOutcomes(horizonMicros, (id, move, range) =>
        this.#settle(id, event === "up" ? move : range),
      );
      this.#spacingMicros = 0;
    } else {
      this.#spacingMicros = Math.max(SAMPLE_MIN_MICROS, horizonMicros / SAMPLES_PER_HORIZON_MAX);
      const waitingMax = Math.ceil(horizonMicros / this.#spacingMicros) + 2;
      this.#quotes = new QuoteOutcomes({ horizonMicros, delayMicros: 0, waitingMax }, (id, move) =>
        this.#settle(id, event === "up" ? move : Number.NaN),
      );
    }
    const slots =
      (this.#minutes === undefined ? SAMPLES_PER_HORIZON_MAX : horizonMicros / MICROS_PER_MINUTE) + 3;
    this.#timesMicros = new Float64Array(slots);
    this.#probabilities = new Float64Array(slots);
    this.#medians = new Float64Array(slots);
  }

  /** Whether what it said of late was worse than nothing. */
  get isOff(): boolean {
    return this.#answers.isOff;
  }

  get settlesByMinutes(): boolean {
    return this.#minutes !== undefined;
  }

  /** @returns whether {@link isOff} is another now */
  onMinute(
    closeMicros: Micros,
    bar: { readonly high: number; readonly low: number; readonly close: number },
  ): boolean {
    const before = this.isOff;
    this.#minutes?.onBar(closeMicros, bar);
    return this.isOff !== before;
  }

  /** @returns whether {@link isOff} is another now */
  onQuote({ timeMicros, midPoints, spreadPoints }: Quote): boolean {
    const before = this.isOff;
    this.#quotes?.onQuote(timeMicros, midPoints, spreadPoints);
    return this.isOff !== before;
  }

  /** Holds what it says now, where that is not too soon after what it said last. */
  take(ballot: Ballot, features: Float64Array, timeMicros: Micros): void {
    if (timeMicros < this.#takenMicros + this.#spacingMicros) return;
    const probability = ballot.said(this.watched.member, timeMicros);
    if (Number.isNaN(probability)) return;
    this.#takenMicros = timeMicros;
    const id = this.#taken;
    if (this.#minutes?.add(id, timeMicros) === false) return;
    this.#quotes?.add(id, timeMicros);
    const place = this.#taken++ % this.#probabilities.length;
    this.#timesMicros[place] = timeMicros;
    this.#probabilities[place] = probability;
    this.#medians[place] = features[this.#medianFeature] ?? Number.NaN;
  }

  persist(archive: Archive): void {
    this.#answers.persist(archive);
    this.#minutes?.persist(archive);
    this.#quotes?.persist(archive);
    archive.numbers(this.#timesMicros);
    archive.numbers(this.#probabilities);
    archive.numbers(this.#medians);
    this.#taken = archive.number(this.#taken);
    this.#takenMicros = archive.number(this.#takenMicros);
    this.#settled = archive.number(this.#settled);
    this.#baseRate = archive.number(this.#baseRate);
  }

  #settle(id: number, value: number): void {
    const place = id % this.#probabilities.length;
    const outcome = happened(this.watched.event, value, this.#medians[place] as number);
    if (Number.isNaN(outcome)) return;
    const probability = this.#probabilities[place] as number;
    const block = Math.floor((this.#timesMicros[place] as number) / this.#blockMicros);
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
