// What every adapter takes for a timetable: seconds, names of zones and shortcuts differ between libraries, so they are not.

import type { Timetable } from "../../actors/ports/jobs.ts";

/** What each field may say: its least and its greatest number. */
const FIELDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;

const PART = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;

/** The cron pattern or the pace, or a RangeError that says what is wrong. */
export function checkedTimetable(at: Timetable): { pattern: string } | { every: number } {
  if ("everyMillis" in at) {
    if (Number.isSafeInteger(at.everyMillis) && at.everyMillis >= 1) return { every: at.everyMillis };
    throw new RangeError(`${at.everyMillis} ms is no pace: write whole milliseconds from 1`);
  }
  const fields = at.cron.trim().split(/\s+/);
  if (fields.length === FIELDS.length && fields.every(isField)) return { pattern: fields.join(" ") };
  throw new RangeError(
    `"${at.cron}" is no timetable: write minute, hour, day of month, month and day of week, as in "30 4 * * 1-5"`,
  );
}

function isField(field: string, index: number): boolean {
  const [least, greatest] = FIELDS[index] ?? [0, 0];
  return field.split(",").every((part) => {
    const [whole, from, to, step] = PART.exec(part) ?? [];
    if (whole === undefined) return false;
    const first = from === undefined ? least : Number(from);
    const last = to === undefined ? first : Number(to);
    return least <= first && first <= last && last <= greatest && step !== "0" && step !== "00";
  });
}
