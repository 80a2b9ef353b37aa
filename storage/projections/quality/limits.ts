// Bounds of the scores at the journal's side.

import { MICROS_PER_SECOND } from "../../../actors/base/clock.ts";

/** Behind by so many records, shadows are not asked: it comes level first. */
export const SHADOW_LAG_RECORDS_MAX = 20_000;
/** Share of a core that shadows may take, and how much of it may be saved up. */
export const SHADOW_CORE_SHARE = 0.2;
export const SHADOW_BUDGET_MICROS_MAX: number = MICROS_PER_SECOND;

/** How often it is looked whether somebody registered, promoted or retired a model. */
export const REGISTRY_MICROS: number = 10 * MICROS_PER_SECOND;

/** How old what is told of a symbol may be while there is something new. */
export const REPORT_MICROS: number = 10 * MICROS_PER_SECOND;
/** Reports take a while to make: a batch spends no more than this, and one report, on them. */
export const TELL_MICROS_MAX = 50_000;

/** The state is saved so often: what is newer is read again after a crash. */
export const SAVE_MICROS: number = 60 * MICROS_PER_SECOND;
export const SAVE_RECORDS = 250_000;
