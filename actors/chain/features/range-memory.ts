// How far the price travels, and how far it usually does: over the last five days, and at this time of day. Volatility keeps
// its pace and its daily round, so these say more about the next hour than anything else does.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_MINUTE } from "../../base/clock.ts";
import { logRatio } from "../../base/exponential.ts";
import { FEATURE } from "../../domain/features.ts";
import type { FormingBar } from "./forming-bar.ts";
import {
  BASIS_POINTS,
  RANGE_COVERAGE_MIN,
  RANGE_SAMPLES_MAX,
  RANGE_SAMPLES_MIN,
  SLOT_DAYS_MAX,
  SLOT_DAYS_MIN,
} from "./limits.ts";

/** Minutes of the ranges and of the moves. */
const RANGE_MINUTES = [5, 15, 60, 240] as const;
const MOVE_MINUTES = [1, 5, 15, 60, 240] as const;
/** More than the longest of them: a move begins at the close before its first minute. */
const BARS_MAX = 256;
const SLOT_MINUTES = 15;
const SLOTS = (24 * 60) / SLOT_MINUTES;
const SURPRISE_WEIGHT = 0.05;

/** The middle of the first `count` values, which lose their order; between two, the mean of both. */
function medianOf(values: Float64Array, count: number): number {
  const sorted = values.subarray(0, count).sort();
  const half = count >> 1;
  const upper = sorted[half] as number;
  return count % 2 === 1 ? upper : ((sorted[half - 1] as number) + upper) / 2;
}

const scratch = new Float64Array(RANGE_SAMPLES_MAX);

/** What ranges over so many minutes usually are: in five days, and by the quarter hour of the day they began in. */
class UsualRanges {
  readonly #minutes: number;
  readonly #samples = new Float64Array(RANGE_SAMPLES_MAX);
  /** Days of slots: slot s has its ranges at s * SLOT_DAYS_MAX. */
  readonly #slots = new Float64Array(SLOTS * SLOT_DAYS_MAX);
  readonly #slotCounts = new Float64Array(SLOTS);
  readonly #slotMedians = new Float64Array(SLOTS).fill(Number.NaN);
  #count = 0;
  median = Number.NaN;

  constructor(minutes: number) {
    this.#minutes = minutes;
  }

  /** The range that ended at this minute, the first one of a quarter hour. */
  add(range: number, minute: number): void {
    this.#samples[this.#count % RANGE_SAMPLES_MAX] = range;
    this.#count++;
    const known = Math.min(this.#count, RANGE_SAMPLES_MAX);
    if (known >= RANGE_SAMPLES_MIN) {
      scratch.set(this.#samples);
      this.median = medianOf(scratch, known);
    }
    const slot = slotOf(minute - this.#minutes);
    const count = this.#slotCounts[slot] as number;
    const from = slot * SLOT_DAYS_MAX;
    this.#slots[from + (count % SLOT_DAYS_MAX)] = range;
    this.#slotCounts[slot] = count + 1;
    const days = Math.min(count + 1, SLOT_DAYS_MAX);
    if (days < SLOT_DAYS_MIN) return;
    for (let i = 0; i < days; i++) scratch[i] = this.#slots[from + i] as number;
    this.#slotMedians[slot] = medianOf(scratch, days);
  }

  /** Of the ranges that began in the quarter hour of `minute`, on other days; NaN where too few are known. */
  slotMedian(minute: number): number {
    return this.#slotMedians[slotOf(minute)] as number;
  }

  /** The newest of those; NaN before the first. */
  slotNewest(minute: number): number {
    const slot = slotOf(minute);
    const count = this.#slotCounts[slot] as number;
    return count === 0
      ? Number.NaN
      : (this.#slots[slot * SLOT_DAYS_MAX + ((count - 1) % SLOT_DAYS_MAX)] as number);
  }

  persist(archive: Archive): void {
    archive.numbers(this.#samples);
    archive.numbers(this.#slots);
    archive.numbers(this.#slotCounts);
    archive.numbers(this.#slotMedians);
    this.#count = archive.number(this.#count);
    this.median = archive.number(this.median);
  }
}

function slotOf(minute: number): number {
  return Math.floor(minute / SLOT_MINUTES) % SLOTS;
}

/**
 * A range over n minutes is 1e4 ln(highest high / lowest low) of the bars that closed in the last n minutes, NaN unless there
 * were bars in 80 % of them. Ranges are remembered at the first bar of each quarter hour. What is a ratio to a range of 0 is NaN:
 * a market that did not move at all has no usual pace.
 */
export class RangeMemory {
  readonly #closeMinutes = new Float64Array(BARS_MAX);
  readonly #highs = new Float64Array(BARS_MAX);
  readonly #lows = new Float64Array(BARS_MAX);
  readonly #closes = new Float64Array(BARS_MAX);
  readonly #quarters = new UsualRanges(15);
  readonly #hours = new UsualRanges(60);
  /** Of the last read, in the order of RANGE_MINUTES. */
  readonly #ranges = new Float64Array(RANGE_MINUTES.length);
  #bars = 0;
  #slot = Number.NaN;
  #surpriseMean = Number.NaN;

  /** A 1-minute bar closed. Reads `volatility_100` of the vector, which is of the same bar. */
  update(bar: FormingBar, vector: Float64Array): void {
    const minute = Math.round(bar.openTimeMicros / MICROS_PER_MINUTE) + 1;
    const at = this.#bars % BARS_MAX;
    this.#closeMinutes[at] = minute;
    this.#highs[at] = bar.high;
    this.#lows[at] = bar.low;
    this.#closes[at] = bar.close;
    this.#bars++;
    this.#readRanges(minute);
    const [, quarter = Number.NaN, hour = Number.NaN] = this.#ranges;
    const quarterSurprise = lnRatio(quarter, this.#quarters.slotMedian(minute - 15));
    const hourSurprise = lnRatio(hour, this.#hours.slotMedian(minute - 60));
    const slot = Math.floor(minute / SLOT_MINUTES);
    if (slot !== this.#slot) {
      this.#slot = slot;
      this.#remember({ minute, quarter, hour, quarterSurprise });
    }
    vector[FEATURE.range_15m_surprise] = quarterSurprise;
    vector[FEATURE.range_60m_surprise] = hourSurprise;
    vector[FEATURE.surprise_mean] = this.#surpriseMean;
    this.#writeRanges(vector, minute);
    this.#writeMoves(vector, { minute, close: bar.close });
  }

  persist(archive: Archive): void {
    archive.numbers(this.#closeMinutes);
    archive.numbers(this.#highs);
    archive.numbers(this.#lows);
    archive.numbers(this.#closes);
    this.#quarters.persist(archive);
    this.#hours.persist(archive);
    this.#bars = archive.number(this.#bars);
    this.#slot = archive.number(this.#slot);
    this.#surpriseMean = archive.number(this.#surpriseMean);
  }

  #remember(now: { minute: number; quarter: number; hour: number; quarterSurprise: number }): void {
    if (!Number.isNaN(now.quarter)) this.#quarters.add(now.quarter, now.minute);
    if (!Number.isNaN(now.hour)) this.#hours.add(now.hour, now.minute);
    if (Number.isNaN(now.quarterSurprise)) return;
    if (Number.isNaN(this.#surpriseMean)) this.#surpriseMean = now.quarterSurprise;
    else this.#surpriseMean += (now.quarterSurprise - this.#surpriseMean) * SURPRISE_WEIGHT;
  }

  /** One walk back over the bars, with a stop at the end of each range. */
  #readRanges(minute: number): void {
    const known = Math.min(this.#bars, BARS_MAX);
    let high = -Infinity;
    let low = Infinity;
    let taken = 0;
    for (let i = 0; i < RANGE_MINUTES.length; i++) {
      const minutes = RANGE_MINUTES[i] as number;
      for (; taken < known; taken++) {
        const at = (this.#bars - 1 - taken) % BARS_MAX;
        if ((this.#closeMinutes[at] as number) <= minute - minutes) break;
        high = Math.max(high, this.#highs[at] as number);
        low = Math.min(low, this.#lows[at] as number);
      }
      const isCovered = taken >= RANGE_COVERAGE_MIN * minutes;
      this.#ranges[i] = isCovered ? BASIS_POINTS * logRatio(high, low) : Number.NaN;
    }
  }

  #writeRanges(vector: Float64Array, minute: number): void {
    const [five = Number.NaN, quarter = Number.NaN, hour = Number.NaN, four = Number.NaN] = this.#ranges;
    const quarterMedian = this.#quarters.median;
    const hourMedian = this.#hours.median;
    const quarterSlot = this.#quarters.slotMedian(minute);
    const hourSlot = this.#hours.slotMedian(minute);
    vector[FEATURE.range_5m] = five;
    vector[FEATURE.range_15m] = quarter;
    vector[FEATURE.range_60m] = hour;
    vector[FEATURE.range_240m] = four;
    vector[FEATURE.range_15m_median] = quarterMedian;
    vector[FEATURE.range_60m_median] = hourMedian;
    vector[FEATURE.slot_range_15m_median] = quarterSlot;
    vector[FEATURE.slot_range_60m_median] = hourSlot;
    vector[FEATURE.range_5m_ratio] = lnRatio(five, quarterMedian);
    vector[FEATURE.range_15m_ratio] = lnRatio(quarter, quarterMedian);
    vector[FEATURE.range_60m_ratio] = lnRatio(hour, hourMedian);
    vector[FEATURE.range_240m_ratio] = lnRatio(four, hourMedian);
    vector[FEATURE.slot_range_15m_ratio] = lnRatio(quarterSlot, quarterMedian);
    vector[FEATURE.slot_range_60m_ratio] = lnRatio(hourSlot, hourMedian);
    vector[FEATURE.slot_range_15m_last] = lnRatio(this.#quarters.slotNewest(minute), quarterMedian);
    vector[FEATURE.slot_range_60m_last] = lnRatio(this.#hours.slotNewest(minute), hourMedian);
  }

  /** From the close of the last bar at or before then; NaN where the market was shut at that time. */
  #writeMoves(vector: Float64Array, { minute, close }: { minute: number; close: number }): void {
    const usual = vector[FEATURE.volatility_100] as number;
    const known = Math.min(this.#bars, BARS_MAX);
    let back = 0;
    for (let i = 0; i < MOVE_MINUTES.length; i++) {
      const minutes = MOVE_MINUTES[i] as number;
      while (back < known && this.#closeMinuteBack(back) > minute - minutes) back++;
      const isThere = back < known && this.#closeMinuteBack(back) > minute - minutes - STALE_MINUTES;
      const before = this.#closes[(this.#bars - 1 - back + BARS_MAX) % BARS_MAX] as number;
      const move = isThere ? BASIS_POINTS * logRatio(close, before) : Number.NaN;
      vector[FEATURE.move_1m + i] = usual > 0 ? move / (usual * Math.sqrt(minutes)) : Number.NaN;
    }
  }

  #closeMinuteBack(bars: number): number {
    return this.#closeMinutes[(this.#bars - 1 - bars) % BARS_MAX] as number;
  }
}

/** A close this many minutes old is no longer the price. */
const STALE_MINUTES = 5;

/** ln(a / b); NaN unless both are above 0. */
function lnRatio(a: number, b: number): number {
  return a > 0 && b > 0 ? logRatio(a, b) : Number.NaN;
}
