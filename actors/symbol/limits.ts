// Bounds of the symbol actor.

/**
 * Votes a symbol may have asked for and not yet heard. Ticks stop asking at SKIP_INFERENCE_DEPTH (64) waiting records,
 * and each of those may add one record of votes; the rest is for beats that close bars.
 */
export const VOTES_IN_FLIGHT_MAX = 160;

/** A decision whose newest quote is older than this may not open a position. */
export const QUOTE_AGE_MAX_MICROS = 10_000_000;
