// A tick as its source sent it, plus its place in the journal. Prices stay the decimals that were received: the first
// step of the chain turns them into integer points or quarantines the tick with a reason.

import type { Micros } from "../base/clock.ts";

/** Bits of {@link Tick.flags}. */
export const TICK_BACKFILL = 1;
/** Load was too high when the tick was taken in: bars and features move, no forecaster runs. */
export const TICK_SKIP_INFERENCE = 2;
/** From a second source of the same instrument: checks the first, never moves bars. */
export const TICK_SECONDARY = 4;

export interface Tick {
  readonly kind: "tick";
  /** Journal sequence. */
  readonly seq: number;
  readonly instrumentId: number;
  readonly sourceId: number;
  /** Numbered from 1 by the source, per instrument and without holes: a hole is a lost tick. */
  readonly sourceSeq: number;
  readonly sourceTimeMicros: Micros;
  /** When Tickforge took it in. This is the actors' time. */
  readonly timeMicros: Micros;
  readonly bid: number;
  readonly ask: number;
  /** 0 when the source does not say. */
  readonly bidVolume: number;
  readonly askVolume: number;
  readonly flags: number;
}
