// Trading weeks in UTC, and the words in which a configuration file writes them.

import { MINUTES_PER_WEEK, type WeeklySession } from "../../actors/domain/instrument.ts";

const MINUTES_PER_HOUR = 60;
const MINUTES_PER_DAY = 24 * MINUTES_PER_HOUR;
const DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const;
const WEEK_TIME = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) ([01]\d|2[0-3]):([0-5]\d)$/;

/** Minute of the UTC week of for example "Sun 21:00", 0 being Monday 00:00; undefined where it is not such a time. */
export function weekMinute(text: string): number | undefined {
  const match = WEEK_TIME.exec(text);
  if (match === null) return undefined;
  const day = DAYS.findIndex((name) => name === match[1]);
  return day * MINUTES_PER_DAY + Number(match[2]) * MINUTES_PER_HOUR + Number(match[3]);
}

/**
 * Sessions between the given minutes of the week, in ascending order. One that runs over the end of the week becomes
 * two; equal ends mean the whole week.
 */
export function weeklySessions(
  spans: readonly { openMinute: number; closeMinute: number }[],
): readonly WeeklySession[] {
  const sessions: WeeklySession[] = [];
  for (const { openMinute, closeMinute } of spans) {
    if (openMinute < closeMinute) sessions.push({ openMinute, closeMinute });
    else {
      sessions.push({ openMinute, closeMinute: MINUTES_PER_WEEK });
      if (closeMinute > 0) sessions.push({ openMinute: 0, closeMinute });
    }
  }
  return sessions.sort((a, b) => a.openMinute - b.openMinute);
}

/** The first pair of sessions that overlap, if any. */
export function overlapOf(sessions: readonly WeeklySession[]): WeeklySession | undefined {
  return sessions.find((session, index) => session.openMinute < (sessions[index - 1]?.closeMinute ?? 0));
}

function between(open: string, close: string): { openMinute: number; closeMinute: number } {
  return { openMinute: weekMinute(open) ?? 0, closeMinute: weekMinute(close) ?? 0 };
}

/**
 * The currency week runs from Sunday to Friday, 17:00 New York: 21:00 UTC under US daylight saving and 22:00 UTC without.
 * A fixed UTC week cannot follow that, so it covers both: a tick of the odd hour is rather taken than refused. Gold's
 * daily break (the hour after 17:00 New York) moves the same way; cutting out either hour would refuse real ticks for
 * half of the year, so it trades through here and its source falls silent by itself.
 */
export const FOREX_WEEK: readonly WeeklySession[] = weeklySessions([between("Sun 21:00", "Fri 22:00")]);

/** Gold under US daylight saving with its daily break from 21:00 to 22:00 UTC: what the simulated market keeps. */
export const METAL_SUMMER_WEEK: readonly WeeklySession[] = weeklySessions([
  between("Sun 22:00", "Mon 21:00"),
  between("Mon 22:00", "Tue 21:00"),
  between("Tue 22:00", "Wed 21:00"),
  between("Wed 22:00", "Thu 21:00"),
  between("Thu 22:00", "Fri 21:00"),
]);

/** Currencies under US daylight saving: what the simulated market keeps. */
export const FOREX_SUMMER_WEEK: readonly WeeklySession[] = weeklySessions([
  between("Sun 21:00", "Fri 21:00"),
]);

/** Open at all times: for simulated markets that run through a weekend. */
export const ALWAYS_OPEN: readonly WeeklySession[] = [{ openMinute: 0, closeMinute: MINUTES_PER_WEEK }];
