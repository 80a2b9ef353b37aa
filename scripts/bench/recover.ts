// Killed at 5,000 ticks a second with the oldest allowed snapshot: how long until a fresh process stands at the journal's
// end again. 100 symbols; snapshots of 20 seconds ago, so 100,000 ticks and what followed from them are replayed.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SNAPSHOT_INTERVAL_MICROS } from "../../actors/limits.ts";
import { LiveEngine } from "../../actors/live-engine.ts";
import { engineBuilder } from "../../edge/main.ts";
import { SystemClock } from "../../edge/system-clock.ts";
import { openJournal } from "../../storage/journal/journal.ts";
import { FileSnapshotStore } from "../../storage/journal/snapshot-store.ts";
import { benchConfig, fleetInstruments, FleetWalk } from "./fleet.ts";
import type { Emit } from "./row.ts";

const SYMBOLS = 100;
const TICKS_PER_SECOND = 5_000;
const WARM_MINUTES = 150;
const SECONDS = SNAPSHOT_INTERVAL_MICROS / 1_000_000;

export async function bench(emit: Emit): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "tickforge-recover-"));
  try {
    const before = await record(directory);
    const startMillis = performance.now();
    const station = await open(directory);
    const openedMillis = performance.now();
    const recovery = station.live.recover();
    const doneMillis = performance.now();
    const same = station.live.engine.decisionHash() === before;
    if (!same) throw new Error("the recovered engine decided differently");
    await station.journal.close();
    const value = (doneMillis - startMillis) / 1_000;
    emit({
      name: "recover",
      metric: `caught up after a kill: ${recovery.records} records, ${recovery.restored} snapshots`,
      value,
      unit: "s",
      bar: "<= 1 s",
      met: value <= 1,
    });
    emit({
      name: "recover",
      metric: "of which opening the journal",
      value: (openedMillis - startMillis) / 1_000,
      unit: "s",
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

interface Opened {
  readonly live: LiveEngine;
  readonly journal: Extract<Awaited<ReturnType<typeof openJournal>>, { ok: true }>["value"];
  readonly snapshots: FileSnapshotStore;
}

async function open(directory: string): Promise<Opened> {
  const journal = await openJournal({ directory: join(directory, "journal") });
  if (!journal.ok) throw new Error(journal.message);
  const snapshots = new FileSnapshotStore({
    directory: join(directory, "snapshots"),
    durableSeq: () => journal.value.durableSeq,
    flush: () => journal.value.flush(),
  });
  const clock = new SystemClock();
  const build = engineBuilder({
    scheduler: clock,
    stopwatch: clock.stopwatch,
    live: false,
    asksMembers: true,
  });
  const config = benchConfig(fleetInstruments(SYMBOLS));
  return {
    live: new LiveEngine({ build, config, journal: journal.value, scheduler: clock, snapshots }),
    journal: journal.value,
    snapshots,
  };
}

/** Runs a market and leaves as a kill would, snapshots {@link SECONDS} old; returns the decision hash. */
async function record(directory: string): Promise<string> {
  const { live, journal, snapshots } = await open(directory);
  live.recover();
  const walk = new FleetWalk(SYMBOLS, 5);
  let micros = 1_400_000_000_000_000;
  live.begin(1, micros);
  const settle = async (): Promise<void> => {
    await journal.flush();
    live.settle();
  };
  for (let i = 0; i < WARM_MINUTES * 60 * 2; i++) {
    micros += 500_000;
    live.step(walk.next(micros), micros);
    if (live.waitsForDisk || journal.pressure > 0.5) await settle();
  }
  await settle();
  live.end();
  await snapshots.flush();
  for (let i = 0; i < SECONDS * TICKS_PER_SECOND; i++) {
    micros += 1_000_000 / TICKS_PER_SECOND;
    live.step(walk.next(micros), micros);
    if (live.waitsForDisk || journal.pressure > 0.5) await settle();
  }
  await settle();
  const hash = live.engine.decisionHash();
  // The lock of the files is the folder's, so a second opening stands for the process after the kill.
  await journal.close();
  return hash;
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
