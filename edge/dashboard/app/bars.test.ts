// The series behind a chart: history, stream and prices merged in any order.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { BarMessage } from "../../api/schemas.ts";
import { BarSeries, widerOf } from "./bars.ts";
import { BARS_MAX } from "./limits.ts";

const MINUTE = 60;

/** The bar of minute `minute`, at price `close`. */
function bar(minute: number, close: number, closed = true): BarMessage {
  const time = new Date(minute * MINUTE * 1_000).toISOString();
  const flat = { open: close, high: close, low: close, close };
  return { symbol: "EURUSD", interval: "1m", time, ...flat, volume: 1, ticks: 1, closed, source: "test" };
}

function minutes(series: BarSeries): number[] {
  return series.bars.map(({ timeSeconds }) => timeSeconds / MINUTE);
}

describe("history", () => {
  test("is put before what is there", () => {
    const series = new BarSeries("1m");
    series.merge([bar(10, 1), bar(11, 1)]);
    expect(series.merge([bar(7, 1), bar(8, 1), bar(10, 2)])).toEqual({ kind: "all" });
    expect(minutes(series)).toEqual([7, 8, 10, 11]);
    expect(series.bars[2]!.close).toBe(2);
  });

  test("an empty page changes nothing", () => {
    expect(new BarSeries("1m").merge([])).toEqual({ kind: "none" });
  });

  test("does not undo what the stream said since about the bar being built", () => {
    const series = new BarSeries("1m");
    series.tick(1.3, 12 * MINUTE * 1_000);
    series.merge([bar(11, 1.1), bar(12, 1.2, false)]);
    expect(series.bars.at(-1)).toMatchObject({ open: 1.2, high: 1.3, low: 1.2, close: 1.3, closed: false });
  });

  test("keeps no more than its bound, the newest", () => {
    const series = new BarSeries("1m");
    series.merge(Array.from({ length: BARS_MAX + 5 }, (_, minute) => bar(minute, 1)));
    expect(series.bars.length).toBe(BARS_MAX);
    expect(series.isFull).toBe(true);
    expect(series.oldestSeconds).toBe(5 * MINUTE);
  });
});

describe("the stream", () => {
  test("redraws only the end", () => {
    const series = new BarSeries("1m");
    series.merge([bar(1, 1), bar(2, 1), bar(3, 1, false)]);
    expect(series.put(bar(3, 1.5, false))).toEqual({ kind: "tail", from: 2 });
    expect(series.put(bar(3, 1.6))).toEqual({ kind: "tail", from: 2 });
    expect(series.put(bar(4, 1.7, false))).toEqual({ kind: "tail", from: 3 });
    expect(series.put(bar(3, 1.65))).toEqual({ kind: "tail", from: 2 });
    expect(series.put(bar(1, 9))).toEqual({ kind: "all" });
  });

  test("a bar in a hole of the past redraws everything", () => {
    const series = new BarSeries("1m");
    series.merge([bar(1, 1), bar(2, 1), bar(5, 1)]);
    expect(series.put(bar(3, 1))).toEqual({ kind: "all" });
    expect(minutes(series)).toEqual([1, 2, 3, 5]);
  });
});

describe("prices", () => {
  test("move the bar being built and begin the next one", () => {
    const series = new BarSeries("1m");
    series.merge([bar(1, 1), bar(2, 1, false)]);
    expect(series.tick(1.2, 2 * MINUTE * 1_000 + 5_000)).toEqual({ kind: "tail", from: 1 });
    expect(series.bars.at(-1)).toMatchObject({ open: 1, high: 1.2, low: 1, close: 1.2 });
    expect(series.tick(1.1, 3 * MINUTE * 1_000)).toEqual({ kind: "tail", from: 2 });
    expect(series.bars.at(-1)).toMatchObject({ open: 1.1, high: 1.1, low: 1.1, close: 1.1, closed: false });
  });

  test("that change nothing draw nothing; a closed bar and the past stay as they are", () => {
    const series = new BarSeries("1m");
    series.merge([bar(1, 1), bar(2, 1)]);
    expect(series.tick(2, 2 * MINUTE * 1_000)).toEqual({ kind: "none" });
    expect(series.tick(2, 1 * MINUTE * 1_000)).toEqual({ kind: "none" });
    series.tick(2, 3 * MINUTE * 1_000);
    expect(series.tick(2, 3 * MINUTE * 1_000)).toEqual({ kind: "none" });
  });
});

test("whatever comes in whatever order, bars are in order and of different times", () => {
  const minute = fc.integer({ min: 0, max: 40 });
  const step = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), minute, closed: fc.boolean() }),
    fc.record({ kind: fc.constant("tick" as const), minute }),
    fc.record({ kind: fc.constant("merge" as const), page: fc.array(minute, { maxLength: 12 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const series = new BarSeries("1m");
      for (const what of steps) {
        if (what.kind === "put") series.put(bar(what.minute, 1, what.closed));
        else if (what.kind === "tick") series.tick(1, what.minute * MINUTE * 1_000 + 999);
        else series.merge(what.page.map((at) => bar(at, 1)));
        const at = minutes(series);
        expect(at).toEqual([...new Set(at)].sort((a, b) => a - b));
      }
    }),
  );
});

test("the wider of two changes covers both", () => {
  expect(widerOf({ kind: "none" }, { kind: "tail", from: 3 })).toEqual({ kind: "tail", from: 3 });
  expect(widerOf({ kind: "tail", from: 5 }, { kind: "tail", from: 3 })).toEqual({ kind: "tail", from: 3 });
  expect(widerOf({ kind: "tail", from: 5 }, { kind: "all" })).toEqual({ kind: "all" });
});
