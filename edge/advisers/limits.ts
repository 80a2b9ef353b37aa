// Bounds of what advisers are told, may answer and may cost.

/** Symbols that are asked about at the same time; the others wait in line. */
export const ROUNDS_AT_ONCE = 2;

/** An answer is one small object; the rest of a body is not read. */
export const ANSWER_BYTES_MAX = 65_536;

export const REASONS_MAX = 3;
export const REASON_CHARACTERS_MAX = 240;

export const NEWS_ITEMS_MAX = 8;
export const NEWS_CHARACTERS_MAX = 200;
/** Read from the end of the file. */
export const NEWS_BYTES_MAX = 262_144;
export const NEWS_AGE_MAX_MICROS = 6 * 3_600_000_000;
export const CALENDAR_AHEAD_MAX_MICROS = 24 * 3_600_000_000;

/** However long a server asks to be left alone. */
export const PAUSE_MILLIS_MAX = 3_600_000;

/** Failures in a row after which an adviser is left alone, and for how long: longer with each probe that fails. */
export const FAILURES_MAX = 3;
export const PROBE_MICROS = 60_000_000;
export const PROBE_MICROS_MAX = 6 * 3_600_000_000;

/** Advisers that may be configured: their answers share one record. */
export const SERVICES_MAX = 4;
