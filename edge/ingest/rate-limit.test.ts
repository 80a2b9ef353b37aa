// All or nothing, over every symbol of a request.

import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../../actors/base/clock.ts";
import type { RateLimiter } from "../../actors/ports/rate-limiter.ts";
import { MemoryRateLimiter } from "../../storage/memory/rate-limiter.ts";
import { TickLimit } from "./rate-limit.ts";

const counts = (entries: Record<string, number>) => new Map(Object.entries(entries));

/** The same buckets at a distance: every answer takes a while. */
function far(limiter: RateLimiter): RateLimiter {
  return {
    take: async (...asked) => {
      await Bun.sleep(0);
      return await limiter.take(...asked);
    },
    giveBack: async (...asked) => {
      await Bun.sleep(0);
      await limiter.giveBack(...asked);
    },
  };
}

for (const [where, placed] of [
  ["in this process", (limiter: RateLimiter) => limiter],
  ["elsewhere", far],
] as const) {
  describe(`with buckets ${where}`, () => {
    const clock = new VirtualClock(0);
    const at = (millis: number) => {
      if (millis * 1_000 > clock.nowMicros()) clock.advanceTo(millis * 1_000);
    };
    const open = (perSecond: number) =>
      new TickLimit({ limiter: placed(new MemoryRateLimiter(clock)), perSecond, burstSeconds: 2 });

    test("a request that is refused for one symbol costs no other one anything", async () => {
      const limit = open(10);
      expect(await limit.take(counts({ EURUSD: 20 }))).toBe(0);
      expect(await limit.take(counts({ EURUSD: 5, GBPUSD: 20 }))).toBe(500);
      expect(await limit.take(counts({ GBPUSD: 20 }))).toBe(0);
    });

    test("it says when all of it will pass, and then it does", async () => {
      const limit = open(10);
      at(1_000);
      await limit.take(counts({ EURUSD: 20, GBPUSD: 20 }));
      expect(await limit.take(counts({ EURUSD: 3, GBPUSD: 12 }))).toBe(1_200);
      at(2_199);
      expect(await limit.take(counts({ EURUSD: 3, GBPUSD: 12 }))).toBe(1);
      at(2_200);
      expect(await limit.take(counts({ EURUSD: 3, GBPUSD: 12 }))).toBe(0);
    });

    test("no more than the burst passes at once, however long nothing came", async () => {
      const limit = open(10);
      expect(limit.burst).toBe(20);
      at(1e9);
      expect(await limit.take(counts({ EURUSD: 20 }))).toBe(0);
      expect(await limit.take(counts({ EURUSD: 1 }))).toBe(100);
    });

    test("no limit is none", async () => {
      const limit = open(Number.POSITIVE_INFINITY);
      expect(limit.burst).toBe(Number.POSITIVE_INFINITY);
      expect(await limit.take(counts({ EURUSD: 1e9 }))).toBe(0);
    });
  });
}

test("buckets in this process are asked without a wait", () => {
  const limiter = new MemoryRateLimiter(new VirtualClock(0));
  const limit = new TickLimit({ limiter, perSecond: 10, burstSeconds: 2 });
  expect(limit.take(counts({ EURUSD: 20 }))).toBe(0);
  expect(limit.take(counts({ EURUSD: 1, GBPUSD: 1 }))).toBe(100);
});
