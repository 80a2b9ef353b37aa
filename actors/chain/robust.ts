// Robust statistics of a tick stream in constant time and memory: a scale that outliers cannot inflate, and a filter
// that tells a wrong price from a real jump by what the next ticks say.

import type { Archive } from "../base/archive.ts";

/** Share of a new value in a scale: a memory of about 64 ticks. */
const SCALE_GAIN = 1 / 64;
/** A value counts for at most this many times the scale, so that one outlier moves it by 6 % only. */
const SCALE_CLIP = 5;
/** Values averaged plainly before the exponential memory takes over. */
const SCALE_WARM = 16;

/**
 * Exponential mean of winsorised values: Huber's idea (Robust Statistics, 1981) of bounding each value's influence, in
 * constant time. It is the mean absolute value of what it is fed, not a standard deviation.
 */
export class RobustScale {
  readonly #valueMin: number;
  #value = 0;
  #count = 0;

  /** @param valueMin what the clipping takes as the scale while the real one is smaller: the unit of measurement */
  constructor(valueMin: number) {
    this.#valueMin = valueMin;
  }

  get value(): number {
    return this.#value;
  }

  get warm(): boolean {
    return this.#count >= SCALE_WARM;
  }

  /** Takes a value >= 0. */
  update(value: number): void {
    if (this.#count < SCALE_WARM) {
      this.#count++;
      this.#value += (value - this.#value) / this.#count;
      return;
    }
    const clip = SCALE_CLIP * Math.max(this.#value, this.#valueMin);
    this.#value += SCALE_GAIN * (Math.min(value, clip) - this.#value);
  }

  /** Lifts the scale to at least `value`: the market has just shown that it moves that far. */
  raise(value: number): void {
    if (value > this.#value) this.#value = value;
  }

  reset(): void {
    this.#value = 0;
    this.#count = 0;
  }

  persist(archive: Archive): void {
    this.#value = archive.number(this.#value);
    this.#count = archive.number(this.#count);
  }
}

/** The share of the mean spread that is never a spike's unit: moves within the spread are noise. */
const SPREAD_SHARE = 0.25;
/** Time without ticks counts for at most this many mean intervals: a longer gap explains no larger jump. */
const QUIET_INTERVALS_MAX = 1_000;
/** A candidate level holds while ticks stay within this share of the jump that made it. */
const LEVEL_SHARE = 0.5;

/**
 * Spike detection by a robust z-score of the tick-to-tick change of the mid. The unit is the largest of the mean
 * absolute change, a quarter of the mean spread and one point, times the square root of the time since the last tick
 * in mean intervals (a random walk's reach). A change beyond `zMax` units, and beyond `basisPointsMin` of the price, is
 * a spike until `confirmations` further ticks, each with a later source time, stand near the new level with none at the
 * old one between them: then it was a real jump and the filter follows.
 */
export class SpikeFilter {
  readonly #zMax: number;
  readonly #priceShareMin: number;
  readonly #confirmations: number;
  readonly #change = new RobustScale(1);
  readonly #spread = new RobustScale(1);
  readonly #intervalMicros = new RobustScale(1);
  #midPoints = Number.NaN;
  #timeMicros = 0;
  #levelPoints = Number.NaN;
  #levelTimeMicros = 0;
  #confirmed = 0;

  constructor(options: { zMax: number; basisPointsMin: number; confirmations: number }) {
    this.#zMax = options.zMax;
    this.#priceShareMin = options.basisPointsMin / 10_000;
    this.#confirmations = options.confirmations;
  }

  /** The mid of the last tick that was no spike; NaN before the first. */
  get midPoints(): number {
    return this.#midPoints;
  }

  /** Whether the tick is a spike. If it is not, it becomes the reference of the next. */
  isSpike(midPoints: number, spreadPoints: number, timeMicros: number): boolean {
    if (Number.isNaN(this.#midPoints)) {
      this.#follow(midPoints, spreadPoints, timeMicros);
      return false;
    }
    const change = Math.abs(midPoints - this.#midPoints);
    const elapsedMicros = Math.max(0, timeMicros - this.#timeMicros);
    const reach = this.#reachPoints(elapsedMicros);
    if (change > reach) {
      if (!this.#confirm(midPoints, timeMicros, change, reach)) return true;
      this.#change.raise(change / this.#zMax);
    } else {
      this.#change.update(change);
      this.#intervalMicros.update(elapsedMicros);
    }
    this.#follow(midPoints, spreadPoints, timeMicros);
    return false;
  }

  /** Forgets prices and scales, as before the first tick. */
  reset(): void {
    this.#change.reset();
    this.#spread.reset();
    this.#intervalMicros.reset();
    this.#midPoints = Number.NaN;
    this.#timeMicros = 0;
    this.#forgetLevel();
  }

  persist(archive: Archive): void {
    this.#change.persist(archive);
    this.#spread.persist(archive);
    this.#intervalMicros.persist(archive);
    this.#midPoints = archive.number(this.#midPoints);
    this.#timeMicros = archive.number(this.#timeMicros);
    this.#levelPoints = archive.number(this.#levelPoints);
    this.#levelTimeMicros = archive.number(this.#levelTimeMicros);
    this.#confirmed = archive.number(this.#confirmed);
  }

  #reachPoints(elapsedMicros: number): number {
    const unit = Math.max(1, this.#change.value, this.#spread.value * SPREAD_SHARE);
    const intervals = elapsedMicros / Math.max(1, this.#intervalMicros.value);
    const walk = this.#zMax * unit * Math.sqrt(1 + Math.min(intervals, QUIET_INTERVALS_MAX));
    return Math.max(walk, this.#midPoints * this.#priceShareMin);
  }

  /** Counts the tick for or against the candidate level; true once the level is confirmed. */
  #confirm(midPoints: number, timeMicros: number, change: number, reach: number): boolean {
    const near = Math.abs(midPoints - this.#levelPoints) <= Math.max(reach, change * LEVEL_SHARE);
    if (!near) {
      // Also the first candidate: no number is near NaN.
      this.#levelPoints = midPoints;
      this.#levelTimeMicros = timeMicros;
      this.#confirmed = 0;
      return false;
    }
    // Ticks of one source time may be one mistake; only a later one is a second witness.
    if (timeMicros <= this.#levelTimeMicros) return false;
    this.#levelPoints = midPoints;
    this.#levelTimeMicros = timeMicros;
    this.#confirmed++;
    return this.#confirmed >= this.#confirmations;
  }

  #follow(midPoints: number, spreadPoints: number, timeMicros: number): void {
    this.#spread.update(spreadPoints);
    this.#midPoints = midPoints;
    this.#timeMicros = timeMicros;
    this.#forgetLevel();
  }

  #forgetLevel(): void {
    this.#levelPoints = Number.NaN;
    this.#levelTimeMicros = 0;
    this.#confirmed = 0;
  }
}
