// From the wall clock a file was written by to UTC. Vendors' clocks follow rules of their own, which are stated here.

import { failure, ok, type Result } from "../../../actors/base/result.ts";

/** Milliseconds of a wall clock, counted as if it were UTC, to milliseconds of UTC. */
export type ToUtc = (wallMillis: number) => number;

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Midnight of the n-th Sunday of a month (0 for the last one), as a wall clock's milliseconds. */
function sunday(year: number, month: number, nth: number): number {
  if (nth === 0) {
    const last = Date.UTC(year, month + 1, 0);
    return last - new Date(last).getUTCDay() * DAY;
  }
  const first = Date.UTC(year, month, 1);
  return first + (((7 - new Date(first).getUTCDay()) % 7) + 7 * (nth - 1)) * DAY;
}

/** US daylight saving: second Sunday of March, 02:00, to first Sunday of November, 02:00, by the wall clock (since 2007). */
function isUsSummer(wallMillis: number): boolean {
  const year = new Date(wallMillis).getUTCFullYear();
  return wallMillis >= sunday(year, 2, 2) + 2 * HOUR && wallMillis < sunday(year, 10, 1) + 2 * HOUR;
}

/** EU daylight saving: between the last Sundays of March and October. */
function isEuSummer(wallMillis: number): boolean {
  const year = new Date(wallMillis).getUTCFullYear();
  return wallMillis >= sunday(year, 2, 0) && wallMillis < sunday(year, 9, 0);
}

/** New York: UTC-5, UTC-4 in summer. */
function newYork(wallMillis: number): number {
  return wallMillis + (isUsSummer(wallMillis) ? 4 : 5) * HOUR;
}

/**
 * HistData's clock, which is not what the vendor says: measured on payrolls, FOMC and CPI minutes and on weekly closes,
 * files up to 2018 are New York's wall clock; from 2019 on it is UTC-4 between the EU's daylight-saving Sundays, else UTC-5.
 */
function histData(wallMillis: number): number {
  if (new Date(wallMillis).getUTCFullYear() < 2019) return newYork(wallMillis);
  return wallMillis + (isEuSummer(wallMillis) ? 4 : 5) * HOUR;
}

/** The usual clock of MT5 servers: seven hours ahead of New York, so that a day ends with New York's 17:00. */
function mt5Server(wallMillis: number): number {
  return newYork(wallMillis - 7 * HOUR);
}

export const TIME_ZONE_HELP =
  "utc, mt5 (UTC+2, +3 in US summer), new-york, histdata, an offset such as +02:00, or a name such as Europe/London";

export function timeZone(name: string): Result<ToUtc, "unknown-time-zone"> {
  const offset = /^([+-])(\d{2}):?(\d{2})$/.exec(name);
  if (offset !== null) {
    const millis = (Number(offset[2]) * 60 + Number(offset[3])) * 60_000 * (offset[1] === "-" ? -1 : 1);
    return ok((wallMillis) => wallMillis - millis);
  }
  switch (name.toLowerCase()) {
    case "utc":
      return ok((wallMillis) => wallMillis);
    case "mt5":
      return ok(mt5Server);
    case "new-york":
      return ok(newYork);
    case "histdata":
      return ok(histData);
    default:
      return namedZone(name);
  }
}

/** A zone of the operating system's table: its offset is looked up once an hour of the file. */
function namedZone(name: string): Result<ToUtc, "unknown-time-zone"> {
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", { timeZone: name, timeZoneName: "longOffset" });
  } catch {
    return failure("unknown-time-zone", `"${name}" is no time zone. Use ${TIME_ZONE_HELP}.`);
  }
  const offsetAt = (utcMillis: number): number => {
    const part = format.formatToParts(utcMillis).find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign = "+", hours = "0", minutes = "0"] = /GMT([+-])(\d{2}):(\d{2})/.exec(part) ?? [];
    return (Number(hours) * 60 + Number(minutes)) * 60_000 * (sign === "-" ? -1 : 1);
  };
  const offsets = new Map<number, number>();
  return ok((wallMillis) => {
    const hour = Math.floor(wallMillis / HOUR);
    let millis = offsets.get(hour);
    if (millis === undefined) {
      // The offset that is in force there, not the one of the same reading in UTC.
      millis = offsetAt(wallMillis - offsetAt(wallMillis));
      offsets.set(hour, millis);
    }
    return wallMillis - millis;
  });
}
