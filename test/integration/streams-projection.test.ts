// Every record of a journal is in the streams once, in order, whatever happens to the system that keeps them: killed and back
// empty, back with an old snapshot, hung, cut off in the middle of a batch.

import { expect, test } from "bun:test";
import type { Clock } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { decodeRecord } from "../../actors/domain/codec.ts";
import { TOPICS } from "../../actors/domain/records.ts";
import type { RawRecord } from "../../actors/ports/journal.ts";
import { STREAM_PARTITIONS, type Streams } from "../../actors/ports/streams.ts";
import { connectStreams } from "../../storage/dragonfly/streams.ts";
import { openStreams } from "../../storage/open-streams.ts";
import { startEdge } from "../../scripts/edge-rig.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { MemoryStreams } from "../../storage/memory/memory-streams.ts";
import { NatsStreams } from "../../storage/nats/streams.ts";
import { NoEdges } from "../../storage/projections/batch-edges.ts";
import { Projection } from "../../storage/projections/projection.ts";
import { RawTail } from "../../storage/projections/raw-tail.ts";
import { StreamsSink } from "../../storage/projections/streams/sink.ts";
import { makeRig, play, simulatedTicks } from "../fixtures/engine-rig.ts";
import { FaultProxy } from "../fixtures/fault-proxy.ts";
import { NATS, startNats } from "../../scripts/servers/nats-server.ts";
import { REDIS, type StartedRedis, startRedis } from "../../scripts/servers/redis-server.ts";
import { describeWith } from "../fixtures/describe-with.ts";

const SEED = 31;
const journal = new MemoryJournal({ keep: true });
const rig = makeRig({ journal });
const ticks = simulatedTicks({ seed: SEED, count: 20_000, ticksPerSecond: 4 });
rig.live.begin(1, ticks[0]?.sourceTimeMicros ?? 0);
play(rig, ticks);

/** Runs while the test waits, so that pauses between attempts pass at once. */
class HurriedClock implements Clock {
  #nowMicros = 0;

  nowMicros(): number {
    this.#nowMicros += 250_000;
    return this.#nowMicros;
  }
}

function project(streams: Streams, durableSeq: () => number): Projection<RawRecord, RawTail> {
  return new Projection({
    sink: new StreamsSink(streams),
    durableSeq,
    open: (fromSeq) => new RawTail(journal.cursor(fromSeq), fromSeq),
    edges: new NoEdges(),
    clock: new HurriedClock(),
    random: new SeededRandom(SEED),
    onProblem: () => undefined,
  });
}

/** Sequences by topic and partition. */
function expected(): Map<string, number[]> {
  const seqs = new Map<string, number[]>();
  const cursor = journal.cursor(1);
  for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
    const topic = TOPICS[raw.topic];
    if (topic === undefined) continue;
    const record = decodeRecord(raw);
    const partition = "instrumentId" in record ? record.instrumentId % STREAM_PARTITIONS : 0;
    const key = `${topic}:${partition}`;
    seqs.set(key, [...(seqs.get(key) ?? []), raw.seq]);
  }
  return seqs;
}

async function held(streams: Streams): Promise<Map<string, number[]>> {
  const seqs = new Map<string, number[]>();
  for (const topic of TOPICS) {
    for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
      const entries = await streams.read({ topic, partition }, 0, 100_000);
      if (entries.length > 0)
        seqs.set(
          `${topic}:${partition}`,
          entries.map(({ seq }) => seq),
        );
    }
  }
  return seqs;
}

async function catchUp(projection: Projection<RawRecord, RawTail>): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt++) {
    if (await projection.catchUp()) return;
    await Bun.sleep(20);
  }
  throw new Error(`it never caught up: ${JSON.stringify(projection.status)}`);
}

const all = expected();

test("streams that come back empty while nothing is sent are filled again", async () => {
  const streams = new MemoryStreams();
  const projection = project(streams, () => journal.durableSeq);
  await catchUp(projection);
  await streams.rewind(0);
  await streams.commit(0);
  for (let i = 0; i < 100 && (await streams.cursor()) === 0; i++) await projection.advance();
  await catchUp(projection);
  expect(await held(streams)).toEqual(all);
});

test("in memory: every record once, and a rebuild has them again", async () => {
  const streams = new MemoryStreams();
  const projection = project(streams, () => journal.durableSeq);
  await catchUp(projection);
  expect(await held(streams)).toEqual(all);
  expect(await projection.rebuild()).toBe(true);
  await catchUp(projection);
  expect(await held(streams)).toEqual(all);
  expect(projection.status).toMatchObject({ lagRecords: 0, lastError: "" });
});

const DISTURBANCES = 12;

/** Keeps streams on `server` from the journal as it grows, while `disturb` does to it what happens to servers. */
async function run(server: StartedRedis, disturb: (share: number) => Promise<void>): Promise<void> {
  const connected = connectStreams(server.url);
  if (!connected.ok) throw new Error(connected.message);
  const streams = connected.value;
  let durableSeq = 0;
  const projection = project(streams, () => durableSeq);
  for (let step = 1; step <= DISTURBANCES; step++) {
    durableSeq = Math.floor((journal.durableSeq * step) / DISTURBANCES);
    // Disturbed while it is at it, not between two batches only.
    await Promise.all([projection.advance(), disturb(step / DISTURBANCES)]);
    await projection.advance();
  }
  await catchUp(projection);
  expect(await held(streams)).toEqual(all);
  await streams.close();
}

describeWith(REDIS, "redis-server", () => {
  test("killed now and then, and back empty each time", async () => {
    const server = await startRedis();
    let kills = 0;
    await run(server, async () => {
      if (kills++ % 3 !== 1) return;
      await server.kill9();
      await server.restart();
    });
    await server.stop();
  }, 60_000);

  test("killed now and then, and back with an old snapshot", async () => {
    const server = await startRedis();
    let steps = 0;
    await run(server, async () => {
      steps++;
      if (steps === 3) {
        await server.save();
        await server.kill9();
        await server.restart();
      } else if (steps % 3 === 2) {
        await server.kill9();
        await server.restart();
      }
    });
    await server.stop();
  }, 60_000);

  test("beside a running system: its ticks are there once they are durable, and it starts and stops without it", async () => {
    const server = await startRedis();
    const edge = await startEdge({ streams: server.url });
    const tick = { symbol: "EURUSD", bid: 1.1, ask: 1.1001 };
    await edge.post(
      "/api/market",
      Array.from({ length: 500 }, () => tick),
    );
    await server.kill9();
    await edge.post(
      "/api/market",
      Array.from({ length: 500 }, () => tick),
    );
    await server.restart();
    const { journal: records, projector } = edge.station;
    for (let i = 0; i < 400 && projector?.statusOf("streams").appliedSeq !== records.durableSeq; i++) {
      await Bun.sleep(50);
    }
    const streams = openStreams(server.url);
    if (!streams.ok) throw new Error(streams.message);
    await streams.value.prepare();
    expect(
      (await streams.value.read({ topic: "market-data", partition: 0 }, 0, 5_000)).length,
    ).toBeGreaterThanOrEqual(1_000);
    await streams.value.close();
    await server.kill9();
    await edge.stop();
    await server.stop();
  }, 60_000);

  test("cut off and hung by the network", async () => {
    const server = await startRedis();
    const proxy = new FaultProxy(() => server.nodes[0]?.port ?? 0);
    let steps = 0;
    await run({ ...server, url: `redis://127.0.0.1:${proxy.port}` }, async () => {
      steps++;
      if (steps % 3 === 1) proxy.cut();
      if (steps % 4 === 2) proxy.mode = "hang";
      await Bun.sleep(steps === 6 ? 2_500 : 5);
      proxy.mode = "pass";
    });
    proxy.stop();
    await server.stop();
  }, 60_000);
});

describeWith(NATS, "nats-server", () => {
  test("killed in between", async () => {
    const server = await startNats();
    const streams = new NatsStreams({ url: server.url });
    let durableSeq = 0;
    const projection = project(streams, () => durableSeq);
    for (let step = 1; step <= 6; step++) {
      durableSeq = Math.floor((journal.durableSeq * step) / 6);
      const disturbed =
        step % 3 === 2
          ? (async () => {
              await server.process.stop("SIGKILL");
              await server.process.start();
            })()
          : Promise.resolve();
      await Promise.all([projection.advance(), disturbed]);
      await projection.advance();
    }
    await catchUp(projection);
    expect(await held(streams)).toEqual(all);
    await streams.close();
    await server.stop();
  }, 60_000);
});
