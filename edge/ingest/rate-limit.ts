// How many ticks a symbol may bring a second: a bucket each, refilled with time.

export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { tokens: number; atMillis: number }>();

  /** @param options.perSecond Infinity for no limit */
  constructor(options: { perSecond: number; burstSeconds: number }) {
    this.#perSecond = options.perSecond;
    this.#burst = Math.max(1, options.perSecond * options.burstSeconds);
  }

  /** Takes `count` for `key`, or nothing. Returns 0 when taken, else milliseconds until it may be tried again. */
  take(key: string, count: number, nowMillis: number): number {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return 0;
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, atMillis: nowMillis };
    bucket.tokens = Math.min(
      this.#burst,
      bucket.tokens + ((nowMillis - bucket.atMillis) / 1_000) * this.#perSecond,
    );
    bucket.atMillis = nowMillis;
    this.#buckets.set(key, bucket);
    if (bucket.tokens >= count) {
      bucket.tokens -= count;
      return 0;
    }
    return Math.ceil(((count - bucket.tokens) / this.#perSecond) * 1_000);
  }
}
