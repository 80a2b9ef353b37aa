// Streams on real redis-servers, one and a cluster of three, and on a DragonflyDB where one is named.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { StreamsUnavailable } from "../../actors/ports/streams.ts";
import { describeStreams } from "../../test/contract/streams.ts";
import { REDIS, type StartedRedis, startRedis } from "../../scripts/servers/redis-server.ts";
import { describeWith } from "../../test/fixtures/describe-with.ts";
import { connectStreams, type DragonflyStreams } from "./streams.ts";

function openStreams(address: string): DragonflyStreams {
  const streams = connectStreams(address);
  if (!streams.ok) throw new Error(streams.message);
  return streams.value;
}

async function failureOf(question: Promise<unknown>): Promise<unknown> {
  return await question.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

for (const nodes of [undefined, 3] as const) {
  const name = nodes === undefined ? "one redis-server" : `a cluster of ${nodes}`;
  describeWith(REDIS, name, () => {
    let server: StartedRedis;
    beforeAll(async () => {
      server = await startRedis(nodes === undefined ? {} : { cluster: nodes });
    }, 60_000);
    afterAll(async () => await server.stop());

    describeStreams(name, async () => {
      await Promise.resolve();
      return openStreams(server.url);
    });
  });
}

const DRAGONFLY = process.env["TICKFORGE_TEST_DRAGONFLY_URL"];
if (DRAGONFLY === undefined) {
  test.skip("a DragonflyDB: set TICKFORGE_TEST_DRAGONFLY_URL to run the same suite against one", () => {});
} else {
  describeStreams("DragonflyDB", async () => {
    await Promise.resolve();
    return openStreams(DRAGONFLY);
  });
}

describeWith(REDIS, "a redis-server that", () => {
  test("hangs is said to be away in time, and is asked again once it answers", async () => {
    const server = await startRedis();
    const streams = openStreams(server.url);
    await streams.prepare();
    await streams.commit(5);
    server.pause();
    const startMillis = performance.now();
    expect(await failureOf(streams.cursor())).toBeInstanceOf(StreamsUnavailable);
    expect(performance.now() - startMillis).toBeLessThan(7_000);
    server.resume();
    await untilCursor(streams, 5);
    await streams.close();
    await server.stop();
  }, 30_000);

  test("was killed and comes back empty, or with what it had when it was last stopped in peace, says so by its cursor", async () => {
    const server = await startRedis();
    const streams = openStreams(server.url);
    await streams.prepare();
    await streams.commit(5);
    await server.save();
    await streams.commit(9);
    await server.kill9();
    expect(await failureOf(streams.cursor())).toBeInstanceOf(StreamsUnavailable);
    await server.restart();
    await untilCursor(streams, 5);
    await streams.close();
    await server.stop();
  }, 30_000);

  test("wants another password is told about, without ours", async () => {
    const server = await startRedis({ password: "right" });
    const streams = openStreams(server.url.replace("right", "wrong-password"));
    const failure = String(await failureOf(streams.prepare()));
    expect(failure).toContain("StreamsUnavailable");
    expect(failure).not.toContain("wrong-password");
    await streams.close();
    await server.stop();
  }, 30_000);
});

async function untilCursor(streams: DragonflyStreams, seq: number): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if ((await streams.cursor().catch(() => -1)) === seq) return;
    await Bun.sleep(25);
  }
  throw new Error(`the cursor never said ${seq}`);
}
