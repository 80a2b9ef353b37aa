// The connection itself: what an address may say, and what happens to commands while the server is killed, hung, locked
// or gone.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { eventually, failureOf } from "../../test/fixtures/eventually.ts";
import { describeWith } from "../../test/fixtures/describe-with.ts";
import { REDIS, type StartedRedis, startRedis } from "../../scripts/servers/redis-server.ts";
import { DragonflyConnection, reconnectDelayMillis } from "./connect.ts";
import { RECONNECT_MILLIS_MAX } from "./limits.ts";
import { describeTarget, type DragonflyTarget, parseTarget } from "./target.ts";
import { targetOf } from "./target.fixture.ts";

describe("an address", () => {
  const plain = { username: "", password: "", tls: false, cluster: false, database: 0 };
  const good: Readonly<Record<string, DragonflyTarget>> = {
    "redis://localhost": { ...plain, nodes: [{ host: "localhost", port: 6379 }] },
    "redis://:secret@10.0.0.1:7000/3": {
      ...plain,
      password: "secret",
      database: 3,
      nodes: [{ host: "10.0.0.1", port: 7000 }],
    },
    "rediss://ann:p%40ss:w%2Ford@[::1]:7001?cluster=true": {
      ...plain,
      username: "ann",
      password: "p@ss:w/ord",
      tls: true,
      cluster: true,
      nodes: [{ host: "::1", port: 7001 }],
    },
    "redis://a:1,b:2, c": {
      ...plain,
      cluster: true,
      nodes: [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
        { host: "c", port: 6379 },
      ],
    },
  };
  for (const [address, target] of Object.entries(good)) {
    test(`${address} is understood`, () => expect(parseTarget(address)).toEqual({ ok: true, value: target }));
  }

  const bad: Readonly<Record<string, string>> = {
    "http://localhost": "begin with redis://",
    "redis://": "begin with redis://",
    "redis://:secret@:6379": "host",
    "redis://:secret@a:70000": "1 to 65535",
    "redis://:secret@a:0": "1 to 65535",
    "redis://:secret@a,b?cluster=false": "several nodes are a cluster",
    "redis://:secret@a,b/1": "only database 0",
    "redis://:secret@a/x": "number of a database",
    "redis://:secret@a?cluster=yes": "true or false",
    "redis://:secret@a?pool=3": "only parameter",
    "redis://:secret%@a": "%25",
  };
  for (const [address, why] of Object.entries(bad)) {
    test(`${address} is refused, without its password`, () => {
      const target = parseTarget(address);
      expect(target).toMatchObject({ ok: false, code: "dragonfly-address-invalid" });
      expect(target.ok ? "" : target.message).toContain(why);
      expect(target.ok ? "" : target.message).not.toContain("secret");
    });
  }

  test("is described without its password", () => {
    expect(describeTarget(targetOf("rediss://u:secret@[::1],b"))).toBe(
      "rediss://[::1]:6379,b:6379 (cluster)",
    );
  });
});

test("pauses grow to their bound and are spread", () => {
  const pauses = Array.from({ length: 40 }, (_, index) => reconnectDelayMillis(index + 1, () => 1));
  expect(pauses.slice(0, 4)).toEqual([50, 100, 200, 400]);
  expect(Math.max(...pauses)).toBe(RECONNECT_MILLIS_MAX);
  expect(reconnectDelayMillis(3, () => 0)).toBe(100);
});

describeWith(REDIS, "connections to redis-server", () => {
  for (const cluster of [undefined, 3]) {
    describe(cluster === undefined ? "a single server" : "a cluster", () => {
      let redis: StartedRedis;
      let connection: DragonflyConnection;
      const problems: string[] = [];
      beforeAll(async () => {
        redis = await startRedis(cluster === undefined ? {} : { cluster });
        connection = new DragonflyConnection(targetOf(redis.url), {
          name: "test",
          onProblem: (message) => problems.push(message),
        });
        expect(await connection.ready(10_000)).toMatchObject({ ok: true });
      }, 60_000);
      afterAll(async () => {
        connection.close();
        await redis.stop();
      });
      const answers = async (): Promise<boolean> => {
        for (const key of ["a", "b", "c", "d", "e", "f"]) await connection.client.set(key, "1");
        return true;
      };

      test("answers", async () => expect(await answers()).toBe(true));

      test("hung, lets commands fail within their time, and answers again", async () => {
        redis.pause();
        const startMillis = performance.now();
        const errors = await Promise.all(
          ["a", "b", "c", "d"].map(async (key) => await failureOf(connection.client.get(key))),
        );
        expect(performance.now() - startMillis).toBeLessThan(1_500);
        for (const error of errors) expect(error).toBeInstanceOf(Error);
        expect(connection.explain(errors[0])).toContain("did not answer in time");
        redis.resume();
        await eventually(answers);
      }, 60_000);

      test("killed, refuses commands at once, says why, and answers again when it is back", async () => {
        await redis.kill9();
        await eventually(() => !connection.up);
        const startMillis = performance.now();
        const error = await failureOf(connection.client.set("a", "2"));
        expect(error).toBeInstanceOf(Error);
        expect(performance.now() - startMillis).toBeLessThan(1_000);
        const away = await connection.ready(300);
        expect(away).toMatchObject({ ok: false, code: "dragonfly-away", recoverable: true });
        await redis.restart();
        await eventually(answers);
        expect(problems.length).toBeGreaterThan(0);
        expect(problems.join()).toContain(describeTarget(connection.target));
      }, 60_000);
    });
  }

  test("a wrong password is named, and not shown", async () => {
    const redis = await startRedis({ password: "right" });
    const connection = new DragonflyConnection(targetOf(redis.url.replace("right", "guessed")), {
      name: "test",
    });
    await eventually(() => connection.problem !== "");
    const ready = await connection.ready(100);
    expect(ready.ok ? "" : ready.message).toContain("refuses the user name or password");
    expect(ready.ok ? "" : ready.message).not.toContain("guessed");
    connection.close();
    const right = new DragonflyConnection(targetOf(redis.url), { name: "test" });
    expect(await right.ready(5_000)).toMatchObject({ ok: true });
    right.close();
    await redis.stop();
  }, 30_000);
});
