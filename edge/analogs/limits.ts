// Bounds of the vote of similar market states.

/** With fewer of them it abstains. */
export const NEIGHBOURS_MIN = 10;

/**
 * Rises and falls each that are assumed before any neighbour is counted: Beta(10, 10). Over minutes a market is nearly a fair coin;
 * this lets 50 neighbours that all rose say 0.86, and ten that do 0.67.
 */
export const PRIOR_EACH = 10;

/**
 * A state that is no nearer than this is no more alike than any two states of a symbol typically are, and does not count: the median
 * distance of pairs of states, which `tickforge analogs` prints; 0.85 is the least it was for any symbol of the data at hand.
 */
export const TYPICAL_DISTANCE = 0.85;

/** Of the most alike, so many are named in the record. */
export const NAMED_MAX = 3;

/** Symbols whose states are looked for at the same time. */
export const SEARCHES_AT_ONCE = 2;

/** After the minute has ended, so that its bar is closed and in the state. */
export const AFTER_CLOSE_MICROS = 500_000;

/** The same where a model's embedding is compared: the state of this minute is stored a second or two after it ended. */
export const AFTER_STORED_MICROS = 5_000_000;

/** A stored state that is older is no picture of the market now: states are five minutes apart, and one may be missing. */
export const STATE_AGE_MICROS_MAX = 11 * 60_000_000;

/** Failures in a row after which the store is left alone, and for how long: longer with each probe that fails. */
export const FAILURES_MAX = 3;
export const PROBE_MICROS = 60_000_000;
export const PROBE_MICROS_MAX = 3_600_000_000;
