// What became of answers as the market goes on: taken at even moments, held until their horizon has passed, settled by the definition
// that training and evaluation have. Who listens judges them, or learns from them.

import type { Archive } from "../../base/archive.ts";
import { assert } from "../../base/assert.ts";
import { MICROS_PER_MINUTE, type Micros } from "../../base/clock.ts";
import type { Quote } from "../../domain/quote.ts";
import { happened, MinuteOutcomes, type OutcomeEvent, QuoteOutcomes } from "../../quality/outcomes.ts";
import {
  BLOCK_MIN_MICROS,
  HORIZON_MAX_MICROS,
  SAMPLE_MIN_MICROS,
  SAMPLES_PER_HORIZON_MAX,
} from "./limits.ts";

/** Whether answers about so long a horizon can be followed. */
export function isWatchable(horizonMicros: Micros): boolean {
  return horizonMicros > 0 && horizonMicros <= HORIZON_MAX_MICROS;
}

/**
 * Hears what became of an answer.
 * @param answer what {@link AnswerFollower.take} called it
 * @param block stretch of a horizon that it was given in: outcomes of one block overlap each other, and into the next
 * @param outcome 1 or 0
 */
export type AnswerListener = (answer: number, block: number, outcome: number) => void;

export class AnswerFollower {
  /** Answers that wait at once: of two whose numbers differ by so much one is settled. */
  readonly slots: number;
  readonly #event: OutcomeEvent;
  readonly #blockMicros: number;
  readonly #onSettled: AnswerListener;
  /** One of the two: horizons of whole minutes settle with closed minutes, others with quotes. */
  readonly #minutes: MinuteOutcomes | undefined;
  readonly #quotes: QuoteOutcomes | undefined;
  readonly #spacingMicros: number;
  /** Rings of answers that wait, by their number. */
  readonly #timesMicros: Float64Array;
  readonly #medians: Float64Array;
  #taken = 0;
  #takenMicros: Micros = Number.NEGATIVE_INFINITY;

  constructor(
    { event, horizonMicros }: { readonly event: OutcomeEvent; readonly horizonMicros: Micros },
    onSettled: AnswerListener,
  ) {
    assert(isWatchable(horizonMicros), `a horizon of ${horizonMicros} us cannot be followed`);
    this.#event = event;
    this.#onSettled = onSettled;
    this.#blockMicros = Math.max(horizonMicros, BLOCK_MIN_MICROS);
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
    this.slots =
      (this.#minutes === undefined ? SAMPLES_PER_HORIZON_MAX : horizonMicros / MICROS_PER_MINUTE) + 3;
    this.#timesMicros = new Float64Array(this.slots);
    this.#medians = new Float64Array(this.slots);
  }

  get settlesByMinutes(): boolean {
    return this.#minutes !== undefined;
  }

  onMinute(
    closeMicros: Micros,
    bar: { readonly high: number; readonly low: number; readonly close: number },
  ): void {
    this.#minutes?.onBar(closeMicros, bar);
  }

  onQuote({ timeMicros, midPoints, spreadPoints }: Quote): void {
    this.#quotes?.onQuote(timeMicros, midPoints, spreadPoints);
  }

  /** Whether an answer of now is not too soon after the last one that was taken. */
  isDue(timeMicros: Micros): boolean {
    return timeMicros >= this.#takenMicros + this.#spacingMicros;
  }

  /**
   * An answer that is due is given.
   * @param median that a range has to exceed; `up` needs none
   * @returns its number, they rise by one; -1 where nothing will be heard of it
   */
  take(median: number, timeMicros: Micros): number {
    this.#takenMicros = timeMicros;
    if (this.#minutes?.add(this.#taken, timeMicros) === false) return -1;
    this.#quotes?.add(this.#taken, timeMicros);
    const place = this.#taken % this.slots;
    this.#timesMicros[place] = timeMicros;
    this.#medians[place] = median;
    return this.#taken++;
  }

  persist(archive: Archive): void {
    this.#minutes?.persist(archive);
    this.#quotes?.persist(archive);
    archive.numbers(this.#timesMicros);
    archive.numbers(this.#medians);
    this.#taken = archive.number(this.#taken);
    this.#takenMicros = archive.number(this.#takenMicros);
  }

  #settle(answer: number, value: number): void {
    const place = answer % this.slots;
    const outcome = happened(this.#event, value, this.#medians[place] as number);
    if (Number.isNaN(outcome)) return;
    const block = Math.floor((this.#timesMicros[place] as number) / this.#blockMicros);
    this.#onSettled(answer, block, outcome);
  }
}
