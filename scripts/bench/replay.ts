// Replay of real ticks through the whole chain with the rule members, account and paper broker: from memory, and with the
// journal on disk. Uses the OANDA set where it is; a simulated market of the same size elsewhere, and says so.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import type { IncomingTick } from "../../actors/router.ts";
import { playTick, settleDurably } from "../../edge/play.ts";
import { simulatedInstruments } from "../../edge/feeds/instruments.ts";
import { openLeanTicks } from "../../edge/feeds/lean.ts";
import { SimulatedMarket } from "../../edge/feeds/simulated-market.ts";
import { openJournal } from "../../storage/journal/journal.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { benchEngine } from "./fleet.ts";
import { type Emit, median } from "./row.ts";

const MARKET_DATA = process.env["TICKFORGE_MARKET_DATA"] ?? "../shared/data";
const SIMULATED_TICKS = 1_800_000;
const ROUNDS = 3;
const PRESSURE_MAX = 0.5;
const TURN_TICKS = 4_096;

interface Ticks {
  readonly what: string;
  readonly instruments: readonly Instrument[];
  readonly ticks: readonly IncomingTick[];
}

export async function bench(emit: Emit): Promise<void> {
  const set = load();
  const fromMemory: number[] = [];
  const journaled: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    fromMemory.push(await run(set, new MemoryJournal({ keep: false })));
    journaled.push(await runJournaled(set));
  }
  const value = median(fromMemory);
  emit({
    name: "replay",
    metric: `chain, rule members, account and broker (${set.what})`,
    value,
    unit: "ticks/s",
    bar: ">= 300,000",
    met: value >= 300_000,
  });
  emit({
    name: "replay",
    metric: "the same with the journal on disk",
    value: median(journaled),
    unit: "ticks/s",
    baseline: value,
    ratio: median(journaled) / value,
  });
}

function load(): Ticks {
  const folders = ["oanda-eurusd", "oanda-nzdusd", "oanda-xauusd"].map((name) =>
    join(MARKET_DATA, "ticks", name),
  );
  if (folders.every(existsSync)) {
    const lean = openLeanTicks(folders);
    if (!lean.ok) throw new Error(lean.message);
    const ticks: IncomingTick[] = [];
    for (let tick = lean.value.ticks.next(); tick !== undefined; tick = lean.value.ticks.next())
      ticks.push({ ...tick });
    return { what: `OANDA, ${ticks.length} ticks`, instruments: lean.value.instruments, ticks };
  }
  const instruments = simulatedInstruments({ alwaysOpen: true });
  const market = new SimulatedMarket({ seed: 1, startMicros: 1_400_000_000_000_000, instruments });
  const ticks = Array.from({ length: SIMULATED_TICKS }, () => ({ ...market.next() }));
  return { what: `SIMULATED, ${ticks.length} ticks`, instruments, ticks };
}

/** Ticks per second. */
async function run(set: Ticks, journal: Journal): Promise<number> {
  const { live } = benchEngine(set.instruments, journal, { live: false });
  const startMillis = performance.now();
  for (let i = 0; i < set.ticks.length; i++) {
    const tick = set.ticks[i] as IncomingTick;
    // Most steps wait for nothing; an await for each would be measured instead of them.
    if (live.step(tick, tick.sourceTimeMicros) <= 0)
      await playTick(live, journal, tick, tick.sourceTimeMicros);
    if (i % TURN_TICKS === 0 && journal.pressure > PRESSURE_MAX) await journal.flush();
  }
  await settleDurably(live, journal);
  await journal.flush();
  return (set.ticks.length / (performance.now() - startMillis)) * 1_000;
}

async function runJournaled(set: Ticks): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), "tickforge-replay-"));
  try {
    const journal = await openJournal({ directory });
    if (!journal.ok) throw new Error(journal.message);
    const ticksPerSecond = await run(set, journal.value);
    await journal.value.close();
    return ticksPerSecond;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
