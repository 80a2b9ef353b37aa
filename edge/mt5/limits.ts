// Bounds of the server of terminals. Those that both sides of the protocol keep are in protocol/limits.ts.

/** A code is typed into a terminal's inputs within this time. */
export const CODE_LIFE_MS = 15 * 60_000;

export const TOKEN_LIFE_MS = 24 * 3_600_000;

/** A token with less than this share of its life left is replaced over the socket. */
export const TOKEN_RENEW_SHARE = 0.5;

/** From a socket's opening to its `welcome`. */
export const HANDSHAKE_MS_MAX = 10_000;

export const HEARTBEAT_MS = 2_000;

/** A terminal that says nothing for so long is gone; it thinks the same of us. */
export const SILENT_MS_MAX = 10_000;

/** How long a second terminal waits, after the first was last heard, before it may trade in its place. */
export const OWNER_HOLD_MS = 60_000;

/** Mapping of clocks beyond which a terminal takes no entries. */
export const CLOCK_AGE_MS_MAX = 10_000;

/** How often a terminal looks through orders, positions and deals. */
export const SCAN_MS = 1_000;

/** Deals that a snapshot reaches back for. */
export const DEALS_SINCE_MS = 24 * 3_600_000;

/** How often revoked and expired credentials are looked for, and silent sockets. */
export const SWEEP_MS = 1_000;

/** Sockets in all, those that have not yet proved anything included. */
export const SOCKETS_MAX = 1_024;

/** Sockets that have not yet proved anything. */
export const STRANGERS_MAX = 64;

/** Enrolments that one address may try within {@link ATTEMPT_WINDOW_MS}. */
export const ATTEMPTS_MAX = 20;
export const ATTEMPT_WINDOW_MS = 60_000;

/** Addresses whose attempts are counted; beyond it the oldest is forgotten. */
export const ATTEMPT_ADDRESSES_MAX = 4_096;

/** Frames of a connection that wait while journal or actors are busy; a terminal that sends more is asked to come back. */
export const FRAMES_WAITING_MAX = 4_096;

/** Ticks that wait in those frames. */
export const TICKS_WAITING_MAX = 200_000;

/** Pause before what waits is tried again. */
export const BUSY_MILLIS = 2;

/** Bytes to a terminal that does not read, before its socket is closed. */
export const BACKLOG_BYTES_MAX = 1 << 20;

/** How far ahead of what is known a tick's number may be: a hole of more is a mistake. */
export const SEQ_AHEAD_MAX = 10_000_000;

/** Stretches that one symbol's numbers of one boot may fall into. */
export const EXTENTS_PER_LANE_MAX = 64;

/** Ranges that a boot of a symbol may declare lost. */
export const LOST_RANGES_MAX = 4_096;

/** Spellings of an account nobody has mapped that are counted by name. */
export const UNMAPPED_MAX = 1_000;

/** Orders and positions of one account that are remembered; deals, the newest of them. */
export const BOOK_MAX = 10_000;
export const DEALS_MAX = 1_000;

/** Time without a live tick after which another account's ticks of the same instrument count. */
export const PRIMARY_HOLD_MS = 30_000;

/** Frames of all connections whose ticks are not yet durable; beyond it all wait. */
export const ACKS_WAITING_MAX = 65_536;

/** How far terminals' calendars look ahead, in hours. */
export const CALENDAR_HOURS = 7 * 24;

/** How often a terminal's whole picture is held against our books. */
export const RECONCILE_MS = 30_000;
