// Re-calibration of the vote of one symbol while it trades: what became of its own probabilities says what they mean by now. Every
// answer is first corrected, by what was settled before it, and judged and learned from when its horizon has passed; the correction
// is applied only while on answers held back like that it has been better than none by more than chance. It decides by what it
// heard in the journal's order and by nothing else.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_MINUTE, type Micros } from "../../base/clock.ts";
import type { Bar } from "../../domain/bar.ts";
import type { Quote } from "../../domain/quote.ts";
import type { Recalibration } from "../../domain/signal.ts";
import { surprise } from "../../quality/measures.ts";
import { AnswerFollower } from "../gate/answer-follower.ts";
import { MinuteTurn } from "../gate/minute-turn.ts";
import { corrected, CorrectionFit } from "./correction.ts";
import type { RecalibrationSettings } from "./settings.ts";
import { Trial } from "./trial.ts";

export class Recalibrator {
  readonly #settings: RecalibrationSettings;
  readonly #fit: CorrectionFit;
  readonly #trial: Trial;
  readonly #follower: AnswerFollower;
  readonly #turn = new MinuteTurn();
  /** Rings of answers that wait, by their number: as they were, and corrected; NaN where no correction was tried yet. */
  readonly #answers: Float64Array;
  readonly #corrected: Float64Array;
  /** Answers before this one are of a vote that is no more. */
  #firstAnswer = 0;
  #answersTaken = 0;
  #block = Number.NaN;
  #isWhole = true;

  constructor(settings: RecalibrationSettings, horizonMicros: Micros) {
    this.#settings = settings;
    this.#fit = new CorrectionFit(settings);
    this.#trial = new Trial(settings);
    this.#follower = new AnswerFollower({ event: "up", horizonMicros }, (answer, block, outcome) =>
      this.#settle(answer, block, outcome),
    );
    this.#answers = new Float64Array(this.#follower.slots).fill(Number.NaN);
    this.#corrected = new Float64Array(this.#follower.slots).fill(Number.NaN);
  }

  /** Whether probabilities are corrected now. */
  get isActive(): boolean {
    return this.#trial.isWon && this.#isWhole;
  }

  /** Allocates: for signals and for who asks. */
  get state(): Recalibration {
    const { slope, shift, blocks } = this.#fit;
    const { gain, certainty } = this.#trial;
    return { isActive: this.isActive, slope, shift, blocks, gain, certainty };
  }

  onMinute(bar: Bar): void {
    const closeMicros = bar.openTimeMicros + MICROS_PER_MINUTE;
    this.#turn.close(closeMicros);
    this.#follower.onMinute(closeMicros, bar);
  }

  onQuote(quote: Quote): void {
    this.#follower.onQuote(quote);
  }

  /**
   * Whether everybody who has a weight is listened to. A vote that lacks somebody because of a shift is another one, in another market:
   * nothing is corrected, and what was learned is forgotten.
   */
  heed(isWhole: boolean): void {
    if (isWhole === this.#isWhole) return;
    this.#isWhole = isWhole;
    if (isWhole) return;
    this.#fit.forget();
    this.#trial.forget();
    this.#firstAnswer = this.#answersTaken;
    this.#block = Number.NaN;
  }

  /**
   * What is made of a probability; it is remembered where it is its turn.
   * @returns in (0, 1), rising with `probability`; NaN for NaN
   */
  apply(probability: number, timeMicros: Micros): number {
    if (Number.isNaN(probability)) return probability;
    const isDue = this.#follower.settlesByMinutes
      ? this.#turn.take(timeMicros)
      : this.#follower.isDue(timeMicros);
    if (isDue && this.#isWhole) this.#take(probability, timeMicros);
    return this.isActive ? this.#correct(probability) : probability;
  }

  persist(archive: Archive): void {
    this.#fit.persist(archive);
    this.#trial.persist(archive);
    this.#follower.persist(archive);
    this.#turn.persist(archive);
    archive.numbers(this.#answers);
    archive.numbers(this.#corrected);
    this.#firstAnswer = archive.number(this.#firstAnswer);
    this.#answersTaken = archive.number(this.#answersTaken);
    this.#block = archive.number(this.#block);
    this.#isWhole = archive.boolean(this.#isWhole);
  }

  #correct(probability: number): number {
    return corrected(probability, this.#fit, this.#settings.changeMax);
  }

  #take(probability: number, timeMicros: Micros): void {
    const answer = this.#follower.take(Number.NaN, timeMicros);
    if (answer < 0) return;
    const place = answer % this.#answers.length;
    const isTried = this.#fit.blocks >= this.#settings.windowBlocksMin;
    this.#answers[place] = probability;
    this.#corrected[place] = isTried ? this.#correct(probability) : Number.NaN;
    this.#answersTaken = answer + 1;
  }

  #settle(answer: number, block: number, outcome: number): void {
    if (answer < this.#firstAnswer) return;
    if (block !== this.#block) {
      this.#fit.closeBlock();
      this.#trial.closeBlock();
      this.#block = block;
    }
    const place = answer % this.#answers.length;
    const said = this.#answers[place] as number;
    const better = this.#corrected[place] as number;
    this.#fit.add(said, outcome);
    if (Number.isNaN(better)) return;
    this.#trial.add(
      (said - outcome) ** 2 - (better - outcome) ** 2,
      surprise(said, outcome) - surprise(better, outcome),
    );
  }
}
