// The whole system under load: a hundred symbols, a real journal, rule members, account and broker, ticks due by a schedule
// that waits for nobody. Nothing acknowledged is lost, what was skipped is on record, and the burst drains. The full version
// runs for minutes and prints its figures: `bun run torture load`.

import { afterAll, describe, expect, test } from "bun:test";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import { TICK_SKIP_INFERENCE, type Tick } from "../../actors/domain/tick.ts";
import { INGEST_BUSY } from "../../actors/router.ts";
import { openStation, type Station } from "../../edge/main.ts";
import { parseSettings } from "../../edge/settings.ts";
import { Upkeep } from "../../edge/upkeep.ts";
import { fleetInstruments, FleetWalk } from "../../scripts/bench/fleet.ts";
import { replayRecorded } from "../../scripts/commands/replay-recorded.ts";
import { SegmentCursor } from "../../storage/journal/cursor.ts";
import { RealDisk } from "../../storage/journal/disk.ts";
import { verifyJournal } from "../../storage/journal/verify.ts";

const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const SYMBOLS = 100;
const STEADY = { ticksPerSecond: 20_000, seconds: TORTURE ? 120 : 1.5 };
const BURST = { ticksPerSecond: 100_000, seconds: TORTURE ? 5 : 0.5 };
const DRAIN_SECONDS_MAX = 10;
const SYNCS = 2_000;

const data = mkdtempSync(join(tmpdir(), "tickforge-load-"));
afterAll(() => rmSync(data, { recursive: true, force: true }));

const parsed = parseSettings({ data }, {});
if (!parsed.ok) throw new Error(parsed.message);
const settings = parsed.value;

interface Flow {
  readonly taken: number;
  /** Offered while mailboxes or journal were full: told to the source, which sends again. */
  readonly refused: number;
  /** Milliseconds from when a tick was due to when its source could be told that it is durable. */
  readonly acks: Float64Array;
  readonly drainSeconds: number;
}

/** Takes ticks in at their due times and waits until the last is durable and handled. */
async function flow(station: Station, walk: FleetWalk, load: typeof STEADY): Promise<Flow> {
  const { live, journal, clock } = station;
  const count = Math.floor(load.ticksPerSecond * load.seconds);
  const gapMicros = 1e6 / load.ticksPerSecond;
  const startMicros = clock.nowMicros();
  const seqs = new Float64Array(count);
  const acks = new Float64Array(count);
  let [offered, acknowledged, refused, taken] = [0, 0, 0, 0];
  const acknowledge = (): void => {
    const nowMicros = clock.nowMicros();
    for (; acknowledged < offered; acknowledged++) {
      const seq = seqs[acknowledged] as number;
      if (seq > journal.durableSeq) return;
      acks[acknowledged] =
        seq > 0 ? (nowMicros - startMicros - acknowledged * gapMicros) / 1_000 : Number.NaN;
    }
  };
  while (offered < count) {
    const nowMicros = clock.nowMicros();
    for (; offered < count && startMicros + offered * gapMicros <= nowMicros; offered++) {
      const seq = live.router.ingest(walk.next(nowMicros), nowMicros);
      if (seq === INGEST_BUSY) refused++;
      else taken++;
      seqs[offered] = Math.max(0, seq);
    }
    live.engine.run();
    acknowledge();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const drainStart = performance.now();
  await journal.flush();
  live.settle();
  while (live.waitsForDisk) {
    await journal.flush();
    live.settle();
  }
  acknowledge();
  const drainSeconds = (performance.now() - drainStart) / 1_000;
  return { taken, refused, acks: acks.filter((ms) => !Number.isNaN(ms)).sort(), drainSeconds };
}

function bareSyncP99(): number {
  const handle = openSync(join(data, "probe"), "w");
  const bytes = new Uint8Array(512);
  const times = new Float64Array(SYNCS);
  for (let i = 0; i < SYNCS; i++) writeSync(handle, bytes, 0, bytes.length, i * bytes.length);
  fdatasyncSync(handle);
  for (let i = 0; i < SYNCS; i++) {
    const start = performance.now();
    writeSync(handle, bytes, 0, bytes.length, i * bytes.length);
    fdatasyncSync(handle);
    times[i] = performance.now() - start;
  }
  closeSync(handle);
  return times.sort()[Math.floor(SYNCS * 0.99)] ?? Number.NaN;
}

function quantile(sorted: Float64Array, share: number): string {
  return (sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN).toFixed(2);
}

async function run() {
  const opened = await openStation({ settings, instruments: fleetInstruments(SYMBOLS), live: true });
  if (!opened.ok) throw new Error(opened.message);
  const station = opened.value;
  const upkeep = new Upkeep(station, { beats: true });
  const walk = new FleetWalk(SYMBOLS, 12);
  const syncP99 = bareSyncP99();
  const steady = await flow(station, walk, STEADY);
  const memoryBefore = process.memoryUsage.rss();
  const burst = await flow(station, walk, BURST);
  const memoryAfter = process.memoryUsage.rss();
  const { ticks, skippedInference } = station.live.router.counts;
  await upkeep.stop();
  await station.close();
  // Not before: where a minute has just ended, symbols still have their turns.
  const decisionHash = station.live.engine.decisionHash();
  return { steady, burst, syncP99, memoryBefore, memoryAfter, ticks, skippedInference, decisionHash };
}

const outcome = await run();
const { steady, burst } = outcome;
if (TORTURE) {
  for (const [name, load, figures] of [
    ["steady", STEADY, steady],
    ["burst", BURST, burst],
  ] as const) {
    process.stdout.write(
      `${name}: ${load.ticksPerSecond} ticks/s for ${load.seconds} s: ${figures.taken} taken, ${figures.refused} refused; ` +
        `ack from due time p50 ${quantile(figures.acks, 0.5)} ms, p99 ${quantile(figures.acks, 0.99)} ms; drained in ${figures.drainSeconds.toFixed(2)} s\n`,
    );
  }
  process.stdout.write(
    `bare fdatasync p99 ${outcome.syncP99.toFixed(2)} ms; ${outcome.skippedInference} inferences skipped; memory ${Math.round(outcome.memoryBefore / 2 ** 20)} -> ${Math.round(outcome.memoryAfter / 2 ** 20)} MiB\n`,
  );
}

function* recordedTicks(): Generator<Tick> {
  const folder = join(settings.data, "journal");
  const verified = verifyJournal(folder);
  if (!verified.ok) throw new Error(verified.message);
  const { lastSeq } = verified.value;
  const cursor = new SegmentCursor({ disk: new RealDisk(folder), fromSeq: 1, durableSeq: () => lastSeq });
  for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
    if (raw.kind === KIND_NUMBER.tick) yield decodeRecord(raw) as Tick;
  }
  cursor.close();
}

describe(`${STEADY.ticksPerSecond} ticks/s over ${SYMBOLS} symbols for ${STEADY.seconds} s, then ${BURST.ticksPerSecond} ticks/s`, () => {
  test("every tick that was acknowledged is in the journal, each symbol's in order", () => {
    const lastSeqs = new Map<number, number>();
    let [found, skipped] = [0, 0];
    for (const { instrumentId, sourceSeq, flags } of recordedTicks()) {
      found++;
      if ((flags & TICK_SKIP_INFERENCE) !== 0) skipped++;
      expect(sourceSeq).toBeGreaterThan(lastSeqs.get(instrumentId) ?? 0);
      lastSeqs.set(instrumentId, sourceSeq);
    }
    expect(found).toBe(outcome.ticks);
    expect(steady.taken + burst.taken).toBe(found);
    expect(steady.acks.length + burst.acks.length).toBe(found);
    expect(skipped).toBe(outcome.skippedInference);
  });

  test("the burst is drained within ten seconds", () => {
    expect(burst.drainSeconds).toBeLessThan(DRAIN_SECONDS_MAX);
  });

  test("it replays to the same decisions, with no difference", () => {
    const replayed = replayRecorded(settings, "recorded");
    if (!replayed.ok) throw new Error(replayed.message);
    expect(replayed.value.report.examples).toEqual([]);
    expect(replayed.value.decisionHash).toBe(outcome.decisionHash);
  });
});
