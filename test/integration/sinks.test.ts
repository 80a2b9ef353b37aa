// Every store at a running system's side dies, hangs, refuses and is cut off, again and again, while ticks come in: none waits
// for a store, and once the stores are back each has every record, once.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../actors/base/random.ts";
import type { LedgerOrder } from "../../actors/ports/ledger.ts";
import { STREAM_PARTITIONS, TOPIC_RETENTION_MICROS } from "../../actors/ports/streams.ts";
import { TOPIC_OF, TOPICS } from "../../actors/domain/records.ts";
import type { IncomingTick } from "../../actors/router.ts";
import { openLeanTicks } from "../../edge/feeds/lean.ts";
import { openStation, type Station } from "../../edge/main.ts";
import { playTick, settleDurably } from "../../edge/play.ts";
import { parseSettings } from "../../edge/settings.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../../scripts/servers/postgres-server.ts";
import { REDIS, type StartedRedis, startRedis } from "../../scripts/servers/redis-server.ts";
import { connectHistory, type OpenedTimeSeries, openTimeSeries } from "../../storage/clickhouse/open.ts";
import { openStreams } from "../../storage/open-streams.ts";
import { describeWith } from "../fixtures/describe-with.ts";
import { INSTRUMENTS, simulatedTicks } from "../fixtures/engine-rig.ts";
import { FaultProxy } from "../fixtures/fault-proxy.ts";
import { journalRecords } from "../fixtures/journal-records.ts";

const SEED = 7;
const ACCOUNT = "paper";
const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const MARKET_DATA = process.env["TICKFORGE_MARKET_DATA"] ?? "";
const TICKS = TORTURE ? 400_000 : 24_000;
/** Ticks between two disturbances. */
const EVERY = TORTURE ? 4_000 : 1_200;
/** How many slowest ticks may be slower than that. */
const HEALTHY_SHARE = 0.25;

const folder = mkdtempSync(join(tmpdir(), "tickforge-sinks-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Real ones where there are any and time for them. */
function market(): { ticks: Iterable<IncomingTick>; instruments: typeof INSTRUMENTS } {
  if (!TORTURE || !existsSync(MARKET_DATA)) {
    return {
      ticks: simulatedTicks({ seed: SEED, count: TICKS, ticksPerSecond: 4 }),
      instruments: INSTRUMENTS,
    };
  }
  const lean = openLeanTicks([join(MARKET_DATA, "ticks")]);
  if (!lean.ok) throw new Error(lean.message);
  const { instruments, ticks } = lean.value;
  return { ticks: firstOf(ticks, TICKS), instruments };
}

function* firstOf(source: { next(): IncomingTick | undefined }, count: number): Generator<IncomingTick> {
  for (let i = 0; i < count; i++) {
    const tick = source.next();
    if (tick === undefined) return;
    yield tick;
  }
}

function p99(millis: readonly number[]): number {
  return [...millis].sort((a, b) => a - b)[Math.floor(millis.length * 0.99)] ?? 0;
}

function books(orders: readonly LedgerOrder[]): unknown {
  return orders.map(({ intentId, state, filledMicros, intentSeq }) => [
    intentId,
    state,
    filledMicros,
    intentSeq,
  ]);
}

describeWith(REDIS === undefined ? undefined : POSTGRES, "stores that fail", () => {
  let redis: StartedRedis;
  let postgres: PostgresServer;
  let clickhouse: OpenedTimeSeries;
  let proxies: Record<"clickhouse" | "redis" | "postgres", FaultProxy>;
  const problems: string[] = [];

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis(), startPostgres()]);
    const engine = await openTimeSeries({
      username: "",
      password: "",
      database: "tickforge",
      directory: join(folder, "engine"),
      onProblem: () => undefined,
    });
    if (!engine.ok) throw new Error(engine.message);
    clickhouse = engine.value;
    proxies = {
      clickhouse: new FaultProxy(() => Number(new URL(clickhouse.endpoint().url).port)),
      redis: new FaultProxy(() => redis.nodes[0]?.port ?? 0),
      postgres: new FaultProxy(() => Number(new URL(postgres.url).port)),
    };
  }, 60_000);

  afterAll(async () => {
    for (const proxy of Object.values(proxies)) proxy.stop();
    await clickhouse.close();
    await redis.stop();
    await postgres.stop();
  });

  async function open(instruments: typeof INSTRUMENTS): Promise<Station> {
    const { username, password } = clickhouse.endpoint();
    const ledgerUrl = new URL(postgres.url);
    ledgerUrl.port = String(proxies.postgres.port);
    const settings = parseSettings(
      {
        data: join(folder, "data"),
        preset: "demo",
        clickhouse: `http://127.0.0.1:${proxies.clickhouse.port}`,
      },
      {
        TICKFORGE_CLICKHOUSE_USERNAME: username,
        TICKFORGE_CLICKHOUSE_PASSWORD: password,
        TICKFORGE_STREAMS_URL: `redis://127.0.0.1:${proxies.redis.port}`,
        TICKFORGE_LEDGER_URL: ledgerUrl.href,
      },
    );
    if (!settings.ok) throw new Error(settings.message);
    const station = await openStation({
      settings: settings.value,
      instruments,
      live: false,
      keepsTimeSeries: true,
      onProblem: (message) => problems.push(message),
    });
    if (!station.ok) throw new Error(station.message);
    return station.value;
  }

  /** One of the things that happen to stores. */
  async function disturb(random: SeededRandom): Promise<void> {
    const names = ["clickhouse", "redis", "postgres"] as const;
    const name = names[random.integer(names.length)] ?? "redis";
    const proxy = proxies[name];
    switch (random.integer(5)) {
      case 0:
        proxy.cut();
        return;
      case 1:
        proxy.mode = "hang";
        return;
      case 2:
        proxy.mode = "refuse";
        return;
      case 3:
        proxy.delayMillis = 200;
        return;
      default:
        if (name === "clickhouse" && clickhouse.engine?.processId !== undefined) {
          process.kill(clickhouse.engine.processId, "SIGKILL");
        }
        if (name === "redis") {
          await redis.kill9();
          await redis.restart();
        }
        if (name === "postgres") {
          await postgres.process.stop("SIGKILL");
          await postgres.process.start();
        }
    }
  }

  function heal(): void {
    for (const proxy of Object.values(proxies)) {
      proxy.mode = "pass";
      proxy.delayMillis = 0;
    }
  }

  async function streamedSeq(): Promise<number> {
    const streams = openStreams(redis.url);
    if (!streams.ok) throw new Error(streams.message);
    await streams.value.prepare();
    const seq = await streams.value.cursor();
    await streams.value.close();
    return seq;
  }

  async function untilLevel({ projection, projector, journal }: Station): Promise<void> {
    const untilMillis = Date.now() + (TORTURE ? 600_000 : 100_000);
    while (Date.now() < untilMillis) {
      const isLedgerLevel = await projection.catchUp();
      const states = (["time-series", "streams", "vectors", "graph"] as const).map((id) =>
        projector?.statusOf(id),
      );
      const isLevel = isLedgerLevel && states.every((state) => state?.appliedSeq === journal.durableSeq);
      // Level is what they say; what the server says counts: it may have come back empty since.
      if (isLevel && (await streamedSeq()) === journal.durableSeq) return;
      await Bun.sleep(100);
    }
    throw new Error(`they never caught up: ${problems.slice(-5).join("; ")}`);
  }

  test(`have every record once when they are back (seed ${SEED})`, async () => {
    const { ticks, instruments } = market();
    const station = await open(instruments);
    const { live, journal, projection } = station;
    const random = new SeededRandom(SEED);
    const times: Record<"healthy" | "disturbed", number[]> = { healthy: [], disturbed: [] };
    let played = 0;
    let disturbances = 0;
    for (const tick of ticks) {
      const startMillis = performance.now();
      await playTick(live, journal, tick, tick.sourceTimeMicros);
      times[played < TICKS * HEALTHY_SHARE ? "healthy" : "disturbed"].push(performance.now() - startMillis);
      if (++played % 200 === 0) {
        await Bun.sleep(1);
        // As upkeep does, and no tick waits for it.
        void projection.advance();
      }
      if (played > TICKS * HEALTHY_SHARE && played % EVERY === 0) {
        heal();
        disturbances++;
        await disturb(random);
      }
    }
    await settleDurably(live, journal);
    await journal.flush();
    heal();
    await untilLevel(station);

    const records = journalRecords(journal);
    const ticksIn = records.filter(({ kind }) => kind === "tick").length;
    const { store, reports } = connectHistory(clickhouse.endpoint());
    const holdings = (await store.holdings()).filter(({ table }) => table === "ticks");
    expect(holdings.reduce((sum, { rows }) => sum + rows, 0)).toBe(ticksIn);
    const votes = records.reduce(
      (sum, record) => sum + (record.kind === "votes" ? record.votes.length : 0),
      0,
    );
    expect(await rowsOf(reports, "predictions")).toBe(votes);
    expect(await rowsOf(reports, "fills")).toBe(records.filter(({ kind }) => kind === "execution").length);
    await store.close();

    const deals = records.flatMap((record) => (record.kind === "execution" ? (record.dealId ?? []) : []));
    expect(deals.length).toBeGreaterThan(10);
    for (const deal of deals) {
      const { vertices } = (await station.graph?.lineage(deal, "back")) ?? { vertices: [] };
      const told = vertices.filter(({ kind, name }) => kind === "deal" && name === deal);
      expect([deal, told.length, vertices.some(({ kind }) => kind === "signal")]).toEqual([deal, 1, true]);
    }

    const streams = openStreams(redis.url);
    if (!streams.ok) throw new Error(streams.message);
    await streams.value.prepare();
    const seqs: number[] = [];
    for (const topic of TOPICS) {
      for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
        for (let after = 0; ;) {
          const entries = await streams.value.read({ topic, partition }, after, 20_000);
          for (const { seq } of entries) seqs.push(seq);
          after = entries.at(-1)?.seq ?? 0;
          if (entries.length < 20_000) break;
        }
      }
    }
    await streams.value.close();
    // What has outlived its topic may have left; the first configuration of a replay has no time, so it has.
    const newestMicros = records.at(-1)?.timeMicros ?? 0;
    const held = new Set(seqs);
    expect(held.size).toBe(seqs.length);
    const young = records.filter(
      ({ kind, timeMicros }) => timeMicros >= newestMicros - TOPIC_RETENTION_MICROS[TOPIC_OF[kind]],
    );
    expect(young.filter(({ seq }) => !held.has(seq))).toEqual([]);
    const all = new Set(records.map(({ seq }) => seq));
    expect(seqs.filter((seq) => !all.has(seq))).toEqual([]);

    const orders = await station.ledger.orders(ACCOUNT);
    const intents = records.filter((record) => record.kind === "intent");
    expect(orders.map(({ intentId }) => intentId)).toEqual(intents.map(({ intentId }) => intentId));
    const before = books(orders);
    await station.projection.catchUp();
    expect(books(await station.ledger.orders(ACCOUNT))).toEqual(before);
    await station.close();
    console.log(
      `${played} ticks, ${disturbances} outages, 0 lost, 0 twice; a tick's p99 ${p99(times.healthy).toFixed(3)} ms healthy, ` +
        `${p99(times.disturbed).toFixed(3)} ms disturbed`,
    );
    expect(disturbances).toBeGreaterThan(10);
    expect(p99(times.disturbed)).toBeLessThan(2 * p99(times.healthy) + 2);
  }, 900_000);
});

async function rowsOf(
  reports: ReturnType<typeof connectHistory>["reports"],
  table: "predictions" | "fills",
): Promise<number> {
  let rows = 0;
  for await (const chunk of await reports.export({ table, format: "jsonl" })) {
    for (const byte of chunk) if (byte === 10) rows++;
  }
  return rows;
}
