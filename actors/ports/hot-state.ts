// The hot state of a deployment: the latest tick, features and signal of every symbol, shared by its processes and gone by
// themselves when nobody renews them. A projection: what is lost is written again by the records that follow.

import type { FeatureRow, SignalRow, TickRow } from "./time-series.ts";

/** Rows by kind, in the shapes of the time series. */
export interface HotRows {
  readonly tick: TickRow;
  readonly features: FeatureRow;
  readonly signal: SignalRow;
}

export type HotKind = keyof HotRows;

/** The latest of one kind for the row's symbol. */
export type HotEntry = {
  readonly [Kind in HotKind]: { readonly kind: Kind; readonly row: HotRows[Kind] };
}[HotKind];

/** Expected failures are thrown as HotStateUnavailable: the caller reads the journal's own state, or goes without. */
export interface HotReader {
  get<Kind extends HotKind>(kind: Kind, symbol: string): Promise<HotRows[Kind] | undefined>;
  /** In the order of `symbols`; undefined for those that have none. */
  getMany<Kind extends HotKind>(
    kind: Kind,
    symbols: readonly string[],
  ): Promise<readonly (HotRows[Kind] | undefined)[]>;
}

export interface HotState extends HotReader {
  /**
   * Keeps each entry for `ttlMillis` from now, unless a newer one (by journal sequence) is held: the same batch may come
   * twice, whole or in part, and late.
   * @param cursorSeq kept after the entries are, where given: the highest journal sequence this batch covers
   */
  setMany(entries: readonly HotEntry[], options: { ttlMillis: number; cursorSeq?: number }): Promise<void>;
  /** The highest `cursorSeq` that was kept; 0 when none was, or the store came back empty. */
  cursor(): Promise<number>;
  /** Removes everything, the cursor too. */
  clear(): Promise<void>;
  ping(): Promise<void>;
}

/** The store of hot state, leases, limits or messages cannot be reached, or does not answer in time. */
export class HotStateUnavailable extends Error {
  override readonly name = "HotStateUnavailable";
}
