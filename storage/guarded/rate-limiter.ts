// A rate limiter that always decides: by the shared buckets, and while those are away by this process's own, which have
// been kept in step, so that nobody gets a second burst out of a failure.

import type { RateDecision, RateLimit, RateLimiter } from "../../actors/ports/rate-limiter.ts";
import { AWAY, type Guard } from "./guard.ts";

export class GuardedRateLimiter implements RateLimiter {
  readonly #shared: RateLimiter;
  readonly #own: RateLimiter;
  readonly #guard: Guard;
  #ownDecisions = 0;

  constructor(limiters: { shared: RateLimiter; own: RateLimiter; guard: Guard }) {
    this.#shared = limiters.shared;
    this.#own = limiters.own;
    this.#guard = limiters.guard;
  }

  /** How often the shared buckets could not be asked. */
  get ownDecisions(): number {
    return this.#ownDecisions;
  }

  async take(key: string, count: number, limit: RateLimit): Promise<RateDecision> {
    const shared = await this.#guard.ask(async () => await this.#shared.take(key, count, limit));
    if (shared === AWAY) {
      this.#ownDecisions++;
      return await this.#own.take(key, count, limit);
    }
    if (shared.taken) await this.#own.take(key, count, limit);
    return shared;
  }
}
