// What becomes of a table of rows: which rows count, what naive rules say of them, what trades earn. Ranges are shown here, with
// medians that are given.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import type { ModelEvent } from "../../actors/ports/models.ts";
import { FeatureSample } from "./feature-sample.ts";
import { FEATURE_COUNT } from "../../actors/domain/features.ts";
import { answerColumn, Columns, moveColumn, rangeColumn } from "./pass.ts";
import { runPolicy, tradesOf } from "./policy.ts";
import { RowTable } from "./row-table.ts";
import { scoreOf } from "./score.ts";
import { pooled, seriesOf, touchesRollover, type TradeRows, tradeRowsOf } from "./series.ts";
import { medianFeature } from "../../actors/quality/outcomes.ts";
import type { Subject, Target } from "./subjects.ts";

const START = Date.UTC(2018, 5, 4, 8) * 1_000;
const FIVE = 5 * MICROS_PER_MINUTE;

function headOf(event: ModelEvent): { subject: Subject; target: Target; columns: Columns } {
  const target: Target = { rows: "minute", event, horizonMicros: FIVE, delayMicros: 0 };
  const subject: Subject = { name: "one", kind: "model", member: "lightgbm", targets: [target] };
  const median = medianFeature(event, FIVE);
  const names = [
    answerColumn(subject),
    moveColumn(target),
    rangeColumn(target),
    ...(median === undefined ? [] : [median]),
  ];
  return { subject, target, columns: new Columns(names) };
}

/** A row a minute; `cells` are the answer, the move, the range and the median. */
function tableOf(
  rows: readonly { minute: number; mid: number; cells: readonly number[] }[],
  columns: Columns,
): RowTable {
  const table = new RowTable(columns.names.length);
  for (const { minute, mid, cells } of rows) {
    const row = table.add(START + minute * MICROS_PER_MINUTE, mid, 1, 3);
    for (const [column, value] of cells.entries()) table.set(column, row, value);
  }
  return table;
}

function touches(hours: number, minutes: number): boolean {
  const midnight = START - 8 * MICROS_PER_HOUR;
  return touchesRollover(midnight + hours * MICROS_PER_HOUR, minutes * MICROS_PER_MINUTE);
}

function tradeRows(of: readonly [number, number, number][]): TradeRows {
  return {
    timesMicros: Float64Array.from(of, ([minute]) => START + minute * MICROS_PER_MINUTE),
    probabilities: Float32Array.from(of, ([, probability]) => probability),
    moves: Float32Array.from(of, ([, , move]) => move),
    spreads: new Float32Array(of.length).fill(1),
  };
}

describe("rows that count", () => {
  test("have an answer and a move that is not nothing, and know the last move", () => {
    const head = headOf("up");
    const rows = Array.from({ length: 20 }, (_, minute) => ({
      minute,
      mid: 100 + minute * minute,
      cells: [minute === 3 ? Number.NaN : 0.6, minute === 4 ? 0 : minute === 5 ? Number.NaN : minute - 10],
    }));
    const series = seriesOf(tableOf(rows, head.columns), { ...head, bidOnly: false });
    const minutes = [...series.timesMicros].map((time) => (time - START) / MICROS_PER_MINUTE);
    expect(minutes).toEqual([0, 1, 2, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19]);
    expect([...series.outcomes]).toEqual(minutes.map((minute) => (minute > 10 ? 1 : 0)));
    const naive = minutes.map((minute) => (minute < 5 ? Number.NaN : minute ** 2 - (minute - 5) ** 2));
    expect([...series.naive]).toEqual(naive);
    // 0, 6, 11, 16: each five minutes after the one before.
    expect(series.apart).toBe(4);
    expect(pooled([series, series])).toMatchObject({ apart: 8, outcomes: { length: 32 } });
  });

  test("of ranges need a median; the last range is that of the row a horizon ago", () => {
    const head = headOf("lively");
    const rows = Array.from({ length: 12 }, (_, index) => {
      // The seventh minute is missing.
      const minute = index < 7 ? index : index + 1;
      return { minute, mid: 100, cells: [0.7, Number.NaN, minute, minute === 2 ? Number.NaN : 4] };
    });
    const series = seriesOf(tableOf(rows, head.columns), { ...head, bidOnly: true });
    const minutes = [...series.timesMicros].map((time) => (time - START) / MICROS_PER_MINUTE);
    expect(minutes).toEqual([0, 1, 3, 4, 5, 6, 8, 9, 10, 11, 12]);
    expect([...series.outcomes]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
    // At 12 the row of minute 7 is wanted, which there is none of.
    const nan = Number.NaN;
    expect([...series.naive]).toEqual([nan, nan, nan, nan, 0, 1 / 4, 3 / 4, 4 / 4, 5 / 4, 6 / 4, nan]);
    const scores = scoreOf(series, "lively", new SeededRandom(1))!;
    expect(scores.naive.map(({ rule }) => rule)).toEqual(["always", "past range"]);
    // Right at 10 and 11; half at 9, where it equals the median, and where nothing is known; wrong at 5, 6 and 8.
    expect(scores.naive[1]!.accuracy).toBeCloseTo((2 + 0.5 * 6) / 11, 12);
    expect(scores.gain.value).toBeCloseTo(0, 12);
    expect(scores.accuracy.value).toBeCloseTo(7 / 11, 12);
    expect(scores.accuracy.low).toBeNull();
  });

  test("leave the rollover out, and horizons that reach into it", () => {
    expect([
      touches(20, 29),
      touches(20, 30),
      touches(20.5, 1),
      touches(22.9, 1),
      touches(23, 1),
      touches(23, 60),
    ]).toEqual([false, true, true, true, false, false]);
    expect([touches(0, 60), touches(23.5, 21 * 60 - 1), touches(23.5, 21 * 60)]).toEqual([
      false,
      false,
      true,
    ]);
  });
});

describe("the simple policy", () => {
  test("learns how sure is enough from the first half, and trades in the second, one at a time", () => {
    const splitMicros = START + 10 * MICROS_PER_MINUTE;
    const before = Array.from({ length: 10 }, (_, minute): [number, number, number] => [
      minute,
      0.5 + minute / 100,
      50,
    ]);
    const run = runPolicy(
      tradeRows([
        ...before,
        [10, 0.55, 9], // Not sure enough.
        [11, 0.75, 3], // Bought.
        [12, 0.9, 100], // Still in the trade.
        [16, 0.25, 2], // Sold, and it rose.
        [21, 0.8, Number.NaN], // Nobody knows.
        [22, 0.75, 0], // It did not move.
      ]),
      { splitMicros, holdMicros: FIVE, slippage: 0.5 },
    )!;
    expect(run.confidence).toBeCloseTo(0.081, 6);
    expect(run.trades.map(({ gross, cost }) => [gross, cost])).toEqual([
      [3, 1.5],
      [-2, 1.5],
      [0, 1.5],
    ]);
    expect(tradesOf([run], new SeededRandom(1))).toEqual({
      trades: 3,
      confidence: run.confidence,
      before: { value: expect.closeTo(1 / 3, 9) as number, low: null, high: null },
      after: { value: expect.closeTo(1 / 3 - 1.5, 9) as number, low: null, high: null },
      cost: expect.closeTo(1.5, 9) as number,
      won: expect.closeTo(1 / 3, 9) as number,
    });
    expect(tradesOf([], new SeededRandom(1))).toBeNull();
    expect(runPolicy(tradeRows([]), { splitMicros, holdMicros: FIVE, slippage: 0 })).toBeUndefined();
  });

  test("sees rows whatever became of them, but for the rollover", () => {
    const head = headOf("up");
    const table = tableOf(
      [0, 1, 750].map((minute) => ({ minute, mid: 100, cells: [0.6, minute === 0 ? 0 : Number.NaN] })),
      head.columns,
    );
    expect([...tradeRowsOf(table, { ...head, bidOnly: true }).moves]).toEqual([0, Number.NaN]);
    expect(tradeRowsOf(table, { ...head, bidOnly: false }).moves).toHaveLength(3);
  });
});

test("a sample of features sees the one that moved", () => {
  const random = new SeededRandom(8);
  const sample = new FeatureSample(random);
  const features = new Float64Array(FEATURE_COUNT);
  for (let row = 0; row < 60_000; row++) {
    for (let i = 0; i < FEATURE_COUNT; i++)
      features[i] = random.normal() + (i === 5 && row >= 30_000 ? 1 : 0);
    features[7] = Number.NaN;
    sample.add(START + row, features);
  }
  const stability = sample.stability(START + 30_000);
  expect(stability.filter(({ psi }) => psi > 0.25).map(({ feature }) => feature)).toEqual(["log_return_1h"]);
  expect(stability[7]!.psi).toBeCloseTo(0, 12);
  expect(sample.stability(START + MICROS_PER_DAY)[0]!.psi).toBeNaN();
});
