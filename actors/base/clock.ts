// Time is injected. Production hands in the system clock (an adapter in edge/), tests and replays the virtual one,
// so that a whole scenario runs deterministically and as fast as the machine allows.

import { assert } from "./assert.ts";

/** Microseconds since the Unix epoch as an exact integer (below 2^53 until the year 2255). */
export type Micros = number;

export const MICROS_PER_MILLISECOND = 1_000;
export const MICROS_PER_SECOND = 1_000_000;
export const MICROS_PER_MINUTE = 60 * MICROS_PER_SECOND;
export const MICROS_PER_HOUR = 60 * MICROS_PER_MINUTE;
export const MICROS_PER_DAY = 24 * MICROS_PER_HOUR;

export interface Clock {
  /** The current time. Never goes backwards within a process. */
  nowMicros(): Micros;
}

/** Cancels a timer; calling it again, or after the timer fired, does nothing. */
export type Cancel = () => void;

export interface Scheduler extends Clock {
  /** Runs `task` once, `delayMicros` from now. */
  after(delayMicros: number, task: () => void): Cancel;
  /** Runs `task` as soon as the running task is done. */
  soon(task: () => void): void;
}

interface Timer {
  readonly atMicros: Micros;
  readonly order: number;
  readonly task: () => void;
  cancelled: boolean;
}

/** A clock that moves only when told to, and runs due timers in the order (time, creation). */
export class VirtualClock implements Scheduler {
  #nowMicros: Micros;
  #order = 0;
  readonly #timers: Timer[] = [];

  constructor(startMicros: Micros = 0) {
    this.#nowMicros = startMicros;
  }

  nowMicros(): Micros {
    return this.#nowMicros;
  }

  after(delayMicros: number, task: () => void): Cancel {
    assert(delayMicros >= 0, `a timer cannot be due in the past (delay ${delayMicros} us)`);
    const timer: Timer = {
      atMicros: this.#nowMicros + delayMicros,
      order: this.#order++,
      task,
      cancelled: false,
    };
    this.#insert(timer);
    return () => {
      timer.cancelled = true;
    };
  }

  soon(task: () => void): void {
    this.after(0, task);
  }

  /** Timers not yet due, cancelled ones included until their time comes. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Runs everything due up to `untilMicros`, then stands at that time. */
  advanceTo(untilMicros: Micros): void {
    assert(untilMicros >= this.#nowMicros, "time cannot go backwards");
    for (;;) {
      const next = this.#timers[0];
      if (next === undefined || next.atMicros > untilMicros) break;
      this.#timers.shift();
      this.#nowMicros = next.atMicros;
      if (!next.cancelled) next.task();
    }
    this.#nowMicros = untilMicros;
  }

  advance(byMicros: number): void {
    this.advanceTo(this.#nowMicros + byMicros);
  }

  #insert(timer: Timer): void {
    let low = 0;
    let high = this.#timers.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.#timers[middle];
      assert(other !== undefined, "binary search left the timer list");
      if (other.atMicros <= timer.atMicros) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
  }
}
