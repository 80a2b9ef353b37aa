// A source played into a running engine: in real time, history first as backfill so that indicators are warm within seconds;
// or a recorded one at any speed, on its own clock.

import type { Micros } from "../actors/base/clock.ts";
import { TICK_BACKFILL } from "../actors/domain/tick.ts";
import { INGEST_BUSY } from "../actors/router.ts";
import { Pacer } from "./feeds/pacer.ts";
import type { TickSource } from "./feeds/source.ts";
import type { Station } from "./main.ts";
import { playTick, settleDurably } from "./play.ts";

/** Ticks between two looks at the journal and at everybody else. */
const TURN_TICKS = 4_096;
/** A recorded market played as fast as it goes lets others in more often: pages are looking. */
const RECORDED_TURN_TICKS = 512;
/** Above this share of the journal's buffer sources wait. */
const PRESSURE_MAX = 0.5;

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
    if (++ticks % TURN_TICKS === 0 && journal.pressure > PRESSURE_MAX) await journal.flush();
  }
  return ticks;
}

/** Feeds a station until it is stopped. */
export interface RunningMarket {
  /** Takes no more ticks and lets what was begun end. */
  stop(): Promise<void>;
}

/** Plays `source` from `fromMicros` of its time, now, at the pace of its own clock. */
export function playLive(
  station: Station,
  source: TickSource,
  options: { fromMicros: Micros; onEnd: () => void },
): RunningMarket {
  const { clock, live, journal } = station;
  const pacer = new Pacer({
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
  return {
    stop: async () => {
      pacer.stop();
      await Promise.resolve();
    },
  };
}

/** Plays `source` on its own clock, `speed` times as fast; Infinity without pause. Ticks taken before are passed over. */
export function playRecorded(
  station: Station,
  source: TickSource,
  options: { speed: number; onEnd: () => void },
): RunningMarket {
  const stopping = new AbortController();
  let wake: (() => void) | undefined;
  const { clock, live, journal } = station;
  const run = async (): Promise<void> => {
    const startMicros = clock.nowMicros();
    let firstMicros: Micros | undefined;
    let turn = 0;
    for (let tick = source.next(); tick !== undefined && !stopping.signal.aborted; tick = source.next()) {
      firstMicros ??= tick.sourceTimeMicros;
      const dueMicros = startMicros + (tick.sourceTimeMicros - firstMicros) / options.speed;
      const waitMicros = dueMicros - clock.nowMicros();
      if (waitMicros > 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          clock.after(waitMicros, resolve);
        });
        if (stopping.signal.aborted) break;
      }
      const taken = await playTick(live, journal, tick, tick.sourceTimeMicros);
      if (taken === INGEST_BUSY) break;
      if (++turn % RECORDED_TURN_TICKS !== 0) continue;
      if (journal.pressure > PRESSURE_MAX) await journal.flush();
      else await Bun.sleep(0);
    }
    await settleDurably(live, journal);
    if (!stopping.signal.aborted) options.onEnd();
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      wake?.();
      await running;
    },
  };
}
