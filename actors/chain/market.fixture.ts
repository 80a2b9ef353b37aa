// A seeded market for tests of the whole chain: good ticks of one instrument, and the same from a second source.

import { MICROS_PER_MILLISECOND, MICROS_PER_SECOND } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import type { Instrument } from "../domain/instrument.ts";
import { TICK_SECONDARY, type Tick } from "../domain/tick.ts";

export const EURUSD: Instrument = {
  id: 3,
  symbol: "EURUSD",
  baseCurrency: "EUR",
  quoteCurrency: "USD",
  digits: 5,
  contractSize: 100_000,
  volumeStepMicros: 10_000,
  volumeMinMicros: 10_000,
  volumeMaxMicros: 100_000_000,
  spreadMaxPoints: 200,
  sessions: [{ openMinute: 0, closeMinute: 7 * 24 * 60 }],
};

export const START_MICROS = Date.UTC(2014, 4, 7, 10) * MICROS_PER_MILLISECOND;

export function tickOf(second: number, bidPoints: number, change: Partial<Tick> = {}): Tick {
  const sourceTimeMicros = START_MICROS + second * MICROS_PER_SECOND;
  return {
    kind: "tick",
    seq: second + 1,
    instrumentId: EURUSD.id,
    sourceId: 1,
    sourceSeq: second + 1,
    sourceTimeMicros,
    timeMicros: sourceTimeMicros + 1_000,
    bid: bidPoints / 1e5,
    ask: (bidPoints + 8) / 1e5,
    bidVolume: 1,
    askVolume: 1,
    flags: 0,
    ...change,
  };
}

/** The same from the second source. */
export function secondary(tick: Tick, change: Partial<Tick> = {}): Tick {
  return { ...tick, sourceId: 2, flags: TICK_SECONDARY, ...change };
}

/** A tick a second, of a walk that drifts up and down by turns of ten minutes. */
export function marketOf(seed: number, seconds: number): Tick[] {
  const random = new SeededRandom(seed);
  let bidPoints = 138_700;
  return Array.from({ length: seconds }, (_, second) => {
    const drift = Math.floor(second / 600) % 2 === 0 ? 0.3 : -0.3;
    bidPoints += Math.round(2 * random.normal() + drift);
    return tickOf(second, bidPoints);
  });
}
