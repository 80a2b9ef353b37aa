// Questions over what is stored: what came after signals, how late ticks and stages were, how good the data is, and whole
// tables to take along.

import type { Micros } from "../base/clock.ts";
import { TIME_SERIES_TABLES, type TimeSeriesTable } from "./time-series.ts";

/** Tables that can be taken along: those of the time series, and the market states where they lie beside them. */
export const HISTORY_TABLES = [...TIME_SERIES_TABLES, "market_states"] as const;
export type HistoryTable = TimeSeriesTable | "market_states";

export interface ReportRange {
  /** All symbols when left out. */
  readonly symbol?: string;
  /** Inclusive. */
  readonly fromMicros: Micros;
  /** Exclusive. */
  readonly toMicros: Micros;
}

/** What the market did after a signal, as of a while later: the last good quote then. */
export interface SignalOutcome {
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly symbol: string;
  readonly action: "BUY" | "SELL";
  readonly confidence: number;
  readonly regime: string;
  readonly horizonMicros: number;
  /** The side of the quote that the signal could have been traded at. */
  readonly entryPrice: number;
  /** The side it could have been closed at; null where the quotes do not reach so far yet, or none came meanwhile. */
  readonly exitPrice: number | null;
  /** Fraction of the entry price, spread paid, commission not; null with the price. */
  readonly returnAfterSpread: number | null;
}

export interface OutcomesQuery extends ReportRange {
  readonly horizonsMicros: readonly number[];
  /** Signals, newest first. */
  readonly limit: number;
}

/** Of one stage of the decision: its newest figures in the range, and the worst of any. */
export interface StageLatency {
  readonly stage: string;
  readonly count: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  readonly worstMicros: number;
}

/** How long ticks were under way from their source's clock to this machine's. Clocks that differ show as such. */
export interface FeedLatency {
  readonly symbol: string;
  readonly source: string;
  readonly ticks: number;
  readonly p50Micros: number;
  readonly p95Micros: number;
  readonly p99Micros: number;
}

export interface DataQuality {
  readonly symbol: string;
  readonly source: string;
  readonly ticks: number;
  readonly firstMicros: Micros;
  readonly lastMicros: Micros;
  /** Ticks by the reason they were quarantined for. */
  readonly quarantined: Readonly<Record<string, number>>;
  /** Missing from the source's numbers. */
  readonly missing: number;
  /** The longest time between two ticks; nights and weekends count. */
  readonly longestSilenceMicros: Micros;
}

export const EXPORT_FORMATS = ["parquet", "csv", "jsonl"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportQuery {
  readonly table: HistoryTable;
  readonly format: ExportFormat;
  readonly symbol?: string;
  readonly fromMicros?: Micros;
  readonly toMicros?: Micros;
}

/** Expected failures are thrown as TimeSeriesUnavailable. */
export interface TimeSeriesReports {
  /** Who answers: its version, its clock in milliseconds, and the newest step its tables went through; 0 without tables. */
  server(): Promise<{ readonly version: string; readonly millis: number; readonly schema: number }>;
  outcomes(query: OutcomesQuery): Promise<readonly SignalOutcome[]>;
  stageLatency(range: Omit<ReportRange, "symbol">): Promise<readonly StageLatency[]>;
  feedLatency(range: ReportRange): Promise<readonly FeedLatency[]>;
  quality(range: ReportRange): Promise<readonly DataQuality[]>;
  /**
   * A table's rows in the order of its key, with its columns' names. In CSV a text that a spreadsheet would run as a formula
   * begins with an apostrophe.
   */
  export(query: ExportQuery): Promise<AsyncIterable<Uint8Array>>;
  /** Ranges of time, a month each at most, in which the table has rows: as much as is well exported at once. */
  months(table: HistoryTable): Promise<readonly { fromMicros: Micros; toMicros: Micros }[]>;
  /** Brings in what {@link export} gave as JSON lines, into a store that has none of it. */
  restore(table: HistoryTable, jsonLines: AsyncIterable<Uint8Array>): Promise<void>;
}
