// Whether a correction has been worth it: what it would have gained on answers that were corrected before anything was known of them,
// against what such gains vary by. It knows nothing of how the correction is found.

import type { Archive } from "../../base/archive.ts";
import { NumberWindow } from "../../base/ring.ts";
import { BATCH_BLOCKS, type RecalibrationSettings } from "./settings.ts";

/** The newest of so many parts of the window must not speak against a correction by itself. */
const RECENT_PARTS = 4;
/** How many standard errors the newest part may have lost before that is a shift. */
const RECENT_LOSS = 1;

/**
 * Gains of whole blocks are summed in batches, which are as good as independent; their mean in standard errors (batch means, Law and
 * Carson 1979) has to be above one limit to begin and above a lower one to go on. Brier score and log loss must both have gained.
 */
export class Trial {
  readonly #settings: RecalibrationSettings;
  readonly #brier: NumberWindow;
  readonly #surprise: NumberWindow;
  /** The block in the making. */
  #rows = 0;
  #blockBrier = 0;
  #blockSurprise = 0;
  /** The batch in the making. */
  #blocks = 0;
  #batchBrier = 0;
  #batchSurprise = 0;
  #isWon = false;
  #gain = 0;
  #certainty = 0;

  constructor(settings: RecalibrationSettings) {
    const batches = Math.ceil(settings.trialBlocks / BATCH_BLOCKS);
    this.#settings = settings;
    this.#brier = new NumberWindow(batches);
    this.#surprise = new NumberWindow(batches);
  }

  /** Whether the correction is to be applied. */
  get isWon(): boolean {
    return this.#isWon;
  }

  /** By how much a correction lowered the Brier score over the window, mean of its blocks; and that in standard errors. */
  get gain(): number {
    return this.#gain;
  }

  get certainty(): number {
    return this.#certainty;
  }

  /** Of an answer: by how much its correction lowered Brier score and log loss. */
  add(brierGain: number, surpriseGain: number): void {
    this.#rows++;
    this.#blockBrier += brierGain;
    this.#blockSurprise += surpriseGain;
  }

  /** The block is over. One without answers is none. */
  closeBlock(): void {
    if (this.#rows === 0) return;
    this.#batchBrier += this.#blockBrier / this.#rows;
    this.#batchSurprise += this.#blockSurprise / this.#rows;
    this.#clearBlock();
    if (++this.#blocks < BATCH_BLOCKS) return;
    this.#brier.push(this.#batchBrier);
    this.#surprise.push(this.#batchSurprise);
    this.#clearBatch();
    this.#judge();
  }

  forget(): void {
    this.#brier.clear();
    this.#surprise.clear();
    this.#clearBlock();
    this.#clearBatch();
    this.#isWon = false;
    this.#gain = 0;
    this.#certainty = 0;
  }

  persist(archive: Archive): void {
    this.#brier.persist(archive);
    this.#surprise.persist(archive);
    this.#rows = archive.number(this.#rows);
    this.#blockBrier = archive.number(this.#blockBrier);
    this.#blockSurprise = archive.number(this.#blockSurprise);
    this.#blocks = archive.number(this.#blocks);
    this.#batchBrier = archive.number(this.#batchBrier);
    this.#batchSurprise = archive.number(this.#batchSurprise);
    this.#isWon = archive.boolean(this.#isWon);
    this.#gain = archive.number(this.#gain);
    this.#certainty = archive.number(this.#certainty);
  }

  #clearBlock(): void {
    this.#rows = 0;
    this.#blockBrier = 0;
    this.#blockSurprise = 0;
  }

  #clearBatch(): void {
    this.#blocks = 0;
    this.#batchBrier = 0;
    this.#batchSurprise = 0;
  }

  /** Every comparison is false for NaN, and then nothing is won. */
  #judge(): void {
    const { trialBlocksMin, onAt, offAt } = this.#settings;
    const count = this.#brier.size;
    const mean = meanOf(this.#brier, count);
    const deviation = deviationOf(this.#brier, mean);
    this.#gain = mean / BATCH_BLOCKS;
    this.#certainty = deviation > 0 ? (mean * Math.sqrt(count)) / deviation : 0;
    const recentCount = Math.max(1, Math.floor(count / RECENT_PARTS));
    const recent = (meanOf(this.#brier, recentCount) * Math.sqrt(recentCount)) / deviation;
    this.#isWon =
      count * BATCH_BLOCKS >= trialBlocksMin &&
      meanOf(this.#surprise, count) > 0 &&
      this.#certainty >= (this.#isWon ? offAt : onAt) &&
      recent >= (this.#isWon ? -RECENT_LOSS : 0);
  }
}

/** Of the newest `count`. */
function meanOf(window: NumberWindow, count: number): number {
  let sum = 0;
  for (let age = 0; age < count; age++) sum += window.back(age);
  return sum / count;
}

/** Standard deviation of one of them. */
function deviationOf(window: NumberWindow, mean: number): number {
  let squares = 0;
  for (let age = 0; age < window.size; age++) squares += (window.back(age) - mean) ** 2;
  return Math.sqrt(squares / (window.size - 1));
}
