// How far the features of one symbol have moved from how they first were: their deciles are learned once, then the share of recent
// rows in each is followed. A market or a feed that changes its manner shows here before it shows in what models get wrong.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { shareDivergence } from "./measures.ts";

const DECILES = 10;
/** A bin for each decile and one for what is missing. */
const BINS = DECILES + 1;

export interface DriftOptions {
  /** Numbers of a row. */
  readonly width: number;
  /** Rows that the reference is learned from. */
  readonly referenceRows: number;
  /** Rows that recent shares look back on: older ones fade. */
  readonly recentRows: number;
}

export class FeatureDrift {
  readonly #options: DriftOptions;
  /** Rows one after the other, until there are enough. */
  #learning: Float64Array;
  #learned = 0;
  /** Of each feature: the tops of its deciles but the last, and the shares of the bins. */
  #tops: Float64Array;
  #reference: Float64Array;
  #recent: Float64Array;
  #seen = 0;

  constructor(options: DriftOptions) {
    const { width, referenceRows } = options;
    assert(referenceRows >= DECILES, "deciles need at least ten rows");
    this.#options = options;
    this.#learning = new Float64Array(width * referenceRows);
    this.#tops = new Float64Array(width * (DECILES - 1));
    this.#reference = new Float64Array(width * BINS);
    this.#recent = new Float64Array(width * BINS);
  }

  /** Rows since the reference was learned. */
  get seen(): number {
    return this.#seen;
  }

  /** Whether there are recent rows enough to speak of. */
  get isReady(): boolean {
    return this.#seen >= this.#options.recentRows;
  }

  add(features: Float64Array): void {
    const { width, referenceRows, recentRows } = this.#options;
    assert(features.length === width, "a row has another width");
    if (this.#learned < referenceRows) {
      this.#learning.set(features, this.#learned++ * width);
      if (this.#learned === referenceRows) this.#learn();
      return;
    }
    this.#seen++;
    // The first rows count alike, later ones push older ones out.
    const weight = 1 / Math.min(this.#seen, recentRows);
    for (let feature = 0; feature < width; feature++) {
      const bin = this.#binOf(feature, features[feature] as number);
      for (let i = 0; i < BINS; i++) {
        const place = feature * BINS + i;
        const before = this.#recent[place] as number;
        this.#recent[place] = before + weight * ((i === bin ? 1 : 0) - before);
      }
    }
  }

  /** Population stability index of a feature; NaN before there are recent rows. */
  index(feature: number): number {
    if (this.#seen === 0) return Number.NaN;
    const from = feature * BINS;
    return shareDivergence(
      this.#reference.subarray(from, from + BINS),
      this.#recent.subarray(from, from + BINS),
    );
  }

  /** What was saved of rows of another width is let go: it begins to learn anew. */
  persist(archive: Archive): void {
    const { width } = this.#options;
    const savedWidth = archive.number(width);
    this.#learned = archive.number(this.#learned);
    this.#seen = archive.number(this.#seen);
    if (archive.loading) this.#allocate(savedWidth);
    archive.numbers(this.#learning);
    archive.numbers(this.#tops);
    archive.numbers(this.#reference);
    archive.numbers(this.#recent);
    if (savedWidth === width) return;
    this.#learned = 0;
    this.#seen = 0;
    this.#allocate(width);
  }

  #allocate(width: number): void {
    const { referenceRows } = this.#options;
    this.#learning = new Float64Array(this.#learned < referenceRows ? width * referenceRows : 0);
    this.#tops = new Float64Array(width * (DECILES - 1));
    this.#reference = new Float64Array(width * BINS);
    this.#recent = new Float64Array(width * BINS);
  }

  #learn(): void {
    const { width, referenceRows } = this.#options;
    const column = new Float64Array(referenceRows);
    for (let feature = 0; feature < width; feature++) {
      for (let row = 0; row < referenceRows; row++)
        column[row] = this.#learning[row * width + feature] as number;
      const present = column.filter((value) => !Number.isNaN(value)).sort();
      for (let decile = 1; decile < DECILES; decile++) {
        const top = present[Math.ceil((decile * present.length) / DECILES) - 1];
        // A feature that was never there has no deciles: whatever comes is above all of them.
        this.#tops[feature * (DECILES - 1) + decile - 1] = top ?? Number.NEGATIVE_INFINITY;
      }
      for (let row = 0; row < referenceRows; row++) {
        const place = feature * BINS + this.#binOf(feature, column[row] as number);
        this.#reference[place] = (this.#reference[place] as number) + 1 / referenceRows;
      }
    }
    this.#learning = new Float64Array();
  }

  #binOf(feature: number, value: number): number {
    if (Number.isNaN(value)) return DECILES;
    const from = feature * (DECILES - 1);
    let bin = 0;
    while (bin < DECILES - 1 && value > (this.#tops[from + bin] as number)) bin++;
    return bin;
  }
}
