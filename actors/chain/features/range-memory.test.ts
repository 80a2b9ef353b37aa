// Ranges, what is usual of them and moves, against the slow reading of all bars there ever were: over weeks, with nights,
// weekends, holes and a price that stands still.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../../base/archive.ts";
import { MICROS_PER_MINUTE } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import { FEATURE, FEATURE_COUNT, FEATURE_NAMES, type FeatureName } from "../../domain/features.ts";
import type { FormingBar } from "./forming-bar.ts";
import { RangeMemory } from "./range-memory.ts";

const DAY = 24 * 60;
const START_MINUTE = (Date.UTC(2024, 2, 4) / 60_000) | 0;
const USUAL = 2.5;

interface Row {
  readonly minute: number;
  readonly bar: FormingBar;
}

/** Weeks of minute bars: closed on weekends, livelier in the afternoon, with holes and a dead hour. */
function market(days: number, seed: number): Row[] {
  const random = new SeededRandom(seed);
  const rows: Row[] = [];
  let price = 110_000;
  for (let minute = START_MINUTE; minute < START_MINUTE + days * DAY; minute++) {
    const ofDay = minute % DAY;
    if (Math.floor((minute - START_MINUTE) / DAY) % 7 >= 5) continue;
    if (random.next() < (ofDay > 1_300 ? 0.5 : 0.05)) continue;
    const step = ofDay > 180 && ofDay < 240 ? 0 : 1 + Math.abs(Math.sin((ofDay * Math.PI) / DAY)) * 20;
    const open = price;
    const close = Math.round(open + random.normal() * step);
    const high = Math.max(open, close) + Math.round(random.next() * step);
    const low = Math.min(open, close) - Math.round(random.next() * step);
    rows.push({
      minute: minute + 1,
      bar: { openTimeMicros: minute * MICROS_PER_MINUTE, open, high, low, close, volume: 0, ticks: 4 },
    });
    price = close;
  }
  return rows;
}

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(half)]! : (sorted[half - 1]! + sorted[half]!) / 2;
}

function ratio(a: number, b: number): number {
  return a > 0 && b > 0 ? Math.log(a / b) : Number.NaN;
}

/** Of the bars closed in the last `minutes`. */
function rangeOf(rows: readonly Row[], minutes: number): number {
  const now = rows.at(-1)!.minute;
  const inside = rows.slice(-minutes).filter(({ minute }) => minute > now - minutes);
  if (inside.length < 0.8 * minutes) return Number.NaN;
  const high = Math.max(...inside.map(({ bar }) => bar.high));
  const low = Math.min(...inside.map(({ bar }) => bar.low));
  return 1e4 * Math.log(high / low);
}

function moveOf(rows: readonly Row[], minutes: number): number {
  const { minute: now, bar } = rows.at(-1)!;
  const before = rows.findLast(({ minute }) => minute <= now - minutes);
  if (before === undefined || before.minute <= now - minutes - 5) return Number.NaN;
  return (1e4 * Math.log(bar.close / before.bar.close)) / (USUAL * Math.sqrt(minutes));
}

/** All ranges that were remembered, at the first bar of each quarter hour. */
class NaiveUsual {
  readonly #minutes: number;
  readonly #kept: { range: number; slot: number }[] = [];

  constructor(minutes: number) {
    this.#minutes = minutes;
  }

  add(range: number, minute: number): void {
    if (Number.isNaN(range)) return;
    this.#kept.push({ range, slot: Math.floor((minute - this.#minutes) / 15) % 96 });
  }

  get median(): number {
    return this.#kept.length < 192 ? Number.NaN : medianOf(this.#kept.slice(-480).map(({ range }) => range));
  }

  slot(minute: number): { median: number; last: number } {
    const same = this.#kept.filter(({ slot }) => slot === Math.floor(minute / 15) % 96).slice(-20);
    return {
      median: same.length < 10 ? Number.NaN : medianOf(same.map(({ range }) => range)),
      last: same.at(-1)?.range ?? Number.NaN,
    };
  }
}

class Naive {
  readonly #rows: Row[] = [];
  readonly #quarters = new NaiveUsual(15);
  readonly #hours = new NaiveUsual(60);
  #surpriseMean = Number.NaN;

  take(row: Row): void {
    const before = this.#rows.at(-1);
    this.#rows.push(row);
    const { minute } = row;
    const [quarter, hour] = [rangeOf(this.#rows, 15), rangeOf(this.#rows, 60)];
    this.#surprises = [
      ratio(quarter, this.#quarters.slot(minute - 15).median),
      ratio(hour, this.#hours.slot(minute - 60).median),
    ];
    if (before !== undefined && Math.floor(before.minute / 15) === Math.floor(minute / 15)) return;
    this.#quarters.add(quarter, minute);
    this.#hours.add(hour, minute);
    const [surprise] = this.#surprises;
    if (Number.isNaN(surprise)) return;
    this.#surpriseMean = Number.isNaN(this.#surpriseMean)
      ? surprise
      : 0.95 * this.#surpriseMean + 0.05 * surprise;
  }

  #surprises: [number, number] = [Number.NaN, Number.NaN];

  read(): Partial<Record<FeatureName, number>> {
    const rows = this.#rows.slice(-300);
    const { minute } = rows.at(-1)!;
    const [five, quarter, hour, four] = [5, 15, 60, 240].map((minutes) => rangeOf(rows, minutes)) as [
      number,
      number,
      number,
      number,
    ];
    const [quarterSlot, hourSlot] = [this.#quarters.slot(minute), this.#hours.slot(minute)];
    const [quarterMedian, hourMedian] = [this.#quarters.median, this.#hours.median];
    return {
      range_5m: five,
      range_15m: quarter,
      range_60m: hour,
      range_240m: four,
      range_15m_median: quarterMedian,
      range_60m_median: hourMedian,
      slot_range_15m_median: quarterSlot.median,
      slot_range_60m_median: hourSlot.median,
      range_5m_ratio: ratio(five, quarterMedian),
      range_15m_ratio: ratio(quarter, quarterMedian),
      range_60m_ratio: ratio(hour, hourMedian),
      range_240m_ratio: ratio(four, hourMedian),
      slot_range_15m_ratio: ratio(quarterSlot.median, quarterMedian),
      slot_range_60m_ratio: ratio(hourSlot.median, hourMedian),
      slot_range_15m_last: ratio(quarterSlot.last, quarterMedian),
      slot_range_60m_last: ratio(hourSlot.last, hourMedian),
      range_15m_surprise: this.#surprises[0],
      range_60m_surprise: this.#surprises[1],
      surprise_mean: this.#surpriseMean,
      move_1m: moveOf(rows, 1),
      move_5m: moveOf(rows, 5),
      move_15m: moveOf(rows, 15),
      move_60m: moveOf(rows, 60),
      move_240m: moveOf(rows, 240),
    };
  }
}

function emptyVector(): Float64Array {
  const vector = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  vector[FEATURE.volatility_100] = USUAL;
  return vector;
}

function differences(vector: Float64Array, naive: Partial<Record<FeatureName, number>>): string[] {
  return Object.entries(naive).flatMap(([name, value]) => {
    const actual = vector[FEATURE[name as FeatureName]]!;
    const isEqual = Number.isNaN(value)
      ? Number.isNaN(actual)
      : Math.abs(actual - value) <= 1e-9 * Math.max(1, Math.abs(value));
    return isEqual ? [] : [`${name} is ${actual}, naively ${value}`];
  });
}

describe("ranges and moves", () => {
  test("are those of the slow reading, on every bar of six weeks", () => {
    const [memory, naive, vector] = [new RangeMemory(), new Naive(), emptyVector()];
    const known = new Set<string>();
    for (const [index, row] of market(42, 5).entries()) {
      memory.update(row.bar, vector);
      naive.take(row);
      if (index % 7 !== 0) continue;
      const expected = naive.read();
      expect(differences(vector, expected)).toEqual([]);
      for (const [name, value] of Object.entries(expected)) if (!Number.isNaN(value)) known.add(name);
    }
    // Nothing agreed only because it was never known.
    expect(known.size).toBe(Object.keys(naive.read()).length);
  }, 60_000);

  test("go on from a snapshot as if nothing had happened", () => {
    const rows = market(16, 6);
    const [memory, vector] = [new RangeMemory(), emptyVector()];
    for (const row of rows.slice(0, -500)) memory.update(row.bar, vector);
    const saved = new SaveArchive();
    memory.persist(saved);
    const other = new RangeMemory();
    other.persist(new LoadArchive(saved.finish()));
    const otherVector = vector.slice();
    for (const row of rows.slice(-500)) {
      memory.update(row.bar, vector);
      other.update(row.bar, otherVector);
    }
    expect([...otherVector]).toEqual([...vector]);
    expect(
      FEATURE_NAMES.some((name) => name.startsWith("slot_") && Number.isFinite(vector[FEATURE[name]])),
    ).toBe(true);
  });

  test("of a price that stands still are no ratio, and no move without a volatility", () => {
    const [memory, vector] = [new RangeMemory(), emptyVector()];
    vector[FEATURE.volatility_100] = 0;
    for (let minute = 0; minute < 5 * DAY; minute++) {
      const bar = { open: 100, high: 100, low: 100, close: 100, volume: 0, ticks: 1 };
      memory.update({ ...bar, openTimeMicros: (START_MINUTE + minute) * MICROS_PER_MINUTE }, vector);
    }
    expect(vector[FEATURE.range_15m]).toBe(0);
    expect(vector[FEATURE.range_15m_median]).toBe(0);
    expect(vector[FEATURE.range_15m_ratio]).toBeNaN();
    expect(vector[FEATURE.move_5m]).toBeNaN();
  });
});
