// A rate limiter that always decides: by this process's own buckets and by the shared ones, which count what others took
// too. While the shared ones are away, or have come back empty, the own ones still hold what this process may.

import type { RateDecision, RateLimit, RateLimiter } from "../../actors/ports/rate-limiter.ts";
import { AWAY, type Guard } from "./guard.ts";

/** Buckets of this process alone. */
export interface OwnBuckets extends RateLimiter {
  take(key: string, count: number, limit: RateLimit): RateDecision;
  giveBack(key: string, count: number, limit: RateLimit): void;
}

export class GuardedRateLimiter implements RateLimiter {
  readonly #shared: RateLimiter;
  readonly #own: OwnBuckets;
  readonly #guard: Guard;
  #ownDecisions = 0;

  constructor(limiters: { shared: RateLimiter; own: OwnBuckets; guard: Guard }) {
    this.#shared = limiters.shared;
    this.#own = limiters.own;
    this.#guard = limiters.guard;
  }

  /** How often the shared buckets should have been asked and could not be. */
  get ownDecisions(): number {
    return this.#ownDecisions;
  }

  take(key: string, count: number, limit: RateLimit): RateDecision | Promise<RateDecision> {
    // What this process alone took is never more than what all took: where its own bucket is empty, the shared one is, and
    // a flood costs no question.
    const own = this.#own.take(key, count, limit);
    if (!own.taken || limit.perSecond === Number.POSITIVE_INFINITY) return own;
    return this.#shareOf(own, { key, count, limit });
  }

  async giveBack(key: string, count: number, limit: RateLimit): Promise<void> {
    this.#own.giveBack(key, count, limit);
    await this.#guard.ask(async () => await this.#shared.giveBack(key, count, limit));
  }

  async #shareOf(
    own: RateDecision,
    { key, count, limit }: { key: string; count: number; limit: RateLimit },
  ): Promise<RateDecision> {
    const shared = await this.#guard.ask(async () => await this.#shared.take(key, count, limit));
    if (shared === AWAY) {
      this.#ownDecisions++;
      return own;
    }
    if (!shared.taken) this.#own.giveBack(key, count, limit);
    return shared;
  }
}
