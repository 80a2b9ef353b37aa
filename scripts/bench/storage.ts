// The stores beside a running system: records a second into streams, through pipelines, beside the bare client doing the same;
// intents a second into the ledger, beside the bare insert; the nearest market states; lineage; catching up after an outage.
// Servers that are not installed here are left out, and that is said.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SQL } from "bun";
import { Redis } from "ioredis";
import type { LedgerRecord } from "../../actors/ports/ledger.ts";
import type { StreamEntry, Streams } from "../../actors/ports/streams.ts";
import { connectStreams } from "../../storage/dragonfly/streams.ts";
import { NatsStreams } from "../../storage/nats/streams.ts";
import { openLedger } from "../../storage/sql/ledger.ts";
import { NATS, startNats } from "../servers/nats-server.ts";
import { POSTGRES, startPostgres } from "../servers/postgres-server.ts";
import { REDIS, startRedis } from "../servers/redis-server.ts";
import { type Emit, median, quantile } from "./row.ts";
import { catchUps } from "./stores/catch-up.ts";
import { graphLineage } from "./stores/graph.ts";
import { vectorSearch } from "./stores/vectors.ts";

const EVENTS = 100_000;
const BATCH = 10_000;
const ROUNDS = 5;
const EVENTS_BAR = 100_000;
/** As long as a tick's record. */
const PAYLOAD_BYTES = 60;
const PIPELINE = 1_000;
const INTENTS = 4_000;
const INTENTS_A_BATCH = 100;

export async function bench(emit: Emit): Promise<void> {
  await dragonfly(emit);
  await nats(emit);
  await ledgers(emit);
  await vectorSearch(emit);
  await graphLineage(emit);
  await catchUps(emit);
}

function entriesFrom(firstSeq: number): StreamEntry[] {
  const payload = new Uint8Array(PAYLOAD_BYTES).fill(7);
  return Array.from({ length: EVENTS }, (_, i) => ({
    seq: firstSeq + i,
    epoch: 1,
    kind: 1,
    timeMicros: 1_783_000_000_000_000 + i,
    payload,
  }));
}

/** Events a second, of which a quarter each goes to four partitions. */
async function publishAll(streams: Streams, firstSeq: number): Promise<number> {
  const entries = entriesFrom(firstSeq);
  const startMillis = performance.now();
  for (let from = 0; from < EVENTS; from += BATCH) {
    const batch = entries.slice(from, from + BATCH);
    await Promise.all(
      [0, 1, 2, 3].map(
        async (partition) =>
          await streams.publish(
            { topic: "market-data", partition },
            batch.slice((partition * BATCH) / 4, ((partition + 1) * BATCH) / 4),
          ),
      ),
    );
    await streams.commit(batch.at(-1)?.seq ?? 0);
  }
  return EVENTS / ((performance.now() - startMillis) / 1_000);
}

/** The same bytes to the same server by the client alone. */
async function pipelineAll(client: Redis, firstId: number): Promise<number> {
  const value = Buffer.alloc(PAYLOAD_BYTES + 17, 7);
  const startMillis = performance.now();
  for (let from = 0; from < EVENTS; from += PIPELINE) {
    const pipeline = client.pipeline();
    for (let i = from; i < from + PIPELINE; i++) pipeline.xadd("bare", `${firstId + i}-0`, "r", value);
    await pipeline.exec();
  }
  return EVENTS / ((performance.now() - startMillis) / 1_000);
}

async function dragonfly(emit: Emit): Promise<void> {
  if (REDIS === undefined) {
    console.error("redis-server is not installed: its streams are left out");
    return;
  }
  const server = await startRedis();
  const opened = connectStreams(server.url);
  if (!opened.ok) throw new Error(opened.message);
  const streams = opened.value;
  await streams.prepare();
  const bareClient = new Redis(server.url);
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const firstSeq = 1 + round * EVENTS;
    const theirRate = await pipelineAll(bareClient, firstSeq);
    const ourRate = await publishAll(streams, firstSeq);
    // The first round is the compiler's.
    if (round === 0) continue;
    ours.push(ourRate);
    bare.push(theirRate);
  }
  bareClient.disconnect();
  await streams.close();
  await server.stop();
  const value = median(ours);
  const baseline = median(bare);
  emit({
    name: "storage",
    metric: "records into redis-server's streams (baseline: the bare client, pipelined)",
    value,
    unit: "events/s",
    baseline,
    ratio: value / baseline,
    bar: `>= ${EVENTS_BAR} events/s`,
    met: value >= EVENTS_BAR,
  });
}

async function nats(emit: Emit): Promise<void> {
  if (NATS === undefined) {
    console.error("nats-server is not installed: its streams are left out");
    return;
  }
  const server = await startNats();
  const streams = new NatsStreams({ url: server.url });
  await streams.prepare();
  const rates: number[] = [];
  for (let round = 0; round < 2; round++) rates.push(await publishAll(streams, 1 + round * EVENTS));
  await streams.close();
  await server.stop();
  emit({
    name: "storage",
    metric: "records into NATS JetStream, each acknowledged",
    value: rates.at(-1) ?? 0,
    unit: "events/s",
  });
}

function intent(number: number): LedgerRecord {
  return {
    kind: "intent",
    seq: number,
    timeMicros: number,
    accountId: "paper",
    intentId: `paper-${number}`,
    instrumentId: 0,
    purpose: "entry",
    side: "BUY",
    volumeMicros: 100_000,
    causeSeq: number,
    bidPoints: 108_550,
    askPoints: 108_560,
    stopPricePoints: 108_000,
    targetPricePoints: null,
    positionId: null,
    expiresAtMicros: number + 1,
    epoch: 1,
    checks: [],
    reason: "bench",
  };
}

async function ledgers(emit: Emit): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-bench-ledger-"));
  const file = (name: string): string => `sqlite://${join(folder, name)}`;
  await ledger({ name: "SQLite", url: file("ledger.db"), bareUrl: file("bare.db") }, emit);
  rmSync(folder, { recursive: true });
  if (POSTGRES === undefined) {
    console.error("postgresql is not installed: its ledger is left out");
    return;
  }
  const server = await startPostgres();
  await ledger({ name: "PostgreSQL", url: server.url, bareUrl: await server.database("bare") }, emit);
  await server.stop();
}

async function ledger(
  { name, url, bareUrl }: { name: string; url: string; bareUrl: string },
  emit: Emit,
): Promise<void> {
  const opened = await openLedger(url);
  if (!opened.ok) throw new Error(opened.message);
  const book = opened.value;
  const epoch = await book.issueEpoch("paper");
  const bare = new SQL(bareUrl);
  if (bareUrl.startsWith("sqlite")) await bare.unsafe("PRAGMA journal_mode = WAL");
  await bare.unsafe(
    "CREATE TABLE bare (intent_id TEXT PRIMARY KEY, volume_micros BIGINT NOT NULL, reason TEXT NOT NULL)",
  );
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let from = 1; from <= INTENTS; from += INTENTS_A_BATCH) {
    const numbers = Array.from({ length: INTENTS_A_BATCH }, (_, i) => from + i);
    ours.push(await millisOf(async () => await book.apply("paper", epoch, numbers.map(intent))));
    theirs.push(
      await millisOf(
        async () =>
          await bare.begin(async (transaction) => {
            for (const number of numbers) {
              await transaction`INSERT INTO bare VALUES (${`paper-${number}`}, ${100_000}, ${"bench"})`;
            }
          }),
      ),
    );
  }
  await bare.close();
  await book.close();
  const perSecond = (millis: readonly number[]): number => (INTENTS_A_BATCH / median(millis)) * 1_000;
  emit({
    name: "storage",
    metric: `intents into the ledger on ${name}, ${INTENTS_A_BATCH} a transaction (baseline: bare inserts)`,
    value: perSecond(ours),
    unit: "intents/s",
    baseline: perSecond(theirs),
    ratio: perSecond(ours) / perSecond(theirs),
  });
  emit({
    name: "storage",
    metric: `such a transaction on ${name}, p99`,
    value: quantile(Float64Array.from(ours), 0.99),
    unit: "ms",
    baseline: quantile(Float64Array.from(theirs), 0.99),
  });
}

async function millisOf(work: () => Promise<unknown>): Promise<number> {
  const startMillis = performance.now();
  await work();
  return performance.now() - startMillis;
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
