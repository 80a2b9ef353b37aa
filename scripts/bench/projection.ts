// What keeping the time series costs ticks: their latency from arrival to handled at 5,000 a second, while the projector works
// off a backlog at full rate in its own process beside the engine's, against the same load with none.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStation, type Station } from "../../edge/main.ts";
import { parseSettings } from "../../edge/settings.ts";
import { fleetInstruments, FleetWalk } from "./fleet.ts";
import { type Emit, median } from "./row.ts";

const SYMBOLS = 20;
const TICKS_PER_SECOND = 5_000;
const SECONDS = 4;
const BACKLOG_TICKS = 400_000;
const ROUNDS = 3;
const PRESSURE_MAX = 0.5;

interface Measured {
  readonly p99Millis: number;
  /** Records a second the projector stored meanwhile. */
  readonly storedPerSecond: number;
}

export async function bench(emit: Emit): Promise<void> {
  const without: number[] = [];
  const beside: Measured[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    without.push((await measure(false)).p99Millis);
    beside.push(await measure(true));
  }
  const value = median(beside.map(({ p99Millis }) => p99Millis));
  const baseline = median(without);
  emit({
    name: "projection",
    metric: "tick handled at 5,000 ticks/s, p99, while a backlog is stored",
    value,
    unit: "ms",
    baseline,
    ratio: value / baseline,
  });
  emit({
    name: "projection",
    metric: "records stored meanwhile, followed, derived and sent",
    value: median(beside.map(({ storedPerSecond }) => storedPerSecond)),
    unit: "records/s",
  });
}

async function measure(keepsTimeSeries: boolean): Promise<Measured> {
  const data = mkdtempSync(join(process.env["TICKFORGE_BENCH_FOLDER"] ?? tmpdir(), "tickforge-bench-"));
  const settings = parseSettings({ data }, {});
  if (!settings.ok) throw new Error(settings.message);
  const opened = await openStation({
    settings: settings.value,
    instruments: fleetInstruments(SYMBOLS),
    live: true,
    keepsTimeSeries,
  });
  if (!opened.ok) throw new Error(opened.message);
  const station = opened.value;
  const walk = new FleetWalk(SYMBOLS, 4);
  await backlog(station, walk);
  const before = station.projector?.statusOf("time-series").appliedSeq ?? 0;
  const p99Millis = await openLoop(station, walk);
  const status = station.projector?.statusOf("time-series");
  const storedPerSecond = ((status?.appliedSeq ?? 0) - before) / SECONDS;
  await station.close();
  rmSync(data, { recursive: true, force: true });
  return { p99Millis, storedPerSecond };
}

/** As many ticks as the journal takes, at once. */
async function backlog({ live, journal, clock }: Station, walk: FleetWalk): Promise<void> {
  for (let i = 0; i < BACKLOG_TICKS; i++) {
    live.router.ingest(walk.next(clock.nowMicros()), clock.nowMicros());
    if (i % 512 === 0) live.engine.run();
    if (journal.pressure > PRESSURE_MAX) await journal.flush();
  }
  live.engine.run();
  await journal.flush();
}

/** Milliseconds from when ticks were due to when their actors had handled them. */
async function openLoop({ live, clock }: Station, walk: FleetWalk): Promise<number> {
  const count = TICKS_PER_SECOND * SECONDS;
  const gapMicros = 1e6 / TICKS_PER_SECOND;
  const times = new Float64Array(count);
  const startMicros = clock.nowMicros();
  for (let i = 0; i < count;) {
    const nowMicros = clock.nowMicros();
    const dueMicros = startMicros + i * gapMicros;
    if (dueMicros > nowMicros) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    live.router.ingest(walk.next(nowMicros), nowMicros);
    live.engine.run();
    times[i++] = (clock.nowMicros() - dueMicros) / 1_000;
  }
  return times.sort()[Math.floor(count * 0.99)] ?? Number.NaN;
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
