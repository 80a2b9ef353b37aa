// How a journal comes back to life at the start, or why it must not.

import { MICROS_PER_HOUR, type Micros } from "../actors/base/clock.ts";
import { failure, ok, type Result } from "../actors/base/result.ts";
import type { LiveEngine, Recovery } from "../actors/live-engine.ts";

/** How far a journal's last record may be ahead of the wall's clock, which may have been set back a little. */
const JOURNAL_AHEAD_MICROS_MAX = MICROS_PER_HOUR;

/** A journal that cannot be replayed must not be written on, nor one whose time this machine has not reached. */
export function recoverSafely(
  live: LiveEngine,
  nowMicros: Micros,
): Result<Recovery, "recovery-failed" | "clock-behind"> {
  try {
    const recovery = live.recover();
    const aheadMicros = live.router.timeMicros - nowMicros;
    if (aheadMicros <= JOURNAL_AHEAD_MICROS_MAX) return ok(recovery);
    const lastTime = new Date(live.router.timeMicros / 1_000).toISOString();
    return failure(
      "clock-behind",
      `the journal's last record is of ${lastTime}, which this machine's clock has not reached: time would stand still ` +
        "until then. Set the clock right, or use another data folder.",
    );
  } catch (error) {
    return failure(
      "recovery-failed",
      `the journal cannot be replayed: ${error instanceof Error ? error.message : String(error)}. Nothing was changed; ` +
        "`tickforge journal verify` reads every byte of it.",
    );
  }
}

/** What the ledger answers, or why it does not: no start without it, since it issues epochs. */
export async function asked<T>(question: () => Promise<T>): Promise<Result<T, "ledger-unreachable">> {
  try {
    return ok(await question());
  } catch (error) {
    return failure(
      "ledger-unreachable",
      `the ledger does not answer: ${error instanceof Error ? error.message : String(error)}. Nothing was changed: see that ` +
        "it can be reached and its disk has room, then start again.",
    );
  }
}
