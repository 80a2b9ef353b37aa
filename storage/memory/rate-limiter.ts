// Token buckets of this process: for a deployment that is one, and for when the shared ones cannot be reached.

import { assert } from "../../actors/base/assert.ts";
import { type Clock, MICROS_PER_MILLISECOND } from "../../actors/base/clock.ts";
import type { RateDecision, RateLimit, RateLimiter } from "../../actors/ports/rate-limiter.ts";
import { BUCKETS_MAX } from "./limits.ts";

interface Bucket {
  tokens: number;
  atMillis: number;
  /** When it is full again: from then on it says no more than one that is not there. */
  fullAtMillis: number;
}

export class MemoryRateLimiter implements RateLimiter {
  readonly #clock: Clock;
  readonly #bucketsMax: number;
  /** In the order they were last asked. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock, bucketsMax = BUCKETS_MAX) {
    this.#clock = clock;
    this.#bucketsMax = bucketsMax;
  }

  /** Buckets held. */
  get size(): number {
    return this.#buckets.size;
  }

  take(key: string, count: number, { perSecond, burst }: RateLimit): RateDecision {
    assert(count >= 0 && perSecond > 0 && burst > 0, `${key}: a limit and a count are above 0`);
    if (perSecond === Number.POSITIVE_INFINITY) return { taken: true, remaining: Number.POSITIVE_INFINITY };
    const nowMillis = this.#clock.nowMicros() / MICROS_PER_MILLISECOND;
    const perMilli = perSecond / 1_000;
    const bucket = this.#buckets.get(key) ?? { tokens: burst, atMillis: nowMillis, fullAtMillis: nowMillis };
    bucket.tokens = Math.min(burst, bucket.tokens + Math.max(0, nowMillis - bucket.atMillis) * perMilli);
    bucket.atMillis = nowMillis;
    const taken = bucket.tokens >= count;
    if (taken) bucket.tokens -= count;
    bucket.fullAtMillis = nowMillis + (burst - bucket.tokens) / perMilli;
    this.#keep(key, bucket, nowMillis);
    if (taken) return { taken, remaining: bucket.tokens };
    return {
      taken,
      remaining: bucket.tokens,
      waitMillis: count > burst ? Number.POSITIVE_INFINITY : Math.ceil((count - bucket.tokens) / perMilli),
    };
  }

  giveBack(key: string, count: number, { burst }: RateLimit): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.tokens = Math.min(burst, bucket.tokens + count);
  }

  #keep(key: string, bucket: Bucket, nowMillis: number): void {
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size <= this.#bucketsMax) return;
    for (const [each, { fullAtMillis }] of this.#buckets) {
      if (fullAtMillis <= nowMillis && each !== key) this.#buckets.delete(each);
    }
    for (const oldest of this.#buckets.keys()) {
      if (this.#buckets.size <= this.#bucketsMax) return;
      this.#buckets.delete(oldest);
    }
  }
}
