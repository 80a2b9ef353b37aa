// The store of what happened over time: ticks, bars, features, predictions, signals, orders, fills, equity, latencies and
// data quality. A projection of the journal (and of imported vendor history): it can be thrown away and built again.

import type { Micros } from "../base/clock.ts";
import type { BarSize } from "../domain/bar.ts";

export interface TickRow {
  /** Journal sequence; 0 for imported history, which is no decision's input. */
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly sourceTimeMicros: Micros;
  readonly symbol: string;
  readonly source: string;
  readonly sourceSeq: number;
  /** Prices, not points. */
  readonly bid: number;
  readonly ask: number;
  readonly bidVolume: number;
  readonly askVolume: number;
  readonly flags: number;
}

/** OHLC of the mid, except for vendor bars that only know the bid: their source's name says so. */
export interface BarRow {
  /** Journal sequence of the record that closed it; 0 for imported history. */
  readonly seq: number;
  readonly symbol: string;
  readonly source: string;
  /** Stored ones are of the sizes actors build; others are put together on request. */
  readonly interval: BarSize;
  readonly openTimeMicros: Micros;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly ticks: number;
  /** Mean quoted spread as a price difference; 0 where the source has no ask. */
  readonly spreadMean: number;
}

export interface FeatureRow {
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly symbol: string;
  readonly schemaHash: string;
  /** In the schema's order; null where a feature is not warm. */
  readonly values: readonly (number | null)[];
}

export interface PredictionRow {
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly symbol: string;
  readonly causeSeq: number;
  readonly member: string;
  readonly status: string;
  /** Null unless the member voted. */
  readonly probabilityUp: number | null;
}

export interface SignalRow {
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly symbol: string;
  readonly causeSeq: number;
  readonly tickSeq: number;
  readonly action: "BUY" | "SELL";
  readonly probabilityUp: number;
  readonly confidence: number;
  readonly regime: string;
  readonly components: readonly {
    readonly member: string;
    readonly probabilityUp: number;
    readonly weight: number;
    readonly ageMicros: number;
  }[];
  readonly reasons: readonly string[];
  readonly bid: number;
  readonly ask: number;
  readonly stopDistance: number;
  readonly targetDistance: number;
  readonly expiresAtMicros: Micros;
  readonly tradable: boolean;
}

/** One step in an order's life: its intent, its refusal by risk, or that it was sent. */
export interface OrderRow {
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly event: "intent" | "refusal" | "sent";
  readonly accountId: string;
  readonly intentId: string;
  readonly symbol: string;
  readonly purpose: string;
  readonly side: string;
  readonly lots: number;
  readonly causeSeq: number;
  readonly bid: number;
  readonly ask: number;
  readonly stopPrice: number | null;
  readonly targetPrice: number | null;
  readonly positionId: string;
  readonly reason: string;
  readonly checks: readonly {
    readonly control: string;
    readonly passed: boolean;
    readonly value: number;
    readonly limit: number;
  }[];
}

/** What the broker reported, as journaled. */
export interface FillRow {
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  readonly intentId: string;
  readonly symbol: string;
  readonly event: string;
  readonly dealId: string;
  readonly positionId: string;
  readonly side: string;
  readonly lots: number;
  /** 0 where the report names none. */
  readonly price: number;
  readonly commission: number;
  readonly reason: string;
}

export interface EquityRow {
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  readonly currency: string;
  readonly balance: number;
  readonly equity: number;
  readonly openPositions: number;
}

export interface LatencyRow {
  readonly timeMicros: Micros;
  readonly stage: string;
  readonly count: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly maxMicros: number;
}

/** A quarantined tick or a gap in a source's numbers. */
export interface QualityRow {
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly symbol: string;
  readonly source: string;
  readonly causeSeq: number;
  /** A quarantine code, or "gap". */
  readonly code: string;
  /** Ticks concerned: 1, or the width of the gap. */
  readonly ticks: number;
}

/** Rows by table name. */
export interface TimeSeriesTables {
  readonly ticks: TickRow;
  readonly bars: BarRow;
  readonly features: FeatureRow;
  readonly predictions: PredictionRow;
  readonly signals: SignalRow;
  readonly orders: OrderRow;
  readonly fills: FillRow;
  readonly equity: EquityRow;
  readonly latency: LatencyRow;
  readonly quality: QualityRow;
}

export type TimeSeriesTable = keyof TimeSeriesTables;

export const TIME_SERIES_TABLES = [
  "ticks",
  "bars",
  "features",
  "predictions",
  "signals",
  "orders",
  "fills",
  "equity",
  "latency",
  "quality",
] as const satisfies readonly TimeSeriesTable[];

/** One page of one table in the order of time, then seq. */
export interface TimeSeriesQuery {
  /** All symbols when left out. Ignored by tables that have none. */
  readonly symbol?: string;
  /** Inclusive. */
  readonly fromMicros?: Micros;
  /** Exclusive. */
  readonly toMicros?: Micros;
  /** Rows after (ascending) or before (descending) this place; it came from the last row of the page before. */
  readonly after?: TimeSeriesPlace;
  /** Only rows of records before this one. */
  readonly beforeSeq?: number;
  /** Signals only: at least so sure. */
  readonly confidenceMin?: number;
  /** Orders, fills and equity only: of this account. */
  readonly accountId?: string;
  /** Orders only: these steps. */
  readonly events?: readonly OrderRow["event"][];
  readonly order: "ascending" | "descending";
  /** Rows of the same time and seq as the last one come along with it: a page may be a little longer. */
  readonly limit: number;
}

export interface TimeSeriesPlace {
  readonly timeMicros: Micros;
  readonly seq: number;
}

/** Times lie anywhere: the bars that opened from the first on and before the second are given, whole. */
export interface BarsQuery {
  readonly symbol: string;
  readonly interval: BarSize;
  readonly fromMicros?: Micros;
  readonly toMicros?: Micros;
  /** The newest `limit` bars of the range, returned oldest first. */
  readonly limit: number;
  /** Only this source's bars; by default the journal's own, and imported ones where it has none. */
  readonly source?: string;
}

/** Expected failures are thrown as TimeSeriesUnavailable: the caller answers 503 or tries again later. */
export interface TimeSeries {
  /** Creates or upgrades every table; safe to call again, and by two processes at once. */
  migrate(): Promise<void>;
  /**
   * Appends rows. The same `token` with the same rows, again, adds nothing.
   * @param token names this batch for the deduplication window, for example "ticks:1001-2000"
   */
  insert<T extends TimeSeriesTable>(
    table: T,
    rows: readonly TimeSeriesTables[T][],
    token: string,
  ): Promise<void>;
  /** Highest journal sequence stored in any table: where a projection goes on. 0 when empty. */
  maxSeq(): Promise<number>;
  /** Removes the rows of records from `fromSeq` on; imported history stays. */
  forget(fromSeq: number): Promise<void>;
  select<T extends Exclude<TimeSeriesTable, "bars">>(
    table: T,
    query: TimeSeriesQuery,
  ): Promise<TimeSeriesTables[T][]>;
  /** Bars of any interval, larger ones put together from minutes, 1s ones from ticks. */
  bars(query: BarsQuery): Promise<BarRow[]>;
  /** Rows, first and last time of each table, symbol and source: what there is to look at. */
  holdings(): Promise<readonly TimeSeriesHolding[]>;
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface TimeSeriesHolding {
  readonly table: TimeSeriesTable;
  readonly symbol: string;
  readonly source: string;
  readonly rows: number;
  readonly firstMicros: Micros;
  readonly lastMicros: Micros;
}

/** The store cannot be reached, or does not answer in time. */
export class TimeSeriesUnavailable extends Error {
  override readonly name = "TimeSeriesUnavailable";
}
