// The cache and the limiter that go on without their store: first over stores that fail on command, with the clock in hand,
// then over a real server that is killed, hung and back.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { VirtualClock } from "../../actors/base/clock.ts";
import type { CacheStore } from "../../actors/ports/cache-store.ts";
import { HotStateUnavailable } from "../../actors/ports/hot-state.ts";
import type { PubSub } from "../../actors/ports/pub-sub.ts";
import type { RateLimiter } from "../../actors/ports/rate-limiter.ts";
import { SystemClock } from "../../edge/system-clock.ts";
import { eventually, failureOf } from "../../test/fixtures/eventually.ts";
import { describeWith } from "../../test/fixtures/describe-with.ts";
import { REDIS, type StartedRedis, startRedis } from "../../scripts/servers/redis-server.ts";
import { DragonflyCacheStore } from "../dragonfly/cache-store.ts";
import { DragonflyConnection } from "../dragonfly/connect.ts";
import { DragonflyPubSub } from "../dragonfly/pub-sub.ts";
import { DragonflyRateLimiter } from "../dragonfly/rate-limiter.ts";
import { targetOf } from "../dragonfly/target.fixture.ts";
import { MemoryCacheStore } from "../memory/cache-store.ts";
import { MemoryPubSub } from "../memory/pub-sub.ts";
import { MemoryRateLimiter } from "../memory/rate-limiter.ts";
import { Guard } from "./guard.ts";
import { FAILURES_MAX, PROBE_MICROS } from "./limits.ts";
import { GuardedRateLimiter } from "./rate-limiter.ts";
import { TwoLevelCache } from "./two-level-cache.ts";

const MILLISECOND = 1_000;

/** Stores of a deployment, with a switch. */
class Switched {
  away = false;
  questions = 0;
  readonly #store: CacheStore;
  readonly #pubSub = new MemoryPubSub();
  readonly #limiter: RateLimiter;

  constructor(clock: VirtualClock) {
    this.#store = new MemoryCacheStore(clock);
    this.#limiter = new MemoryRateLimiter(clock);
  }

  readonly store: CacheStore = {
    get: async (key) => await this.#ask(async () => await this.#store.get(key)),
    set: async (key, text, ttlMillis) =>
      await this.#ask(async () => await this.#store.set(key, text, ttlMillis)),
    remove: async (keys) => await this.#ask(async () => await this.#store.remove(keys)),
  };
  readonly pubSub: PubSub = {
    publish: async (topic, text) => await this.#ask(async () => await this.#pubSub.publish(topic, text)),
    subscribe: async (topic, listener) => await this.#pubSub.subscribe(topic, listener),
    close: async () => await this.#pubSub.close(),
  };
  readonly limiter: RateLimiter = {
    take: async (key, count, limit) =>
      await this.#ask(async () => await this.#limiter.take(key, count, limit)),
    giveBack: async (key, count, limit) =>
      await this.#ask(async () => await this.#limiter.giveBack(key, count, limit)),
  };

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    this.questions++;
    if (this.away) throw new HotStateUnavailable("switched off");
    return await question();
  }
}

/** The truth, and how often it was asked. */
class Truth {
  readonly rows = new Map<string, string>();
  loads = 0;
  readonly load = (key: string) => async (): Promise<string | undefined> => {
    this.loads++;
    await Promise.resolve();
    return this.rows.get(key);
  };
}

async function noDatabase(): Promise<string> {
  return await Promise.reject(new Error("no database"));
}

interface Rig {
  readonly clock: VirtualClock;
  readonly shared: Switched;
  readonly truth: Truth;
  readonly caches: readonly [TwoLevelCache<string>, TwoLevelCache<string>];
  readonly get: (key: string, cache?: number) => Promise<string | undefined>;
}

async function cacheRig(entriesMax = 100): Promise<Rig> {
  const clock = new VirtualClock(1e15);
  const shared = new Switched(clock);
  const truth = new Truth();
  const make = async (): Promise<TwoLevelCache<string>> => {
    const cache = new TwoLevelCache<string>({
      name: "rows",
      clock,
      store: shared.store,
      pubSub: shared.pubSub,
      guard: new Guard(clock),
      entriesMax,
      ttlMillis: 60_000,
      freshMillis: 1_000,
      nothingMillis: 500,
      encode: (value) => value,
      decode: (text) => (text === "unreadable" ? undefined : text),
    });
    await cache.listen();
    return cache;
  };
  const caches = [await make(), await make()] as const;
  const get = async (key: string, cache = 0): Promise<string | undefined> =>
    await caches[cache]!.read(key, truth.load(key));
  return { clock, shared, truth, caches, get };
}

describe("a cache of two levels", () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await cacheRig();
    rig.truth.rows.set("a", "1");
  });

  test("loads once, then answers from memory, then from the store, in every process", async () => {
    const { clock, truth, caches, get } = rig;
    expect([await get("a"), await get("a"), await get("a", 1)]).toEqual(["1", "1", "1"]);
    expect(truth.loads).toBe(1);
    clock.advance(1_000 * MILLISECOND);
    expect(await get("a")).toBe("1");
    expect(truth.loads).toBe(1);
    expect(caches[0].counts).toMatchObject({ memoryHits: 1, storeHits: 1, loads: 1, shared: 0 });
    expect(caches[1].counts).toMatchObject({ memoryHits: 0, storeHits: 1, loads: 0 });
    clock.advance(60_000 * MILLISECOND);
    expect(await get("a")).toBe("1");
    expect(truth.loads).toBe(2);
  });

  test("remembers that there is nothing, for a shorter time", async () => {
    const { clock, truth, get } = rig;
    expect([await get("none"), await get("none"), await get("none", 1)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(truth.loads).toBe(1);
    clock.advance(500 * MILLISECOND);
    truth.rows.set("none", "now");
    expect(await get("none")).toBe("now");
  });

  test("of many readers at once, one loads", async () => {
    const { truth, caches, get } = rig;
    const answers = await Promise.all(Array.from({ length: 50 }, async () => await get("a")));
    expect(new Set(answers)).toEqual(new Set(["1"]));
    expect(truth.loads).toBe(1);
    expect(caches[0].counts.shared).toBe(49);
  });

  test("a load that fails is the failure of its readers, and is not remembered", async () => {
    const { caches, get } = rig;
    const failures = await Promise.all([
      failureOf(caches[0].read("a", noDatabase)),
      failureOf(caches[0].read("a", noDatabase)),
    ]);
    expect(failures.map(String)).toEqual(["Error: no database", "Error: no database"]);
    expect(caches[0].counts.loadFailures).toBe(1);
    expect(await get("a")).toBe("1");
  });

  test("what one process drops, all drop", async () => {
    const { truth, caches, get } = rig;
    await get("a");
    await get("a", 1);
    truth.rows.set("a", "2");
    await caches[0].drop("a");
    await Promise.resolve();
    expect([await get("a"), await get("a", 1)]).toEqual(["2", "2"]);
    expect(truth.loads).toBe(2);
  });

  test("a load that began before a drop reaches its readers and no level", async () => {
    const { truth, caches, get } = rig;
    const gate = Promise.withResolvers<void>();
    const old = caches[0].read("a", async () => {
      await gate.promise;
      return "old";
    });
    await Promise.resolve();
    await caches[0].drop("a");
    truth.rows.set("a", "2");
    gate.resolve();
    expect(await old).toBe("old");
    expect(await get("a")).toBe("2");
    expect(await get("a", 1)).toBe("2");
  });

  test("what the store has and nobody can read any more is loaded again", async () => {
    const { shared, truth, get } = rig;
    await shared.store.set("rows:a", "+unreadable", 60_000);
    await shared.store.set("rows:b", "of another version", 60_000);
    truth.rows.set("b", "3");
    expect([await get("a"), await get("b")]).toEqual(["1", "3"]);
  });

  test("memory holds no more than it may, and what was read longest ago leaves", async () => {
    const { caches, truth, get } = await cacheRig(2);
    for (const key of ["a", "b", "a", "c"]) await get(key);
    await get("a");
    expect(caches[0].counts.memoryHits).toBe(2);
    await get("b");
    expect(caches[0].counts).toMatchObject({ memoryHits: 2, storeHits: 1 });
    expect(truth.loads).toBe(3);
  });

  test("without the store readers go to the loader; it is not asked again and again; it comes back by itself", async () => {
    const { clock, shared, truth, caches, get } = rig;
    shared.away = true;
    for (let i = 0; i < 20; i++) expect(await get(`k${i}`)).toBeUndefined();
    expect(await get("a")).toBe("1");
    expect(truth.loads).toBe(21);
    expect(shared.questions).toBe(FAILURES_MAX);
    expect(caches[0].counts.storeAway).toBeGreaterThan(20);
    // Memory still serves.
    expect(await get("a")).toBe("1");
    expect(truth.loads).toBe(21);
    shared.away = false;
    clock.advance(PROBE_MICROS);
    expect(await get("a")).toBe("1");
    expect(await get("a", 1)).toBe("1");
    expect(truth.loads).toBe(22);
  });

  test("what was dropped while the store was away is not believed when it is back", async () => {
    const { clock, shared, truth, caches, get } = rig;
    await get("a");
    await get("a", 1);
    shared.away = true;
    truth.rows.set("a", "2");
    await caches[0].drop("a");
    expect(await get("a")).toBe("2");
    for (let i = 0; i < FAILURES_MAX; i++) await get(`k${i}`);
    shared.away = false;
    clock.advance(PROBE_MICROS);
    // The first question settles what is owed, and the other process hears of it.
    await get("other");
    await Promise.resolve();
    expect([await get("a"), await get("a", 1)]).toEqual(["2", "2"]);
  });
});

describe("a guarded limiter", () => {
  const limit = { perSecond: 1, burst: 10 };

  test("goes on by its own buckets: no second burst, neither when the store goes nor when it comes back empty", async () => {
    const clock = new VirtualClock(1e15);
    const shared = new Switched(clock);
    const guard = new Guard(clock);
    const limiter = new GuardedRateLimiter({
      shared: shared.limiter,
      own: new MemoryRateLimiter(clock),
      guard,
    });
    const take = async (count: number): Promise<boolean> => (await limiter.take("k", count, limit)).taken;
    expect(await take(4)).toBe(true);
    shared.away = true;
    expect(await take(7)).toBe(false);
    for (let i = 0; i < 6; i++) expect(await take(1)).toBe(true);
    expect(guard.state).toBe("open");
    expect(guard.problem).toContain("switched off");
    expect(limiter.ownDecisions).toBe(6);
    expect(await take(1)).toBe(false);
    shared.away = false;
    clock.advance(PROBE_MICROS);
    // One was filled up; the store has counted four of what was taken.
    expect(await take(1)).toBe(true);
    expect(guard.state).toBe("closed");
    expect(await take(1)).toBe(false);
    expect(limiter.ownDecisions).toBe(6);
  });

  test("what the shared bucket refuses is not taken from the own one", async () => {
    const clock = new VirtualClock(1e15);
    const shared = new Switched(clock);
    const limiter = new GuardedRateLimiter({
      shared: shared.limiter,
      own: new MemoryRateLimiter(clock),
      guard: new Guard(clock),
    });
    // Another process takes nine.
    await shared.limiter.take("k", 9, limit);
    for (let i = 0; i < 5; i++) {
      expect(await limiter.take("k", 2, limit)).toEqual({ taken: false, remaining: 1, waitMillis: 1_000 });
    }
    shared.away = true;
    expect((await limiter.take("k", 10, limit)).taken).toBe(true);
  });

  test("a bug is not a store that is away", async () => {
    const guard = new Guard(new VirtualClock());
    expect(
      String(await failureOf(guard.ask(async () => await Promise.reject(new TypeError("bug"))))),
    ).toContain("bug");
    expect(guard.state).toBe("closed");
  });
});

describeWith(REDIS, "a server that is killed and hung", () => {
  describe("with a real server", () => {
    let redis: StartedRedis;
    let connection: DragonflyConnection;
    let pubSub: DragonflyPubSub;
    const clock = new SystemClock();
    beforeAll(async () => {
      redis = await startRedis();
      connection = new DragonflyConnection(targetOf(redis.url), { name: "test" });
      expect(await connection.ready(10_000)).toMatchObject({ ok: true });
      pubSub = new DragonflyPubSub(connection);
    }, 30_000);
    afterAll(async () => {
      await pubSub.close();
      connection.close();
      await redis.stop();
    });

    /** 50 and no more: it refills one in 1,000 seconds. */
    const limit = { perSecond: 0.001, burst: 50 };
    const faults = {
      killed: { begin: async () => await redis.kill9(), end: async () => await redis.restart() },
      hung: {
        begin: async () => await Promise.resolve(redis.pause()),
        end: async () => await Promise.resolve(redis.resume()),
      },
    };
    for (const [how, { begin, end }] of Object.entries(faults)) {
      test(`${how}: the limiter never lets more through than it may, and the store decides again by itself`, async () => {
        const guard = new Guard(clock);
        const limiter = new GuardedRateLimiter({
          shared: new DragonflyRateLimiter(connection, clock),
          own: new MemoryRateLimiter(clock),
          guard,
        });
        const take = async (): Promise<boolean> => (await limiter.take(`limited ${how}`, 1, limit)).taken;
        let taken = 0;
        for (let i = 0; i < 30; i++) if (await take()) taken++;
        await begin();
        const startMillis = performance.now();
        for (let i = 0; i < 100; i++) if (await take()) taken++;
        expect(taken).toBe(50);
        expect(guard.state).not.toBe("closed");
        // Five commands time out at most; the rest is decided at once.
        expect(performance.now() - startMillis).toBeLessThan(5_000);
        await end();
        let others = 0;
        await eventually(async () => {
          await limiter.take(`other ${how} ${++others}`, 1, limit);
          return guard.state === "closed";
        });
        // Killed, it came back with a full bucket.
        expect(await take()).toBe(false);
        const decisions = limiter.ownDecisions;
        await limiter.take(`other ${how}`, 1, limit);
        expect(limiter.ownDecisions).toBe(decisions);
      }, 60_000);

      test(`${how}: readers of the cache get their answers from the loader, in time, and later from the store`, async () => {
        const guard = new Guard(clock);
        const cache = new TwoLevelCache<string>({
          name: `rows ${how}`,
          clock,
          store: new DragonflyCacheStore(connection),
          pubSub,
          guard,
          entriesMax: 1_000,
          ttlMillis: 60_000,
          freshMillis: 60_000,
          nothingMillis: 60_000,
          encode: (value) => value,
          decode: (text) => text,
        });
        await cache.listen();
        const read = async (key: string): Promise<string | undefined> =>
          await cache.read(key, () => Promise.resolve(`value of ${key}`));
        expect(await read("before")).toBe("value of before");
        await begin();
        const startMillis = performance.now();
        for (let i = 0; i < 50; i++) expect(await read(`k${i}`)).toBe(`value of k${i}`);
        expect(performance.now() - startMillis).toBeLessThan(5_000);
        expect(guard.state).not.toBe("closed");
        await end();
        let reads = 0;
        await eventually(async () => {
          await read(`later ${++reads}`);
          return guard.state === "closed";
        });
        // What was dropped or changed meanwhile cannot be known: memory was emptied, and fills again.
        const { memoryHits } = cache.counts;
        await eventually(async () => {
          await read("before");
          return cache.counts.memoryHits > memoryHits;
        });
        await cache.close();
      }, 60_000);
    }
  });
});
