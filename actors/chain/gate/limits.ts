// Bounds and thresholds of the quality gate. What they mean together - how often the gate errs, how soon it acts - is measured in
// its tests.

import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../../base/clock.ts";
import type { MemberId } from "../../domain/prediction.ts";

/** Answers are judged in blocks of a horizon, but no shorter ones: what is said within a block says much the same. */
export const BLOCK_MIN_MICROS = MICROS_PER_MINUTE;
/** Members are asked about horizons of so long at most; longer ones are not watched. */
export const HORIZON_MAX_MICROS = MICROS_PER_DAY;
/** Of rules, which state none; and of models whose journal does not say it, unless their names do. */
export const HORIZON_DEFAULT_MICROS = 15 * MICROS_PER_MINUTE;
export const HORIZON_OF_MICROS: Readonly<Partial<Record<MemberId, number>>> = {
  fast: 5 * MICROS_PER_SECOND,
  "range-60m": MICROS_PER_HOUR,
  "slot-range-60m": MICROS_PER_HOUR,
};
/** Answers for horizons that are no whole minutes are taken this far apart, or a 64th of the horizon where that is more. */
export const SAMPLE_MIN_MICROS = MICROS_PER_SECOND;
export const SAMPLES_PER_HORIZON_MAX = 64;

/** Blocks before which nothing is judged, and that the noise of a block is known from. */
export const BLOCKS_WARM = 30;
export const BLOCKS_NOISE = 192;
/** Blocks that must be no worse than nothing together before a member comes back, and the fewest it stays off. */
export const BLOCKS_BACK = 96;
export const BLOCKS_OFF_MIN = 32;
/** Of the cumulated sum, in deviations of a block: what each block takes off, what is one too many, the most one block adds. */
export const ANSWERS_ALLOWANCE = 0.25;
export const ANSWERS_LIMIT = 20;
export const ANSWERS_STEP_MAX = 3;
/** Settled answers that the base rate of ranges looks back on. */
export const BASE_RATE_ROWS = 2_000;

/** Changes of the mid in a block of quotes. */
export const QUOTING_CHANGES = 512;
/** Blocks that the usual share looks back on: some days of a currency pair, one of gold. Fewer than these judge nothing. */
export const QUOTING_BLOCKS = 256;
export const QUOTING_BLOCKS_WARM = 64;
/** As for answers, on either side. */
export const QUOTING_ALLOWANCE = 1;
export const QUOTING_LIMIT = 8;
export const QUOTING_STEP_MAX = 4;
/** Blocks in a row that must lie this near the usual share, in deviations, before quoting counts as usual again. */
export const QUOTING_BLOCKS_BACK = 8;
export const QUOTING_NEAR = 2;
