// A connection's frames of ticks and gaps on their way to the journal: in their order, waiting where journal or actors are busy, with a
// bound beyond which the terminal is asked to come back. A socket cannot be told to pause.

import type { LatencyHistogram } from "../../actors/base/histogram.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { BUSY_MILLIS, FRAMES_WAITING_MAX, TICKS_WAITING_MAX } from "./limits.ts";
import type {
  Acknowledged,
  GapFrame,
  IntakeFailure,
  TickFeed,
  TickIntake,
  TicksFrame,
} from "./tick-intake.ts";

interface WaitingTicks {
  readonly frame: TicksFrame | GapFrame;
  taken: number;
}

/** A frame that is not acknowledged. */
interface Awaited extends Acknowledged {
  readonly sinceMillis: number;
}

export interface TickQueueOptions {
  readonly intake: TickIntake;
  readonly feed: TickFeed;
  /** From a frame to its acknowledgement. */
  readonly latency: LatencyHistogram;
  /** What waited could not be taken. */
  readonly onFailure: (code: IntakeFailure, message: string) => void;
}

export class TickQueue {
  readonly #options: TickQueueOptions;
  readonly #waiting: WaitingTicks[] = [];
  /** Oldest first. */
  readonly #awaited: Awaited[] = [];
  #ticks = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(options: TickQueueOptions) {
    this.#options = options;
  }

  /** Ticks that wait. */
  get ticks(): number {
    return this.#ticks;
  }

  push(frame: TicksFrame | GapFrame): void {
    const ticks = frame.t === "ticks" ? frame.ticks.length : 0;
    if (this.#waiting.length >= FRAMES_WAITING_MAX || this.#ticks + ticks > TICKS_WAITING_MAX) {
      this.#options.onFailure("busy", "more ticks than the disk takes: come back in a moment");
      return;
    }
    this.#waiting.push({ frame, taken: 0 });
    this.#ticks += ticks;
    if (frame.t === "ticks") this.#await(frame);
    if (this.#timer === undefined) this.#work();
  }

  acknowledged(acks: readonly Acknowledged[]): void {
    const nowMillis = performance.now();
    for (let next = this.#awaited[0]; next !== undefined; next = this.#awaited[0]) {
      const { boot, symbol, seq, sinceMillis } = next;
      if (!acks.some((ack) => ack.boot === boot && ack.symbol === symbol && ack.seq >= seq)) return;
      this.#options.latency.record((nowMillis - sinceMillis) * 1_000);
      this.#awaited.shift();
    }
  }

  /** Nothing of it is taken any more. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
    this.#ticks = 0;
  }

  #await({ boot, symbol, from, ticks }: TicksFrame): void {
    if (this.#awaited.length >= FRAMES_WAITING_MAX) this.#awaited.shift();
    this.#awaited.push({ boot, symbol, seq: from + ticks.length - 1, sinceMillis: performance.now() });
  }

  /** Takes what waits as far as journal and actors let it. */
  #work(): void {
    this.#timer = undefined;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const taken = this.#take(next);
      if (!taken.ok) {
        this.#options.onFailure(taken.code, taken.message);
        return;
      }
      if (this.#isStopped) return;
      if (!taken.value) {
        this.#timer = setTimeout(() => this.#workSafely(), BUSY_MILLIS);
        return;
      }
      this.#waiting.shift();
      if (next.frame.t === "ticks") this.#ticks -= next.frame.ticks.length;
    }
  }

  #workSafely(): void {
    try {
      this.#work();
    } catch (error) {
      this.#options.onFailure("busy", `the server cannot write, come back: ${String(error)}`);
    }
  }

  /** Whether all of it is taken. */
  #take(waiting: WaitingTicks): Result<boolean, IntakeFailure> {
    const { intake, feed } = this.#options;
    const { frame } = waiting;
    if (intake.hasFailed) return failure("busy", "the journal takes nothing more: look at the server");
    if (frame.t === "gap") {
      const lost = intake.lose(feed, frame);
      return lost.ok ? ok(true) : lost;
    }
    const taken = intake.take(feed, frame, waiting.taken);
    if (!taken.ok) return taken;
    waiting.taken = taken.value;
    return ok(taken.value === frame.ticks.length);
  }
}
