// The bounds of the engine's own queues. Each folder names its own.

/** Records a symbol's mailbox holds before its ticks are refused at the door. */
export const SYMBOL_MAILBOX_RECORDS = 8_192;

/** Records the mailboxes of the first account, its broker and the market hold: they hear every symbol. */
export const SHARED_MAILBOX_RECORDS = 65_536;

/** The same of accounts and brokers beside the first: their mailboxes are allocated ahead, for up to a thousand of them. */
export const FURTHER_MAILBOX_RECORDS = 4_096;

/**
 * Up to so many accounts hear what the others order, so that none trades with another. Beyond it each knows its own orders: what all heard of
 * all would be more than the orders themselves.
 */
export const ACCOUNTS_THAT_HEAR_EACH_OTHER_MAX = 16;

/** From this mailbox depth on a symbol's ticks move bars and features only: no forecaster runs. */
export const SKIP_INFERENCE_DEPTH = 64;

/** Free records a mailbox keeps for what actors emit while ticks are being refused. */
export const MAILBOX_RESERVE_RECORDS = 1_024;

/** Intents waiting for the disk. Beyond it an entry is dropped (its account sees it expire); exits wait in line. */
export const GATED_INTENTS_MAX = 4_096;

/** Emissions a replay holds while it looks for their recorded counterparts, per actor. */
export const UNPLACED_EMISSIONS_MAX = 16_384;

/** Differences a replay keeps in detail; beyond it they are only counted. */
export const DIFFERENCES_KEPT_MAX = 1_000;

/** The grid of clock beats. */
export const BEAT_MICROS = 100_000;

/**
 * Symbols that have their turn at once when minutes end: a model is asked for all of them in a row, while its weights are at hand, and
 * ticks wait for all of them.
 */
export const TURN_SYMBOLS = 4;

/** How often each actor's state is saved. */
export const SNAPSHOT_INTERVAL_MICROS = 20_000_000;

/** Records a failed actor is fed before the others get their turn again. */
export const REBUILD_RECORDS_PER_TURN = 2_000;

/** Records per actor that are left out because it failed at them; restarts run out long before. */
export const POISONED_RECORDS_MAX = 1_000;
