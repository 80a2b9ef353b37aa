// What several benches need: an engine over a given market, and a market of many symbols.

import { DEFAULT_ACCOUNT_SETTINGS, DEFAULT_PAPER_BROKER_SETTINGS } from "../../actors/account/settings.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { Engine } from "../../actors/engine.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { LiveEngine } from "../../actors/live-engine.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import type { IncomingTick } from "../../actors/router.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { simulatedInstruments } from "../../edge/feeds/instruments.ts";
import { SOURCE_NAMES } from "../../edge/feeds/source.ts";
import type { ModelShelf } from "../../storage/models/shelf.ts";
import { engineBuilder } from "../../edge/main.ts";
import { SystemClock } from "../../edge/system-clock.ts";

/** `count` instruments that trade around the clock, all with the terms of EURUSD. */
export function fleetInstruments(count: number): Instrument[] {
  const model = simulatedInstruments({ alwaysOpen: true })[0];
  if (model === undefined) throw new Error("the simulated market has no instruments");
  return Array.from({ length: count }, (_, id) => ({
    ...model,
    id,
    symbol: `SYM${String(id).padStart(3, "0")}`,
  }));
}

export function benchConfig(instruments: readonly Instrument[]): EngineConfig {
  return {
    instruments,
    sources: SOURCE_NAMES,
    preset: "rules",
    account: DEFAULT_ACCOUNT_SETTINGS,
    broker: DEFAULT_PAPER_BROKER_SETTINGS,
    seed: 1,
  };
}

export interface BenchEngine {
  readonly engine: Engine;
  readonly live: LiveEngine;
  readonly clock: SystemClock;
}

export function benchEngine(
  instruments: readonly Instrument[],
  journal: Journal,
  options: { live: boolean; models?: ModelShelf; config?: Partial<EngineConfig>; clock?: SystemClock },
): BenchEngine {
  const clock = options.clock ?? new SystemClock();
  const live = new LiveEngine({
    build: engineBuilder({
      scheduler: clock,
      stopwatch: clock.stopwatch,
      live: options.live,
      asksMembers: true,
      ...(options.models === undefined ? {} : { models: options.models }),
    }),
    config: { ...benchConfig(instruments), ...options.config },
    journal,
    scheduler: clock,
  });
  live.begin(1, 0);
  return { engine: live.engine, live, clock };
}

/** Random walks of all symbols, round and round: `next()` is the next tick of the next symbol, with its number. */
export class FleetWalk {
  readonly #random: SeededRandom;
  readonly #mids: Float64Array;
  readonly #seqs: Float64Array;
  readonly #tick: { -readonly [Key in keyof IncomingTick]: IncomingTick[Key] };
  #turn = 0;

  constructor(count: number, seed: number) {
    this.#random = new SeededRandom(seed);
    this.#mids = new Float64Array(count).fill(108_600);
    this.#seqs = new Float64Array(count);
    this.#tick = {
      instrumentId: 0,
      sourceId: 1,
      sourceSeq: 0,
      sourceTimeMicros: 0,
      bid: 0,
      ask: 0,
      bidVolume: 1,
      askVolume: 1,
      flags: 0,
    };
  }

  /** The object is reused. */
  next(timeMicros: number): IncomingTick {
    const id = this.#turn;
    this.#turn = (this.#turn + 1) % this.#mids.length;
    const mid = (this.#mids[id] as number) + Math.round(2 * this.#random.normal());
    this.#mids[id] = mid;
    const tick = this.#tick;
    tick.instrumentId = id;
    tick.sourceSeq = (this.#seqs[id] as number) + 1;
    this.#seqs[id] = tick.sourceSeq;
    // Times between Poisson arrivals have fractions; those of a source are whole.
    tick.sourceTimeMicros = Math.floor(timeMicros);
    tick.bid = (mid - 4) / 100_000;
    tick.ask = (mid + 4) / 100_000;
    return tick;
  }
}
