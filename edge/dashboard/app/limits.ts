// Every bound of the dashboard, with its name.

/** What arrives is shown at most this often: one render for all of it. */
export const BATCH_MILLIS = 100;

export const RECONNECT_MILLIS_MIN = 1_000;
export const RECONNECT_MILLIS_MAX = 30_000;
/** Heartbeats that may be missed before a socket counts as dead. */
export const HEARTBEATS_MISSED_MAX = 4;
/** A socket that has not said welcome by then is given up. */
export const WELCOME_MILLIS_MAX = 8_000;

/** Newest first; older ones are in the store. */
export const SIGNALS_MAX = 300;
export const ORDERS_MAX = 300;
/** Newest first. */
export const FILLS_SHOWN = 50;
export const EQUITY_POINTS_MAX = 2_000;
/** Live equity is drawn no finer than this. */
export const EQUITY_STEP_MILLIS = 1_000;

/** Points of the stored curve. */
export const EQUITY_PAGE = 1_000;

/** Settled answers below which the server says nothing of how good they were. */
export const MODEL_ROWS_MIN = 30;
/** Stored votes of one symbol that are drawn, over all members. */
export const VOTES_PAGE = 1_000;

export const BARS_PAGE = 500;
/** Bars kept of one chart; beyond it scrolling left ends. */
export const BARS_MAX = 20_000;
/** Bars left of the visible range at which older ones are fetched. */
export const BARS_AHEAD = 40;
/** Between two looks at what is not streamed: actors and latencies. */
export const POLL_MILLIS = 2_000;
/** After a failed request for bars. */
export const BARS_RETRY_MILLIS = 5_000;

/** Symbols at which the list shows its filter. */
export const FILTER_SYMBOLS_MIN = 9;
/** A price older than this is shown as stale while the session is open. */
export const STALE_MILLIS = 30_000;
