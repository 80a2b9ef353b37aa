// The end of a broker's day, and the interest on what is held over it. Currencies settle two days after the trade, so
// one night in the middle of the week brings the weekend's three days.

import { MICROS_PER_DAY, MICROS_PER_MINUTE, type Micros } from "../../base/clock.ts";
import { roundHalfAway } from "../../domain/money.ts";
import type { SwapSettings } from "../settings.ts";

/** 1970-01-01 was a Thursday: with Sunday as 0, weekday 4. */
const EPOCH_WEEKDAY = 4;

/** Of a year, as banks count and MetaTrader does. */
const BANK_DAYS_A_YEAR = 360;

const DAYS_OF_TRIPLE = 3;

/** The first end of a day after `timeMicros`. */
export function nextRolloverMicros(timeMicros: Micros, minuteUtc: number): Micros {
  const offset = minuteUtc * MICROS_PER_MINUTE;
  return (Math.floor((timeMicros - offset) / MICROS_PER_DAY) + 1) * MICROS_PER_DAY + offset;
}

/** Days of interest at the rollover: by the weekday that ends with it, none for Saturdays and Sundays. */
export function swapDays(rolloverMicros: Micros, tripleWeekday: number): number {
  const weekday = (Math.floor((rolloverMicros - 1) / MICROS_PER_DAY) + EPOCH_WEEKDAY) % 7;
  if (weekday === 0 || weekday === 6) return 0;
  return weekday === tripleWeekday ? DAYS_OF_TRIPLE : 1;
}

/**
 * Interest on one position, in point-micro-lots; above zero is earned, NaN without a price.
 * @param rate of the position's side, in the settings' unit
 */
export function swapPointMicroLots(
  rate: number,
  position: { readonly volumeMicros: number; readonly midPoints: number; readonly days: number },
  unit: SwapSettings["unit"],
): number {
  const pointsADay = unit === "points" ? rate : (position.midPoints * rate) / 100 / BANK_DAYS_A_YEAR;
  return roundHalfAway(pointsADay * position.days * position.volumeMicros);
}
