// Reports and exports on ClickHouse. Every statement reads a range of time, so that a question costs what it asks about.

import type { Micros } from "../../actors/base/clock.ts";
import type {
  DataQuality,
  ExportFormat,
  ExportQuery,
  FeedLatency,
  HistoryTable,
  OutcomesQuery,
  ReportRange,
  SignalOutcome,
  StageLatency,
  TimeSeriesReports,
} from "../../actors/ports/time-series-reports.ts";
import type { ClickHouseConnection, Row } from "./connection.ts";
import { SECONDARY_FLAG } from "./bars-sql.ts";
import { has, readable, TABLES, timeText } from "./tables.ts";

/** How old the last quote may be when a signal's outcome is read: beyond it the market was closed. */
const QUOTE_AGE_MICROS_MAX = 300_000_000;

const FORMATS: Readonly<Record<ExportFormat, string>> = {
  parquet: "Parquet",
  csv: "CSVWithNames",
  jsonl: "JSONEachRow",
};

/** JSON lines sent at once when a table is brought back. */
const IMPORT_BYTES = 8 << 20;

/** What a spreadsheet takes for the beginning of a formula. */
const FORMULA = String.raw`^[=+\\-@\\t\\r]`;

export class ClickHouseReports implements TimeSeriesReports {
  readonly #connection: ClickHouseConnection;

  constructor(connection: ClickHouseConnection) {
    this.#connection = connection;
  }

  async server(): Promise<{ version: string; millis: number; schema: number }> {
    const { database } = this.#connection;
    const [row] = await this.#connection.query(
      "SELECT version() AS version, toUnixTimestamp64Milli(now64(3)) AS millis, " +
        "(SELECT count() FROM system.tables WHERE database = {database:String} AND name = 'migrations') AS tables",
      { database },
    );
    const [step] =
      Number(row?.["tables"]) === 0
        ? []
        : await this.#connection.query(`SELECT max(number) AS number FROM ${database}.migrations`);
    return {
      version: String(row?.["version"]),
      millis: Number(row?.["millis"]),
      schema: Number(step?.["number"] ?? 0),
    };
  }

  async outcomes(query: OutcomesQuery): Promise<readonly SignalOutcome[]> {
    const { database } = this.#connection;
    const horizonMax = Math.max(...query.horizonsMicros);
    const { where, parameters } = rangeOf(query);
    const signals =
      `SELECT seq, symbol, action, confidence, regime, bid, ask, toUnixTimestamp64Micro(time) AS micros ` +
      `FROM ${database}.signals WHERE ${where} ORDER BY time DESC, seq DESC LIMIT {limit:UInt32}`;
    const quotes =
      `SELECT symbol, toUnixTimestamp64Micro(time) AS micros, bid, ask FROM ${readable(database, "ticks")} ` +
      `WHERE symbol IN (SELECT symbol FROM (${signals})) AND time >= {from:DateTime64(6, 'UTC')} ` +
      `AND time < {until:DateTime64(6, 'UTC')} AND seq > 0 AND bitAnd(flags, ${SECONDARY_FLAG}) = 0 ` +
      `AND seq NOT IN (SELECT cause_seq FROM ${database}.quality WHERE code != 'gap' AND time >= {from:DateTime64(6, 'UTC')})`;
    const rows = await this.#connection.query(
      `WITH last AS (SELECT symbol, max(micros) AS micros FROM (${quotes}) GROUP BY symbol) ` +
        `SELECT s.seq AS seq, s.micros AS micros, s.symbol AS symbol, s.action AS action, s.confidence AS confidence, ` +
        `s.regime AS regime, s.horizon AS horizon, if(s.action = 'BUY', s.ask, s.bid) AS entry, ` +
        `if(s.action = 'BUY', q.bid, q.ask) AS exit, ` +
        `q.micros > s.micros AND s.at <= l.micros AND s.at - q.micros <= ${QUOTE_AGE_MICROS_MAX} AS known ` +
        `FROM (SELECT *, arrayJoin({horizons:Array(Int64)}) AS horizon, micros + horizon AS at FROM (${signals})) AS s ` +
        `ASOF LEFT JOIN (${quotes}) AS q ON s.symbol = q.symbol AND s.at >= q.micros ` +
        `LEFT JOIN last AS l ON s.symbol = l.symbol ORDER BY seq DESC, horizon`,
      {
        ...parameters,
        limit: query.limit,
        horizons: query.horizonsMicros,
        until: timeText(query.toMicros + horizonMax + 1),
      },
    );
    return rows.map((row) => outcomeOf(row));
  }

  async stageLatency({
    fromMicros,
    toMicros,
  }: Omit<ReportRange, "symbol">): Promise<readonly StageLatency[]> {
    const { where, parameters } = rangeOf({ fromMicros, toMicros });
    const rows = await this.#connection.query(
      `SELECT stage, argMax(l.count, l.time) AS count, argMax(l.p50_micros, l.time) AS p50, ` +
        `argMax(l.p99_micros, l.time) AS p99, max(l.max_micros) AS worst ` +
        `FROM ${this.#connection.database}.latency AS l WHERE ${where} GROUP BY stage ORDER BY stage`,
      parameters,
    );
    return rows.map((row) => ({
      stage: String(row["stage"]),
      count: Number(row["count"]),
      p50Micros: Number(row["p50"]),
      p99Micros: Number(row["p99"]),
      worstMicros: Number(row["worst"]),
    }));
  }

  async feedLatency(range: ReportRange): Promise<readonly FeedLatency[]> {
    const { where, parameters } = rangeOf(range);
    const rows = await this.#connection.query(
      `SELECT symbol, source, count() AS ticks, quantilesTDigest(0.5, 0.95, 0.99)(` +
        `toUnixTimestamp64Micro(time) - toUnixTimestamp64Micro(source_time)) AS shares ` +
        `FROM ${readable(this.#connection.database, "ticks")} WHERE ${where} AND seq > 0 ` +
        `GROUP BY symbol, source ORDER BY symbol, source`,
      parameters,
    );
    return rows.map((row) => {
      const [p50Micros = 0, p95Micros = 0, p99Micros = 0] = (row["shares"] as number[]).map(Math.round);
      return Object.assign(placeOf(row), { ticks: Number(row["ticks"]), p50Micros, p95Micros, p99Micros });
    });
  }

  async quality(range: ReportRange): Promise<readonly DataQuality[]> {
    const { where, parameters } = rangeOf(range);
    const { database } = this.#connection;
    const ticks = await this.#connection.query(
      `SELECT symbol, source, count() AS ticks, min(micros) AS first, max(micros) AS last, max(silence) AS longest FROM (` +
        `SELECT symbol, source, toUnixTimestamp64Micro(time) AS micros, ` +
        `micros - lagInFrame(micros, 1, micros) OVER (PARTITION BY symbol, source ORDER BY time, seq, source_seq ` +
        `ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS silence ` +
        `FROM ${readable(database, "ticks")} WHERE ${where}) GROUP BY symbol, source ORDER BY symbol, source`,
      parameters,
    );
    const troubles = await this.#connection.query(
      `SELECT symbol, source, code, sum(q.ticks) AS ticks FROM ${database}.quality AS q WHERE ${where} ` +
        `GROUP BY symbol, source, code`,
      parameters,
    );
    return ticks.map((row) => {
      const place = placeOf(row);
      const own = troubles.filter(({ symbol, source }) => symbol === place.symbol && source === place.source);
      return Object.assign(place, {
        ticks: Number(row["ticks"]),
        firstMicros: Number(row["first"]),
        lastMicros: Number(row["last"]),
        quarantined: Object.fromEntries(
          own
            .filter(({ code }) => code !== "gap")
            .map(({ code, ticks: count }) => [String(code), Number(count)]),
        ),
        missing: own
          .filter(({ code }) => code === "gap")
          .reduce((sum, { ticks: count }) => sum + Number(count), 0),
        longestSilenceMicros: Number(row["longest"]),
      });
    });
  }

  async export({
    table,
    format,
    symbol,
    fromMicros,
    toMicros,
  }: ExportQuery): Promise<AsyncIterable<Uint8Array>> {
    const spec = TABLES[table];
    const columns = spec.columns.map(({ name, type }) => {
      const isText = /String/.test(type) && !type.startsWith("Array");
      return format === "csv" && isText
        ? `if(match(${name}, '${FORMULA}'), concat('''', ${name}), toString(${name})) AS ${name}`
        : name;
    });
    const { where, parameters } = rangeOf({
      fromMicros: fromMicros ?? 0,
      toMicros: toMicros ?? FAR_MICROS,
      ...(symbol === undefined || !has(spec, "symbol") ? {} : { symbol }),
    });
    return await this.#connection.stream(
      // The alias of a cleaned column hides the column itself: conditions stand one level below.
      `SELECT ${columns.join(", ")} FROM (SELECT * FROM ${readable(this.#connection.database, table)} WHERE ${where} ` +
        `ORDER BY ${spec.orderBy.join(", ")}) FORMAT ${FORMATS[format]}`,
      parameters,
    );
  }

  async months(table: HistoryTable): Promise<readonly { fromMicros: Micros; toMicros: Micros }[]> {
    const rows = await this.#connection.query(
      `SELECT DISTINCT toYear(time) AS year, toMonth(time) AS month FROM ${this.#connection.database}.${table} ORDER BY year, month`,
    );
    return rows.map(({ year, month }) => ({
      fromMicros: Date.UTC(Number(year), Number(month) - 1) * 1_000,
      toMicros: Date.UTC(Number(year), Number(month)) * 1_000,
    }));
  }

  async restore(table: HistoryTable, jsonLines: AsyncIterable<Uint8Array>): Promise<void> {
    const columns = TABLES[table].columns.map(({ name }) => name).join(", ");
    const statement = `INSERT INTO ${this.#connection.database}.${table} (${columns}) FORMAT JSONEachRow`;
    let rest = Buffer.alloc(0);
    for await (const chunk of jsonLines) {
      rest = Buffer.concat([rest, chunk]);
      if (rest.length < IMPORT_BYTES) continue;
      const end = rest.lastIndexOf("\n") + 1;
      await this.#connection.send(statement, rest.subarray(0, end));
      rest = rest.subarray(end);
    }
    if (rest.length > 0) await this.#connection.send(statement, rest);
  }
}

/** The last day ClickHouse's times reach with microseconds. */
const FAR_MICROS = Date.UTC(2262, 0, 1) * 1_000;

function rangeOf({ symbol, fromMicros, toMicros }: ReportRange): {
  where: string;
  parameters: Record<string, unknown>;
} {
  const parts = ["time >= {from:DateTime64(6, 'UTC')}", "time < {to:DateTime64(6, 'UTC')}"];
  const parameters: Record<string, unknown> = { from: timeText(fromMicros), to: timeText(toMicros) };
  if (symbol !== undefined) {
    parts.push("symbol = {symbol:String}");
    parameters["symbol"] = symbol;
  }
  return { where: parts.join(" AND "), parameters };
}

function placeOf(row: Row): { symbol: string; source: string } {
  return { symbol: String(row["symbol"]), source: String(row["source"]) };
}

function outcomeOf(row: Row): SignalOutcome {
  const action = row["action"] === "BUY" ? ("BUY" as const) : ("SELL" as const);
  const entryPrice = Number(row["entry"]);
  const exitPrice = Number(row["known"]) === 1 ? Number(row["exit"]) : null;
  const towards = action === "BUY" ? 1 : -1;
  return {
    seq: Number(row["seq"]),
    timeMicros: Number(row["micros"]) satisfies Micros,
    symbol: String(row["symbol"]),
    action,
    confidence: Number(row["confidence"]),
    regime: String(row["regime"]),
    horizonMicros: Number(row["horizon"]),
    entryPrice,
    exitPrice,
    returnAfterSpread: exitPrice === null ? null : (towards * (exitPrice - entryPrice)) / entryPrice,
  };
}
