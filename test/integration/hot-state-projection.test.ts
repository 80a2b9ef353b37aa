// The hot state is what the journal says of every symbol last: whoever keeps it, whatever happens to it, and beside a running
// station whose server dies and comes back empty.

import { expect, test } from "bun:test";
import { type Clock, VirtualClock } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import type { Bar } from "../../actors/domain/bar.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { Engine } from "../../actors/engine.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import type { HotReader, HotState } from "../../actors/ports/hot-state.ts";
import { startEdge } from "../../scripts/edge-rig.ts";
import { REDIS, startRedis } from "../../scripts/servers/redis-server.ts";
import { MemoryHotState } from "../../storage/memory/hot-state.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { NoEdges } from "../../storage/projections/batch-edges.ts";
import { HotStateSink } from "../../storage/projections/hot-state/sink.ts";
import { JournalTail } from "../../storage/projections/journal-tail.ts";
import { HOT_TTL_MILLIS } from "../../storage/projections/limits.ts";
import { Projection } from "../../storage/projections/projection.ts";
import {
  DEMO_CONFIG,
  HandStopwatch,
  makeRig,
  play,
  recordsOf,
  simulatedTicks,
} from "../fixtures/engine-rig.ts";
import { describeWith } from "../fixtures/describe-with.ts";
import { eventually } from "../fixtures/eventually.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";

const SEED = 5;
const SYMBOLS = DEMO_CONFIG.instruments.map(({ symbol }) => symbol);
const disk = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
/** The features of each symbol's last minute, as the live actors had them. */
const lastFeatures = new Map<string, readonly (number | null)[]>();
const rig = makeRig({
  ...disk,
  onBar: (bar: Bar, intervalIndex: number) => {
    const vector = rig.engine.symbol(bar.instrumentId)?.chain.features.vector ?? [];
    if (intervalIndex !== 1) return;
    lastFeatures.set(
      SYMBOLS[bar.instrumentId] ?? "",
      Array.from(vector, (value) => (Number.isFinite(value) ? value : null)),
    );
  },
});
const market = simulatedTicks({ seed: SEED, count: 20_000, ticksPerSecond: 4 });
const lastTick = market.at(-1);
rig.live.begin(1, market[0]?.sourceTimeMicros ?? 0);
// The last one of all is worth nothing: bid above ask.
play(rig, [...market, { ...(lastTick as (typeof market)[number]), bid: 9, ask: 1, sourceSeq: 1e6 }]);
const records = recordsOf(disk.journal);

/** Runs while the test waits, so that pauses between attempts pass at once. */
class HurriedClock implements Clock {
  #nowMicros = 0;

  nowMicros(): number {
    this.#nowMicros += 250_000;
    return this.#nowMicros;
  }
}

const onProblem = (): void => undefined;

function project(
  store: HotState,
  { durableSeq = () => disk.journal.durableSeq, newestRecords = 1_000_000 } = {},
): Projection<JournalRecord, JournalTail> {
  return new Projection({
    sink: new HotStateSink({ store, durableSeq, newestRecords }),
    durableSeq,
    open: (fromSeq, onBar) =>
      JournalTail.open(
        {
          durableSeq,
          cursor: (seq) => disk.journal.cursor(seq),
          snapshots: disk.snapshots,
          build: (config, scheduler, hear) =>
            new Engine({
              config,
              scheduler,
              stopwatch: new HandStopwatch(),
              live: false,
              asksMembers: false,
              forecasters: ruleForecasters,
              onBar: hear,
            }),
          onBar,
          onProblem,
        },
        fromSeq,
      ),
    edges: new NoEdges(),
    clock: new HurriedClock(),
    random: new SeededRandom(SEED),
    onProblem,
  });
}

/** The journal's own last words about a symbol, from record `fromSeq` on, found the slow way. */
function lastOf(kind: "tick" | "signal", symbol: string, fromSeq = 1): JournalRecord | undefined {
  const id = SYMBOLS.indexOf(symbol);
  const refused = new Set(records.flatMap((each) => (each.kind === "quarantined" ? [each.causeSeq] : [])));
  return records.findLast(
    (each) => each.kind === kind && each.instrumentId === id && each.seq >= fromSeq && !refused.has(each.seq),
  );
}

async function expectLatest(store: HotReader, fromSeq = 1): Promise<void> {
  for (const symbol of SYMBOLS) {
    expect((await store.get("tick", symbol))?.seq).toBe(lastOf("tick", symbol, fromSeq)?.seq);
    expect((await store.get("signal", symbol))?.seq).toBe(lastOf("signal", symbol, fromSeq)?.seq);
    const features = await store.get("features", symbol);
    expect(features?.values).toEqual(lastFeatures.get(symbol));
  }
}

test("has every symbol's last believed tick, features and signal, and nothing of what was quarantined", async () => {
  const store = new MemoryHotState(new VirtualClock(0));
  const projection = project(store);
  expect(await projection.catchUp()).toBe(true);
  expect(records.some((each) => each.kind === "quarantined")).toBe(true);
  expect(SYMBOLS.filter((symbol) => lastOf("signal", symbol) !== undefined).length).toBeGreaterThan(1);
  await expectLatest(store);
  expect(await store.cursor()).toBe(disk.journal.durableSeq);
  expect(projection.status).toMatchObject({ lagRecords: 0, lastError: "" });
});

test("back empty while nothing is sent, or told to begin anew, it is filled again", async () => {
  const store = new MemoryHotState(new VirtualClock(0));
  const projection = project(store);
  await projection.catchUp();
  await store.clear();
  for (let i = 0; i < 100 && (await store.cursor()) === 0; i++) await projection.advance();
  expect(await projection.catchUp()).toBe(true);
  await expectLatest(store);
  expect(await projection.rebuild()).toBe(true);
  expect(await store.get("tick", "EURUSD")).toBeUndefined();
  expect(await projection.catchUp()).toBe(true);
  await expectLatest(store);
});

test("it is told the journal's end only, and does not work off what it has missed", async () => {
  const store = new MemoryHotState(new VirtualClock(0));
  const projection = project(store, { newestRecords: 5_000 });
  const fromSeq = disk.journal.durableSeq - 5_000 + 1;
  await projection.advance();
  expect(projection.status.appliedSeq).toBeGreaterThanOrEqual(fromSeq - 1);
  expect(await projection.catchUp()).toBe(true);
  await expectLatest(store, fromSeq);
  expect(await projection.rebuild()).toBe(true);
  expect(projection.status.appliedSeq).toBe(fromSeq - 1);
  expect(await projection.catchUp()).toBe(true);
  await expectLatest(store, fromSeq);
});

test("what another journal left is cleared", async () => {
  const store = new MemoryHotState(new VirtualClock(0));
  await project(store).catchUp();
  const early = 2_000;
  const projection = project(store, { durableSeq: () => early });
  await projection.advance();
  expect(await store.cursor()).toBeLessThanOrEqual(early);
  expect((await store.get("tick", "EURUSD"))?.seq ?? 0).toBeLessThanOrEqual(early);
});

test("nobody renews it: it is gone after its time", async () => {
  const clock = new VirtualClock(0);
  const store = new MemoryHotState(clock);
  await project(store).catchUp();
  clock.advance(HOT_TTL_MILLIS * 1_000);
  expect(await store.getMany("tick", SYMBOLS)).toEqual(SYMBOLS.map(() => undefined));
});

describeWith(REDIS, "beside a running station, on redis-server", () => {
  test("ticks are hot within moments; killed and back empty, it is right again", async () => {
    const server = await startRedis();
    const problems: string[] = [];
    const edge = await startEdge({ dragonfly: server.url, onProblem: (message) => problems.push(message) });
    const { state } = edge.station.hot;
    let sent = 0;
    const send = async (symbols: readonly string[], count: number): Promise<number> => {
      const ticks = Array.from({ length: count }, () => {
        const bid = 1 + (++sent % 500) / 100_000;
        return symbols.map((symbol) => ({ symbol, bid, ask: bid + 0.0001 }));
      });
      expect((await edge.post("/api/market", ticks.flat())).status).toBe(200);
      return 1 + (sent % 500) / 100_000;
    };
    const isHot = async (symbol: string, bid: number): Promise<boolean> =>
      (await state.get("tick", symbol))?.bid === bid;
    const quiet = await send(["GBPUSD", "EURUSD"], 200);
    await eventually(async () => (await isHot("EURUSD", quiet)) && (await isHot("GBPUSD", quiet)));
    expect(edge.station.projector?.ids).toEqual(["hot-state", "quality"]);
    await server.kill9();
    await eventually(async () => (await state.get("tick", "EURUSD")) === undefined);
    await send(["EURUSD"], 200);
    await server.restart();
    const last = await send(["EURUSD"], 200);
    // GBPUSD said nothing since: what was lost is told again.
    await eventually(async () => (await isHot("EURUSD", last)) && (await isHot("GBPUSD", quiet)));
    const { journal, projector } = edge.station;
    await eventually(() => projector?.statusOf("hot-state").appliedSeq === journal.durableSeq);
    expect((await edge.ask("/metrics")).body).toContain('tickforge_store_up{store="hot-state"} 1');
    // The journal's old segments wait for scores and not for it, and ticks wait for neither.
    expect(projector?.appliedSeq).toBe(projector?.statusOf("quality").appliedSeq ?? Number.NaN);
    await server.kill9();
    const startMillis = performance.now();
    await send(["EURUSD"], 200);
    expect(performance.now() - startMillis).toBeLessThan(5_000);
    await edge.stop();
    await server.stop();
  }, 90_000);
});
