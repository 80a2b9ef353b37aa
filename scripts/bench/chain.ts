// From tick to decision, with the rule members alone and with the models that ship: 100 symbols, 5,000 ticks a second, open loop - a
// tick's latency counts from when it was scheduled to arrive, so a stall is paid for by everyone who waited. Then a compressed
// payrolls minute, then how many decisions one core can make, and what it costs when the bars of all symbols close at once.

import { LatencyHistogram } from "../../actors/base/histogram.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { RECALIBRATION_DEFAULTS } from "../../actors/chain/recalibration/settings.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { barCloseStorm } from "./bar-close-storm.ts";
import { type BenchEngine, benchEngine, fleetInstruments, FleetWalk } from "./fleet.ts";
import { ModelShelf } from "../../storage/models/shelf.ts";
import type { Emit } from "./row.ts";
import { withShippedModels } from "./shipped-models.ts";

const SYMBOLS = 100;
const TICKS_PER_SECOND = 5_000;
const RUN_SECONDS = 10;
/** How often timers and sockets get their turn; a turn at every idle moment would measure the collection of its promises. */
const TURN_MICROS = 1_000;
const BURST_TICKS_PER_SECOND = 20_000;
const BURST_SECONDS = 3;
const WARM_MINUTES = 140;
const CAPACITY_TICKS = 400_000;

/** Who is asked: the rule members alone, or the models that ship beside them. */
interface Members {
  readonly name: string;
  readonly options: Pick<Parameters<typeof benchEngine>[2], "models" | "config">;
}

export async function bench(emit: Emit): Promise<void> {
  const rules: Members = { name: "rule members", options: {} };
  await latencies(emit, rules);
  decisionsPerSecond(emit, rules);
  await withShippedModels(async (folder) => {
    const models = new ModelShelf({ folder, onProblem: (message) => console.error(message) });
    const chosen = await models.choose(
      fleetInstruments(SYMBOLS).map(({ symbol }) => symbol),
      Date.now() * 1_000,
    );
    const ensemble: Members = {
      name: `shipped ensemble (${chosen.length} models a symbol)`,
      options: {
        models,
        config: { preset: "ensemble", models: chosen, recalibration: RECALIBRATION_DEFAULTS },
      },
    };
    await latencies(emit, ensemble);
    decisionsPerSecond(emit, ensemble);
    await barCloseStorm(emit, ensemble.name, ensemble.options);
  });
}

async function latencies(emit: Emit, { name, options }: Members): Promise<void> {
  const { engine, live, clock } = benchEngine(fleetInstruments(SYMBOLS), new MemoryJournal({ keep: false }), {
    ...options,
    live: true,
  });
  const walk = new FleetWalk(SYMBOLS, 7);
  warm(live, walk, clock.nowMicros());
  const take = (dueMicros: number, nowMicros: number): void => {
    live.router.ingest(walk.next(dueMicros), nowMicros);
    engine.run();
  };
  const beat = (nowMicros: number): void => {
    live.beatIfDue(nowMicros);
    engine.run();
  };
  const steadyLoad = { ticksPerSecond: TICKS_PER_SECOND, seconds: RUN_SECONDS };
  const burstLoad = { ticksPerSecond: BURST_TICKS_PER_SECOND, seconds: BURST_SECONDS };
  const bare = await openLoop(clock, steadyLoad, { take: () => undefined, beat: () => undefined });
  const steady = await openLoop(clock, steadyLoad, { take, beat });
  row(emit, `${name}, at 5,000 ticks/s`, { latency: steady, bare, bars: { p50: 300, p99: 1_000 } });
  const bareBurst = await openLoop(clock, burstLoad, { take: () => undefined, beat: () => undefined });
  const burst = await openLoop(clock, burstLoad, { take, beat });
  row(emit, `${name}, in a burst of 20,000 ticks/s`, { latency: burst, bare: bareBurst });
  emit({
    name: "chain",
    metric: `${name}: inferences skipped in the burst`,
    value: live.router.counts.skippedInference,
    unit: "ticks",
  });
}

function decisionsPerSecond(emit: Emit, { name, options }: Members): void {
  const perSecond = capacity(options);
  emit({
    name: "chain",
    metric: `${name}: decisions per second, one core, 100 symbols`,
    value: perSecond,
    unit: "1/s",
    bar: ">= 12,000",
    met: perSecond >= 12_000,
  });
}

/** History enough to warm every indicator, one tick a symbol and quarter minute. */
function warm(live: BenchEngine["live"], walk: FleetWalk, untilMicros: number): void {
  const step = 15_000_000;
  for (let micros = untilMicros - WARM_MINUTES * 60_000_000; micros < untilMicros; micros += step) {
    for (let i = 0; i < SYMBOLS; i++) live.step(walk.next(micros), micros);
  }
}

/** The same arrivals whatever is done with them: with nothing to do it shows what the machine itself costs. */
async function openLoop(
  clock: BenchEngine["clock"],
  load: { ticksPerSecond: number; seconds: number },
  work: { take: (dueMicros: number, nowMicros: number) => void; beat: (nowMicros: number) => void },
): Promise<LatencyHistogram> {
  const latency = new LatencyHistogram();
  const random = new SeededRandom(11);
  const ticks = load.ticksPerSecond * load.seconds;
  let dueMicros = clock.nowMicros();
  let beatMicros = dueMicros;
  let turnMicros = dueMicros;
  for (let done = 0; done < ticks;) {
    const nowMicros = clock.nowMicros();
    if (nowMicros - turnMicros >= TURN_MICROS) {
      turnMicros = nowMicros;
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
    if (dueMicros > nowMicros) continue;
    work.take(dueMicros, nowMicros);
    latency.record(clock.nowMicros() - dueMicros);
    done++;
    // Poisson arrivals: exponential times between ticks.
    dueMicros += (-Math.log(1 - random.next()) * 1_000_000) / load.ticksPerSecond;
    if (nowMicros - beatMicros >= 100_000) {
      beatMicros = nowMicros;
      work.beat(nowMicros);
    }
  }
  return latency;
}

function row(
  emit: Emit,
  when: string,
  measured: { latency: LatencyHistogram; bare: LatencyHistogram; bars?: { p50: number; p99: number } },
): void {
  for (const [name, quantile] of [
    ["p50", 0.5],
    ["p99", 0.99],
  ] as const) {
    const value = measured.latency.quantileMicros(quantile);
    const baseline = measured.bare.quantileMicros(quantile);
    const limit = measured.bars?.[name];
    emit({
      name: "chain",
      metric: `${when}: tick to decision ${name} (baseline: the same arrivals, nothing done)`,
      value,
      unit: "us",
      baseline,
      ...(baseline > 0 ? { ratio: value / baseline } : {}),
      ...(limit === undefined ? {} : { bar: `<= ${limit} us`, met: value <= limit }),
    });
  }
}

function capacity(options: Members["options"]): number {
  const { engine, live } = benchEngine(fleetInstruments(SYMBOLS), new MemoryJournal({ keep: false }), {
    ...options,
    live: false,
  });
  const walk = new FleetWalk(SYMBOLS, 8);
  let micros = 1_400_000_000_000_000;
  warm(live, walk, micros);
  const before = decisionsOf(engine);
  const startMillis = performance.now();
  for (let i = 0; i < CAPACITY_TICKS; i++) {
    micros += 200;
    live.step(walk.next(micros), micros);
  }
  const seconds = (performance.now() - startMillis) / 1_000;
  return (decisionsOf(engine) - before) / seconds;
}

function decisionsOf(engine: BenchEngine["engine"]): number {
  let decisions = 0;
  for (let id = 0; id < SYMBOLS; id++) decisions += engine.symbol(id)?.counts.decisions ?? 0;
  return decisions;
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
