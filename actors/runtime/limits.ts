// Bounds of the actor runtime: every queue, ring, timer list and loop in this folder has its name here.

/** Actors alive at once in one system. */
export const ACTORS_MAX = 4_096;

/** Actors waiting for a turn: every living one, and those that stopped while they waited. */
export const READY_ACTORS_MAX = 2 * ACTORS_MAX;

/** Messages a mailbox holds unless its actor asks for another bound. */
export const MAILBOX_MESSAGES_DEFAULT = 1_024;

/** The largest mailbox: beyond it the sender is the one to slow down. */
export const MAILBOX_MESSAGES_MAX = 1_048_576;

/** Messages one actor handles before the next one's turn. */
export const TURN_MESSAGES_MAX = 256;

/** Messages one self-scheduled drain handles before it lets the host run its timers and sockets. */
export const DRAIN_MESSAGES_MAX = 8_192;

/** Messages `runUntilIdle` handles unless told otherwise: two actors that answer each other forever end here. */
export const RUN_MESSAGES_MAX = 100_000_000;

/** The handling time of one message in this many is measured; a power of two. */
export const HANDLING_SAMPLE_EVERY = 16;

/** Dead letters kept for inspection; all are counted. */
export const DEAD_LETTERS_KEPT_MAX = 256;

/** Stopped actors the tree still lists. */
export const STOPPED_LISTED_MAX = 64;

/** Timers one actor may have pending. */
export const TIMERS_MAX = 64;

/** Actors one actor may watch. */
export const WATCHES_MAX = 1_024;

/** Questions waiting for their answers, in the whole system. */
export const ASKS_MAX = 4_096;

/** The most restarts per window a policy may grant. */
export const RESTARTS_MAX = 1_000;

/** Characters of an actor's path. */
export const PATH_LENGTH_MAX = 256;

/** Characters of an error's text that a listing keeps. */
export const ERROR_TEXT_MAX = 500;
