// How many ticks a symbol may bring a second: a bucket each, refilled with time.

interface Bucket {
  tokens: number;
  atMillis: number;
}

export class RateLimit {
  readonly #perSecond: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, Bucket>();

  /** @param options.perSecond Infinity for no limit */
  constructor(options: { perSecond: number; burstSeconds: number }) {
    this.#perSecond = options.perSecond;
    this.#burst = Math.max(1, options.perSecond * options.burstSeconds);
  }

  /** The most that can ever be taken for one key at once. */
  get burst(): number {
    return this.#perSecond === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.floor(this.#burst);
  }

  /** Takes every count for its key, or nothing of any. Returns 0 when taken, else milliseconds until all may be tried again. */
  take(counts: ReadonlyMap<string, number>, nowMillis: number): number {
    if (this.#perSecond === Number.POSITIVE_INFINITY) return 0;
    let waitMillis = 0;
    for (const [key, count] of counts) {
      const missing = count - this.#refilled(key, nowMillis).tokens;
      if (missing > 0) waitMillis = Math.max(waitMillis, Math.ceil((missing / this.#perSecond) * 1_000));
    }
    if (waitMillis > 0) return waitMillis;
    for (const [key, count] of counts) this.#refilled(key, nowMillis).tokens -= count;
    return 0;
  }

  #refilled(key: string, nowMillis: number): Bucket {
    let bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      bucket = { tokens: this.#burst, atMillis: nowMillis };
      this.#buckets.set(key, bucket);
    }
    const refill = ((nowMillis - bucket.atMillis) / 1_000) * this.#perSecond;
    bucket.tokens = Math.min(this.#burst, bucket.tokens + refill);
    bucket.atMillis = nowMillis;
    return bucket;
  }
}
