// Streams on a real nats-server: the contract, and what kills, hangs and wrong tokens do.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { type StreamEntry, StreamsUnavailable } from "../../actors/ports/streams.ts";
import { describeStreams } from "../../test/contract/streams.ts";
import { FaultProxy } from "../../test/fixtures/fault-proxy.ts";
import { NATS, type NatsServer, startNats } from "../../scripts/servers/nats-server.ts";
import { describeWith } from "../../test/fixtures/describe-with.ts";
import { NatsStreams } from "./streams.ts";

async function failureOf(question: Promise<unknown>): Promise<unknown> {
  return await question.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

function entriesFrom(firstSeq: number, count: number): StreamEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    seq: firstSeq + i,
    epoch: 1,
    kind: 1,
    timeMicros: firstSeq + i,
    payload: Uint8Array.from([i % 256]),
  }));
}

describeWith(NATS, "a nats-server", () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNats();
  }, 30_000);
  afterAll(async () => await server.stop());

  describeStreams(
    "NATS JetStream",
    async () => {
      await Promise.resolve();
      return new NatsStreams({ url: server.url });
    },
    { trimsByArrival: true },
  );

  test("killed while entries come in and started again has each once", async () => {
    const other = await startNats();
    const streams = new NatsStreams({ url: other.url });
    await streams.prepare();
    const place = { topic: "trading", partition: 0 } as const;
    const entries = entriesFrom(1, 20_000);
    let isDown: Promise<void> | undefined;
    for (let from = 0; from < entries.length;) {
      if (from === 6_000)
        isDown ??= other.process.stop("SIGKILL").then(async () => await other.process.start());
      // As a projection does: the batch again, until it is taken.
      const failure = await failureOf(streams.publish(place, entries.slice(from, from + 2_000)));
      if (failure === "no failure") from += 2_000;
      else expect(failure).toBeInstanceOf(StreamsUnavailable);
    }
    await isDown;
    expect((await streams.read(place, 0, 30_000)).map(({ seq }) => seq)).toEqual(
      entries.map(({ seq }) => seq),
    );
    await streams.close();
    await other.stop();
  }, 60_000);

  test("that hangs is said to be away in time", async () => {
    const proxy = new FaultProxy(() => server.port);
    const streams = new NatsStreams({ url: `nats://127.0.0.1:${proxy.port}` });
    await streams.cursor();
    proxy.mode = "hang";
    const startMillis = performance.now();
    expect(await failureOf(streams.cursor())).toBeInstanceOf(StreamsUnavailable);
    expect(performance.now() - startMillis).toBeLessThan(8_000);
    proxy.mode = "pass";
    for (let i = 0; i < 100 && (await failureOf(streams.cursor())) !== "no failure"; i++) await Bun.sleep(50);
    expect(typeof (await streams.cursor())).toBe("number");
    await streams.close();
    proxy.stop();
  }, 30_000);

  test("that wants another token says so, without ours", async () => {
    const guarded = await startNats({ token: "right" });
    const streams = new NatsStreams({ url: guarded.url.replace("right", "wrong-token") });
    const failure = String(await failureOf(streams.prepare()));
    expect(failure).toContain("does not accept");
    expect(failure).not.toContain("wrong-token");
    await streams.close();
    await guarded.stop();
  }, 30_000);
});
