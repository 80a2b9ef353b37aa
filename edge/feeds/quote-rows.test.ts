// The row parser reads what Number() would read, and names every row it cannot read.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_DAY } from "../../actors/base/clock.ts";
import { BAD_ROWS_SHOWN } from "./limits.ts";
import { QuoteColumns } from "./quote-rows.ts";

const DAY = 16_192 * MICROS_PER_DAY;

function parse(text: string): QuoteColumns {
  const columns = new QuoteColumns();
  columns.parse(new TextEncoder().encode(text), DAY);
  return columns;
}

function rowsOf(columns: QuoteColumns): number[][] {
  return Array.from({ length: columns.rows }, (_, row) => [
    columns.times[row]! - DAY,
    columns.bids[row]!,
    columns.asks[row]!,
  ]);
}

describe("rows that are read", () => {
  const cases: readonly [string, string, number[][]][] = [
    ["milliseconds", "277,1.38694,1.38705", [[277_000, 1.38694, 1.38705]]],
    ["fractions of a millisecond", "43.142,1291.677,1292.033", [[43_142, 1291.677, 1292.033]]],
    ["fractions below a microsecond, cut", "62.2669,1291.6,1292", [[62_266, 1291.6, 1292]]],
    [
      "Windows line ends",
      "1,2.5,3.5\r\n2,2.5,3.5\r\n",
      [
        [1_000, 2.5, 3.5],
        [2_000, 2.5, 3.5],
      ],
    ],
    ["empty lines at the end", "1,2.5,3.5\n\r\n\n", [[1_000, 2.5, 3.5]]],
    [
      "several at one time, all in order",
      "5,1,2\n5,1,3\n5,1,2",
      [
        [5_000, 1, 2],
        [5_000, 1, 3],
        [5_000, 1, 2],
      ],
    ],
    ["crossed and negative prices, which the chain judges", "1,3,-2", [[1_000, 3, -2]]],
    ["exponents", "1e3,1.5e-5,2E2", [[1_000_000, 1.5e-5, 200]]],
    [
      "more digits than a double holds",
      "1,1.23456789012345678,2",
      [[1_000, Number("1.23456789012345678"), 2]],
    ],
    ["the last microsecond of the day", "86399999.999,1,2", [[86_399_999_999, 1, 2]]],
    ["nothing", "", []],
  ];
  test.each(cases)("%s", (_name, text, expected) => {
    const columns = parse(text);
    expect(columns.badRows).toEqual([]);
    expect(rowsOf(columns)).toEqual(expected);
  });
});

describe("rows that are not", () => {
  const cases: readonly [string, string, number, string][] = [
    ["a header", "time,bid,ask\n1,2,3", 1, "the time is not a number"],
    ["two columns", "1,2,3\n4,5", 2, "2 columns"],
    ["four columns", "1,2,3,4", 1, "4 columns"],
    ["a bid that is a word", "1,NaN,3", 1, "the bid is not a number"],
    ["an ask that is a word", "1,2,Infinity", 1, "the ask is not a number"],
    ["an empty ask", "1,2,", 1, "the ask is not a number"],
    ["a hexadecimal price", "1,0x10,3", 1, "the bid is not a number"],
    ["blanks", "1, 2,3", 1, "the bid is not a number"],
    ["two points", "1,1.2.3,3", 1, "the bid is not a number"],
    ["no digit before the point", "1,.5,3", 1, "the bid is not a number"],
    ["a time before the day", "-1,2,3", 1, "outside the day"],
    ["a time after the day", "86400000,2,3", 1, "outside the day"],
    ["an empty line in between", "1,2,3\n\n4,5,6", 2, "1 columns"],
    ["semicolons", "1;2;3", 1, "1 columns"],
    ["bytes that are no text", "1,2,3\n\u0000\u0001\u00ff", 2, "1 columns"],
  ];
  test.each(cases)("%s", (_name, text, line, problem) => {
    const columns = parse(text);
    expect(columns.badRowCount).toBe(1);
    expect(columns.badRows[0]).toMatchObject({ line, problem: expect.stringContaining(problem) });
  });

  test("many are counted and the first are shown", () => {
    const columns = parse("x\n".repeat(1_000));
    expect(columns.badRowCount).toBe(1_000);
    expect(columns.badRows.map(({ line }) => line)).toEqual(
      Array.from({ length: BAD_ROWS_SHOWN }, (_, index) => index + 1),
    );
  });
});

test("prices and times are those of exact decimal arithmetic", () => {
  const decimal = fc
    .tuple(fc.nat(99_999_999), fc.nat(6))
    .map(([digits, places]) => (digits / 10 ** places).toFixed(places));
  fc.assert(
    fc.property(fc.nat(86_399_999), fc.nat(9_999), decimal, decimal, (milliseconds, fraction, bid, ask) => {
      const time = `${milliseconds}.${String(fraction).padStart(4, "0")}`;
      const micros = milliseconds * 1_000 + Math.floor(fraction / 10);
      expect(rowsOf(parse(`${time},${bid},${ask}\n`))).toEqual([[micros, Number(bid), Number(ask)]]);
    }),
    { numRuns: 500 },
  );
});

test("columns are used again and grow", () => {
  const columns = new QuoteColumns();
  const encoder = new TextEncoder();
  columns.parse(encoder.encode("1,2,3\n".repeat(70_000)), 0);
  expect(columns.rows).toBe(70_000);
  columns.parse(encoder.encode("bad\n7,8,9\n"), 0);
  expect([columns.rows, columns.badRowCount, columns.bids[0]]).toEqual([1, 1, 8]);
  columns.parse(encoder.encode("7,8,9\n"), 0);
  expect([columns.rows, columns.badRowCount]).toEqual([1, 0]);
});
