// How long a vote counts, by how often its member is asked. Members state it on their card, the ballot goes by it.

import { MICROS_PER_SECOND } from "../base/clock.ts";

/** Of members asked at every tick: a market that falls silent is soon one nobody has an opinion on. */
export const TICK_VOTE_LIFE_MICROS = 10 * MICROS_PER_SECOND;

/** Of members asked at the close of a 1-minute bar: one answer may be missed. */
export const BAR_VOTE_LIFE_MICROS = 150 * MICROS_PER_SECOND;
