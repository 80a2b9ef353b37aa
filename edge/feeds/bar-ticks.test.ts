// Bars become ticks that have the bars' own prices and times, and a file that cannot be trusted ends the stream by name.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBarTicks } from "./bar-ticks.ts";
import type { SourceTick } from "./source.ts";

const folder = mkdtempSync(join(tmpdir(), "tickforge-bar-ticks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, lines: readonly string[]): string {
  const path = join(folder, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/** HistData's clock: New York with its daylight saving until 2018. */
const RISING = "20180102 120000;1.20000;1.20050;1.19990;1.20040;0";
const FALLING = "20180102 120100;1.20040;1.20045;1.20010;1.20020;0";
const JPY = "20180102 120000;112.500;112.530;112.490;112.510;0";
const NOON_UTC_MICROS = Date.UTC(2018, 0, 2, 17) * 1_000;

function read(paths: readonly string[], skipBad = false): { ticks: SourceTick[]; failure: string } {
  const opened = openBarTicks(paths, { skipBad });
  if (!opened.ok) return { ticks: [], failure: `${opened.code}: ${opened.message}` };
  const ticks: SourceTick[] = [];
  const source = opened.value.ticks;
  for (let tick = source.next(); tick !== undefined; tick = source.next()) ticks.push({ ...tick });
  return {
    ticks,
    failure: source.failure === undefined ? "" : `${source.failure.code}: ${source.failure.message}`,
  };
}

describe("bars as ticks", () => {
  test("are their open, the extreme that is taken to come first, the other, and the close", () => {
    const { ticks, failure } = read([write("EURUSD_a.csv", [RISING, FALLING])]);
    expect(failure).toBe("");
    expect(ticks.map(({ bid }) => bid)).toEqual([
      1.2, 1.1999, 1.2005, 1.2004, 1.2004, 1.20045, 1.2001, 1.2002,
    ]);
    const seconds = ticks.map(({ sourceTimeMicros }) => (sourceTimeMicros - NOON_UTC_MICROS) / 1e6);
    expect(seconds).toEqual([0, 20, 40, 59, 60, 80, 100, 119]);
    expect(ticks.map(({ sourceSeq }) => sourceSeq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("have whole points of spread where the file has no ask", () => {
    const { ticks } = read([write("EURUSD_b.csv", [RISING]), write("USDJPY_b.csv", [JPY])]);
    const points = ticks.map(({ instrumentId, bid, ask }) => (ask - bid) * (instrumentId === 0 ? 1e5 : 1e3));
    for (const spread of points) {
      expect(spread).toBeCloseTo(Math.round(spread), 6);
      expect(spread).toBeGreaterThan(1);
    }
  });

  test("of several symbols come in the order of time, files of one symbol in that of their names", () => {
    const { ticks, failure } = read([
      write("EURUSD_2.csv", [FALLING]),
      write("EURUSD_1.csv", [RISING]),
      write("USDJPY_1.csv", [JPY]),
    ]);
    expect(failure).toContain("out-of-order");
    expect(ticks.length).toBeLessThan(12);
    const sorted = read([
      join(folder, "EURUSD_1.csv"),
      join(folder, "EURUSD_2.csv"),
      join(folder, "USDJPY_1.csv"),
    ]);
    expect(sorted.failure).toBe("");
    const times = sorted.ticks.map(({ sourceTimeMicros }) => sourceTimeMicros);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(sorted.ticks).toHaveLength(12);
  });

  test("of a file with bad lines end there by name, or go on where that was said", () => {
    const path = write("EURUSD_bad.csv", [
      RISING,
      "20180102 120100;1.2;1.1;1.3;1.2;0",
      "20180102 120200;x;1;1;1;0",
    ]);
    const { ticks, failure } = read([path]);
    expect([ticks.length, failure]).toEqual([4, expect.stringContaining(`bad-lines: ${path}, line 2`)]);
    expect(failure).toContain("--skip-bad");
    expect(read([path], true)).toMatchObject({ failure: "" });
  });

  test("are not made of ticks, of nothing, or of what is not known", () => {
    const ticksFile = write("EURUSD_ticks.csv", ["time,bid,ask", "2018-01-02T12:00:00Z,1.2,1.2001"]);
    expect(read([ticksFile]).failure).toContain("not-bars");
    expect(read([join(folder, "nowhere")]).failure).toContain("path-unreadable");
    expect(read([write("ABCDEF.csv", [RISING])]).failure).toContain("unknown-symbol");
  });
});
