// Intervals from days drawn with replacement: they cover what they should, and see that a day's rows are not independent.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY, MICROS_PER_HOUR } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import { areaGainInterval, areaInterval, DayBlocks, DAYS_MIN, quantile } from "./day-blocks.ts";
import { areaUnderCurve } from "./measures.ts";

const START = Date.UTC(2024, 0, 1) * 1_000;

/** Days of 24 rows whose share of ones differs from day to day by `spread`, one half in the long run. */
function blocksOf(random: SeededRandom, days: number, spread: number): DayBlocks {
  const blocks = new DayBlocks(2);
  for (let day = 0; day < days; day++) {
    const share = 0.5 + spread * (2 * random.next() - 1);
    for (let hour = 0; hour < 24; hour++) {
      const sums = blocks.of(START + day * MICROS_PER_DAY + hour * MICROS_PER_HOUR);
      sums[0]! += 1;
      sums[1]! += random.next() < share ? 1 : 0;
    }
  }
  return blocks;
}

const share = (sums: Float64Array): number => sums[1]! / sums[0]!;

describe("days drawn with replacement", () => {
  test("cover the truth about as often as they say, though rows of a day share their mood", () => {
    const random = new SeededRandom(17);
    let covered = 0;
    let width = 0;
    for (let study = 0; study < 200; study++) {
      const [interval] = blocksOf(random, 60, 0.4).intervals([share], { random, rounds: 200 });
      width += interval!.high - interval!.low;
      if (interval!.low <= 0.5 && interval!.high >= 0.5) covered++;
    }
    expect(covered).toBeGreaterThan(178);
    expect(covered).toBeLessThan(200);
    // As if the rows were independent it would be 2 * 1.96 * sqrt(0.25 / 1440).
    expect(width / 200).toBeGreaterThan(1.5 * 2 * 1.96 * Math.sqrt(0.25 / 1_440));
  });

  test("say the same for the same seed, and nothing about a few days", () => {
    const blocks = blocksOf(new SeededRandom(1), 30, 0.2);
    const draw = () => blocks.intervals([share, () => Number.NaN], { random: new SeededRandom(9) });
    expect(draw()).toEqual(draw());
    expect(draw()[1]).toBeUndefined();
    const few = blocksOf(new SeededRandom(1), DAYS_MIN - 1, 0.2);
    expect(few.intervals([share], { random: new SeededRandom(9) })).toEqual([undefined]);
    expect(few.count).toBe(DAYS_MIN - 1);
  });
});

const DAYS = 20;
const DAY_ROWS = 40;

/** Days of different skill, and other scores that know half as much. */
function skilledRows() {
  const random = new SeededRandom(23);
  const rows = Array.from({ length: DAYS * DAY_ROWS }, (_, row) => ({
    score: random.next(),
    noise: random.next(),
    chance: random.next(),
    day: Math.floor(row / DAY_ROWS),
  }));
  const skills = Array.from({ length: DAYS }, () => random.next());
  return {
    scores: Float32Array.from(rows, ({ score }) => score),
    others: Float32Array.from(rows, ({ score, noise }) => Math.round(5 * (score + noise))),
    outcomes: Uint8Array.from(rows, ({ score, chance, day }) =>
      chance < 0.5 + skills[day]! * (score - 0.5) ? 1 : 0,
    ),
    timesMicros: Float64Array.from(rows, ({ day }, row) => START + day * MICROS_PER_DAY + (row % DAY_ROWS)),
  };
}

/** Areas of whole rows of days drawn one after the other: of the scores, and how much more than of the others. */
function slowAreas(rows: ReturnType<typeof skilledRows>, rounds: number): [number, number][] {
  const random = new SeededRandom(3);
  return Array.from({ length: rounds }, () => {
    const days = Array.from({ length: DAYS }, () => random.integer(DAYS));
    const chosen = days.flatMap((day) => Array.from({ length: DAY_ROWS }, (_, row) => day * DAY_ROWS + row));
    const outcomes = Uint8Array.from(chosen, (row) => rows.outcomes[row]!);
    const areaOf = (scores: Float32Array): number =>
      areaUnderCurve(
        Float32Array.from(chosen, (row) => scores[row]!),
        outcomes,
      );
    const area = areaOf(rows.scores);
    return [area, area - areaOf(rows.others)];
  });
}

test("the intervals of an area and of a gain in area are those of areas of drawn rows", () => {
  const rows = skilledRows();
  const area = areaUnderCurve(rows.scores, rows.outcomes);
  const gain = area - areaUnderCurve(rows.others, rows.outcomes);
  const draw = { random: new SeededRandom(2), rounds: 4_000 };
  const found = [areaInterval(rows, area, draw)!, areaGainInterval(rows, gain, draw)!];
  const drawn = slowAreas(rows, 4_000);
  for (const [index, { low, high }] of found.entries()) {
    const sorted = Float64Array.from(drawn, (areas) => areas[index as 0 | 1]).sort();
    const value = index === 0 ? area : gain;
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    expect(Math.abs(low - quantile(sorted, 0.025))).toBeLessThan(0.01);
    expect(Math.abs(high - quantile(sorted, 0.975))).toBeLessThan(0.01);
  }
  expect(gain).toBeGreaterThan(0);
});

test("a quantile lies between the two nearest values", () => {
  const sorted = Float64Array.of(1, 2, 4);
  expect([0, 0.25, 0.5, 0.75, 1].map((at) => quantile(sorted, at))).toEqual([1, 1.5, 2, 3, 4]);
});
