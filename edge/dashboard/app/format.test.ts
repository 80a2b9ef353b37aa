// Figures and times as the dashboard writes them.

import { describe, expect, test } from "bun:test";
import {
  clock,
  compact,
  dayAndClock,
  directionOf,
  duration,
  micros,
  money,
  NOTHING,
  percent,
  points,
  price,
  priceParts,
  reasonParts,
  seconds,
  signedMoney,
  signedPercent,
  utc,
  whole,
} from "./format.ts";

function table<T>(
  name: string,
  cases: readonly (readonly [T, string])[],
  format: (value: T) => string,
): void {
  describe(name, () => {
    for (const [value, text] of cases) {
      test(`${JSON.stringify(value)} is ${text}`, () => expect(format(value)).toBe(text));
    }
  });
}

table<[number | null, number]>(
  "a price has the instrument's digits",
  [
    [[1.1, 5], "1.10000"],
    [[157.2141, 3], "157.214"],
    [[null, 5], NOTHING],
    [[Number.NaN, 5], NOTHING],
  ],
  ([value, digits]) => price(value, digits),
);

table<[number | null, number]>(
  "a spread is in points",
  [
    [[0.00008, 5], "8"],
    [[0.000085, 5], "8.5"],
    [[0.03, 3], "30"],
    [[null, 3], NOTHING],
  ],
  ([value, digits]) => points(value, digits),
);

test("a dealer reads a price in three parts", () => {
  expect(priceParts(1.08523, 5)).toEqual({ big: "1.08", pips: "52", fraction: "3" });
  expect(priceParts(157.214, 3)).toEqual({ big: "157.", pips: "21", fraction: "4" });
  expect(priceParts(2_345.67, 2)).toEqual({ big: "2345.", pips: "67", fraction: "" });
  expect(priceParts(null, 5)).toEqual({ big: NOTHING, pips: "", fraction: "" });
});

table<number | null>(
  "money",
  [
    [1_234_567.891, "1,234,567.89"],
    [-12.5, "−12.50"],
    [-0.001, "0.00"],
    [null, NOTHING],
  ],
  money,
);

table<number | null>(
  "money with a sign",
  [
    [12.5, "+12.50"],
    [-1_012.5, "−1,012.50"],
    [0.004, "0.00"],
    [null, NOTHING],
  ],
  signedMoney,
);

table<number | null>(
  "a change of the day",
  [
    [0.0012, "+0.12%"],
    [-0.0005, "−0.05%"],
    [0.000_01, "0.00%"],
    [null, NOTHING],
  ],
  signedPercent,
);

test("direction follows what is shown, not what is hidden behind the last digit", () => {
  expect(directionOf(0.004, 2)).toBe("flat");
  expect(directionOf(0.006, 2)).toBe("up");
  expect(directionOf(-3, 2)).toBe("down");
  expect(directionOf(null, 2)).toBe("flat");
});

table<number>("a share", [[0.456, "46%"]], percent);
table<number>("a count", [[1_234_567, "1,234,567"]], whole);

table<number>(
  "a large count in three figures",
  [
    [9_999, "9,999"],
    [12_345, "12.3k"],
    [456_789, "457k"],
    [4_200_000, "4.20M"],
  ],
  compact,
);

table<number>(
  "a latency",
  [
    [4.25, "4.3 µs"],
    [812, "812 µs"],
    [1_250, "1.25 ms"],
    [2_500_000, "2.50 s"],
  ],
  micros,
);

table<number>(
  "a lag",
  [
    [0.25, "250 ms"],
    [4.2, "4.20 s"],
    [125, "2m 5s"],
  ],
  seconds,
);

table<number>(
  "a duration",
  [
    [-1, "0s"],
    [59.9, "59s"],
    [3_725, "1h 2m"],
    [90_000, "1d 1h"],
  ],
  duration,
);

test("a reason's code is read as name and value", () => {
  expect(reasonParts("regime:weak-uptrend")).toEqual({ name: "regime", value: "weak uptrend" });
  expect(reasonParts("trend:-1.00")).toEqual({ name: "trend", value: "-1.00" });
  expect(reasonParts("technical:0.62")).toEqual({ name: "technical", value: "0.62" });
  expect(reasonParts("spread-wide")).toEqual({ name: "spread wide", value: "" });
});

test("times are local, and UTC for hovering", () => {
  const millis = Date.parse("2014-05-02T12:30:00.250Z");
  expect(clock(millis, "Europe/Berlin")).toBe("14:30:00");
  expect(dayAndClock(millis, "America/New_York")).toBe("02 May 08:30");
  expect(utc(millis)).toBe("2014-05-02 12:30:00.250 UTC");
});
