// What a finite or endless source of ticks is: something one pulls from, tick by tick, in the order of source time. The
// router gives each tick its place in the journal; a source only says what the market said.

import type { Failure } from "../../actors/base/result.ts";
import type { Micros } from "../../actors/base/clock.ts";

/** One tick as a source sends it. The object may be reused by the source: the router copies what it keeps. */
export interface SourceTick {
  instrumentId: number;
  sourceId: number;
  /** Numbered from 1 per source and instrument, without holes. */
  sourceSeq: number;
  sourceTimeMicros: Micros;
  bid: number;
  ask: number;
  /** 0 when the source does not say. */
  bidVolume: number;
  askVolume: number;
  /** Bits of Tick.flags. */
  flags: number;
}

export interface SourceProgress {
  /** Ticks handed out so far. */
  readonly ticks: number;
  /** Ticks expected in all: an extrapolation until the end, Infinity for an endless source. */
  readonly ticksEstimate: number;
  /** Input consumed so far, in bytes as stored; 0 for a source that reads nothing. */
  readonly bytes: number;
  readonly bytesTotal: number;
}

export interface TickSource {
  /** One line for people: what this is and where it comes from. */
  describe(): string;
  /**
   * The next tick, or undefined at the end. At the end, {@link failure} tells a finished source from a failed one. The
   * object is valid until the next call.
   */
  next(): SourceTick | undefined;
  /** Why the source ended early; undefined while it runs and after a proper end. */
  readonly failure: Failure<string> | undefined;
  progress(): SourceProgress;
}

/** Name of the generated market; whatever shows its prices shows this word. */
export const SIMULATED_SOURCE = "SIMULATED";

/** Position is the source's number in the journal: append, never reorder. 0 is no source. */
export const SOURCE_NAMES = ["none", SIMULATED_SOURCE, "oanda", "fxcm", "http", "bars"] as const;

export type SourceName = (typeof SOURCE_NAMES)[number];

/** The number records carry for the source `name`. */
export function sourceIdOf(name: SourceName): number {
  return SOURCE_NAMES.indexOf(name);
}

/** Terminals' sources are counted from here, two an account: the terminal that trades, and one that only watches. */
const TERMINAL_SOURCES_FROM = 1_000;

/** The source of an account's terminal. */
export function terminalSourceId(accountNumber: number, options: { watches: boolean }): number {
  return TERMINAL_SOURCES_FROM + accountNumber * 2 + (options.watches ? 1 : 0);
}

/** The name behind a source id, for people; "source N" for one that this build does not know. */
export function sourceNameOf(sourceId: number): string {
  const number = (sourceId - TERMINAL_SOURCES_FROM) >> 1;
  if (number >= 1) return `mt5-${number}${(sourceId & 1) === 1 ? "-watching" : ""}`;
  return SOURCE_NAMES[sourceId] ?? `source ${sourceId}`;
}

export function emptySourceTick(): SourceTick {
  return {
    instrumentId: 0,
    sourceId: 0,
    sourceSeq: 0,
    sourceTimeMicros: 0,
    bid: Number.NaN,
    ask: Number.NaN,
    bidVolume: 0,
    askVolume: 0,
    flags: 0,
  };
}
