// Which trading centres are at their desks, and where in day and week we are. Moves with the UTC minute.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, type Micros } from "../../base/clock.ts";
import { minuteOfWeek } from "../../domain/instrument.ts";

const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR;
const HOURS_PER_DAY = 24;
const DAYS_PER_WEEK = 7;
/** The highest power of the sine's series: beyond it a quarter turn's terms are below the last bit. */
const SERIES_POWER_MAX = 21;
const SATURDAY = 5;
const SUNDAY = 6;
const DAYS_PER_YEAR = 365.2425;
/** From 1 March of the year 0 to 1 January 1970. */
const MARCH_YEAR_ZERO_TO_EPOCH_DAYS = 719_468;

/** Desk hours, local time, Monday to Friday; the end is exclusive. */
const TOKYO = { openHour: 9, closeHour: 18, hoursFromUtc: 9 };
const LONDON = { openHour: 8, closeHour: 17, hoursFromUtc: 0 };
const NEW_YORK = { openHour: 8, closeHour: 17, hoursFromUtc: -5 };

/**
 * Sessions are 1 while the centre's desks are open in its own time, daylight saving included, public holidays not. Day
 * and week are angles: the minute of the UTC day, and the whole day of the week with Monday at 0.
 */
export class TradingCalendar {
  asia = Number.NaN;
  london = Number.NaN;
  newYork = Number.NaN;
  timeOfDaySin = Number.NaN;
  timeOfDayCos = Number.NaN;
  dayOfWeekSin = Number.NaN;
  dayOfWeekCos = Number.NaN;
  minuteOfHour = Number.NaN;
  newYorkMinute = Number.NaN;
  #endMicros: Micros = -Infinity;

  /** @returns whether the minute is a new one; within a minute nothing moves */
  update(timeMicros: Micros): boolean {
    if (timeMicros < this.#endMicros) return false;
    const minute = Math.floor(timeMicros / MICROS_PER_MINUTE);
    this.#endMicros = (minute + 1) * MICROS_PER_MINUTE;
    const ofWeek = minuteOfWeek(timeMicros);
    const day = Math.floor(ofWeek / MINUTES_PER_DAY);
    const ofDay = ofWeek - day * MINUTES_PER_DAY;
    this.timeOfDaySin = sineOfQuarters((4 * ofDay) / MINUTES_PER_DAY);
    this.timeOfDayCos = sineOfQuarters((4 * ofDay) / MINUTES_PER_DAY + 1);
    this.dayOfWeekSin = sineOfQuarters((4 * day) / DAYS_PER_WEEK);
    this.dayOfWeekCos = sineOfQuarters((4 * day) / DAYS_PER_WEEK + 1);
    this.asia = deskOpen(TOKYO, timeMicros, 0);
    this.london = deskOpen(LONDON, timeMicros, isEuropeanSummer(timeMicros) ? 1 : 0);
    const americanSummerHours = isAmericanSummer(timeMicros) ? 1 : 0;
    this.newYork = deskOpen(NEW_YORK, timeMicros, americanSummerHours);
    this.minuteOfHour = ofDay % MINUTES_PER_HOUR;
    const fromUtc = MINUTES_PER_HOUR * (NEW_YORK.hoursFromUtc + americanSummerHours);
    this.newYorkMinute = (ofDay + fromUtc + MINUTES_PER_DAY) % MINUTES_PER_DAY;
    return true;
  }

  persist(archive: Archive): void {
    this.asia = archive.number(this.asia);
    this.london = archive.number(this.london);
    this.newYork = archive.number(this.newYork);
    this.timeOfDaySin = archive.number(this.timeOfDaySin);
    this.timeOfDayCos = archive.number(this.timeOfDayCos);
    this.dayOfWeekSin = archive.number(this.dayOfWeekSin);
    this.dayOfWeekCos = archive.number(this.dayOfWeekCos);
    this.minuteOfHour = archive.number(this.minuteOfHour);
    this.newYorkMinute = archive.number(this.newYorkMinute);
    this.#endMicros = archive.number(this.#endMicros);
  }
}

/**
 * Sine of an angle of 0 to 5 quarter turns: folded to at most one quarter, then Taylor's series to the last bit. Arithmetic
 * alone, because a math library's sine may differ in its last bit from machine to machine.
 */
function sineOfQuarters(quarters: number): number {
  const folded = quarters <= 1 ? quarters : quarters <= 3 ? 2 - quarters : quarters - 4;
  const angle = (folded * Math.PI) / 2;
  let tail = 1;
  for (let power = SERIES_POWER_MAX; power > 1; power -= 2)
    tail = 1 - (tail * angle * angle) / (power * (power - 1));
  return angle * tail;
}

function deskOpen(
  desk: { openHour: number; closeHour: number; hoursFromUtc: number },
  timeMicros: Micros,
  summerHours: number,
): number {
  const localMicros = timeMicros + (desk.hoursFromUtc + summerHours) * MICROS_PER_HOUR;
  const localHour = Math.floor(localMicros / MICROS_PER_HOUR) % HOURS_PER_DAY;
  const open = localHour >= desk.openHour && localHour < desk.closeHour;
  const working = Math.floor(minuteOfWeek(localMicros) / MINUTES_PER_DAY) < SATURDAY;
  return open && working ? 1 : 0;
}

/** Directive 2000/84/EC: last Sunday of March to last Sunday of October, both at 01:00 UTC. */
function isEuropeanSummer(timeMicros: Micros): boolean {
  const year = yearOf(timeMicros);
  const from = sundayFrom(year, 3, 25) * MICROS_PER_DAY + MICROS_PER_HOUR;
  const until = sundayFrom(year, 10, 25) * MICROS_PER_DAY + MICROS_PER_HOUR;
  return timeMicros >= from && timeMicros < until;
}

/** Energy Policy Act of 2005: second Sunday of March to first Sunday of November, both at 2:00 in New York. */
function isAmericanSummer(timeMicros: Micros): boolean {
  const year = yearOf(timeMicros);
  const from = sundayFrom(year, 3, 8) * MICROS_PER_DAY + 7 * MICROS_PER_HOUR;
  const until = sundayFrom(year, 11, 1) * MICROS_PER_DAY + 6 * MICROS_PER_HOUR;
  return timeMicros >= from && timeMicros < until;
}

/** Days since the Unix epoch of the first Sunday on or after a date. */
function sundayFrom(year: number, month: number, day: number): number {
  const days = epochDays(year, month, day);
  return days + ((SUNDAY - weekday(days) + DAYS_PER_WEEK) % DAYS_PER_WEEK);
}

/** 0 is Monday. */
function weekday(days: number): number {
  return Math.floor(minuteOfWeek(days * MICROS_PER_DAY) / MINUTES_PER_DAY);
}

/** Days since the Unix epoch of a Gregorian date, for months from March on: the leap day is behind them. */
function epochDays(year: number, month: number, day: number): number {
  const leapDays = Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
  const sinceMarch = Math.floor((153 * (month - 3) + 2) / 5);
  return 365 * year + leapDays + sinceMarch + day - 1 - MARCH_YEAR_ZERO_TO_EPOCH_DAYS;
}

/** By the mean length of a year: a day off at New Year at most, where clocks never change. */
function yearOf(timeMicros: Micros): number {
  return 1970 + Math.floor(timeMicros / (DAYS_PER_YEAR * MICROS_PER_DAY));
}
