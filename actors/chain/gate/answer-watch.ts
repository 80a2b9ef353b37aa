// Whether a member's settled answers are worse than none, said so that chance hardly ever says it: a cumulated sum over blocks of
// answers. It knows nothing of markets and votes, only of how much worse each answer was.

import type { Archive } from "../../base/archive.ts";
import { NumberWindow } from "../../base/ring.ts";
import { clamp } from "../squash.ts";
import {
  ANSWERS_ALLOWANCE,
  ANSWERS_LIMIT,
  ANSWERS_STEP_MAX,
  BLOCKS_BACK,
  BLOCKS_NOISE,
  BLOCKS_OFF_MIN,
  BLOCKS_WARM,
} from "./limits.ts";

/** Below, a block's answers do not differ from nothing at all. */
const VARIANCE_MIN = 1e-12;

/**
 * One-sided cumulated sum (Page 1954) of block means in deviations. Labels overlap into the next block, so the deviation is that of
 * long sums: the variance and twice the covariance of neighbours (Newey and West 1987), both of the last blocks. Off when the sum
 * passes its limit; on again when the last blocks together are no worse than nothing, but not at once.
 */
export class AnswerWatch {
  /** The block in the making. */
  #block = Number.NaN;
  #rows = 0;
  #sum = 0;
  #blocks = 0;
  #last = 0;
  /** Moving averages of block means, their squares, and products of neighbours. */
  #mean = 0;
  #square = 0;
  #product = 0;
  #cumulated = 0;
  readonly #recent = new NumberWindow(BLOCKS_BACK);
  #recentSum = 0;
  #isOff = false;
  #offBlocks = 0;

  get isOff(): boolean {
    return this.#isOff;
  }

  /** Mean of the last blocks: above 0, worse than nothing. */
  get recent(): number {
    return this.#recentSum / Math.max(1, this.#recent.size);
  }

  /**
   * An answer that is settled.
   * @param block its number; it never falls
   * @param worse by how much it was worse than nothing
   */
  add(block: number, worse: number): void {
    if (block !== this.#block) {
      if (this.#rows > 0) this.#take(this.#sum / this.#rows);
      this.#block = block;
      this.#rows = 0;
      this.#sum = 0;
    }
    this.#rows++;
    this.#sum += worse;
  }

  persist(archive: Archive): void {
    this.#block = archive.number(this.#block);
    this.#rows = archive.number(this.#rows);
    this.#sum = archive.number(this.#sum);
    this.#blocks = archive.number(this.#blocks);
    this.#last = archive.number(this.#last);
    this.#mean = archive.number(this.#mean);
    this.#square = archive.number(this.#square);
    this.#product = archive.number(this.#product);
    this.#cumulated = archive.number(this.#cumulated);
    this.#recent.persist(archive);
    this.#recentSum = archive.number(this.#recentSum);
    this.#isOff = archive.boolean(this.#isOff);
    this.#offBlocks = archive.number(this.#offBlocks);
  }

  #take(worse: number): void {
    if (this.#blocks >= BLOCKS_WARM) {
      const step = clamp(worse / this.#deviation(), -ANSWERS_STEP_MAX, ANSWERS_STEP_MAX);
      this.#cumulated = Math.max(0, this.#cumulated + step - ANSWERS_ALLOWANCE);
    }
    this.#learn(worse);
    const left = this.#recent.push(worse);
    this.#recentSum += worse - (Number.isNaN(left) ? 0 : left);
    if (this.#isOff) this.#mayReturn();
    else if (this.#cumulated > ANSWERS_LIMIT) {
      this.#isOff = true;
      this.#offBlocks = 0;
    }
  }

  #learn(worse: number): void {
    const weight = 1 / Math.min(++this.#blocks, BLOCKS_NOISE);
    this.#mean += weight * (worse - this.#mean);
    this.#square += weight * (worse * worse - this.#square);
    this.#product += weight * (worse * this.#last - this.#product);
    this.#last = worse;
  }

  #deviation(): number {
    const square = this.#mean * this.#mean;
    const variance = Math.max(VARIANCE_MIN, this.#square - square);
    return Math.sqrt(variance + 2 * clamp(this.#product - square, 0, variance));
  }

  #mayReturn(): void {
    if (++this.#offBlocks < BLOCKS_OFF_MIN || this.#recentSum > 0) return;
    this.#isOff = false;
    this.#cumulated = 0;
  }
}
