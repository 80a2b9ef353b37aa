// A circuit breaker: stops asking what keeps failing, and asks again now and then. It reads no clock - the caller says
// what time it is, so that a replay opens and closes it at the same records - and allocates nothing after construction.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { MICROS_PER_SECOND, type Micros } from "../base/clock.ts";

const STATES = ["closed", "open", "half-open"] as const;

/** `closed`: asked as usual. `open`: not asked. `half-open`: one probe is under way. */
export type BreakerState = (typeof STATES)[number];

/** `failure`: one below the limit; `trip`: one that reaches it, or a failed probe; `due`: the delay is over. */
type BreakerEvent = "success" | "failure" | "trip" | "due";

const TRANSITIONS: Readonly<Record<BreakerState, Readonly<Record<BreakerEvent, BreakerState>>>> = {
  closed: { success: "closed", failure: "closed", trip: "open", due: "closed" },
  // Answers to questions asked before it opened change nothing.
  open: { success: "open", failure: "open", trip: "open", due: "half-open" },
  "half-open": { success: "closed", failure: "open", trip: "open", due: "half-open" },
};

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failuresMax?: number;
  /** How long it stays open the first time; doubled by every probe that fails. */
  readonly delayMicros?: number;
  readonly delayMicrosMax?: number;
}

export class CircuitBreaker {
  readonly #failuresMax: number;
  readonly #delayMicrosMin: number;
  readonly #delayMicrosMax: number;
  #state: BreakerState = "closed";
  #failures = 0;
  #trips = 0;
  #delayMicros: number;
  #probeAtMicros: Micros = 0;

  constructor(options: BreakerOptions = {}) {
    this.#failuresMax = options.failuresMax ?? 5;
    this.#delayMicrosMin = options.delayMicros ?? MICROS_PER_SECOND;
    this.#delayMicrosMax = options.delayMicrosMax ?? 60 * MICROS_PER_SECOND;
    assert(this.#failuresMax >= 1, "a breaker opens after at least one failure");
    assert(
      this.#delayMicrosMin > 0 && this.#delayMicrosMin <= this.#delayMicrosMax,
      `a breaker's delay lies above 0 and up to its maximum, not ${this.#delayMicrosMin} us`,
    );
    this.#delayMicros = this.#delayMicrosMin;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** How often it has opened. */
  get trips(): number {
    return this.#trips;
  }

  /** When it lets the next probe through; meaningless while closed. */
  get probeAtMicros(): Micros {
    return this.#probeAtMicros;
  }

  /** Whether to ask now. After true the caller reports {@link succeeded} or {@link failed}. */
  allows(nowMicros: Micros): boolean {
    if (this.#state === "closed") return true;
    if (nowMicros < this.#probeAtMicros) return false;
    this.#state = TRANSITIONS[this.#state].due;
    // A probe nobody reports on must not shut the breaker for good: after another delay a new one goes out.
    this.#probeAtMicros = nowMicros + this.#delayMicros;
    return true;
  }

  succeeded(): void {
    const previous = this.#state;
    this.#state = TRANSITIONS[previous].success;
    if (this.#state !== "closed") return;
    this.#failures = 0;
    this.#delayMicros = this.#delayMicrosMin;
  }

  failed(nowMicros: Micros): void {
    const previous = this.#state;
    if (previous === "closed") this.#failures++;
    const tripped = previous === "half-open" || this.#failures >= this.#failuresMax;
    this.#state = TRANSITIONS[previous][tripped ? "trip" : "failure"];
    if (previous === "open" || this.#state !== "open") return;
    if (previous === "half-open") this.#delayMicros = Math.min(this.#delayMicros * 2, this.#delayMicrosMax);
    this.#trips++;
    this.#probeAtMicros = nowMicros + this.#delayMicros;
  }

  persist(archive: Archive): void {
    const state = STATES[archive.number(STATES.indexOf(this.#state))];
    assert(state !== undefined, "the snapshot holds a breaker state that does not exist");
    this.#state = state;
    this.#failures = archive.number(this.#failures);
    this.#trips = archive.number(this.#trips);
    this.#delayMicros = archive.number(this.#delayMicros);
    this.#probeAtMicros = archive.number(this.#probeAtMicros);
  }
}
