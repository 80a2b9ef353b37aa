// Why a tick was not used. Codes are stable: they are journaled, counted and shown.

import type { Micros } from "../base/clock.ts";

/** Position in this table is the code's number in the journal: append, never reorder. */
export const QUARANTINE_CODES = [
  "unknown-symbol",
  "not-a-number",
  "infinite-price",
  "zero-price",
  "negative-price",
  "crossed-quote",
  "zero-spread",
  "wide-spread",
  "off-grid-price",
  "price-out-of-range",
  "negative-volume",
  "not-a-number-volume",
  "bad-timestamp",
  "stale",
  "future",
  "out-of-order",
  "duplicate",
  "spike",
  "market-closed",
  "cross-source",
  "bad-source-seq",
] as const;

export type QuarantineCode = (typeof QUARANTINE_CODES)[number];

export interface Quarantined {
  readonly kind: "quarantined";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly instrumentId: number;
  readonly sourceId: number;
  /** Journal sequence of the tick, which stays in the journal as it came. */
  readonly causeSeq: number;
  readonly code: QuarantineCode;
}
