// The stores of a deployment that is one process, held to what those on a server are held to.

import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../../actors/base/clock.ts";
import { describeHotState } from "../../test/contract/hot-state.ts";
import { describeLeases } from "../../test/contract/leases.ts";
import { describePubSub } from "../../test/contract/pub-sub.ts";
import { describeRateLimiter } from "../../test/contract/rate-limiter.ts";
import { MemoryHotState } from "./hot-state.ts";
import { MemoryLeases } from "./leases.ts";
import { MemoryPubSub } from "./pub-sub.ts";
import { MemoryRateLimiter } from "./rate-limiter.ts";

describeHotState("memory", () => {
  const clock = new VirtualClock();
  return Promise.resolve({
    store: new MemoryHotState(clock),
    pass: (millis) => clock.advance(millis * 1_000),
  });
});

describeLeases("memory", () => {
  const clock = new VirtualClock();
  return Promise.resolve({
    leases: new MemoryLeases(clock),
    pass: (millis) => clock.advance(millis * 1_000),
  });
});

describePubSub("memory", () => {
  const pubSub = new MemoryPubSub();
  return Promise.resolve({ pubSub, other: pubSub });
});

describe("memory", () => {
  test("a limiter forgets full buckets first, then those asked longest ago", () => {
    const clock = new VirtualClock();
    const limiter = new MemoryRateLimiter(clock, 3);
    const limit = { perSecond: 1, burst: 2 };
    limiter.take("old and full", 1, limit);
    clock.advance(1_000_000);
    for (const key of ["a", "b", "c"]) limiter.take(key, 2, limit);
    expect(limiter.size).toBe(3);
    expect(limiter.take("a", 1, limit).taken).toBe(false);
    limiter.take("d", 1, limit);
    expect(limiter.size).toBe(3);
    expect(limiter.take("a", 1, limit).taken).toBe(false);
    expect(limiter.take("b", 2, limit).taken).toBe(true);
  });
});

describeRateLimiter("memory", { shared: false }, (clock) =>
  Promise.resolve({ limiter: new MemoryRateLimiter(clock) }),
);
