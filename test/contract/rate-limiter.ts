// What every rate limiter must do. Time is the caller's on all of them, so it stands still unless it is moved here.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { array, asyncProperty, assert as check, integer, record } from "fast-check";
import { type Clock, VirtualClock } from "../../actors/base/clock.ts";
import type { RateDecision, RateLimit, RateLimiter } from "../../actors/ports/rate-limiter.ts";

const START_MICROS = 1_700_000_000_000_000;
const MILLISECOND = 1_000;
const LIMIT: RateLimit = { perSecond: 10, burst: 20 };

export interface OpenedRateLimiter {
  readonly limiter: RateLimiter;
  /** Another process's limiter over the same buckets; left out where no other process can have one. */
  readonly other?: (clock: Clock) => RateLimiter;
  readonly close?: () => Promise<void> | void;
}

/** The rule as plainly as it can be said: recount from all that was taken since the bucket was full. */
class NaiveBucket {
  #tokens: number;
  #atMillis: number;
  readonly #limit: RateLimit;
  constructor(limit: RateLimit, nowMillis: number) {
    this.#limit = limit;
    this.#tokens = limit.burst;
    this.#atMillis = nowMillis;
  }
  take(count: number, nowMillis: number): boolean {
    const filled = this.#tokens + ((nowMillis - this.#atMillis) * this.#limit.perSecond) / 1_000;
    this.#tokens = Math.min(this.#limit.burst, filled);
    this.#atMillis = nowMillis;
    // A rounding's width to either side decides nothing that matters; the generated numbers stay clear of it.
    if (this.#tokens + 1e-9 < count) return false;
    this.#tokens -= count;
    return true;
  }
}

export function describeRateLimiter(
  name: string,
  options: { readonly shared: boolean },
  open: (clock: Clock) => Promise<OpenedRateLimiter>,
): void {
  describe(`rate limiter: ${name}`, () => {
    const clock = new VirtualClock(START_MICROS);
    let opened: OpenedRateLimiter;
    let limiter: RateLimiter;
    let keys = 0;
    const fresh = (): string => `key ${++keys}`;
    const take = async (key: string, count: number, limit = LIMIT): Promise<RateDecision> =>
      await limiter.take(key, count, limit);
    beforeAll(async () => {
      opened = await open(clock);
      ({ limiter } = opened);
    }, 60_000);
    afterAll(async () => await opened.close?.());

    test("a new bucket is full: one batch of all it holds, and no more", async () => {
      const key = fresh();
      expect(await take(key, 20)).toEqual({ taken: true, remaining: 0 });
      expect(await take(key, 1)).toEqual({ taken: false, remaining: 0, waitMillis: 100 });
    });

    test("a batch is taken whole or not at all", async () => {
      const key = fresh();
      await take(key, 15);
      expect(await take(key, 6)).toEqual({ taken: false, remaining: 5, waitMillis: 100 });
      expect(await take(key, 5)).toEqual({ taken: true, remaining: 0 });
    });

    test("what is said to be waited for is enough, and less is not", async () => {
      const key = fresh();
      await take(key, 20);
      const refused = await take(key, 7);
      expect(refused).toMatchObject({ taken: false, waitMillis: 700 });
      clock.advance(699 * MILLISECOND);
      expect((await take(key, 7)).taken).toBe(false);
      clock.advance(1 * MILLISECOND);
      expect((await take(key, 7)).taken).toBe(true);
    });

    test("it fills up to its brim and not above", async () => {
      const key = fresh();
      await take(key, 20);
      clock.advance(3_600_000 * MILLISECOND);
      expect(await take(key, 0)).toEqual({ taken: true, remaining: 20 });
      expect((await take(key, 21)).taken).toBe(false);
    });

    test("a batch larger than the bucket is never taken, and says so", async () => {
      const key = fresh();
      expect(await take(key, 21)).toEqual({
        taken: false,
        remaining: 20,
        waitMillis: Number.POSITIVE_INFINITY,
      });
    });

    test("what is given back can be taken again, and no more than fits", async () => {
      const key = fresh();
      await limiter.giveBack(key, 5, LIMIT);
      await take(key, 12);
      await limiter.giveBack(key, 7, LIMIT);
      expect(await take(key, 0)).toEqual({ taken: true, remaining: 15 });
      await limiter.giveBack(key, 100, LIMIT);
      expect(await take(key, 20)).toEqual({ taken: true, remaining: 0 });
    });

    test("no limit is no limit", async () => {
      const endless = { perSecond: Number.POSITIVE_INFINITY, burst: Number.POSITIVE_INFINITY };
      expect((await take(fresh(), 1e9, endless)).taken).toBe(true);
    });

    test("keys have buckets of their own, however they are called", async () => {
      for (const key of ["a", "a:b", "{a}", "}{", "", "ü \0"]) {
        expect(await take(key, 20)).toEqual({ taken: true, remaining: 0 });
        expect((await take(key, 1)).taken).toBe(false);
      }
    });

    test("of many at once, from many processes, exactly as many as there are tokens get one", async () => {
      const key = fresh();
      const others = Array.from({ length: 4 }, () => opened.other?.(clock) ?? limiter);
      const decisions = await Promise.all(
        Array.from({ length: 200 }, async (_, index) => {
          const other = others[index % 4] ?? limiter;
          return await other.take(key, 1, { perSecond: 1, burst: 37 });
        }),
      );
      expect(decisions.filter(({ taken }) => taken)).toHaveLength(37);
    });

    test("it decides as the plain rule does", async () => {
      const step = record({
        millis: integer({ min: 0, max: 3_000 }),
        count: integer({ min: 0, max: 25 }),
      });
      await check(
        asyncProperty(array(step, { maxLength: 40 }), async (steps) => {
          const key = fresh();
          // Powers of two, so that both sides count without rounding.
          const limit = { perSecond: 7.8125, burst: 16 };
          const naive = new NaiveBucket(limit, clock.nowMicros() / MILLISECOND);
          for (const { millis, count } of steps) {
            clock.advance(millis * MILLISECOND);
            const expected = naive.take(count, clock.nowMicros() / MILLISECOND);
            expect((await take(key, count, limit)).taken).toBe(expected);
          }
        }),
        { numRuns: 30 },
      );
    });

    if (!options.shared) return;
    const other = (otherClock: Clock): RateLimiter => {
      if (opened.other === undefined) throw new Error("shared buckets have other processes");
      return opened.other(otherClock);
    };

    test("a process whose clock is behind takes from the same bucket and fills nothing", async () => {
      const key = fresh();
      const behind = other(new VirtualClock(clock.nowMicros() - 500 * MILLISECOND));
      await take(key, 20);
      expect((await behind.take(key, 1, LIMIT)).taken).toBe(false);
      expect((await take(key, 1)).taken).toBe(false);
      clock.advance(100 * MILLISECOND);
      expect((await take(key, 1)).taken).toBe(true);
    });

    test("a process whose clock is hours ahead does not lock the others out", async () => {
      const key = fresh();
      const ahead = other(new VirtualClock(clock.nowMicros() + 3_600_000 * MILLISECOND));
      await ahead.take(key, 20, LIMIT);
      await take(key, 0);
      clock.advance(2_000 * MILLISECOND);
      expect((await take(key, 20)).taken).toBe(true);
    });
  });
}
