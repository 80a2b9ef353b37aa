// Bounds of what is asked beside the tick path.

/** A market whose newest quote is older is closed or silent: nobody is asked about it. */
export const QUOTE_AGE_MAX_MICROS = 60_000_000;

/** How much later than its timeout an answer may be journaled. */
export const DEADLINE_GRACE_MICROS = 2_000_000;
