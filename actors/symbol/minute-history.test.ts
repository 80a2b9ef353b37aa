// The minutes that window models read: the newest ones, without a gap of the market among them, and the same after a restart.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_MINUTE } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import { MARKET_GAP_MICROS } from "../chain/features/limits.ts";
import { FEATURE_COUNT } from "../domain/features.ts";
import { MinuteHistory } from "./minute-history.ts";

const SEED = 5;

/** A row that says which one it is, with a feature that is not warm. */
function row(number: number): Float64Array {
  const features = new Float64Array(FEATURE_COUNT).map((_, index) => number + index / 64);
  features[3] = Number.NaN;
  return features;
}

/** As the four bytes that models see. */
function seen(number: number): number[] {
  return Array.from(row(number), Math.fround);
}

function rowsOf(minutes: MinuteHistory): number[][] {
  return Array.from({ length: minutes.count }, (_, index) => {
    const offset = minutes.offsetOf(minutes.count - 1 - index);
    return [...minutes.values.subarray(offset, offset + FEATURE_COUNT)];
  });
}

function reloaded(minutes: MinuteHistory, rowsMax: number): MinuteHistory {
  const saved = new SaveArchive();
  minutes.persist(saved);
  const again = new MinuteHistory(rowsMax);
  const loaded = new LoadArchive(saved.finish());
  again.persist(loaded);
  loaded.finish();
  return again;
}

describe("the minutes before", () => {
  test(`are the newest since the last market gap, as a list keeps them, restarts or not (seed ${SEED})`, () => {
    const random = new SeededRandom(SEED);
    const rowsMax = 7;
    let minutes = new MinuteHistory(rowsMax);
    let kept: number[] = [];
    let closeMicros = 0;
    for (let number = 1; number < 2_000; number++) {
      const skipped = random.integer(20) === 0 ? random.integer(12) : 0;
      const stepMicros = (1 + skipped) * MICROS_PER_MINUTE;
      closeMicros += stepMicros;
      if (stepMicros > MARKET_GAP_MICROS) kept = [];
      kept = [...kept, number].slice(-rowsMax);
      minutes.push(row(number), closeMicros);
      if (random.integer(10) === 0) minutes = reloaded(minutes, rowsMax);
      expect(minutes.closeMicros).toBe(closeMicros);
      expect(rowsOf(minutes)).toEqual(kept.map(seen));
    }
  });

  for (const [rowsMax, expected] of [
    [3, [3, 4, 5]],
    [9, [1, 2, 3, 4, 5]],
  ] as const) {
    test(`go on in a history of ${rowsMax} rows after one of five`, () => {
      const minutes = new MinuteHistory(5);
      for (let number = 1; number <= 5; number++) minutes.push(row(number), number * MICROS_PER_MINUTE);
      expect(rowsOf(reloaded(minutes, rowsMax)).map(([first]) => first)).toEqual([...expected]);
    });
  }
});
