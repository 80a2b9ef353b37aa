// A correction of probabilities: slope and shift of their log odds (Platt 1999), learned from a rolling window with shrinkage towards
// none at all.

import type { Archive } from "../../base/archive.ts";
import { exponential, logRatio } from "../../base/exponential.ts";
import { clamp } from "../squash.ts";
import { BATCH_BLOCKS, type RecalibrationSettings } from "./settings.ts";

/** A probability of 0 or 1 would be a promise. */
const PROBABILITY_MIN = 1e-6;

/** First and second derivatives of the log likelihood: by slope, by shift; slope twice, both, shift twice. */
const SUMS = 5;

export interface Correction {
  /** 1 leaves log odds as they are, below they come nearer to even. */
  readonly slope: number;
  readonly shift: number;
}

/**
 * @param changeMax how far from `probability` at most
 * @returns in (0, 1), rising with `probability`; NaN for NaN
 */
export function corrected(probability: number, { slope, shift }: Correction, changeMax: number): number {
  if (Number.isNaN(probability)) return probability;
  const said = clamp(probability, PROBABILITY_MIN, 1 - PROBABILITY_MIN);
  const meant = 1 / (1 + exponential(-(slope * logRatio(said, 1 - said) + shift)));
  return clamp(clamp(meant, said - changeMax, said + changeMax), PROBABILITY_MIN, 1 - PROBABILITY_MIN);
}

/**
 * One Newton step from no correction towards the most likely one under a normal prior: (H + P)^-1 g, with gradient g and Hessian H of
 * the log likelihood where nothing is corrected and the prior's precision P. For corrections as small as are allowed that is the
 * optimum but for terms of third order, and all it needs of a window are sums. A block counts as one observation, however many of
 * its answers are settled: their outcomes overlap.
 */
export class CorrectionFit implements Correction {
  readonly #settings: RecalibrationSettings;
  readonly #slopePrecision: number;
  readonly #shiftPrecision: number;
  /** Ring of batches of blocks, and their total. */
  readonly #batches: Float64Array;
  readonly #total = new Float64Array(SUMS);
  readonly #batch = new Float64Array(SUMS);
  readonly #block = new Float64Array(SUMS);
  #batchesTaken = 0;
  #batchBlocks = 0;
  #blockRows = 0;
  #slope = 1;
  #shift = 0;

  constructor(settings: RecalibrationSettings) {
    this.#settings = settings;
    this.#slopePrecision = settings.slopeDeviation ** -2;
    this.#shiftPrecision = settings.shiftDeviation ** -2;
    this.#batches = new Float64Array(SUMS * Math.ceil(settings.windowBlocks / BATCH_BLOCKS));
  }

  get slope(): number {
    return this.#slope;
  }

  get shift(): number {
    return this.#shift;
  }

  /** Whole blocks that it is learned from. */
  get blocks(): number {
    const batches = Math.min(this.#batchesTaken, this.#batches.length / SUMS);
    return batches * BATCH_BLOCKS + this.#batchBlocks;
  }

  /** An answer of the block in the making. */
  add(probability: number, outcome: number): void {
    const said = clamp(probability, PROBABILITY_MIN, 1 - PROBABILITY_MIN);
    const odds = logRatio(said, 1 - said);
    const missed = outcome - said;
    const weight = said * (1 - said);
    const sums = this.#block;
    sums[0] = (sums[0] as number) + missed * odds;
    sums[1] = (sums[1] as number) + missed;
    sums[2] = (sums[2] as number) + weight * odds * odds;
    sums[3] = (sums[3] as number) + weight * odds;
    sums[4] = (sums[4] as number) + weight;
    this.#blockRows++;
  }

  /** The block is over. One without answers is none. */
  closeBlock(): void {
    if (this.#blockRows === 0) return;
    for (let i = 0; i < SUMS; i++) {
      this.#batch[i] = (this.#batch[i] as number) + (this.#block[i] as number) / this.#blockRows;
    }
    this.#block.fill(0);
    this.#blockRows = 0;
    if (++this.#batchBlocks === BATCH_BLOCKS) this.#closeBatch();
    this.#solve();
  }

  forget(): void {
    for (const sums of [this.#batches, this.#total, this.#batch, this.#block]) sums.fill(0);
    this.#batchesTaken = 0;
    this.#batchBlocks = 0;
    this.#blockRows = 0;
    this.#slope = 1;
    this.#shift = 0;
  }

  persist(archive: Archive): void {
    for (const sums of [this.#batches, this.#total, this.#batch, this.#block]) archive.numbers(sums);
    this.#batchesTaken = archive.number(this.#batchesTaken);
    this.#batchBlocks = archive.number(this.#batchBlocks);
    this.#blockRows = archive.number(this.#blockRows);
    this.#slope = archive.number(this.#slope);
    this.#shift = archive.number(this.#shift);
  }

  /** The total is added up anew, so that nothing is left of what rounding did to batches that are gone. */
  #closeBatch(): void {
    const batches = this.#batches;
    batches.set(this.#batch, SUMS * (this.#batchesTaken++ % (batches.length / SUMS)));
    this.#batch.fill(0);
    this.#batchBlocks = 0;
    this.#total.fill(0);
    for (let i = 0; i < batches.length; i++) {
      const sum = i % SUMS;
      this.#total[sum] = (this.#total[sum] as number) + (batches[i] as number);
    }
  }

  #solve(): void {
    const { slopeChangeMax, shiftMax } = this.#settings;
    const bySlope = this.#sum(0);
    const byShift = this.#sum(1);
    const slopes = this.#sum(2) + this.#slopePrecision;
    const both = this.#sum(3);
    const shifts = this.#sum(4) + this.#shiftPrecision;
    // Above 0: a sum of squares and products of numbers and ones, and a diagonal that is added.
    const determinant = slopes * shifts - both * both;
    const slopeChange = (shifts * bySlope - both * byShift) / determinant;
    const shift = (slopes * byShift - both * bySlope) / determinant;
    const isKnown = Number.isFinite(slopeChange) && Number.isFinite(shift);
    this.#slope = isKnown ? 1 + clamp(slopeChange, -slopeChangeMax, slopeChangeMax) : 1;
    this.#shift = isKnown ? clamp(shift, -shiftMax, shiftMax) : 0;
  }

  #sum(i: number): number {
    return (this.#total[i] as number) + (this.#batch[i] as number);
  }
}
