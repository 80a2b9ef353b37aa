// What a running station needs done every so often, whoever feeds it: beats, the ledger, old segments.

import { type Cancel, MICROS_PER_HOUR, MICROS_PER_MINUTE } from "../actors/base/clock.ts";
import { BEAT_MICROS } from "../actors/limits.ts";
import { latencyRows } from "./live/latency.ts";
import type { WideKill } from "./ingest/wide-kill.ts";
import type { Station } from "./main.ts";

/** How often old journal segments are looked for. */
const HOUSEKEEP_MICROS = MICROS_PER_HOUR;
/** How often latencies are written to the time series. */
const LATENCY_MICROS = MICROS_PER_MINUTE;
/** How often the ledger is brought up to date. */
const PROJECT_MICROS = 1_000_000;
/** How often it is looked whether other models are to vote. */
const MODELS_MICROS = 2_000_000;
/** How often it is looked whether other processes have tripped or lifted a kill switch that reaches this account. */
const WIDE_KILL_MICROS = 1_000_000;
/** How often it is looked whether members were switched off. */
const GATE_MICROS = 5_000_000;

export class Upkeep {
  readonly #station: Station;
  readonly #stops: Cancel[] = [];
  #projected: Promise<unknown> = Promise.resolve();
  #refreshed: Promise<void> = Promise.resolve();
  #looked: Promise<unknown> = Promise.resolve();
  #measured: Promise<void> = Promise.resolve();
  #housekept: Promise<void> = Promise.resolve();

  /**
   * @param options.beats time passes by the wall's clock; otherwise ticks bring their own time along
   * @param options.wideKill left out, kill switches of other processes are not heard of
   */
  constructor(station: Station, options: { beats: boolean; wideKill?: WideKill }) {
    this.#station = station;
    const { clock, live } = station;
    if (options.beats) this.#every(BEAT_MICROS, () => live.beatIfDue(clock.nowMicros()));
    this.#every(PROJECT_MICROS, () => {
      this.#projected = this.#projected.then(() => this.#project());
    });
    this.#every(MODELS_MICROS, () => {
      this.#refreshed = this.#refreshed.then(() => station.refreshModels());
    });
    const { wideKill } = options;
    if (wideKill !== undefined) {
      this.#every(WIDE_KILL_MICROS, () => {
        this.#looked = wideKill.look();
      });
    }
    this.#every(GATE_MICROS, () => station.gate.look(live.engine));
    this.#every(LATENCY_MICROS, () => {
      this.#measured = this.#storeLatency();
    });
    this.#every(HOUSEKEEP_MICROS, () => {
      this.#housekept = station.housekeep();
    });
  }

  async stop(): Promise<void> {
    for (const cancel of this.#stops) cancel();
    await this.#projected;
    await this.#refreshed;
    await this.#looked;
    await this.#housekept;
    await this.#measured;
  }

  /** In small portions, with room for ticks between them. */
  async #project(): Promise<void> {
    const { projection } = this.#station;
    while ((await projection.advance()) === "behind") {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** What every stage took since the process began. A minute that cannot be stored is missing, and that is all. */
  async #storeLatency(): Promise<void> {
    const { timeSeries, live, clock } = this.#station;
    const timeMicros = clock.nowMicros();
    const rows = latencyRows(live.engine, timeMicros);
    await timeSeries?.insert("latency", rows, `latency:${timeMicros}`).catch(() => undefined);
  }

  #every(intervalMicros: number, task: () => void): void {
    const { clock } = this.#station;
    const slot = this.#stops.length;
    const again = (): void => {
      this.#stops[slot] = clock.after(intervalMicros, () => {
        task();
        again();
      });
    };
    again();
  }
}
