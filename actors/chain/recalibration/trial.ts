// Whether a correction has been worth it: what it would have gained on answers that were corrected before anything was known of them,
// against what such gains vary by. It knows nothing of how the correction is found.

import type { Archive } from "../../base/archive.ts";
import { NumberWindow } from "../../base/ring.ts";
import { clamp } from "../squash.ts";
import { BATCH_BLOCKS, type RecalibrationSettings } from "./settings.ts";

/** Of the cumulated sum of losses, in deviations of a batch: what each takes off, what is one too many, the most one adds. */
const LOSS_ALLOWANCE = 0.25;
const LOSS_LIMIT = 6;
const LOSS_STEP_MAX = 3;

/**
 * Gains of whole blocks are summed in batches, which are as good as independent; their mean in standard errors (batch means, Law and
 * Carson 1979) has to be above one limit to begin and above a lower one to go on. Brier score and log loss must both have gained. A window is slow to see that a correction
 * which was right is wrong by now: while it is applied its losses are cumulated (Page 1954), and where they are too many it has to
 * show its worth anew.
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
  /** Of losses while it is applied. */
  #lost = 0;

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
    this.#lost = 0;
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
    this.#lost = archive.number(this.#lost);
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

  #judge(): void {
    const { trialBlocksMin, onAt, offAt } = this.#settings;
    const count = this.#brier.size;
    const mean = meanOf(this.#brier);
    const deviation = deviationOf(this.#brier, mean);
    if (this.#isWon && this.#isLost(this.#brier.back(0) / deviation)) {
      this.forget();
      return;
    }
    this.#gain = mean / BATCH_BLOCKS;
    this.#certainty = deviation > 0 ? (mean * Math.sqrt(count)) / deviation : 0;
    // Every comparison is false for NaN, and then nothing is won.
    this.#isWon =
      count * BATCH_BLOCKS >= trialBlocksMin &&
      meanOf(this.#surprise) > 0 &&
      this.#certainty >= (this.#isWon ? offAt : onAt);
    if (!this.#isWon) this.#lost = 0;
  }

  #isLost(gainDeviations: number): boolean {
    const step = clamp(-gainDeviations, -LOSS_STEP_MAX, LOSS_STEP_MAX);
    this.#lost = Math.max(0, this.#lost + step - LOSS_ALLOWANCE);
    return this.#lost > LOSS_LIMIT;
  }
}

function meanOf(window: NumberWindow): number {
  let sum = 0;
  for (let age = 0; age < window.size; age++) sum += window.back(age);
  return sum / window.size;
}

/** Standard deviation of one of them. */
function deviationOf(window: NumberWindow, mean: number): number {
  let squares = 0;
  for (let age = 0; age < window.size; age++) squares += (window.back(age) - mean) ** 2;
  return Math.sqrt(squares / (window.size - 1));
}
