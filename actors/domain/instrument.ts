// What is traded: the unit of a price, the unit of a volume, and when the market is open.

import { MICROS_PER_DAY, MICROS_PER_MINUTE, type Micros } from "../base/clock.ts";

/** One weekly trading session in minutes of the UTC week; minute 0 is Monday 00:00, the end is exclusive. */
export interface WeeklySession {
  readonly openMinute: number;
  readonly closeMinute: number;
}

export interface Instrument {
  /** Position in the engine's instrument table: small, dense, and the number records carry. */
  readonly id: number;
  /** Canonical symbol, for example EURUSD. Broker spellings are mapped to it at the border. */
  readonly symbol: string;
  readonly baseCurrency: string;
  readonly quoteCurrency: string;
  /** Decimals of a price; one point is 10^-digits of the quote currency. */
  readonly digits: number;
  /** Units of the base currency in one lot. */
  readonly contractSize: number;
  /** Volumes in millionths of a lot. */
  readonly volumeStepMicros: number;
  readonly volumeMinMicros: number;
  readonly volumeMaxMicros: number;
  /** The widest spread accepted as a quote; beyond it the tick is quarantined. */
  readonly spreadMaxPoints: number;
  /** In ascending order, not overlapping. */
  readonly sessions: readonly WeeklySession[];
}

export const MINUTES_PER_WEEK = 7 * 24 * 60;

/** 1970-01-01 was a Thursday: three days after a Monday. */
const EPOCH_DAYS_AFTER_MONDAY = 3;

/** Minute of the UTC week of `timeMicros`; 0 is Monday 00:00. */
export function minuteOfWeek(timeMicros: Micros): number {
  const sinceMonday = timeMicros + EPOCH_DAYS_AFTER_MONDAY * MICROS_PER_DAY;
  return Math.floor(sinceMonday / MICROS_PER_MINUTE) % MINUTES_PER_WEEK;
}

/** Whether `instrument` trades at `timeMicros`. */
export function isOpen(instrument: Instrument, timeMicros: Micros): boolean {
  const minute = minuteOfWeek(timeMicros);
  for (const session of instrument.sessions) {
    if (minute >= session.openMinute && minute < session.closeMinute) return true;
  }
  return false;
}

/** Points in one unit of the quote currency: 10^digits. */
export function pointsPerUnit(instrument: Instrument): number {
  return 10 ** instrument.digits;
}
