// The hot store on real servers: one redis-server, a cluster of three, and a Dragonfly where one is named. The contracts,
// and what a server that is killed, hung or forgetful does to each of them.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { VirtualClock } from "../../actors/base/clock.ts";
import { HotStateUnavailable } from "../../actors/ports/hot-state.ts";
import { describeHotState, hotEntry } from "../../test/contract/hot-state.ts";
import { describeLeases } from "../../test/contract/leases.ts";
import { describePubSub, Ear } from "../../test/contract/pub-sub.ts";
import { describeRateLimiter } from "../../test/contract/rate-limiter.ts";
import { eventually, failureOf } from "../../test/fixtures/eventually.ts";
import { describeWith } from "../../test/fixtures/describe-with.ts";
import { REDIS, type StartedRedis, startRedis } from "../../scripts/servers/redis-server.ts";
import { scriptsOf } from "./commands.ts";
import { DragonflyConnection } from "./connect.ts";
import { DragonflyHotState } from "./hot-state.ts";
import { Keys } from "./keys.ts";
import { DragonflyLeases } from "./leases.ts";
import { DragonflyPubSub } from "./pub-sub.ts";
import { DragonflyRateLimiter } from "./rate-limiter.ts";
import { targetOf } from "./target.fixture.ts";

/** Beyond a time to live: servers look for what ended some times a second. */
const LITTLE_MILLIS = 20;

async function connected(url: string): Promise<DragonflyConnection> {
  const connection = new DragonflyConnection(targetOf(url), { name: "test" });
  const ready = await connection.ready(10_000);
  if (!ready.ok) throw new Error(ready.message);
  return connection;
}

async function pass(millis: number): Promise<void> {
  await Bun.sleep(millis + LITTLE_MILLIS);
}

/** Every contract against the server at the address that `url` gives. */
function describeContracts(name: string, url: () => string): void {
  /** Apart from all other runs: a named server is not emptied. */
  const keysOf = (what: string): Keys => new Keys(`test-${process.pid}-${name}-${what}`);

  describeHotState(name, async () => {
    const connection = await connected(url());
    const store = new DragonflyHotState(connection, keysOf("hot"));
    return { store, pass, close: () => connection.close() };
  });

  describeLeases(name, async () => {
    const connection = await connected(url());
    const leases = new DragonflyLeases(connection, keysOf("leases"));
    return { leases, pass, close: () => connection.close() };
  });

  describeRateLimiter(name, { shared: true }, async (clock) => {
    const [connection, second] = [await connected(url()), await connected(url())];
    const keys = keysOf("rate");
    return {
      limiter: new DragonflyRateLimiter(connection, clock, keys),
      other: (otherClock) => new DragonflyRateLimiter(second, otherClock, keys),
      close: () => {
        connection.close();
        second.close();
      },
    };
  });

  describePubSub(name, async () => {
    const connections = [await connected(url()), await connected(url())] as const;
    const [pubSub, other] = [
      new DragonflyPubSub(connections[0], keysOf("topics")),
      new DragonflyPubSub(connections[1], keysOf("topics")),
    ];
    return {
      pubSub,
      other,
      close: async () => {
        await pubSub.close();
        await other.close();
        for (const connection of connections) connection.close();
      },
    };
  });
}

function describeFaults(name: string, redis: () => StartedRedis): void {
  describe(`faults: ${name}`, () => {
    let connection: DragonflyConnection;
    const keys = new Keys("faults");
    beforeAll(async () => {
      connection = await connected(redis().url);
    });
    afterAll(() => connection.close());

    const isBack = async (): Promise<boolean> => {
      const store = new DragonflyHotState(connection, keys);
      // On every node.
      await store.getMany(
        "tick",
        Array.from({ length: 64 }, (_, index) => `P${index}`),
      );
      return true;
    };

    test("a server that forgot the scripts is told them again", async () => {
      const store = new DragonflyHotState(connection, keys);
      const symbols = Array.from({ length: 40 }, (_, index) => `F${index}`);
      const batch = (seq: number) => symbols.map((symbol) => hotEntry(symbol, seq));
      await store.setMany(batch(1), { ttlMillis: 60_000 });
      const { client } = connection;
      const nodes = "nodes" in client ? client.nodes("master") : [client];
      for (const node of nodes) await node.script("FLUSH");
      await store.setMany(batch(2), { ttlMillis: 60_000 });
      expect((await store.getMany("tick", symbols)).every((row) => row?.seq === 2)).toBe(true);
      for (const node of nodes) await node.script("FLUSH");
      expect(await scriptsOf(client).renewLease(keys.lease("none"), "x", 1_000)).toBe(0);
    });

    test("killed: what is asked fails at once, in words, and it comes back empty; newer rows fill it again", async () => {
      const store = new DragonflyHotState(connection, keys);
      const leases = new DragonflyLeases(connection, keys);
      await store.setMany([hotEntry("EURUSD", 7)], { ttlMillis: 60_000, cursorSeq: 7 });
      const lease = await leases.acquire("shard", "ann", 60_000);
      await redis().kill9();
      await eventually(() => !connection.up);
      const startMillis = performance.now();
      const error = await failureOf(store.get("tick", "EURUSD"));
      expect(error).toBeInstanceOf(HotStateUnavailable);
      expect(String(error)).toContain("127.0.0.1");
      expect(performance.now() - startMillis).toBeLessThan(100);
      await redis().restart();
      await eventually(isBack);
      expect(await store.cursor()).toBe(0);
      expect(await store.get("tick", "EURUSD")).toBeUndefined();
      await store.setMany([hotEntry("EURUSD", 8)], { ttlMillis: 60_000, cursorSeq: 8 });
      expect((await store.get("tick", "EURUSD"))?.seq).toBe(8);
      // The lease is gone with the rest: its holder finds out when it renews.
      expect(await leases.renew(lease!, 60_000)).toBe(false);
    }, 60_000);

    test("back with an old snapshot: the cursor went back with its rows, and the same batches bring all forward", async () => {
      const store = new DragonflyHotState(connection, keys);
      const batches = [
        { rows: [hotEntry("GBPUSD", 100), hotEntry("AUDUSD", 101)], cursorSeq: 101 },
        { rows: [hotEntry("GBPUSD", 200)], cursorSeq: 200 },
      ] as const;
      const [first, second] = batches;
      await store.setMany(first.rows, { ttlMillis: 60_000, cursorSeq: first.cursorSeq });
      await redis().save();
      await store.setMany(second.rows, { ttlMillis: 60_000, cursorSeq: second.cursorSeq });
      await redis().kill9();
      await redis().restart();
      await eventually(isBack);
      expect(await store.cursor()).toBe(101);
      expect((await store.get("tick", "GBPUSD"))?.seq).toBe(100);
      for (const { rows, cursorSeq } of batches) await store.setMany(rows, { ttlMillis: 60_000, cursorSeq });
      expect(await store.cursor()).toBe(200);
      expect((await store.get("tick", "GBPUSD"))?.seq).toBe(200);
      expect((await store.get("tick", "AUDUSD"))?.seq).toBe(101);
      redis().forgetSnapshots();
    }, 60_000);

    test("hung: everything fails within the command's time, and goes on afterwards", async () => {
      const store = new DragonflyHotState(connection, keys);
      const limiter = new DragonflyRateLimiter(connection, new VirtualClock(1e15), keys);
      redis().pause();
      const startMillis = performance.now();
      const errors = await Promise.all([
        failureOf(store.setMany([hotEntry("EURUSD", 9)], { ttlMillis: 60_000 })),
        failureOf(store.getMany("tick", ["EURUSD", "GBPUSD"])),
        failureOf(limiter.take("k", 1, { perSecond: 1, burst: 1 })),
      ]);
      const tookMillis = performance.now() - startMillis;
      redis().resume();
      for (const error of errors) expect(error).toBeInstanceOf(HotStateUnavailable);
      expect(String(errors[0])).toContain("did not answer in time");
      expect(tookMillis).toBeLessThan(1_000);
      await eventually(isBack);
    }, 60_000);

    test("a listener hears again by itself, is told that it may have missed something, and can be hung", async () => {
      const pubSub = new DragonflyPubSub(connection, keys);
      const ear = new Ear();
      await pubSub.subscribe("news", ear);
      await pubSub.publish("news", "before");
      await eventually(() => ear.heard.length === 1);
      await redis().kill9();
      await eventually(() => !connection.up);
      expect(await failureOf(pubSub.publish("news", "lost"))).toBeInstanceOf(HotStateUnavailable);
      await redis().restart();
      await eventually(isBack);
      await eventually(() => ear.losses > 0);
      await pubSub.publish("news", "after");
      await eventually(() => ear.heard.includes("after"));
      const losses = ear.losses;
      redis().pause();
      await eventually(() => !pubSub.hears);
      redis().resume();
      await eventually(() => ear.losses > losses);
      await eventually(isBack);
      await pubSub.publish("news", "at last");
      await eventually(() => ear.heard.includes("at last"));
      expect(ear.heard).toEqual(["before", "after", "at last"]);
      await pubSub.close();
    }, 60_000);
  });
}

describeWith(REDIS, "the hot store on redis-server", () => {
  for (const [name, cluster] of [
    ["redis", undefined],
    ["redis cluster", 3],
  ] as const) {
    describe(name, () => {
      let redis: StartedRedis;
      beforeAll(async () => {
        redis = await startRedis(cluster === undefined ? {} : { cluster });
      }, 60_000);
      afterAll(async () => await redis.stop());
      describeContracts(name, () => redis.url);
      describeFaults(name, () => redis);
    });
  }

  test("one node of a cluster killed: the others' keys are served meanwhile, and its own afterwards", async () => {
    const redis = await startRedis({ cluster: 3, args: ["--cluster-require-full-coverage", "no"] });
    const connection = await connected(redis.url);
    const leases = new DragonflyLeases(connection);
    await redis.kill9(1);
    const names = Array.from({ length: 30 }, (_, index) => `l${index}`);
    const got = async (): Promise<number> => {
      const answers = await Promise.all(
        names.map(
          async (name) =>
            await leases.holderOf(name).then(
              () => 1,
              () => 0,
            ),
        ),
      );
      return answers.reduce<number>((sum, each) => sum + each, 0);
    };
    const served = await got();
    expect(served).toBeGreaterThan(0);
    expect(served).toBeLessThan(30);
    await redis.restart();
    await eventually(async () => (await got()) === 30);
    connection.close();
    await redis.stop();
  }, 60_000);
});

const DRAGONFLY = process.env["TICKFORGE_TEST_DRAGONFLY_URL"];
if (DRAGONFLY === undefined) {
  test.skip("a Dragonfly: set TICKFORGE_TEST_DRAGONFLY_URL to run the same suites against one", () => {});
} else {
  describeContracts("Dragonfly", () => DRAGONFLY);
}
