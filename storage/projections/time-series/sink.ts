// The time series as a sink: records, the bars and features they led to, and the account's equity become rows of tables.

import { BAR_INTERVALS, type Bar } from "../../../actors/domain/bar.ts";
import { MICROS_PER_UNIT } from "../../../actors/domain/money.ts";
import type { JournalRecord } from "../../../actors/domain/records.ts";
import type { Engine } from "../../../actors/engine.ts";
import {
  TIME_SERIES_TABLES,
  type TimeSeries,
  type TimeSeriesTable,
  type TimeSeriesTables,
  TimeSeriesUnavailable,
} from "../../../actors/ports/time-series.ts";
import type { BatchEdges } from "../batch-edges.ts";
import type { JournalTail } from "../journal-tail.ts";
import { REFUSED_ROWS_MAX } from "../limits.ts";
import type { Sink } from "../sink.ts";
import { addRecord, barRow, featureRow, RowBatch, RowNames } from "./rows.ts";

const MINUTE = BAR_INTERVALS.indexOf("1m");

export interface RefusedRow {
  readonly table: TimeSeriesTable;
  readonly row: object;
  readonly reason: string;
}

export interface TimeSeriesSinkOptions {
  /** Asked for before each use: an embedded store may have moved. */
  readonly store: () => TimeSeries;
  /** A row that the store will not have, alone, although it takes others. */
  readonly onRefusedRow: (refused: RefusedRow) => void;
}

export class TimeSeriesSink implements Sink<JournalRecord, JournalTail> {
  readonly name = "the time series";
  /** Batches are known by their names only. */
  readonly keepsCursor = false;
  readonly full = false;
  readonly #options: TimeSeriesSinkOptions;
  readonly #batch = new RowBatch();
  #names: { engine: Engine; names: RowNames } | undefined;

  constructor(options: TimeSeriesSinkOptions) {
    this.#options = options;
  }

  get rowSeq(): number {
    return this.#batch.lastSeq;
  }

  async prepare(): Promise<void> {
    await this.#options.store().migrate();
  }

  async storedSeq(): Promise<number> {
    return await this.#options.store().maxSeq();
  }

  async forget(fromSeq: number): Promise<void> {
    await this.#options.store().forget(fromSeq);
  }

  clear(): void {
    this.#batch.clear();
  }

  collect(record: JournalRecord, tail: JournalTail): void {
    addRecord(this.#batch, record, this.#namesNow(tail));
    // The market actor speaks once a minute.
    if (record.kind === "market") this.#addEquity(tail, record);
    else if (record.kind === "execution" && record.accountId === tail.engine.config.account.accountId) {
      this.#addEquity(tail, record);
    }
  }

  /** A table that took its rows before another one failed knows them by the token when all are sent again. */
  async send({ fromSeq, toSeq, generation }: BatchEdges): Promise<void> {
    const times = generation === 0 ? "" : `/${generation}`;
    for (const table of TIME_SERIES_TABLES) {
      const rows = this.#batch.of(table);
      if (rows.length > 0) await this.#insert(table, rows, `${table}:${fromSeq}-${toSeq}${times}`);
    }
  }

  async #insert<T extends TimeSeriesTable>(
    table: T,
    rows: readonly TimeSeriesTables[T][],
    token: string,
  ): Promise<void> {
    try {
      await this.#options.store().insert(table, rows, token);
    } catch (error) {
      if (error instanceof TimeSeriesUnavailable) throw error;
      if (rows.length === 1) throw error;
      await this.#insertParts(table, rows, token);
    }
  }

  /** The store refuses something in these rows: what it takes is stored, and what it does not is put aside. */
  async #insertParts<T extends TimeSeriesTable>(
    table: T,
    rows: readonly TimeSeriesTables[T][],
    token: string,
  ): Promise<void> {
    const parts = halves(0, rows.length);
    const refused: RefusedRow[] = [];
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const [from, to] = part;
      try {
        await this.#options.store().insert(table, rows.slice(from, to), `${token}/${from}-${to}`);
      } catch (error) {
        if (error instanceof TimeSeriesUnavailable) throw error;
        if (to - from > 1) parts.push(...halves(from, to));
        else refused.push({ table, row: rows[from] as object, reason: String(error) });
        // So many cannot all be wrong: the store is.
        if (refused.length > REFUSED_ROWS_MAX) throw error;
      }
    }
    for (const row of refused) this.#options.onRefusedRow(row);
  }

  /** Bars close while a record is being heard, before {@link collect} sees it. */
  bar(bar: Bar, intervalIndex: number, tail: JournalTail): void {
    if (intervalIndex !== MINUTE) return;
    const names = this.#namesNow(tail);
    this.#batch.add("bars", barRow(bar, tail.seq, names));
    const vector = tail.engine.symbol(bar.instrumentId)?.chain.features.vector;
    if (vector !== undefined) this.#batch.add("features", featureRow(bar, tail.seq, vector, names));
  }

  #addEquity({ engine, seq }: JournalTail, { timeMicros }: JournalRecord): void {
    const view = engine.account?.view();
    if (view === undefined) return;
    this.#batch.add("equity", {
      seq,
      timeMicros,
      accountId: view.accountId,
      currency: view.currency,
      balance: view.balanceMicros / MICROS_PER_UNIT,
      equity: view.equityMicros / MICROS_PER_UNIT,
      openPositions: view.positions.length,
    });
  }

  #namesNow({ engine }: JournalTail): RowNames {
    if (this.#names?.engine !== engine) this.#names = { engine, names: new RowNames(engine.config) };
    return this.#names.names;
  }
}

function halves(from: number, to: number): [number, number][] {
  const middle = (from + to) >> 1;
  return [
    [middle, to],
    [from, middle],
  ];
}
