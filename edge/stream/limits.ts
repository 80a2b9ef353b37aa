// Bounds of the stream.

/** Sockets at once. */
export const SOCKETS_MAX = 10_000;

/** The longest message a client may send, in bytes: a thousand ticks. */
export const MESSAGE_BYTES_MAX = 512 << 10;

/** Unsent bytes from which a client counts as slow: of what can be conflated it gets the newest only. */
export const SLOW_BYTES = 256 << 10;

/** Unsent bytes at which a client is given up: signals are never dropped, so it is closed instead. */
export const HOPELESS_BYTES = 4 << 20;

/** A client that stays slow for so long is closed. */
export const SLOW_SECONDS_MAX = 20;

/** How often clients are looked at. */
export const SWEEP_MILLIS = 100;

/** A socket that says nothing, not even a pong, is closed after so many seconds. */
export const IDLE_SECONDS = 60;

/** What a client may ask in a second, ticks apart: they have a limit of their own. */
export const REQUESTS_PER_SECOND_MAX = 100;

export const HEARTBEAT_MILLIS = 1_000;

/** How often prices, bars and regimes are looked at: at most so often each is told. */
export const PRICE_MILLIS = 50;
