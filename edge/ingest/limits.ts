// Bounds of what comes in over HTTP and WebSocket.

/** Ticks in one request. */
export const TICKS_PER_REQUEST_MAX = 1_000;

/** Requests that wait for the disk at once; beyond it a source is told to come back. */
export const WAITING_MAX = 10_000;

/** Ticks a symbol may bring in at once, as a multiple of its ticks a second. */
export const BURST_SECONDS = 2;
