// A breaker before a shared store: while the store is away, whoever asks is told so at once and goes on without it.

import type { Clock } from "../../actors/base/clock.ts";
import { HotStateUnavailable } from "../../actors/ports/hot-state.ts";
import { type BreakerState, CircuitBreaker } from "../../actors/runtime/breaker.ts";
import { FAILURES_MAX, PROBE_MICROS, PROBE_MICROS_MAX } from "./limits.ts";

/** What is said instead of an answer. */
export const AWAY: unique symbol = Symbol("the store is away");

export class Guard {
  readonly #clock: Clock;
  readonly #breaker = new CircuitBreaker({
    failuresMax: FAILURES_MAX,
    delayMicros: PROBE_MICROS,
    delayMicrosMax: PROBE_MICROS_MAX,
  });
  #problem = "";

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get state(): BreakerState {
    return this.#breaker.state;
  }

  /** Why the last question was not answered; empty when it was. */
  get problem(): string {
    return this.#problem;
  }

  async ask<T>(question: () => Promise<T>): Promise<T | typeof AWAY> {
    if (!this.#breaker.allows(this.#clock.nowMicros())) return AWAY;
    try {
      const answer = await question();
      this.#breaker.succeeded();
      this.#problem = "";
      return answer;
    } catch (error) {
      if (!(error instanceof HotStateUnavailable)) throw error;
      this.#breaker.failed(this.#clock.nowMicros());
      this.#problem = error.message;
      return AWAY;
    }
  }
}
