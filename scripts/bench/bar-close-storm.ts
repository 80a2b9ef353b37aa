// What a tick waits for when the minute of every symbol ends: ticks come in at their times, on this thread, while
// the actor system takes its own turns, as it does live.

import { SeededRandom } from "../../actors/base/random.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { SystemClock } from "../../edge/system-clock.ts";
import { type BenchEngine, benchEngine, fleetInstruments, FleetWalk } from "./fleet.ts";
import { type Emit, median } from "./row.ts";

const SYMBOLS = 100;
const TICKS_PER_SECOND = 5_000;
const STORMS = 20;
const WARM_MINUTES = 140;
const MINUTE_MICROS = 60_000_000;
/** What is looked at of each minute: before it closes, and as long after. */
const SPAN_MICROS = 100_000;

interface Storm {
  /** From the beat that closed the minutes to the last symbol's decision on it. */
  readonly drainMicros: number;
  /** The longest time from a tick's scheduled arrival to its decision, of those due after the minute's end. */
  readonly waitMicrosMax: number;
  /** The same of those before. */
  readonly calmMicrosMax: number;
}

/** A tick that has not been decided on. */
interface Awaited {
  readonly id: number;
  /** The symbol's count of decisions on ticks once it has been. */
  readonly decisions: number;
  readonly dueMicros: number;
}

export async function barCloseStorm(
  emit: Emit,
  name: string,
  options: Pick<Parameters<typeof benchEngine>[2], "models" | "config">,
): Promise<void> {
  // A clock that can be put forward: nobody waits for the minutes between.
  let aheadMillis = 0;
  const clock = new SystemClock({
    monotonicMilliseconds: () => performance.now() + aheadMillis,
    wallMilliseconds: () => performance.timeOrigin + performance.now() + aheadMillis,
    startTimer: (milliseconds, task) => {
      const timer = setTimeout(task, milliseconds);
      return () => {
        clearTimeout(timer);
      };
    },
    soon: (task) => {
      setImmediate(task);
    },
  });
  const bench = benchEngine(fleetInstruments(SYMBOLS), new MemoryJournal({ keep: false }), {
    ...options,
    clock,
    live: true,
  });
  const walk = new FleetWalk(SYMBOLS, 9);
  const startMicros = clock.nowMicros();
  for (let back = WARM_MINUTES * 4; back > 0; back--) {
    const micros = startMicros - (back * MINUTE_MICROS) / 4;
    for (let i = 0; i < SYMBOLS; i++) bench.live.step(walk.next(micros), micros);
  }
  const random = new SeededRandom(12);
  const storms: Storm[] = [];
  for (let storm = 0; storm < STORMS; storm++) {
    const nowMicros = clock.nowMicros();
    const closeMicros = (Math.floor(nowMicros / MINUTE_MICROS) + 1) * MINUTE_MICROS;
    // Everybody has a quote in the minute that closes.
    for (let i = 0; i < SYMBOLS; i++) bench.live.step(walk.next(nowMicros), nowMicros);
    aheadMillis += (closeMicros - SPAN_MICROS - nowMicros) / 1_000;
    storms.push(await oneStorm(bench, walk, random, closeMicros));
  }
  report(emit, name, storms);
}

/** Ticks at their times, each followed by a turn of the loop, in which the system drains as it does behind a socket. */
async function oneStorm(
  { engine, live, clock }: BenchEngine,
  walk: FleetWalk,
  random: SeededRandom,
  closeMicros: number,
): Promise<Storm> {
  const symbols = Array.from({ length: SYMBOLS }, (_, id) => new Watched(engine, id, closeMicros));
  const awaited: Awaited[] = [];
  let beatMicros = Number.NaN;
  let drainMicros = Number.NaN;
  let waitMicrosMax = 0;
  let calmMicrosMax = 0;
  let dueMicros = clock.nowMicros();
  for (;;) {
    const nowMicros = clock.nowMicros();
    if (nowMicros >= closeMicros + SPAN_MICROS && awaited.length === 0 && !Number.isNaN(drainMicros)) break;
    if (Number.isNaN(beatMicros) && nowMicros >= closeMicros) {
      beatMicros = nowMicros;
      live.beatIfDue(nowMicros);
    }
    while (dueMicros <= nowMicros && dueMicros < closeMicros + SPAN_MICROS) {
      const tick = walk.next(dueMicros);
      live.router.ingest(tick, nowMicros);
      const id = tick.instrumentId;
      awaited.push({ id, decisions: (symbols[id] as Watched).asked(), dueMicros });
      // Poisson arrivals: exponential times between ticks.
      dueMicros += (-Math.log(1 - random.next()) * 1_000_000) / TICKS_PER_SECOND;
    }
    // With nothing to do there is no turn: what would be measured later is the collection of its promises.
    if (awaited.length > 0 || Number.isNaN(beatMicros) !== Number.isNaN(drainMicros)) await loopTurn();
    const doneMicros = clock.nowMicros();
    if (
      !Number.isNaN(beatMicros) &&
      Number.isNaN(drainMicros) &&
      engine.nextToClose(0, closeMicros) === undefined &&
      engine.nextToAsk(0) === undefined
    )
      drainMicros = doneMicros - beatMicros;
    for (let at = awaited.length - 1; at >= 0; at--) {
      const { id, decisions, dueMicros: since } = awaited[at] as Awaited;
      if ((symbols[id] as Watched).decided < decisions) continue;
      awaited.splice(at, 1);
      if (since >= closeMicros) waitMicrosMax = Math.max(waitMicrosMax, doneMicros - since);
      else calmMicrosMax = Math.max(calmMicrosMax, doneMicros - since);
    }
  }
  return { drainMicros, waitMicrosMax, calmMicrosMax };
}

async function loopTurn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

/** Tells a symbol's decisions on ticks from the one on the minute that closes. */
class Watched {
  readonly #engine: BenchEngine["engine"];
  readonly #id: number;
  readonly #closeMicros: number;
  readonly #before: number;
  #asked = 0;

  constructor(engine: BenchEngine["engine"], id: number, closeMicros: number) {
    this.#engine = engine;
    this.#id = id;
    this.#closeMicros = closeMicros;
    this.#before = this.#decisions;
  }

  /** Another tick came; returns how many have come. */
  asked(): number {
    return ++this.#asked;
  }

  /** Ticks decided on. */
  get decided(): number {
    const symbol = this.#engine.symbol(this.#id);
    const isMinuteDone = symbol?.waitsForTurn === false && symbol.minuteDueMicros > this.#closeMicros;
    return this.#decisions - this.#before - (isMinuteDone ? 1 : 0);
  }

  get #decisions(): number {
    return this.#engine.symbol(this.#id)?.counts.decisions ?? 0;
  }
}

function report(emit: Emit, name: string, storms: readonly Storm[]): void {
  const drained = median(storms.map(({ drainMicros }) => drainMicros)) / 1_000;
  const common = { name: "chain", unit: "ms" };
  emit({
    ...common,
    metric: `${name}: the minutes of 100 symbols close at once, until all are decided on, median of ${STORMS}`,
    value: drained,
    bar: "<= 50 ms",
    met: drained <= 50,
  });
  const waits = storms.map(({ waitMicrosMax }) => waitMicrosMax / 1_000);
  const calm = storms.map(({ calmMicrosMax }) => calmMicrosMax / 1_000);
  for (const [which, value, baseline] of [
    ["median", median(waits), median(calm)],
    ["worst", Math.max(...waits), Math.max(...calm)],
  ] as const) {
    emit({
      ...common,
      metric: `${name}: the longest that a tick waited meanwhile, ${which} of ${STORMS} (baseline: in as long before)`,
      value,
      baseline,
      ratio: value / baseline,
      bar: "<= 5 ms",
      met: value <= 5,
    });
  }
}
