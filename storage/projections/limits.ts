// Bounds of projections: how much is read and sent at once, how long is waited.

import { MICROS_PER_SECOND } from "../../actors/base/clock.ts";

/** Records in a batch when behind. */
export const BATCH_RECORDS_MAX = 20_000;
/** A batch leaves with so many records, or after so long, when not behind. */
export const IDLE_BATCH_RECORDS = 100;
export const IDLE_BATCH_MICROS = MICROS_PER_SECOND;
/** Records followed before the caller's thread is given back. */
export const TURN_RECORDS = 5_000;

/** Refusals in a row after which a sink is left alone for a while, and people are told. */
export const REFUSALS_MAX = 5;
/** Pause after the first refusal; doubled by every further one. */
export const RETRY_MICROS_MIN = 0.25 * MICROS_PER_SECOND;
/** Pause between two probes of a sink that has been away for long. */
export const RETRY_MICROS_MAX = 15 * MICROS_PER_SECOND;
/** Share of a pause that is left to chance: sinks that died together shall not all come back at once. */
export const RETRY_JITTER = 0.2;

/** How often a store that has everything is asked whether it still does. */
export const CHECK_MICROS = 5 * MICROS_PER_SECOND;

/** How long a record at which an actor failed is left alone: by then the journal says whether the live one failed too. */
export const FALL_WAIT_MICROS = 2 * MICROS_PER_SECOND;

/** Records of the journal's end that the hot state is told: minutes of a busy market, heard again within seconds. */
export const HOT_RECORDS_MAX = 100_000;
/** How long what nobody renews stays in the hot state. */
export const HOT_TTL_MILLIS = 60 * 60 * 1_000;

/** Looks at the journal's end that are remembered: an hour of them at two a second. */
export const LOOKS_MAX = 8_192;

/** Rows of one batch that may be put aside because the store will have none of them; more, and it is the store that is wrong. */
export const REFUSED_ROWS_MAX = 10;
