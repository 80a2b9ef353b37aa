// All or nothing, over every symbol of a request.

import { expect, test } from "bun:test";
import { RateLimit } from "./rate-limit.ts";

const counts = (entries: Record<string, number>) => new Map(Object.entries(entries));

test("a request that is refused for one symbol costs no other one anything", () => {
  const limit = new RateLimit({ perSecond: 10, burstSeconds: 2 });
  expect(limit.take(counts({ EURUSD: 20 }), 0)).toBe(0);
  expect(limit.take(counts({ EURUSD: 5, GBPUSD: 20 }), 0)).toBe(500);
  expect(limit.take(counts({ GBPUSD: 20 }), 0)).toBe(0);
});

test("it says when all of it will pass, and then it does", () => {
  const limit = new RateLimit({ perSecond: 10, burstSeconds: 2 });
  limit.take(counts({ EURUSD: 20, GBPUSD: 20 }), 1_000);
  expect(limit.take(counts({ EURUSD: 3, GBPUSD: 12 }), 1_000)).toBe(1_200);
  expect(limit.take(counts({ EURUSD: 3, GBPUSD: 12 }), 2_199)).toBe(1);
  expect(limit.take(counts({ EURUSD: 3, GBPUSD: 12 }), 2_200)).toBe(0);
});

test("no more than the burst passes at once, however long nothing came", () => {
  const limit = new RateLimit({ perSecond: 10, burstSeconds: 2 });
  expect(limit.burst).toBe(20);
  expect(limit.take(counts({ EURUSD: 20 }), 1e9)).toBe(0);
  expect(limit.take(counts({ EURUSD: 1 }), 1e9)).toBe(100);
});

test("no limit is none", () => {
  const limit = new RateLimit({ perSecond: Number.POSITIVE_INFINITY, burstSeconds: 2 });
  expect(limit.burst).toBe(Number.POSITIVE_INFINITY);
  expect(limit.take(counts({ EURUSD: 1e9 }), 0)).toBe(0);
});
