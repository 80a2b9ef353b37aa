// The chain's stages by name, and a latency histogram for each. Reading a clock costs as much as a cheap stage, so the
// stages are timed on every sixteenth tick; the whole chain on every one.

import type { Clock } from "../base/clock.ts";
import { LatencyHistogram } from "../base/histogram.ts";

export const STAGES = [
  "validate",
  "bars",
  "features",
  "forecast",
  "vote",
  "regime",
  "calibrate",
  "policy",
] as const;

export type Stage = (typeof STAGES)[number];

/** One tick in this many has its stages timed. A power of two. */
const SAMPLED_ONE_IN = 16;

export class StageTimer {
  readonly histograms: Readonly<Record<Stage, LatencyHistogram>>;
  readonly #clock: Clock;
  #count = 0;
  #sampling = false;
  #markMicros = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.histograms = Object.fromEntries(STAGES.map((stage) => [stage, new LatencyHistogram()])) as Record<
      Stage,
      LatencyHistogram
    >;
  }

  /** Begins a run through the chain. */
  begin(): void {
    this.#count = (this.#count + 1) | 0;
    this.#sampling = (this.#count & (SAMPLED_ONE_IN - 1)) === 0;
    if (this.#sampling) this.#markMicros = this.#clock.nowMicros();
  }

  /** Continues a sampled run that was interrupted between asking for votes and hearing them. */
  resume(): void {
    if (this.#sampling) this.#markMicros = this.#clock.nowMicros();
  }

  /** `stage` is done: the time since the last mark is its own, and what it took before the run began. */
  done(stage: Stage, beforeMicros = 0): void {
    if (!this.#sampling) return;
    const nowMicros = this.#clock.nowMicros();
    this.histograms[stage].record(nowMicros - this.#markMicros + beforeMicros);
    this.#markMicros = nowMicros;
  }
}
