// Resident memory of a whole engine with 100 symbols and its journal, under load for a while: how much, and whether it
// grows. Everything but the account's terminal view runs as in production.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openJournal } from "../../storage/journal/journal.ts";
import { benchEngine, fleetInstruments, FleetWalk } from "./fleet.ts";
import { type Emit, median } from "./row.ts";

const SYMBOLS = 100;
const WARM_SECONDS = 150 * 60;
const ROUNDS = 8;
/** Market seconds per round, at 50 ticks a second. */
const ROUND_SECONDS = 1_200;
const PRESSURE_MAX = 0.5;

export async function bench(emit: Emit): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "tickforge-memory-"));
  try {
    const opened = await openJournal({ directory });
    if (!opened.ok) throw new Error(opened.message);
    const journal = opened.value;
    const { live } = benchEngine(fleetInstruments(SYMBOLS), journal, { live: false });
    const walk = new FleetWalk(SYMBOLS, 3);
    let micros = 1_400_000_000_000_000;
    const play = async (seconds: number): Promise<void> => {
      for (let i = 0; i < seconds * 50; i++) {
        micros += 20_000;
        live.step(walk.next(micros), micros);
        if (live.waitsForDisk || (i % 4_096 === 0 && journal.pressure > PRESSURE_MAX)) {
          await journal.flush();
          live.settle();
        }
      }
      await journal.flush();
    };
    await play(WARM_SECONDS);
    const resident: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      await play(ROUND_SECONDS);
      Bun.gc(true);
      resident.push(process.memoryUsage.rss() / 2 ** 20);
    }
    await journal.close();
    report(emit, resident);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function report(emit: Emit, resident: readonly number[]): void {
  const value = Math.max(...resident);
  emit({
    name: "memory",
    metric: "resident, 100 symbols, engine and journal",
    value,
    unit: "MiB",
    bar: "<= 200 MiB",
    met: value <= 200,
  });
  const half = resident.length / 2;
  const growth = median(resident.slice(half)) / median(resident.slice(0, half)) - 1;
  emit({
    name: "memory",
    metric: "growth from the first half of the run to the second",
    value: 100 * growth,
    unit: "%",
    bar: "<= 5 %",
    met: growth <= 0.05,
  });
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
