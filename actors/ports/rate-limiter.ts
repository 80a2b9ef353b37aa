// Token buckets that the processes of a deployment share: each key has one, refilled with time, and a batch is taken whole
// or not at all.

/** How a key's bucket is filled. Callers of one key agree on it. */
export interface RateLimit {
  /** Tokens a second. */
  readonly perSecond: number;
  /** Tokens a full bucket holds: the largest batch. */
  readonly burst: number;
}

export type RateDecision =
  | { readonly taken: true; readonly remaining: number }
  /** `waitMillis` until the batch can be taken, if nobody else takes; Infinity for one larger than the bucket. */
  | { readonly taken: false; readonly remaining: number; readonly waitMillis: number };

/** Throws HotStateUnavailable where a shared bucket cannot be reached. */
export interface RateLimiter {
  /** Takes `count` tokens of `key`, or none where there are fewer: at once where the buckets are in this process. */
  take(key: string, count: number, limit: RateLimit): RateDecision | Promise<RateDecision>;
  /** Undoes a take, as where more was to be taken with it and could not be. */
  giveBack(key: string, count: number, limit: RateLimit): void | Promise<void>;
}
