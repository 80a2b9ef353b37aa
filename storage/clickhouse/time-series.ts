// The time series port on ClickHouse. One client, one SQL, whether a server answers or the embedded engine; values reach
// statements as parameters only.

import { barSizeMicros } from "../../actors/domain/bar.ts";
import {
  type BarRow,
  type BarsQuery,
  TIME_SERIES_TABLES,
  type TimeSeries,
  type TimeSeriesHolding,
  type TimeSeriesQuery,
  type TimeSeriesTable,
  type TimeSeriesTables,
  TimeSeriesUnavailable,
} from "../../actors/ports/time-series.ts";
import { barsStatement } from "./bars-sql.ts";
import type { ClickHouseConnection } from "./connection.ts";
import { ROWS_MAX } from "./limits.ts";
import { migrate } from "./migrations.ts";
import { decodeRow, encodeRow, has, readable, selectList, type Table, TABLES, timeText } from "./tables.ts";

export class ClickHouseTimeSeries implements TimeSeries {
  readonly #connection: ClickHouseConnection;

  constructor(connection: ClickHouseConnection) {
    this.#connection = connection;
  }

  async migrate(): Promise<void> {
    await this.#connection.ask((client) => migrate(client, this.#connection.database));
  }

  async insert<T extends TimeSeriesTable>(
    table: T,
    rows: readonly TimeSeriesTables[T][],
    token: string,
  ): Promise<void> {
    if (rows.length === 0) return;
    const { database } = this.#connection;
    const values = rows.map((row) => encodeRow(TABLES[table], row));
    await this.#connection.ask(async (client) => {
      await client.insert({
        table: `${database}.${table}`,
        values,
        format: "JSONEachRow",
        clickhouse_settings: { async_insert: 0, insert_deduplication_token: token, insert_deduplicate: 1 },
      });
    });
  }

  async maxSeq(): Promise<number> {
    const { database } = this.#connection;
    const parts = TIME_SERIES_TABLES.filter((name) => has(TABLES[name], "seq")).map(
      (name) => `SELECT max(seq) AS seq FROM ${database}.${name}`,
    );
    const rows = await this.#connection.query(
      `SELECT max(seq) AS seq FROM (${parts.join(" UNION ALL ")})`,
      {},
    );
    const seq = rows[0]?.["seq"];
    if (typeof seq === "number") return seq;
    throw new TimeSeriesUnavailable(
      `what answers at ${this.#connection.url} is no ClickHouse: is the address right?`,
    );
  }

  async forget(fromSeq: number): Promise<void> {
    const { database } = this.#connection;
    await this.#connection.ask(async (client) => {
      for (const name of TIME_SERIES_TABLES.filter((table) => has(TABLES[table], "seq"))) {
        await client.command({
          query: `ALTER TABLE ${database}.${name} DELETE WHERE seq >= {seq:UInt64}`,
          query_params: { seq: Math.max(1, fromSeq) },
          clickhouse_settings: { mutations_sync: "2" },
        });
      }
    });
  }

  async select<T extends Exclude<TimeSeriesTable, "bars">>(
    table: T,
    query: TimeSeriesQuery,
  ): Promise<TimeSeriesTables[T][]> {
    const spec = TABLES[table];
    const numbered = has(spec, "seq");
    const { where, parameters } = conditionsOf(spec, query);
    const direction = query.order === "ascending" ? "ASC" : "DESC";
    const order = numbered ? `time ${direction}, seq ${direction}` : `time ${direction}`;
    const condition = where.length === 0 ? "" : ` WHERE ${where.join(" AND ")}`;
    const rows = await this.#connection.query(
      `SELECT ${selectList(spec)} FROM ${readable(this.#connection.database, table)}${condition} ORDER BY ${order} LIMIT {limit:UInt32} WITH TIES`,
      parameters,
    );
    return rows.map((row) => decodeRow(spec, row) as TimeSeriesTables[T]);
  }

  async bars(query: BarsQuery): Promise<BarRow[]> {
    const { text, parameters } = barsStatement(this.#connection.database, {
      ...query,
      limit: Math.min(query.limit, ROWS_MAX),
    });
    const rows = await this.#connection.query(text, {
      ...parameters,
      length: barSizeMicros(query.interval),
    });
    return rows
      .map((row): BarRow => ({
        seq: Number(row["seq"]),
        symbol: query.symbol,
        source: String(row["source"]),
        interval: query.interval,
        openTimeMicros: Number(row["micros"]),
        open: Number(row["open"]),
        high: Number(row["high"]),
        low: Number(row["low"]),
        close: Number(row["close"]),
        volume: Number(row["volume"]),
        ticks: Number(row["ticks"]),
        spreadMean: Number(row["spread_mean"]),
      }))
      .reverse();
  }

  async holdings(): Promise<readonly TimeSeriesHolding[]> {
    const { database } = this.#connection;
    const parts = TIME_SERIES_TABLES.map((name) => {
      const symbol = has(TABLES[name], "symbol") ? "toString(symbol)" : "''";
      const source = has(TABLES[name], "source") ? "toString(source)" : "''";
      return (
        `SELECT '${name}' AS table, ${symbol} AS symbol_name, ${source} AS source_name, count() AS rows, ` +
        `toUnixTimestamp64Micro(min(time)) AS first, toUnixTimestamp64Micro(max(time)) AS last ` +
        `FROM ${readable(database, name)} GROUP BY symbol_name, source_name`
      );
    });
    const rows = await this.#connection.query(
      `${parts.join(" UNION ALL ")} ORDER BY table, symbol_name, source_name`,
      {},
    );
    return rows.map((row) => ({
      table: row["table"] as TimeSeriesTable,
      symbol: String(row["symbol_name"]),
      source: String(row["source_name"]),
      rows: Number(row["rows"]),
      firstMicros: Number(row["first"]),
      lastMicros: Number(row["last"]),
    }));
  }

  async ping(): Promise<void> {
    await this.#connection.query("SELECT 1 AS one", {});
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}

function timeOf(micros: number | undefined): string | undefined {
  return micros === undefined ? undefined : timeText(micros);
}

function conditionsOf(
  spec: Table,
  query: TimeSeriesQuery,
): { where: string[]; parameters: Record<string, unknown> } {
  const where: string[] = [];
  const parameters: Record<string, unknown> = { limit: Math.min(query.limit, ROWS_MAX) };
  const add = (name: string, value: unknown, condition: string): void => {
    if (value === undefined) return;
    where.push(condition);
    parameters[name] = value;
  };
  if (has(spec, "symbol")) add("symbol", query.symbol, "symbol = {symbol:String}");
  add("from", timeOf(query.fromMicros), "time >= {from:DateTime64(6, 'UTC')}");
  add("to", timeOf(query.toMicros), "time < {to:DateTime64(6, 'UTC')}");
  if (has(spec, "confidence")) add("sure", query.confidenceMin, "confidence >= {sure:Float64}");
  if (has(spec, "account_id")) add("account", query.accountId, "account_id = {account:String}");
  if (has(spec, "event")) add("events", query.events, "event IN {events:Array(String)}");
  const sign = query.order === "ascending" ? ">" : "<";
  const place = "{afterTime:DateTime64(6, 'UTC')}";
  if (has(spec, "seq")) {
    add("beforeSeq", query.beforeSeq, "seq < {beforeSeq:UInt64}");
    add("afterTime", timeOf(query.after?.timeMicros), `(time, seq) ${sign} (${place}, {afterSeq:UInt64})`);
    if (query.after !== undefined) parameters["afterSeq"] = query.after.seq;
  } else {
    add("afterTime", timeOf(query.after?.timeMicros), `time ${sign} ${place}`);
  }
  return { where, parameters };
}
