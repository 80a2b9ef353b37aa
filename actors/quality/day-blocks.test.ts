// Intervals from days drawn with replacement: they cover what they should, and see that a day's rows are not independent.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY, MICROS_PER_HOUR } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import { areaInterval, DayBlocks, DAYS_MIN, quantile } from "./day-blocks.ts";
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

test("the interval of the area is that of areas of drawn rows", () => {
  const random = new SeededRandom(23);
  const days = 20;
  const scores: number[] = [];
  const outcomes: number[] = [];
  const times: number[] = [];
  for (let day = 0; day < days; day++) {
    const skill = random.next();
    for (let row = 0; row < 40; row++) {
      const score = random.next();
      scores.push(score);
      outcomes.push(random.next() < 0.5 + skill * (score - 0.5) ? 1 : 0);
      times.push(START + day * MICROS_PER_DAY + row);
    }
  }
  const rows = {
    scores: Float32Array.from(scores),
    outcomes: Uint8Array.from(outcomes),
    timesMicros: Float64Array.from(times),
  };
  const area = areaUnderCurve(rows.scores, rows.outcomes);
  const interval = areaInterval(rows, area, { random: new SeededRandom(2), rounds: 4_000 })!;
  const slow = new SeededRandom(3);
  const drawn = Float64Array.from({ length: 4_000 }, () => {
    const chosen = Array.from({ length: days }, () => slow.integer(days)).flatMap((day) =>
      Array.from({ length: 40 }, (_, row) => day * 40 + row),
    );
    return areaUnderCurve(
      Float32Array.from(chosen, (row) => rows.scores[row]!),
      Uint8Array.from(chosen, (row) => rows.outcomes[row]!),
    );
  }).sort();
  expect(interval.low).toBeLessThan(area);
  expect(interval.high).toBeGreaterThan(area);
  expect(Math.abs(interval.low - quantile(drawn, 0.025))).toBeLessThan(0.015);
  expect(Math.abs(interval.high - quantile(drawn, 0.975))).toBeLessThan(0.015);
});

test("a quantile lies between the two nearest values", () => {
  const sorted = Float64Array.of(1, 2, 4);
  expect([0, 0.25, 0.5, 0.75, 1].map((at) => quantile(sorted, at))).toEqual([1, 1.5, 2, 3, 4]);
});
