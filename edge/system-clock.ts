// The wall clock and real timers, for production. Everything inside takes them as a Scheduler and never asks the machine.

import {
  type Cancel,
  type Clock,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
  type Micros,
  type Scheduler,
} from "../actors/base/clock.ts";

/** The longest delay a runtime timer takes, in milliseconds; a longer one fires at once. */
const TIMER_MILLISECONDS_MAX = 2 ** 31 - 1;

/** A wall clock this far ahead is believed: the machine slept, or its clock was set. */
const STEP_MICROS_MIN = 500_000;

/** How often the wall clock is compared, in microseconds of the monotonic clock. */
const COMPARE_EVERY_MICROS = MICROS_PER_SECOND;

/** What the machine offers; tests hand in their own. */
export interface Machine {
  /** Monotonic, in milliseconds with fractions; may stand still while the machine sleeps. */
  monotonicMilliseconds(): number;
  /** UTC in milliseconds; may step either way. */
  wallMilliseconds(): number;
  startTimer(milliseconds: number, task: () => void): () => void;
  /** After the running task and what input and output is pending, before timers. */
  soon(task: () => void): void;
}

const THIS_MACHINE: Machine = {
  monotonicMilliseconds: () => performance.now(),
  wallMilliseconds: () => Date.now(),
  startTimer(milliseconds, task) {
    const timer = setTimeout(task, milliseconds);
    return () => {
      clearTimeout(timer);
    };
  },
  soon(task) {
    setImmediate(task);
  },
};

/**
 * Microseconds since the Unix epoch as exact integers, driven by the monotonic clock and never stepping back. Where the
 * wall clock is found more than half a second ahead (the machine slept), time jumps forward to it; where it is behind,
 * time goes on and {@link aheadOfWallMicros} tells.
 */
export class SystemClock implements Scheduler {
  /** The same time with fractions of a microsecond, for latencies only. */
  readonly stopwatch: Clock = {
    nowMicros: () => this.#machine.monotonicMilliseconds() * MICROS_PER_MILLISECOND + this.#offsetMicros,
  };
  readonly #machine: Machine;
  #offsetMicros: number;
  #comparedMicros: number;

  constructor(machine: Machine = THIS_MACHINE) {
    this.#machine = machine;
    const monotonicMicros = this.#monotonicMicros();
    this.#offsetMicros = this.#wallMicros() - monotonicMicros;
    this.#comparedMicros = monotonicMicros;
  }

  nowMicros(): Micros {
    const monotonicMicros = this.#monotonicMicros();
    if (monotonicMicros - this.#comparedMicros >= COMPARE_EVERY_MICROS) {
      this.#comparedMicros = monotonicMicros;
      const ahead = this.#wallMicros() - (monotonicMicros + this.#offsetMicros);
      if (ahead >= STEP_MICROS_MIN) this.#offsetMicros += ahead;
    }
    return monotonicMicros + this.#offsetMicros;
  }

  /** How far this clock runs ahead of the machine's UTC; negative where it is behind. Large means the clock was set. */
  aheadOfWallMicros(): number {
    return this.nowMicros() - this.#wallMicros();
  }

  after(delayMicros: number, task: () => void): Cancel {
    const dueMicros = this.#monotonicMicros() + delayMicros;
    let cancelTimer: (() => void) | undefined;
    const arm = (): void => {
      const leftMilliseconds = (dueMicros - this.#monotonicMicros()) / MICROS_PER_MILLISECOND;
      const delay = Math.min(TIMER_MILLISECONDS_MAX, Math.max(0, Math.ceil(leftMilliseconds)));
      cancelTimer = this.#machine.startTimer(delay, () => {
        // Runtimes cut long delays short and may fire a little early: then wait for the rest.
        if (this.#monotonicMicros() < dueMicros) arm();
        else task();
      });
    };
    arm();
    return () => {
      cancelTimer?.();
    };
  }

  soon(task: () => void): void {
    this.#machine.soon(task);
  }

  #monotonicMicros(): number {
    return Math.floor(this.#machine.monotonicMilliseconds() * MICROS_PER_MILLISECOND);
  }

  #wallMicros(): number {
    return Math.round(this.#machine.wallMilliseconds() * MICROS_PER_MILLISECOND);
  }
}
