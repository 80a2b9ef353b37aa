// History through the actors of live trading, for what they make of it: the one implementation of every feature. Nobody votes,
// so nothing is traded and nothing waits for a disk.

import { BAR_INTERVALS, type Bar } from "../actors/domain/bar.ts";
import { MICROS_PER_MINUTE, type Micros, VirtualClock } from "../actors/base/clock.ts";
import { DEFAULT_ACCOUNT_SETTINGS, DEFAULT_PAPER_BROKER_SETTINGS } from "../actors/account/settings.ts";
import { type Instrument, pointsPerUnit } from "../actors/domain/instrument.ts";
import type { Quote } from "../actors/domain/quote.ts";
import { LiveEngine } from "../actors/live-engine.ts";
import type { SourceTick } from "../edge/feeds/source.ts";
import { SOURCE_NAMES } from "../edge/feeds/source.ts";
import { engineBuilder } from "../edge/main.ts";
import { MemoryJournal } from "../storage/memory/memory-journal.ts";

const MINUTE = BAR_INTERVALS.indexOf("1m");

export const CADENCES = ["tick", "minute"] as const;
export type Cadence = (typeof CADENCES)[number];

export interface FeatureRunOptions {
  readonly instruments: readonly Instrument[];
  /** Which of the two listeners are told: one of them, or both. */
  readonly cadence: Cadence | "both";
  /** Closed minutes of each symbol that whoever listens reads in its panel. */
  readonly minutesKept?: number;
  /** Every bar as it closes; not with the cadence `tick`. */
  readonly onBar?: (bar: Bar, interval: number, live: LiveEngine) => void;
  /** @param features in the order of FEATURE_NAMES, valid during the call only */
  readonly onTick?: (instrument: Instrument, quote: Quote, features: Float64Array) => void;
  readonly onMinute?: (
    instrument: Instrument,
    minute: { closeMicros: Micros; bar: Bar; pointsPerUnit: number },
    features: Float64Array,
  ) => void;
}

export class FeatureRun {
  readonly #options: FeatureRunOptions;
  readonly #live: LiveEngine;
  #begun = false;

  constructor(options: FeatureRunOptions) {
    this.#options = options;
    const { instruments, cadence, minutesKept = 0 } = options;
    const clock = new VirtualClock(0);
    this.#live = new LiveEngine({
      build: engineBuilder({
        scheduler: clock,
        stopwatch: clock,
        live: false,
        asksMembers: false,
        minutesKept,
        ...(cadence === "tick" ? {} : { onBar: (bar, interval) => this.#closed(bar, interval) }),
      }),
      config: {
        instruments,
        sources: SOURCE_NAMES,
        preset: "rules",
        account: DEFAULT_ACCOUNT_SETTINGS,
        broker: DEFAULT_PAPER_BROKER_SETTINGS,
        seed: 1,
      },
      journal: new MemoryJournal({ keep: false }),
      scheduler: clock,
    });
  }

  take(tick: SourceTick): void {
    const { instruments, cadence, onTick } = this.#options;
    if (!this.#begun) this.#live.begin(1, tick.sourceTimeMicros);
    this.#begun = true;
    const seq = this.#live.step(tick, tick.sourceTimeMicros);
    if (cadence === "minute" || seq <= 0) return;
    const instrument = instruments[tick.instrumentId];
    const chain = this.#live.engine.symbol(tick.instrumentId)?.chain;
    // What was quarantined, or is a second source's, moved nothing.
    if (instrument === undefined || chain?.quote.seq !== seq) return;
    onTick?.(instrument, chain.quote, chain.features.vector);
  }

  #closed(bar: Bar, interval: number): void {
    this.#options.onBar?.(bar, interval, this.#live);
    if (interval !== MINUTE) return;
    const instrument = this.#options.instruments[bar.instrumentId];
    const features = this.#live.engine.symbol(bar.instrumentId)?.chain.features.vector;
    if (instrument === undefined || features === undefined) return;
    const closeMicros = bar.openTimeMicros + MICROS_PER_MINUTE;
    this.#options.onMinute?.(
      instrument,
      { closeMicros, bar, pointsPerUnit: pointsPerUnit(instrument) },
      features,
    );
  }
}
