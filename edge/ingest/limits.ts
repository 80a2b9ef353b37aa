// Bounds of what comes in over HTTP and WebSocket.

/** Ticks in one request. */
export const TICKS_PER_REQUEST_MAX = 1_000;

/** Requests that wait for the disk at once; beyond it a source is told to come back. */
export const WAITING_MAX = 10_000;

/** Ticks a symbol may bring in at once, as a multiple of its ticks a second. */
export const BURST_SECONDS = 2;

/** Pause before a batch that was begun is tried on, while the journal or the actors catch up. */
export const BUSY_MILLIS = 2;

/** How far a tick that brings the clock along may be ahead of the wall's: time zones are mistaken, years are not. */
export const AHEAD_OF_WALL_MICROS_MAX = 24 * 3_600 * 1_000_000;

/** Keyed commands that are remembered: the oldest gives way. */
export const KEYS_MAX = 20_000;

/** Records of the journal that are looked at in one turn, for a key or an outcome: what is behind waits for the next. */
export const TURN_RECORDS_MAX = 10_000;

/** Orders whose outcome is waited for at once: each holds a file open. */
export const OUTCOMES_WAITED_MAX = 256;

/** How long the outcome of an order is waited for before it is said to be unknown. */
export const ORDER_PATIENCE_MILLIS = 10_000;
