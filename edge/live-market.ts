// A source played into a running engine in real time: history first, as backfill, so that indicators are warm within
// seconds; then every tick when it is due, and beats while nothing comes.

import { type Cancel, MICROS_PER_HOUR, type Micros } from "../actors/base/clock.ts";
import { TICK_BACKFILL } from "../actors/domain/tick.ts";
import { BEAT_MICROS } from "../actors/limits.ts";
import { INGEST_BUSY } from "../actors/router.ts";
import { Pacer } from "./feeds/pacer.ts";
import type { TickSource } from "./feeds/source.ts";
import type { Station } from "./main.ts";
import { playTick } from "./play.ts";

/** History ticks between two looks at the journal. */
const WARM_TURN_TICKS = 4_096;
/** Above this share of the journal's buffer sources wait. */
const PRESSURE_MAX = 0.5;
/** How often old journal segments are looked for. */
const HOUSEKEEP_MICROS = MICROS_PER_HOUR;
/** How often the ledger is brought up to date. */
const PROJECT_MICROS = 1_000_000;

/** Takes every tick before `untilMicros` in as backfill: it moves bars and features and opens nothing. */
export async function warmUp(station: Station, source: TickSource, untilMicros: Micros): Promise<number> {
  const { live, journal, clock } = station;
  let ticks = 0;
  for (let tick = source.next(); tick !== undefined; tick = source.next()) {
    const isHistory = tick.sourceTimeMicros < untilMicros;
    // Sources reuse their tick and set its flags once: they are put back as they were.
    const { flags } = tick;
    if (isHistory) tick.flags |= TICK_BACKFILL;
    await playTick(live, journal, tick, clock.nowMicros());
    tick.flags = flags;
    if (!isHistory || live.router.detached) break;
    if (++ticks % WARM_TURN_TICKS === 0 && journal.pressure > PRESSURE_MAX) await journal.flush();
  }
  return ticks;
}

export class LiveMarket {
  readonly #station: Station;
  readonly #pacer: Pacer;
  readonly #stops: Cancel[] = [];
  #projected: Promise<unknown> = Promise.resolve();
  #housekept: Promise<void> = Promise.resolve();

  /** Starts playing `source` from `fromMicros` of its time, now. */
  constructor(station: Station, source: TickSource, options: { fromMicros: Micros; onEnd: () => void }) {
    this.#station = station;
    const { clock, live, journal } = station;
    this.#pacer = new Pacer({
      source,
      scheduler: clock,
      speed: 1,
      fromMicros: options.fromMicros,
      take: (tick) => {
        if (journal.pressure > PRESSURE_MAX) return false;
        return live.router.ingest(tick, clock.nowMicros()) !== INGEST_BUSY;
      },
      onEnd: options.onEnd,
    });
    this.#every(BEAT_MICROS, () => live.beatIfDue(clock.nowMicros()));
    this.#every(PROJECT_MICROS, () => {
      this.#projected = station.projection.advance();
    });
    this.#every(HOUSEKEEP_MICROS, () => {
      this.#housekept = station.housekeep();
    });
  }

  /** Takes no more ticks and lets what was begun end. */
  async stop(): Promise<void> {
    this.#pacer.stop();
    for (const cancel of this.#stops) cancel();
    await this.#projected;
    await this.#housekept;
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
