// Plays a source at the speed of its own clock, faster, or as fast as the consumer takes it, in bounded batches with room
// for other work in between.

import { assert } from "../../actors/base/assert.ts";
import type { Cancel, Micros, Scheduler } from "../../actors/base/clock.ts";
import { PACER_BATCH_TICKS, PACER_RETRY_MICROS } from "./limits.ts";
import type { SourceTick, TickSource } from "./source.ts";

export interface PacerOptions {
  readonly source: TickSource;
  readonly scheduler: Scheduler;
  /** Source seconds per real second, above 0; Infinity plays without pause. */
  readonly speed: number;
  /** Source time that is played now; earlier ticks are due at once. */
  readonly fromMicros: Micros;
  /** The longest silence that is waited for, in source time: a longer one - a weekend - is cut to it. Default: none is. */
  readonly silenceMaxMicros?: number;
  /**
   * Takes a due tick; false when it has no room, then the same tick is offered again a little later. `dueMicros` is when
   * the schedule wanted it, in the scheduler's time: latency counts from there, not from when we got round to it.
   */
  readonly take: (tick: SourceTick, dueMicros: Micros) => boolean;
  /** The source has ended, or failed: see its `failure`. Called once, never after {@link Pacer.stop}. */
  readonly onEnd: () => void;
}

/**
 * Starts playing when made. The schedule is fixed: after a stall, overdue ticks follow as fast as they are taken and the
 * pace is regained, as a market would not have waited either.
 */
export class Pacer {
  readonly #options: PacerOptions;
  /** When `#fromMicros` of the source is due, in the scheduler's time. */
  readonly #startMicros: Micros;
  #fromMicros: Micros;
  #lastMicros: Micros;
  #held: SourceTick | undefined;
  #dueMicros: Micros = 0;
  #cancel: Cancel | undefined;
  #stopped = false;
  #ticks = 0;
  #refused = 0;
  readonly #play = (): void => {
    if (!this.#stopped) this.#batch();
  };

  constructor(options: PacerOptions) {
    assert(options.speed > 0, `a market is played forwards: speed ${options.speed}`);
    assert((options.silenceMaxMicros ?? 1) > 0, "the longest silence is longer than nothing");
    this.#options = options;
    this.#startMicros = options.scheduler.nowMicros();
    this.#fromMicros = options.fromMicros;
    this.#lastMicros = options.fromMicros;
    options.scheduler.soon(this.#play);
  }

  /** Ticks taken by the consumer so far. */
  get ticks(): number {
    return this.#ticks;
  }

  /** How often the consumer had no room. */
  get refused(): number {
    return this.#refused;
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #batch(): void {
    const { source, scheduler, take, onEnd } = this.#options;
    for (let taken = 0; taken < PACER_BATCH_TICKS; taken++) {
      const tick = this.#held ?? this.#pull(source);
      if (tick === undefined) {
        this.#stopped = true;
        onEnd();
        return;
      }
      const waitMicros = this.#dueMicros - scheduler.nowMicros();
      if (waitMicros > 0) {
        this.#cancel = scheduler.after(waitMicros, this.#play);
        return;
      }
      if (!take(tick, this.#dueMicros)) {
        this.#refused++;
        this.#cancel = scheduler.after(PACER_RETRY_MICROS, this.#play);
        return;
      }
      this.#held = undefined;
      this.#ticks++;
      if (this.#stopped) return;
    }
    scheduler.soon(this.#play);
  }

  /** Fetches the next tick and works out when it is due. */
  #pull(source: TickSource): SourceTick | undefined {
    const tick = source.next();
    this.#held = tick;
    if (tick === undefined) return undefined;
    const timeMicros = tick.sourceTimeMicros;
    const { speed, scheduler, silenceMaxMicros } = this.#options;
    if (speed === Number.POSITIVE_INFINITY) {
      this.#dueMicros = scheduler.nowMicros();
      return tick;
    }
    const silenceMicros = timeMicros - this.#lastMicros;
    if (silenceMaxMicros !== undefined && silenceMicros > silenceMaxMicros) {
      this.#fromMicros += silenceMicros - silenceMaxMicros;
    }
    if (timeMicros > this.#lastMicros) this.#lastMicros = timeMicros;
    // Rounded up: a tick is never early.
    this.#dueMicros = this.#startMicros + Math.ceil(Math.max(0, timeMicros - this.#fromMicros) / speed);
    return tick;
  }
}
