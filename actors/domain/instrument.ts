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

/** A market closed for longer is closed for a weekend or a holiday. */
export const WEEKEND_GAP_MINUTES = 24 * 60;

/** Of markets that never close. */
export const NEVER_CLOSES = Number.MAX_SAFE_INTEGER;

/**
 * Time until `instrument` stops trading for `gapMinutes` or longer; 0 while it does not trade for as long,
 * {@link NEVER_CLOSES} where no gap between its sessions is.
 */
export function closesInMicros(instrument: Instrument, timeMicros: Micros, gapMinutes: number): number {
  const { sessions } = instrument;
  const count = sessions.length;
  if (count === 0) return 0;
  const sinceMonday = timeMicros + EPOCH_DAYS_AFTER_MONDAY * MICROS_PER_DAY;
  const now = sinceMonday % (MINUTES_PER_WEEK * MICROS_PER_MINUTE);
  const first = sessions.findIndex(({ closeMinute }) => now < closeMinute * MICROS_PER_MINUTE);
  // Sessions from here on, by their place in a week that goes on: the last of this week is followed by the next week's first.
  const start = first === -1 ? count : first;
  if (now < openMinuteOf(sessions, start) * MICROS_PER_MINUTE && gapBefore(sessions, start) >= gapMinutes) {
    return 0;
  }
  for (let at = start; at < start + count; at++) {
    if (gapBefore(sessions, at + 1) >= gapMinutes) {
      return closeMinuteOf(sessions, at) * MICROS_PER_MINUTE - now;
    }
  }
  return NEVER_CLOSES;
}

/** Since when `instrument` has been trading without a gap; -Infinity where it never closes, NaN while it is closed. */
export function openSinceMicros({ sessions }: Instrument, timeMicros: Micros): Micros {
  const count = sessions.length;
  const sinceMonday = timeMicros + EPOCH_DAYS_AFTER_MONDAY * MICROS_PER_DAY;
  const now = sinceMonday % (MINUTES_PER_WEEK * MICROS_PER_MINUTE);
  const current = sessions.findIndex(
    ({ openMinute, closeMinute }) =>
      now >= openMinute * MICROS_PER_MINUTE && now < closeMinute * MICROS_PER_MINUTE,
  );
  if (current === -1) return Number.NaN;
  for (let at = current; at > current - count; at--) {
    if (gapBefore(sessions, at) <= 0) continue;
    // Counted from a week later, so that sessions of the week before have a place, too.
    const openMinute = openMinuteOf(sessions, at + count) - MINUTES_PER_WEEK;
    return timeMicros - (now - openMinute * MICROS_PER_MINUTE);
  }
  return Number.NEGATIVE_INFINITY;
}

function openMinuteOf(sessions: readonly WeeklySession[], at: number): number {
  const session = sessions[at % sessions.length] as WeeklySession;
  return session.openMinute + Math.floor(at / sessions.length) * MINUTES_PER_WEEK;
}

function closeMinuteOf(sessions: readonly WeeklySession[], at: number): number {
  const session = sessions[at % sessions.length] as WeeklySession;
  return session.closeMinute + Math.floor(at / sessions.length) * MINUTES_PER_WEEK;
}

function gapBefore(sessions: readonly WeeklySession[], at: number): number {
  // A week later, so that the one before the first has a place, too.
  const later = at + sessions.length;
  return openMinuteOf(sessions, later) - closeMinuteOf(sessions, later - 1);
}

/** Points in one unit of the quote currency: 10^digits. */
export function pointsPerUnit(instrument: Instrument): number {
  return 10 ** instrument.digits;
}
