// The bounds of an account and of the paper broker. Each says what happens when it is reached.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../base/clock.ts";

/** Orders that may still be filled. At the bound entries are refused; exits may use {@link EXIT_ORDERS_RESERVE} more. */
export const LIVE_ORDERS_MAX = 256;

/** Room kept for exits beyond {@link LIVE_ORDERS_MAX}: a position has at most one live exit. */
export const EXIT_ORDERS_RESERVE = 256;

/** Room kept for changes and cancellations beyond both: at the bound no more is asked for. */
export const CHANGE_ORDERS_RESERVE = 1_024;

/** Finished orders kept for late reports; beyond it the one that finished first is forgotten. */
export const CLOSED_ORDERS_MAX = 1_024;

/** Open positions an account or the paper broker can hold; settings ask for far fewer. */
export const OPEN_POSITIONS_MAX = 256;

/** Deals remembered so that none is booked twice: the newest of the account. */
export const DEALS_REMEMBERED_MAX = 32_768;

/** Anomalies kept in words for people; all are counted. */
export const ANOMALIES_KEPT_MAX = 32;

/**
 * The largest move between two quotes, as a share of the price, that is believed at once. A larger one must be
 * confirmed by the next quote: a single absurd tick then neither triggers stops nor prices an order.
 */
export const QUOTE_JUMP_MAX = 0.05;

/** Ways from one currency to another that are tried, direct ones first. */
export const CONVERSION_PATHS_MAX = 16;

/** Waiting time after an exit that failed: doubles from the first to the second value. */
export const EXIT_RETRY_MICROS_MIN = 5 * MICROS_PER_SECOND;
export const EXIT_RETRY_MICROS_MAX = 5 * MICROS_PER_MINUTE;

/** Orders the paper broker holds, sent or not. At the bound it takes no more: their account finds them unanswered. */
export const BROKER_ORDERS_MAX = 1_024;

/** How long after its expiry the paper broker remembers an order that was never sent. */
export const UNSENT_MEMORY_MICROS = 10 * MICROS_PER_MINUTE;

/** Times of sent messages that are kept, to count those of the last minute: limits are at most this. */
export const MESSAGES_KEPT_MAX = 1_024;

/** Times of executions that are kept for each instrument: limits are at most this. */
export const EXECUTIONS_KEPT_MAX = 1_024;

/** Parts that the window of the price collar is looked at in: the oldest part leaves as a whole. */
export const PRICE_BUCKETS = 8;

/** Reports the paper broker keeps to itself for a while. At the bound it says what it has to say at once. */
export const WITHHELD_REPORTS_MAX = 1_024;

/** The longest way to the paper broker that a latency's tail is believed. */
export const LATENCY_MICROS_MAX = MICROS_PER_MINUTE;
/** Requests by their senders' names that are remembered with their answers; beyond it the oldest may be done a second time. */
export const ANSWERS_KEPT_MAX = 2_048;

/** Groups of which it is remembered who filled first; beyond it the oldest is forgotten, and its orders are on their own. */
export const GROUPS_KEPT_MAX = 1_024;

/** Unfinished business at a time: at the bound no more is begun, and what failed is left to people. */
export const FOLLOW_UPS_MAX = 512;

/** Waiting time before a follow-up is tried again: doubles from the first to the second value. */
export const FOLLOW_UP_MICROS_MIN = 1 * MICROS_PER_SECOND;
export const FOLLOW_UP_MICROS_MAX = 1 * MICROS_PER_MINUTE;

/** Fills that are kept with what they were meant to be; all are counted. */
export const FILLS_KEPT_MAX = 64;

/** What one dry run judges. */
export const JUDGED_MAX = 100;
