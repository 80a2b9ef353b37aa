// What a deployment shares: with an address on a server, with none or one that is wrong in memory; and a server that is
// killed is said once, while limits go on and readers find nothing.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SystemClock } from "../edge/system-clock.ts";
import { REDIS, type StartedRedis, startRedis } from "../scripts/servers/redis-server.ts";
import { hotEntry } from "../test/contract/hot-state.ts";
import { describeWith } from "../test/fixtures/describe-with.ts";
import { eventually } from "../test/fixtures/eventually.ts";
import { DragonflyConnection } from "./dragonfly/connect.ts";
import { DragonflyHotState } from "./dragonfly/hot-state.ts";
import { targetOf } from "./dragonfly/target.fixture.ts";
import { type HotStores, openHotStores } from "./open-hot-stores.ts";

const clock = new SystemClock();
/** 50 and no more: it refills one in 1,000 seconds. */
const LIMIT = { perSecond: 0.001, burst: 50 };

async function takes({ limiter }: HotStores, key: string, times: number): Promise<number> {
  let taken = 0;
  for (let i = 0; i < times; i++) if ((await limiter.take(key, 1, LIMIT)).taken) taken++;
  return taken;
}

for (const [what, url, problems] of [
  ["no address", undefined, 0],
  ["one that is wrong", "redis://:secret@a/x", 1],
] as const) {
  test(`${what}: everything is in memory, and works`, async () => {
    const said: string[] = [];
    const stores = openHotStores({ url, clock, onProblem: (message) => said.push(message) });
    expect(stores.shared).toBe(false);
    expect(await takes(stores, "k", 60)).toBe(50);
    await stores.cache.set("a", "1", 1_000);
    expect(await stores.cache.get("a")).toBe("1");
    expect(await stores.leases.acquire("work", "ann", 1_000)).toBeDefined();
    expect(await stores.state.get("tick", "EURUSD")).toBeUndefined();
    expect(said).toHaveLength(problems);
    expect(said.join()).not.toContain("secret");
    await stores.close();
  });
}

describeWith(REDIS, "on redis-server", () => {
  for (const [name, cluster] of [
    ["one server", undefined],
    ["a cluster", 3],
  ] as const) {
    describe(name, () => {
      let redis: StartedRedis;
      let writer: DragonflyConnection;
      beforeAll(async () => {
        redis = await startRedis(cluster === undefined ? {} : { cluster });
        writer = new DragonflyConnection(targetOf(redis.url), { name: "test" });
        expect(await writer.ready(10_000)).toMatchObject({ ok: true });
      }, 60_000);
      afterAll(async () => {
        writer.close();
        await redis.stop();
      });

      test("two processes share limits and hot state; killed, it is said once and they go on alone", async () => {
        const said: string[] = [];
        const open = () =>
          openHotStores({ url: redis.url, clock, onProblem: (message) => said.push(message) });
        const [one, other] = [open(), open()];
        await eventually(async () => (await other.cache.get("nothing")) === undefined);
        await eventually(async () => (await one.cache.get("nothing")) === undefined);
        const hot = new DragonflyHotState(writer);
        await hot.setMany([hotEntry("EURUSD", 7)], { ttlMillis: 60_000 });
        expect((await one.state.get("tick", "EURUSD"))?.seq).toBe(7);
        expect((await takes(one, "k", 30)) + (await takes(other, "k", 30))).toBe(50);
        expect(said).toEqual([]);
        await redis.kill9();
        await eventually(async () => (await one.state.get("tick", "EURUSD")) === undefined);
        expect(await one.state.getMany("tick", ["EURUSD", "GBPUSD"])).toEqual([undefined, undefined]);
        const startMillis = performance.now();
        expect(await takes(one, "k", 100)).toBe(20);
        expect(performance.now() - startMillis).toBeLessThan(2_000);
        await eventually(() => said.length === 2);
        await Bun.sleep(300);
        expect(said.filter((message) => message.includes("limits are this process's own"))).toHaveLength(2);
        await redis.restart();
        await eventually(() => said.filter((message) => message.includes("is back")).length === 2);
        await eventually(async () => {
          await hot.setMany([hotEntry("EURUSD", 8)], { ttlMillis: 60_000 });
          return (await one.state.get("tick", "EURUSD"))?.seq === 8;
        });
        await one.close();
        await other.close();
      }, 60_000);
    });
  }
});
