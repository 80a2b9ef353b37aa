// How fast a store is brought level after an outage: each store of a running system in its turn, while the others wait, from
// the moment it is let go on until it has every record of the journal.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulatedInstruments } from "../../../edge/feeds/instruments.ts";
import { SimulatedMarket } from "../../../edge/feeds/simulated-market.ts";
import { openStation, type Station } from "../../../edge/main.ts";
import { playTick } from "../../../edge/play.ts";
import { parseSettings } from "../../../edge/settings.ts";
import { ProjectionControl, type ProjectionId } from "../../../storage/projections/control.ts";
import { REDIS, startRedis } from "../../servers/redis-server.ts";
import type { Emit } from "../row.ts";

const TICKS = 300_000;
const TICKS_PER_SECOND = 20;
const START_MICROS = Date.UTC(2024, 4, 15) * 1_000;
const LOOK_MILLIS = 20;
const LEVEL_MILLIS_MAX = 120_000;

const NAMES: Partial<Record<ProjectionId, string>> = {
  "time-series": "the time series, embedded",
  streams: "redis-server's streams",
  vectors: "market states, embedded",
  graph: "the graph in a SQLite file",
};

export async function catchUps(emit: Emit): Promise<void> {
  const data = mkdtempSync(join(process.env["TICKFORGE_BENCH_FOLDER"] ?? tmpdir(), "tickforge-bench-"));
  const redis = REDIS === undefined ? undefined : await startRedis();
  const settings = parseSettings({ data }, { TICKFORGE_STREAMS_URL: redis?.url });
  if (!settings.ok) throw new Error(settings.message);
  const instruments = simulatedInstruments({ alwaysOpen: true });
  const opened = await openStation({
    settings: settings.value,
    instruments,
    live: false,
    keepsTimeSeries: true,
    onProblem: (message) => console.error(message),
  });
  if (!opened.ok) throw new Error(opened.message);
  const station = opened.value;
  const ids = station.projector?.ids ?? [];
  for (const id of ids) new ProjectionControl(data, id).paused = true;
  for (const id of ids) await until(() => station.projector?.statusOf(id).paused === true);
  const market = new SimulatedMarket({
    seed: 9,
    startMicros: START_MICROS,
    instruments,
    ticksPerSecond: TICKS_PER_SECOND,
  });
  for (let i = 0; i < TICKS; i++) {
    const tick = market.next();
    await playTick(station.live, station.journal, tick, tick.sourceTimeMicros);
  }
  await station.journal.flush();
  for (const id of ids) await catchUp(station, new ProjectionControl(data, id), emit);
  await station.close();
  await redis?.stop();
  rmSync(data, { recursive: true, force: true });
}

async function catchUp(
  { projector, journal }: Station,
  control: ProjectionControl,
  emit: Emit,
): Promise<void> {
  const { id } = control;
  const appliedSeq = (): number => projector?.statusOf(id).appliedSeq ?? 0;
  const fromSeq = appliedSeq();
  control.paused = false;
  await until(() => projector?.statusOf(id).paused === false);
  const startMillis = performance.now();
  await until(() => appliedSeq() >= journal.durableSeq);
  const seconds = (performance.now() - startMillis) / 1_000;
  control.paused = true;
  emit({
    name: "storage",
    metric: `records caught up with after an outage, ${NAMES[id] ?? id}`,
    value: (journal.durableSeq - fromSeq) / seconds,
    unit: "records/s",
  });
}

async function until(isSo: () => boolean): Promise<void> {
  const endMillis = performance.now() + LEVEL_MILLIS_MAX;
  while (!isSo()) {
    if (performance.now() > endMillis) throw new Error("a store never came level");
    await Bun.sleep(LOOK_MILLIS);
  }
}
