// How many ticks a symbol may bring a second: a bucket each, for all processes of a deployment where they share one.

import type { RateDecision, RateLimit, RateLimiter } from "../../actors/ports/rate-limiter.ts";

export interface TickLimitOptions {
  readonly limiter: RateLimiter;
  /** Infinity for no limit. */
  readonly perSecond: number;
  readonly burstSeconds: number;
}

interface Taken<Decision> {
  readonly key: string;
  readonly count: number;
  readonly decision: Decision;
}

export class TickLimit {
  readonly #limiter: RateLimiter;
  readonly #limit: RateLimit;

  constructor({ limiter, perSecond, burstSeconds }: TickLimitOptions) {
    this.#limiter = limiter;
    this.#limit = { perSecond, burst: Math.max(1, perSecond * burstSeconds) };
  }

  /** The most that can ever be taken for one symbol at once. */
  get burst(): number {
    return Math.floor(this.#limit.burst);
  }

  /**
   * Takes every count for its symbol, or nothing of any: at once where the buckets are in this process.
   * @returns 0 when taken, else milliseconds until all may be tried again
   */
  take(counts: ReadonlyMap<string, number>): number | Promise<number> {
    if (this.#limit.perSecond === Number.POSITIVE_INFINITY) return 0;
    const near: Taken<RateDecision>[] = [];
    const far: Promise<Taken<RateDecision>>[] = [];
    for (const [symbol, count] of counts) {
      const key = `ticks:${symbol}`;
      const decision = this.#limiter.take(key, count, this.#limit);
      if (decision instanceof Promise) far.push(decision.then((said) => ({ key, count, decision: said })));
      else near.push({ key, count, decision });
    }
    return far.length === 0 ? this.#settle(near) : this.#settleFar(near, far);
  }

  #settle(all: readonly Taken<RateDecision>[]): number {
    const waitMillis = waitOf(all);
    if (waitMillis > 0) for (const back of this.#giveBack(all)) void back;
    return waitMillis;
  }

  async #settleFar(
    near: readonly Taken<RateDecision>[],
    far: readonly Promise<Taken<RateDecision>>[],
  ): Promise<number> {
    const all = [...near, ...(await Promise.all(far))];
    const waitMillis = waitOf(all);
    if (waitMillis > 0) await Promise.all(this.#giveBack(all).map(async (back) => await back));
    return waitMillis;
  }

  /** What was taken although something else could not be. */
  #giveBack(all: readonly Taken<RateDecision>[]): (void | Promise<void>)[] {
    return all
      .filter(({ decision }) => decision.taken)
      .map(({ key, count }) => this.#limiter.giveBack(key, count, this.#limit));
  }
}

function waitOf(all: readonly Taken<RateDecision>[]): number {
  return Math.max(0, ...all.map(({ decision }) => (decision.taken ? 0 : Math.max(1, decision.waitMillis))));
}
