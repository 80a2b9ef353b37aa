// Bounds of orders that go to terminals.

/** How far from its quote an exit may fill, in the broker's points: getting out matters more than the price. */
export const EXIT_DEVIATION_POINTS = 1_000;

/** What the protocol takes for the age of a quote. */
export const QUOTE_AGE_MS_MAX = 600_000;

/** How often what is due is looked for: modes, answers that did not come, pictures. */
export const ROUND_MS = 50;

/** Without an answer for so long, a command counts as a failure of its connection; it stays bound to it. */
export const ANSWER_MS_MAX = 5_000;

/** After a command's expiry no terminal takes it any more; its clock may be off by so much. */
export const EXPIRY_MARGIN_MS = 10_000;

/** Unanswered commands in a row after which a connection gets no entries for a while, and all of them together. */
export const CONNECTION_FAILURES_MAX = 2;
export const ACCOUNT_FAILURES_MAX = 3;

/** How long entries wait after a trade server said that the market, or trading, is closed. */
export const DISABLED_MS = 60_000;

/** How long entries wait after it said that there were too many requests; doubled by each that follows. */
export const THROTTLED_MS_MIN = 1_000;
export const THROTTLED_MS_MAX = 60_000;

/** Intents, deals and positions of ours that are remembered; the oldest are forgotten. */
export const REMEMBERED_MAX = 20_000;

/** What the terminal said and the journal has no room for yet; beyond it is left to the next picture. */
export const OUTBOX_MAX = 10_000;

/** A picture that did not come within this time is asked for again. */
export const PICTURE_MS_MAX = 10_000;

/**
 * How far a picture's deals reach back behind the one before: deals may be booked with earlier times, and the trade server's clock jumps
 * by an hour twice a year.
 */
export const DEALS_OVERLAP_MS = 70 * 60_000;

/** How often the ledger is asked whether it is there, and how long its answer may take before entries wait. */
export const LEDGER_LOOK_MS = 500;
export const LEDGER_MS_MAX = 2_000;
