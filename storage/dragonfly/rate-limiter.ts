// Token buckets on Dragonfly, shared by every process: one script a batch.

import { assert } from "../../actors/base/assert.ts";
import { type Clock, MICROS_PER_MILLISECOND } from "../../actors/base/clock.ts";
import type { RateDecision, RateLimit, RateLimiter } from "../../actors/ports/rate-limiter.ts";
import { ask } from "./ask.ts";
import { type Scripts, scriptsOf } from "./commands.ts";
import type { DragonflyConnection } from "./connect.ts";
import { Keys } from "./keys.ts";

export class DragonflyRateLimiter implements RateLimiter {
  readonly #connection: DragonflyConnection;
  readonly #scripts: Scripts;
  readonly #clock: Clock;
  readonly #keys: Keys;

  /** The connection stays the caller's to close. */
  constructor(connection: DragonflyConnection, clock: Clock, keys = new Keys()) {
    this.#connection = connection;
    this.#scripts = scriptsOf(connection.client);
    this.#clock = clock;
    this.#keys = keys;
  }

  async take(key: string, count: number, limit: RateLimit): Promise<RateDecision> {
    const { perSecond, burst } = limit;
    assert(count >= 0 && perSecond > 0 && burst > 0, `${key}: a limit and a count are above 0`);
    if (perSecond === Number.POSITIVE_INFINITY) return { taken: true, remaining: Number.POSITIVE_INFINITY };
    const nowMillis = this.#clock.nowMicros() / MICROS_PER_MILLISECOND;
    const [taken, remaining, waitMillis] = await ask(
      this.#connection,
      async () => await this.#scripts.takeTokens(this.#keys.bucket(key), nowMillis, count, perSecond, burst),
    );
    if (taken === 1) return { taken: true, remaining: Number(remaining) };
    return {
      taken: false,
      remaining: Number(remaining),
      waitMillis: count > burst ? Number.POSITIVE_INFINITY : Math.ceil(Number(waitMillis)),
    };
  }

  async giveBack(key: string, count: number, { perSecond, burst }: RateLimit): Promise<void> {
    if (perSecond === Number.POSITIVE_INFINITY) return;
    await ask(
      this.#connection,
      async () => await this.#scripts.giveTokens(this.#keys.bucket(key), count, burst),
    );
  }
}
