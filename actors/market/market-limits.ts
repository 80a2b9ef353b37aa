// The bounds and constants of the market actor.

/** Half-life of correlations: an hour or two of market is what "now" means between instruments. */
export const CORRELATION_HALF_LIFE_MINUTES = 60;

/** Joint minutes below which a correlation is noise (its standard error is then about 0.18). */
export const CORRELATION_WARM_MINUTES = 30;

/** Minutes of the dollar index's return. */
export const INDEX_RETURN_MINUTES = 5;

/** A mid older than this is no part of the index. */
export const MID_AGE_MINUTES_MAX = 60;

/** The largest move between two ticks, as a share of the price, that is believed before a second tick confirms it. */
export const MID_JUMP_MAX = 0.05;

/** Returns are cut to this many standard deviations of their own series. */
export const RETURN_DEVIATIONS_MAX = 8;
export const RETURN_VARIANCE_HALF_LIFE_MINUTES = 240;
/** Returns seen before any is cut. */
export const RETURN_VARIANCE_WARM = 30;
