// The tables, described once: how they are made, how rows become JSON for them and back. Columns are snake_case as SQL likes
// it; times are microseconds in UTC.

import type { HistoryTable } from "../../actors/ports/time-series-reports.ts";
import { DEDUPLICATION_WINDOW } from "./limits.ts";

/** How a value travels: as it is, as microseconds of a time, as JSON text. */
type Kind = "plain" | "time" | "json";

export interface Column {
  readonly name: string;
  /** The row's field. */
  readonly field: string;
  readonly type: string;
  readonly kind: Kind;
}

export interface Table {
  readonly columns: readonly Column[];
  readonly orderBy: readonly string[];
  /** How long rows are kept. */
  readonly years: number;
  /** A row with the same key replaces an older one; other tables know a batch again by its token. */
  readonly replaces: boolean;
  /** Of rows with the same key the one with the highest value here stays; left out, the newest one. */
  readonly version?: string;
}

function plain(field: string, type: string): Column {
  return { name: snakeCase(field), field, type, kind: "plain" };
}

function time(field: string): Column {
  const name = snakeCase(field.replace(/Micros$/, ""));
  return { name, field, type: "DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1))", kind: "time" };
}

function json(field: string): Column {
  return { name: snakeCase(field), field, type: "String CODEC(ZSTD(3))", kind: "json" };
}

const SEQ = plain("seq", "UInt64 CODEC(DoubleDelta, ZSTD(1))");
const NAME = "LowCardinality(String)";
const PRICE = "Float64 CODEC(Gorilla, ZSTD(1))";
const FIGURE = "Float64 CODEC(ZSTD(1))";
const SYMBOL = plain("symbol", NAME);

export const TABLES: Readonly<Record<HistoryTable, Table>> = {
  ticks: {
    columns: [
      SEQ,
      time("timeMicros"),
      time("sourceTimeMicros"),
      SYMBOL,
      plain("source", NAME),
      plain("sourceSeq", "UInt64 CODEC(DoubleDelta, ZSTD(1))"),
      plain("bid", PRICE),
      plain("ask", PRICE),
      plain("bidVolume", FIGURE),
      plain("askVolume", FIGURE),
      plain("flags", "UInt8"),
    ],
    // Imported history comes in whatever pieces people have: what is there already is replaced by itself.
    orderBy: ["symbol", "time", "seq", "source", "source_seq"],
    years: 7,
    replaces: true,
  },
  bars: {
    columns: [
      SEQ,
      SYMBOL,
      plain("source", NAME),
      plain("interval", NAME),
      { ...time("openTimeMicros"), name: "time" },
      plain("open", PRICE),
      plain("high", PRICE),
      plain("low", PRICE),
      plain("close", PRICE),
      plain("volume", FIGURE),
      plain("ticks", "UInt32"),
      plain("spreadMean", FIGURE),
    ],
    orderBy: ["symbol", "interval", "time", "source"],
    years: 7,
    replaces: true,
  },
  features: {
    columns: [
      SEQ,
      time("timeMicros"),
      SYMBOL,
      plain("schemaHash", NAME),
      plain("values", "Array(Nullable(Float64)) CODEC(ZSTD(3))"),
    ],
    orderBy: ["symbol", "time", "seq"],
    years: 1,
    replaces: false,
  },
  predictions: {
    columns: [
      SEQ,
      time("timeMicros"),
      SYMBOL,
      plain("causeSeq", "UInt64 CODEC(DoubleDelta, ZSTD(1))"),
      plain("member", NAME),
      plain("status", NAME),
      plain("probabilityUp", "Nullable(Float64)"),
    ],
    orderBy: ["symbol", "time", "seq", "member"],
    years: 1,
    replaces: false,
  },
  signals: {
    columns: [
      SEQ,
      time("timeMicros"),
      SYMBOL,
      plain("causeSeq", "UInt64"),
      plain("tickSeq", "UInt64"),
      plain("action", NAME),
      plain("probabilityUp", FIGURE),
      plain("confidence", FIGURE),
      plain("regime", NAME),
      json("components"),
      plain("reasons", "Array(LowCardinality(String))"),
      plain("bid", PRICE),
      plain("ask", PRICE),
      plain("stopDistance", FIGURE),
      plain("targetDistance", FIGURE),
      time("expiresAtMicros"),
      plain("tradable", "Bool"),
    ],
    orderBy: ["symbol", "time", "seq"],
    years: 7,
    replaces: false,
  },
  orders: {
    columns: [
      SEQ,
      time("timeMicros"),
      plain("event", NAME),
      plain("accountId", NAME),
      plain("intentId", "String"),
      SYMBOL,
      plain("purpose", NAME),
      plain("side", NAME),
      plain("lots", FIGURE),
      plain("causeSeq", "UInt64"),
      plain("bid", PRICE),
      plain("ask", PRICE),
      plain("stopPrice", "Nullable(Float64)"),
      plain("targetPrice", "Nullable(Float64)"),
      plain("positionId", "String"),
      plain("reason", "String"),
      json("checks"),
    ],
    orderBy: ["symbol", "time", "seq"],
    years: 7,
    replaces: false,
  },
  fills: {
    columns: [
      SEQ,
      time("timeMicros"),
      plain("accountId", NAME),
      plain("intentId", "String"),
      SYMBOL,
      plain("event", NAME),
      plain("dealId", "String"),
      plain("positionId", "String"),
      plain("side", NAME),
      plain("lots", FIGURE),
      plain("price", PRICE),
      plain("commission", FIGURE),
      plain("reason", "String"),
    ],
    orderBy: ["symbol", "time", "seq"],
    years: 7,
    replaces: false,
  },
  equity: {
    columns: [
      SEQ,
      time("timeMicros"),
      plain("accountId", NAME),
      plain("currency", NAME),
      plain("balance", FIGURE),
      plain("equity", FIGURE),
      plain("openPositions", "UInt32"),
    ],
    orderBy: ["account_id", "time", "seq"],
    years: 7,
    replaces: false,
  },
  latency: {
    columns: [
      time("timeMicros"),
      plain("stage", NAME),
      plain("count", "UInt64"),
      plain("p50Micros", FIGURE),
      plain("p99Micros", FIGURE),
      plain("maxMicros", FIGURE),
    ],
    orderBy: ["stage", "time"],
    years: 1,
    replaces: false,
  },
  quality: {
    columns: [
      SEQ,
      time("timeMicros"),
      SYMBOL,
      plain("source", NAME),
      plain("causeSeq", "UInt64"),
      plain("code", NAME),
      plain("ticks", "UInt64"),
    ],
    orderBy: ["symbol", "time", "seq"],
    years: 1,
    replaces: false,
  },
  market_states: {
    columns: [
      plain("embedding", NAME),
      SYMBOL,
      time("timeMicros"),
      SEQ,
      plain("regime", NAME),
      plain("mid", PRICE),
      // Packed tighter it would be as large, and twice as long to search.
      plain("vector", "Array(Float32) CODEC(LZ4)"),
      plain("outcomes", "Array(Nullable(Float64)) CODEC(ZSTD(1))"),
      plain("settled", "Bool"),
      // A state told anew knows less at first than what is stored of it.
      plain("known", "UInt8"),
      // The version that made the vector after it; both empty where none did.
      plain("model", NAME),
      plain("modelVector", "Array(Float32) CODEC(LZ4)"),
    ],
    orderBy: ["embedding", "symbol", "time"],
    years: 7,
    replaces: true,
    version: "known",
  },
};

/** A table as it is read: rows that were replaced are still there until the engine merges them. */
export function readable(database: string, name: HistoryTable): string {
  return `${database}.${name}${TABLES[name].replaces ? " FINAL" : ""}`;
}

/** Whether rows of a table are numbered by the journal, and belong to a symbol. */
export function has(table: Table, column: string): boolean {
  return table.columns.some(({ name }) => name === column);
}

/** Kept for years counted from when a row was stored: vendor history is old already when it comes. */
export function createTable(database: string, name: string, table: Table): string {
  const columns = table.columns.map((column) => `  ${quoted(column.name)} ${column.type}`);
  columns.push("  stored DateTime('UTC') DEFAULT now() CODEC(DoubleDelta, ZSTD(1))");
  const engine = table.replaces ? `ReplacingMergeTree(${table.version ?? ""})` : "MergeTree";
  const settings = table.replaces
    ? ""
    : `\nSETTINGS non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}`;
  return (
    `CREATE TABLE IF NOT EXISTS ${database}.${name} (\n${columns.join(",\n")}\n) ENGINE = ${engine}\n` +
    `PARTITION BY toYYYYMM(time)\nORDER BY (${table.orderBy.map(quoted).join(", ")})\n` +
    `TTL stored + INTERVAL ${table.years} YEAR${settings}`
  );
}

/** Columns that an older table lacks, at its end. */
export function addColumns(database: string, name: string, table: Table, added: readonly string[]): string {
  const columns = table.columns
    .filter((column) => added.includes(column.name))
    .map((column) => `ADD COLUMN IF NOT EXISTS ${quoted(column.name)} ${column.type}`);
  return `ALTER TABLE ${database}.${name} ${columns.join(", ")}`;
}

/** One row for JSONEachRow. */
export function encodeRow(table: Table, row: object): Record<string, unknown> {
  const values = row as Readonly<Record<string, unknown>>;
  const line: Record<string, unknown> = {};
  for (const { name, field, kind } of table.columns) {
    const value = values[field];
    line[name] =
      kind === "json" ? JSON.stringify(value) : kind === "time" ? timeText(Number(value)) : wellFormed(value);
  }
  return line;
}

/** Half a surrogate pair, which JavaScript lets a text have, is no Unicode: the engine would refuse the whole batch. */
function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  return Array.isArray(value) ? value.map(wellFormed) : value;
}

/** What of a table is selected, so that {@link decodeRow} can read it. */
export function selectList(table: Table): string {
  return table.columns
    .map(({ name, kind }) =>
      kind === "time"
        ? `toUnixTimestamp64Micro(${quoted(name)}) AS ${quoted(`${name}_micros`)}`
        : quoted(name),
    )
    .join(", ");
}

export function decodeRow(table: Table, line: Readonly<Record<string, unknown>>): object {
  const row: Record<string, unknown> = {};
  for (const { name, field, kind } of table.columns) {
    if (kind === "time") row[field] = Number(line[`${name}_micros`]);
    else if (kind === "json") row[field] = JSON.parse(String(line[name])) as unknown;
    else row[field] = line[name];
  }
  return row;
}

/** Microseconds as the decimal seconds ClickHouse reads, without going through a binary fraction. */
export function timeText(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000);
  return `${seconds}.${String(Math.round(micros - seconds * 1_000_000)).padStart(6, "0")}`;
}

function quoted(name: string): string {
  return `\`${name}\``;
}

function snakeCase(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
