// The picture on the terminal: it fits, and what matters is not what is cut off.

import { expect, test } from "bun:test";
import { frameOf, plainLine } from "./frame.ts";
import { clip, palette, widthOf } from "./table.ts";
import type { LiveView } from "./view.ts";

const SYMBOL = {
  symbol: "EURUSD",
  digits: 5,
  bidPoints: 108_620,
  askPoints: 108_638,
  regime: "active-range",
  action: "BUY",
  probabilityUp: 0.54,
  ticks: 44_596,
  quarantined: 3,
  signals: 7,
  trouble: "restarting",
};

const VIEW: LiveView = {
  badge: "SIMULATED",
  timeMicros: 1_398_988_800_000_000,
  symbols: Array.from({ length: 8 }, () => SYMBOL),
  account: undefined,
  ticks: 356_768,
  ticksPerSecond: 27.9,
  decisionP50Micros: 300,
  decisionP99Micros: 3_360,
  journalSeq: 234_365,
  journalBehind: 0,
  journalTrouble: "",
  history: { up: true, lagRecords: 12, share: 1 },
  decisionHash: "35d6478880909c63",
};

const SIZES = [
  [20, 5],
  [80, 24],
  [140, 40],
].map(([columns = 0, rows = 0]) => ({ columns, rows }));

test.each(SIZES)("fits $columns x $rows, with and without colours", (size) => {
  for (const colours of [palette(true), palette(false)]) {
    const lines = frameOf(VIEW, colours, size);
    expect(lines.length).toBeLessThanOrEqual(size.rows);
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(size.columns);
  }
});

test.each([80, 140])("at %d columns signal, trouble, journal and hash are whole", (columns) => {
  const text = frameOf(VIEW, palette(false), { columns, rows: 40 }).join("\n");
  for (const part of ["BUY", "restarting", "234365", "35d6478880909c63", "out of service"]) {
    expect(text).toContain(part);
  }
});

test("a failed journal is said in the picture and in the plain line", () => {
  const failed = { ...VIEW, journalTrouble: "the disk is full" };
  expect(frameOf(failed, palette(false), { columns: 80, rows: 24 }).join("\n")).toContain("the disk is full");
  expect(plainLine(failed)).toContain("the disk is full");
});

test("clipping counts what is seen and closes colours", () => {
  const clipped = clip(palette(true).red("journal"), 3);
  expect(widthOf(clipped)).toBe(3);
  expect(clipped).toEndWith("\u001b[0m");
});

test.each([
  [undefined, "", "history"],
  [{ up: true, lagRecords: 50, share: 0.99 }, "history level", ""],
  [{ up: true, lagRecords: 750_000, share: 0.25 }, "history [##--------] 750000 records behind", ""],
  [{ up: false, lagRecords: 9, share: 0.9 }, "history away", ""],
])("history %p is told as it is", (history, said, unsaid) => {
  const text = frameOf({ ...VIEW, history }, palette(false), { columns: 160, rows: 40 }).join("\n");
  expect(text).toContain(said);
  if (unsaid !== "") expect(text).not.toContain(unsaid);
});
