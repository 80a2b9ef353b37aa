// Market states as vectors: what a symbol's market looked like at a moment, and what followed. A projection of the journal
// that answers which moments of the past were most like this one.

import { MICROS_PER_MINUTE, type Micros } from "../base/clock.ts";
import type { Regime } from "../domain/regime.ts";
import type { MinuteRows } from "./forecaster.ts";

/** How long after a state its outcomes are taken. */
export const OUTCOME_HORIZONS_MICROS = [
  5 * MICROS_PER_MINUTE,
  15 * MICROS_PER_MINUTE,
  60 * MICROS_PER_MINUTE,
] as const;

/** How late the price of an outcome may be: where the market was silent for longer, there is none. */
export const OUTCOME_TOLERANCE_MICROS: number = 5 * MICROS_PER_MINUTE;

/** When everything that a state will tell is known. */
export const SETTLED_AFTER_MICROS: number = Math.max(...OUTCOME_HORIZONS_MICROS) + OUTCOME_TOLERANCE_MICROS;

/** Known by its embedding, symbol and time: the same state again replaces what was stored of it. */
export interface MarketState {
  /** Which embedding made the vector; vectors of different ones are never compared. */
  readonly embedding: string;
  readonly symbol: string;
  readonly timeMicros: Micros;
  /** Journal sequence of the record at which it was taken. */
  readonly seq: number;
  readonly regime: Regime;
  /** Price at the time, mid. */
  readonly mid: number;
  /**
   * By horizon, log return of the mid in basis points; null while it is not known, and for good where the market was
   * closed when it was due.
   */
  readonly outcomes: readonly (number | null)[];
  /** No outcome will be added. */
  readonly settled: boolean;
}

/** What a trained model makes of the same market: its last layer but one. */
export interface ModelEmbedding {
  /** Which version of which model, with its SHA-256; what two of them make is never compared. */
  readonly model: string;
  /** Of length 1. */
  readonly vector: readonly number[];
}

export interface MarketVector extends MarketState {
  /** Of length 1. */
  readonly vector: readonly number[];
  /** Left out where no model was asked, or it had nothing to say. */
  readonly modelEmbedding?: ModelEmbedding;
}

/** Asks a trained model what it makes of a market. */
export interface StateEmbedder {
  /** Looks which models are to be asked now, no more often than it matters, and opens them. Throws nothing. */
  refresh(): Promise<void>;
  /** Undefined where there is no model for the symbol, or it has nothing to say of these minutes. */
  embed(symbol: string, minutes: MinuteRows): ModelEmbedding | undefined;
}

export interface NearestQuery {
  readonly embedding: string;
  readonly vector: readonly number[];
  /** The model that made `vector`: only states that have one of the same are searched, by it. Left out, the states' own vectors are. */
  readonly model?: string;
  /** Only states whose every outcome was known by then: nothing of the future of the one who asks. */
  readonly asOfMicros: Micros;
  /** Left out, all symbols are searched. */
  readonly symbol?: string;
  readonly limit: number;
}

export interface Neighbour {
  readonly state: MarketState;
  /** 1 - cosine: 0 for the same direction, 2 for the opposite one. */
  readonly distance: number;
}

/** Expected failures are thrown as VectorsUnavailable. */
export interface Vectors {
  /** Makes what is missing; safe to call again. */
  prepare(): Promise<void>;
  upsert(states: readonly MarketVector[]): Promise<void>;
  /** Notes that everything up to `seq` was stored. */
  commit(seq: number): Promise<void>;
  /** What was committed last; 0 in a new store. */
  cursor(): Promise<number>;
  /** Removes states that were taken at or after record `seq`. */
  forget(seq: number): Promise<void>;
  /** States that still wait for outcomes. */
  unsettled(embedding: string): Promise<MarketVector[]>;
  /** A symbol's newest state at or before a time. */
  latest(embedding: string, symbol: string, atMicros: Micros): Promise<MarketVector | undefined>;
  /** Nearest first. */
  nearest(query: NearestQuery): Promise<Neighbour[]>;
  count(): Promise<number>;
  close(): Promise<void>;
}

/** The store cannot be reached, or does not answer in time. */
export class VectorsUnavailable extends Error {
  override readonly name = "VectorsUnavailable";
}
