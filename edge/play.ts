// One tick into an engine whose time is the source's own, whatever the disk does meanwhile.

import { type LiveEngine, STEP_WAITS } from "../actors/live-engine.ts";
import type { Micros } from "../actors/base/clock.ts";
import type { Journal } from "../actors/ports/journal.ts";
import { type IncomingTick, INGEST_BUSY } from "../actors/router.ts";

/**
 * Steps once, waiting for the disk only where an order or a full buffer demands it.
 * @returns the tick's sequence, INGEST_DUPLICATE, or INGEST_BUSY when the journal has failed and takes nothing more
 */
export async function playTick(
  live: LiveEngine,
  journal: Journal,
  tick: IncomingTick,
  timeMicros: Micros,
): Promise<number> {
  for (;;) {
    const taken = live.step(tick, timeMicros);
    if (taken !== STEP_WAITS && taken !== INGEST_BUSY) return taken;
    if (live.router.detached) return INGEST_BUSY;
    await journal.flush();
    live.settle();
  }
}

/** Lets the last orders leave. */
export async function settleDurably(live: LiveEngine, journal: Journal): Promise<void> {
  while (live.waitsForDisk && !live.router.detached) {
    await journal.flush();
    live.settle();
  }
}
