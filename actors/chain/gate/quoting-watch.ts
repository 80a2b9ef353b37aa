// Whether a symbol is quoted as it usually is: the share of changes of the mid that go on in the direction of the one before, block
// by block, against what it has been for a long time. A maker who changes his manner makes models of the next seconds wrong at once,
// before their answers can show it.

import type { Archive } from "../../base/archive.ts";
import { clamp } from "../squash.ts";
import {
  QUOTING_ALLOWANCE,
  QUOTING_BLOCKS,
  QUOTING_BLOCKS_BACK,
  QUOTING_BLOCKS_WARM,
  QUOTING_CHANGES,
  QUOTING_LIMIT,
  QUOTING_NEAR,
  QUOTING_STEP_MAX,
} from "./limits.ts";

/** Of a block's share where every change is a coin's toss: no feed is held to vary less. */
const VARIANCE_MIN = 0.25 / QUOTING_CHANGES;

/**
 * Two-sided cumulated sums (Page 1954) of the distance from the usual share, in deviations that such shares have from block to block.
 * The usual share and its deviation follow slowly and take no step beyond {@link QUOTING_STEP_MAX}: a shift is noticed long before it
 * is usual, and one that stays is usual in the end - whether models are right under it is then for their answers to show.
 */
export class QuotingWatch {
  #changes = 0;
  #same = 0;
  #blocks = 0;
  #mean = 0.5;
  #variance = VARIANCE_MIN;
  #above = 0;
  #below = 0;
  #near = 0;
  #latest = Number.NaN;
  #isShifted = false;

  /** Whether it is quoted in another manner than usual. */
  get isShifted(): boolean {
    return this.#isShifted;
  }

  /** Share of the newest whole block; NaN before there was one. */
  get latest(): number {
    return this.#latest;
  }

  get usual(): number {
    return this.#mean;
  }

  /**
   * A change of the mid.
   * @param wentOn 1 in the direction of the one before, 0 against it
   * @returns whether {@link isShifted} is another now
   */
  onChange(wentOn: number): boolean {
    this.#same += wentOn;
    if (++this.#changes < QUOTING_CHANGES) return false;
    this.#latest = this.#same / this.#changes;
    this.#changes = 0;
    this.#same = 0;
    return this.#take(this.#latest);
  }

  persist(archive: Archive): void {
    this.#changes = archive.number(this.#changes);
    this.#same = archive.number(this.#same);
    this.#blocks = archive.number(this.#blocks);
    this.#mean = archive.number(this.#mean);
    this.#variance = archive.number(this.#variance);
    this.#above = archive.number(this.#above);
    this.#below = archive.number(this.#below);
    this.#near = archive.number(this.#near);
    this.#latest = archive.number(this.#latest);
    this.#isShifted = archive.boolean(this.#isShifted);
  }

  #take(share: number): boolean {
    const deviation = Math.sqrt(Math.max(this.#variance, VARIANCE_MIN));
    const isWarm = this.#blocks >= QUOTING_BLOCKS_WARM;
    const distance = (share - this.#mean) / deviation;
    const step = isWarm ? clamp(distance, -QUOTING_STEP_MAX, QUOTING_STEP_MAX) : distance;
    this.#learn(step * deviation);
    return isWarm && this.#judge(step);
  }

  /** The first blocks count alike, later ones push older ones out. */
  #learn(difference: number): void {
    const weight = 1 / Math.min(++this.#blocks, QUOTING_BLOCKS);
    this.#mean += weight * difference;
    this.#variance = (1 - weight) * (this.#variance + weight * difference * difference);
  }

  #judge(step: number): boolean {
    this.#near = Math.abs(step) <= QUOTING_NEAR ? this.#near + 1 : 0;
    if (this.#isShifted) {
      if (this.#near < QUOTING_BLOCKS_BACK) return false;
      this.#isShifted = false;
      this.#above = 0;
      this.#below = 0;
      return true;
    }
    this.#above = Math.max(0, this.#above + step - QUOTING_ALLOWANCE);
    this.#below = Math.max(0, this.#below - step - QUOTING_ALLOWANCE);
    this.#isShifted = this.#above > QUOTING_LIMIT || this.#below > QUOTING_LIMIT;
    return this.#isShifted;
  }
}
