// Desk hours move with each centre's own clock changes, which fall on different Sundays.

import { describe, expect, test } from "bun:test";
import {
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MILLISECOND,
  MICROS_PER_MINUTE,
} from "../../base/clock.ts";
import { TradingCalendar } from "./calendar.ts";

function micros(time: string): number {
  return Date.parse(time) * MICROS_PER_MILLISECOND;
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat("en-GB", { timeZone, hour: "numeric", weekday: "short", hourCycle: "h23" });
}

function at(timeMicros: number): TradingCalendar {
  const calendar = new TradingCalendar();
  calendar.update(timeMicros);
  return calendar;
}

function newsClock(time: string): number[] {
  const { minuteOfHour, newYorkMinute } = at(micros(time));
  return [minuteOfHour, newYorkMinute];
}

describe("sessions [asia, london, new york]", () => {
  test.each([
    ["2024-01-10T00:00:00Z", [1, 0, 0], "Tokyo opens at 9 of its time"],
    ["2024-01-10T07:59:59Z", [1, 0, 0], "London sleeps"],
    ["2024-01-10T08:00:00Z", [1, 1, 0], "London opens in winter"],
    ["2024-01-10T09:00:00Z", [0, 1, 0], "Tokyo closes"],
    ["2024-01-10T12:59:00Z", [0, 1, 0], "New York sleeps"],
    ["2024-01-10T13:00:00Z", [0, 1, 1], "New York opens in winter"],
    ["2024-01-10T17:00:00Z", [0, 0, 1], "London closes"],
    ["2024-01-10T22:00:00Z", [0, 0, 0], "New York closes"],
    ["2024-07-10T07:00:00Z", [1, 1, 0], "London opens in summer"],
    ["2024-07-10T12:00:00Z", [0, 1, 1], "New York opens in summer"],
    ["2024-03-08T12:00:00Z", [0, 1, 0], "the Friday before New York's clocks go forward"],
    ["2024-03-11T12:00:00Z", [0, 1, 1], "the Monday after"],
    ["2024-03-29T07:00:00Z", [1, 0, 0], "the Friday before London's clocks go forward"],
    ["2024-04-01T07:00:00Z", [1, 1, 0], "the Monday after"],
    ["2024-10-25T07:00:00Z", [1, 1, 0], "the Friday before London's clocks go back"],
    ["2024-10-28T07:00:00Z", [1, 0, 0], "the Monday after"],
    ["2024-11-01T12:00:00Z", [0, 1, 1], "the Friday before New York's clocks go back"],
    ["2024-11-04T12:00:00Z", [0, 1, 0], "the Monday after"],
    ["2018-03-26T07:00:00Z", [1, 1, 0], "London's earliest last Sunday of March was the day before"],
    ["2026-10-26T07:00:00Z", [1, 0, 0], "London's earliest last Sunday of October was the day before"],
    ["2021-10-29T07:00:00Z", [1, 1, 0], "London's latest last Sunday of October is two days off"],
    ["2026-03-09T12:00:00Z", [0, 1, 1], "New York's earliest second Sunday of March was the day before"],
    ["2021-03-12T12:00:00Z", [0, 1, 0], "New York's latest second Sunday of March is two days off"],
    ["2026-11-02T12:00:00Z", [0, 1, 0], "New York's earliest first Sunday of November was the day before"],
    ["2021-11-05T12:00:00Z", [0, 1, 1], "New York's latest first Sunday of November is two days off"],
    ["2024-01-13T10:00:00Z", [0, 0, 0], "Saturday"],
    ["2024-01-14T23:59:00Z", [0, 0, 0], "Sunday night"],
    ["2024-01-15T00:00:00Z", [1, 0, 0], "Monday in Tokyo"],
  ])("%s: %j, %s", (time, expected) => {
    const { asia, london, newYork } = at(micros(time));
    expect([asia, london, newYork]).toEqual(expected);
  });

  test("follow the clocks of the two cities over thirty years", () => {
    const clocks = { london: clockOf("Europe/London"), newYork: clockOf("America/New_York") };
    for (let timeMicros = micros("2007-01-01T00:00:00Z"); timeMicros < micros("2037-01-01T00:00:00Z");) {
      const calendar = at(timeMicros);
      for (const [centre, clock] of Object.entries(clocks)) {
        const parts = Object.fromEntries(
          clock.formatToParts(timeMicros / MICROS_PER_MILLISECOND).map(({ type, value }) => [type, value]),
        );
        const hour = Number(parts["hour"]);
        const open = hour >= 8 && hour < 17 && !["Sat", "Sun"].includes(parts["weekday"]!);
        expect(calendar[centre as keyof typeof clocks]).toBe(open ? 1 : 0);
        if (centre === "newYork") expect(calendar.newYorkMinute).toBe(60 * hour);
      }
      // Every hour of the day comes up in every month, without reading all of them.
      timeMicros += 29 * MICROS_PER_HOUR;
    }
  });
});

test("the clock that news keep: minutes of the hour, and of the day in New York", () => {
  expect(newsClock("2024-01-10T13:30:59Z")).toEqual([30, 510]);
  expect(newsClock("2024-07-10T12:30:00Z")).toEqual([30, 510]);
  expect(newsClock("2024-01-10T04:59:00Z")).toEqual([59, 1_439]);
  expect(newsClock("2024-01-10T05:00:00Z")).toEqual([0, 0]);
});

describe("cyclics", () => {
  test.each([
    ["2024-01-08T00:00:00Z", [0, 1, 0, 1]],
    ["2024-01-08T06:00:00Z", [1, 0, 0, 1]],
    ["2024-01-08T18:00:59Z", [-1, 0, 0, 1]],
    ["2024-01-10T12:00:00Z", [0, -1, Math.sin((4 * Math.PI) / 7), Math.cos((4 * Math.PI) / 7)]],
  ])("%s: [sin, cos of the time of day, sin, cos of the day of the week] are %j", (time, expected) => {
    const { timeOfDaySin, timeOfDayCos, dayOfWeekSin, dayOfWeekCos } = at(micros(time));
    for (const [i, value] of [timeOfDaySin, timeOfDayCos, dayOfWeekSin, dayOfWeekCos].entries()) {
      expect(value).toBeCloseTo(expected[i]!, 12);
    }
  });

  test("are the sine and cosine of every minute of the week, never beyond 1", () => {
    const monday = micros("2024-01-08T00:00:00Z");
    let [errorMax, largest] = [0, 0];
    for (let minute = 0; minute < 7 * 24 * 60; minute++) {
      const calendar = at(monday + minute * MICROS_PER_MINUTE);
      const dayAngle = (2 * Math.PI * (minute % 1_440)) / 1_440;
      const weekAngle = (2 * Math.PI * Math.floor(minute / 1_440)) / 7;
      for (const [value, expected] of [
        [calendar.timeOfDaySin, Math.sin(dayAngle)],
        [calendar.timeOfDayCos, Math.cos(dayAngle)],
        [calendar.dayOfWeekSin, Math.sin(weekAngle)],
        [calendar.dayOfWeekCos, Math.cos(weekAngle)],
      ] as const) {
        errorMax = Math.max(errorMax, Math.abs(value - expected));
        largest = Math.max(largest, Math.abs(value));
      }
    }
    // The library's own angles are rounded to 9e-16.
    expect(errorMax).toBeLessThan(2e-15);
    expect(largest).toBeLessThanOrEqual(1);
  });

  test("move once a minute", () => {
    const calendar = new TradingCalendar();
    const start = micros("2024-01-08T06:00:10Z");
    const moved = [
      0,
      49_999_999,
      50_000_000,
      MICROS_PER_DAY,
      MICROS_PER_DAY + 1,
      MICROS_PER_DAY + MICROS_PER_MINUTE,
    ];
    expect(moved.map((after) => calendar.update(start + after))).toEqual([
      true,
      false,
      true,
      true,
      false,
      true,
    ]);
  });
});
