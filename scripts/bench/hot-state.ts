// What the shared hot state costs whoever reads it: a row and a page of bars beside the bare client's GET of the same bytes on
// the same server, a page that is in memory, and how many pages of a replay's reads are found without the time series.

import { Redis } from "ioredis";
import { type Clock, VirtualClock } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import type { HotEntry } from "../../actors/ports/hot-state.ts";
import type { BarRow, BarsQuery } from "../../actors/ports/time-series.ts";
import { BarsCache } from "../../storage/bars-cache.ts";
import { DragonflyConnection } from "../../storage/dragonfly/connect.ts";
import { DragonflyHotState } from "../../storage/dragonfly/hot-state.ts";
import { Keys } from "../../storage/dragonfly/keys.ts";
import { parseTarget } from "../../storage/dragonfly/target.ts";
import { Guard } from "../../storage/guarded/guard.ts";
import { MemoryCacheStore } from "../../storage/memory/cache-store.ts";
import { MemoryPubSub } from "../../storage/memory/pub-sub.ts";
import { openHotStores } from "../../storage/open-hot-stores.ts";
import { REDIS, startRedis } from "../servers/redis-server.ts";
import { type Emit, median, quantile } from "./row.ts";

const P99_MILLIS_BAR = 1;
const HIT_SHARE_BAR = 0.85;
/** Each round has its own p99, of which the middle one counts: others use this machine too. The first is the compiler's. */
const ROUNDS = 7;
const READS = 1_500;
const MINUTE = 60_000_000;
const START_MICROS = Date.UTC(2024, 4, 15, 13) * 1_000;
/** Five hours of minutes. */
const PAGE_ROWS = 300;
/** More than are held in memory: read in a circle, each comes from the server. */
const PAGES = 512;

/** A replay's readers: how many, how far apart, and what they go through. */
const READERS = 12;
const READER_SECONDS_APART = 10;
const READS_PER_SECOND = 2;
const SYMBOLS = 20;
const PAST_DAYS = 10;
const REPLAY_SECONDS = 1_800;
/** Share of reads at the newest end, which changes. */
const NEWEST_SHARE = 0.1;
const SEED = 11;

const wall: Clock = { nowMicros: () => Date.now() * 1_000 };

export async function bench(emit: Emit): Promise<void> {
  if (REDIS === undefined) console.error("redis-server is not installed: its figures are left out");
  else await onServer(emit);
  await replay(emit);
}

interface Times {
  readonly ours: readonly Float64Array[];
  readonly bare: readonly Float64Array[];
}

/** Milliseconds of each read by rounds, ours and the bare one taking turns. */
async function takeTurns(
  ours: (i: number) => Promise<unknown>,
  bare: (i: number) => Promise<unknown>,
): Promise<Times> {
  const times: { ours: Float64Array[]; bare: Float64Array[] } = { ours: [], bare: [] };
  for (let round = 0; round <= ROUNDS; round++) {
    const millis = { ours: new Float64Array(READS), bare: new Float64Array(READS) };
    for (let i = 0; i < READS; i++) {
      millis.bare[i] = await millisOf(async () => await bare(i));
      millis.ours[i] = await millisOf(async () => await ours(i));
    }
    if (round === 0) continue;
    times.ours.push(millis.ours);
    times.bare.push(millis.bare);
  }
  return times;
}

async function millisOf(read: () => Promise<unknown>): Promise<number> {
  const startMillis = performance.now();
  await read();
  return performance.now() - startMillis;
}

function emitTimes(emit: Emit, metric: string, times: Times): void {
  for (const [name, share] of [
    ["p50", 0.5],
    ["p99", 0.99],
  ] as const) {
    const value = median(times.ours.map((millis) => quantile(millis, share)));
    const baseline = median(times.bare.map((millis) => quantile(millis, share)));
    emit({
      name: "hot-state",
      metric: `${metric}, ${name}`,
      value,
      unit: "ms",
      baseline,
      ratio: value / baseline,
      ...(name === "p99" ? { bar: `< ${P99_MILLIS_BAR} ms`, met: value < P99_MILLIS_BAR } : {}),
    });
  }
}

async function onServer(emit: Emit): Promise<void> {
  const server = await startRedis();
  const client = new Redis(server.url);
  await rows(emit, server.url, client);
  await pages(emit, server.url, client);
  client.disconnect();
  await server.stop();
}

function tickEntry(symbol: string): HotEntry {
  const prices = { bid: 1.08712, ask: 1.08713, bidVolume: 1, askVolume: 2 };
  const times = { timeMicros: START_MICROS, sourceTimeMicros: START_MICROS };
  return {
    kind: "tick",
    row: { seq: 9, ...times, symbol, source: "bench", sourceSeq: 9, ...prices, flags: 0 },
  };
}

async function rows(emit: Emit, url: string, client: Redis): Promise<void> {
  const target = parseTarget(url);
  if (!target.ok) throw new Error(target.message);
  const connection = new DragonflyConnection(target.value, { name: "bench" });
  await connection.ready(10_000);
  const hot = new DragonflyHotState(connection);
  await hot.setMany([tickEntry("EURUSD")], { ttlMillis: 600_000 });
  const key = new Keys().hot("tick", "EURUSD");
  const times = await takeTurns(
    async () => await hot.get("tick", "EURUSD"),
    async () => await client.get(key),
  );
  emitTimes(emit, "the latest tick of a symbol (baseline: the bare client's GET)", times);
  connection.close();
}

/** Minutes without end. */
async function minutes({ symbol, toMicros = START_MICROS, limit }: BarsQuery): Promise<BarRow[]> {
  return await Promise.resolve(
    Array.from({ length: limit }, (_, i) => ({
      seq: 1_000 + i,
      symbol,
      source: "tickforge",
      interval: "1m" as const,
      openTimeMicros: toMicros - (limit - i) * MINUTE,
      open: 1.08712 + i * 1e-5,
      high: 1.08733 + i * 1e-5,
      low: 1.08701 + i * 1e-5,
      close: 1.08715 + i * 1e-5,
      volume: 181.5 + i,
      ticks: 97 + i,
      spreadMean: 0.0000123 + i * 1e-9,
    })),
  );
}

async function pages(emit: Emit, url: string, client: Redis): Promise<void> {
  const hot = openHotStores({ url, clock: wall, onProblem: (message) => console.error(message) });
  while ((await hot.guard.ask(async () => await hot.cache.get("anything"))) !== undefined)
    await Bun.sleep(20);
  const cache = new BarsCache({ bars: minutes, hot, clock: wall, storedMicros: () => START_MICROS });
  const query = (page: number): BarsQuery => ({
    symbol: "EURUSD",
    interval: "1m",
    limit: PAGE_ROWS,
    toMicros: START_MICROS - page * PAGE_ROWS * MINUTE,
  });
  for (let page = 0; page < PAGES; page++) await cache.read(query(page));
  const keys = new Keys();
  const keyOf = (page: number): string =>
    keys.cached(`bars:EURUSD|1m|||${query(page).toMicros}|${PAGE_ROWS}`);
  const { length } = (await client.get(keyOf(0))) ?? "";
  if (length === 0) throw new Error("the bench does not know the cache's keys any more");
  const fromServer = await takeTurns(
    async (i) => await cache.read(query(i % PAGES)),
    async (i) => await client.get(keyOf(i % PAGES)),
  );
  const { storeHits, loads } = cache.counts;
  if (storeHits !== (ROUNDS + 1) * READS || loads !== PAGES)
    throw new Error("not every page came from the server");
  emitTimes(
    emit,
    `${PAGE_ROWS} bars from the shared cache, parsed and checked (baseline: GET of their ${length} bytes)`,
    fromServer,
  );
  const fromMemory = await takeTurns(
    async () => await cache.read(query(0)),
    async () => await client.get(keyOf(0)),
  );
  emitTimes(emit, `${PAGE_ROWS} bars that are in memory (baseline: the same GET)`, fromMemory);
  await hot.close();
}

/** Two processes' readers on a clock of their own, so that half an hour's expiries happen. */
async function replay(emit: Emit): Promise<void> {
  const clock = new VirtualClock(START_MICROS);
  const hot = {
    cache: new MemoryCacheStore(clock),
    pubSub: new MemoryPubSub(),
    guard: new Guard(clock),
    shared: true,
  };
  const storedMicros = (): number => clock.nowMicros() - 2_000_000;
  const caches = [0, 1].map(() => new BarsCache({ bars: minutes, hot, clock, storedMicros }));
  const random = new SeededRandom(SEED);
  const pagesOfSymbol = (PAST_DAYS * 24 * 60) / PAGE_ROWS;
  for (let second = 0; second < REPLAY_SECONDS; second++) {
    for (let reader = 0; reader < READERS; reader++) {
      const begun = second - reader * READER_SECONDS_APART;
      if (begun < 0) continue;
      for (let i = 0; i < READS_PER_SECOND; i++) {
        const place = Math.floor((begun * READS_PER_SECOND + i) % (SYMBOLS * pagesOfSymbol));
        const query: BarsQuery = {
          symbol: `S${place % SYMBOLS}`,
          interval: "1m",
          limit: PAGE_ROWS,
          toMicros: START_MICROS - (pagesOfSymbol - Math.floor(place / SYMBOLS)) * PAGE_ROWS * MINUTE,
        };
        const { toMicros: _, ...newest } = query;
        await caches[reader % 2]?.read(random.next() < NEWEST_SHARE ? newest : query);
      }
    }
    clock.advance(1_000_000);
  }
  const sum = (count: "memoryHits" | "storeHits" | "loads"): number =>
    caches.reduce((total, { counts }) => total + counts[count], 0);
  const reads = sum("memoryHits") + sum("storeHits") + sum("loads");
  const value = (sum("memoryHits") + sum("storeHits")) / reads;
  const percent = (count: number): string => `${Math.round((100 * count) / reads)} %`;
  emit({
    name: "hot-state",
    metric:
      `pages found, ${READERS} readers of 2 processes through the same ${PAST_DAYS} days, one read in ${1 / NEWEST_SHARE} at the newest ` +
      `end: ${percent(sum("memoryHits"))} in memory, ${percent(sum("storeHits"))} shared`,
    value: 100 * value,
    unit: "%",
    bar: `> ${100 * HIT_SHARE_BAR} %`,
    met: value > HIT_SHARE_BAR,
  });
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
