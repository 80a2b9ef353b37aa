// The bounds of what an account keeps to compare its books with a broker's. Each says what happens when it is reached.

import { MICROS_PER_MINUTE } from "../../base/clock.ts";
import { FINDINGS_MAX } from "../../domain/broker-books.ts";

/** Differences that are kept one by one; more stand as one that is about the whole account. */
export const STANDING_MAX = FINDINGS_MAX;

/** Deals booked since the last picture. Beyond it the oldest is taken for one that every later picture must show. */
export const AHEAD_MAX = 1_024;

/** Adjustments booked since the last picture that agreed; beyond it the oldest must be in the next one. */
export const ADJUSTMENTS_AHEAD_MAX = 128;

/** Adjustments remembered so that none is booked twice: the newest of the account. */
export const ADJUSTMENTS_REMEMBERED_MAX = 4_096;

/** Positions of ours remembered after they closed: a deal on one that was forgotten is taken for one that is not ours. */
export const POSITIONS_REMEMBERED_MAX = 4_096;

/** What people accepted lately, for others to read. */
export const ACCEPTED_KEPT_MAX = 16;

/** When live orders were sent. Beyond it those of orders that ended are forgotten. */
export const SENT_KEPT_MAX = 1_024;

/** How far a broker's clock may be off where a deal is told from one of before the account's first picture. */
export const DEAL_CLOCK_ERROR_MICROS = MICROS_PER_MINUTE;

/** What each deal may have been rounded by, where the broker did not tell its profit: a cent of the account's currency. */
export const DEAL_ROUNDING_MICROS = 10_000;
