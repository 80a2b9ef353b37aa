// Text files of bars or ticks, one a line: HistData, the exports of MT5, dumps of scripts, anything with a header or a map of
// its columns.

import { failure, ok, type Result } from "../../../actors/base/result.ts";
import type { Bad, BadCode, Line } from "./lines.ts";
import type { ToUtc } from "./wall-time.ts";

/** What a column may be. `date` and `time` together, or `time` alone, say when. */
export const FIELDS = [
  "date",
  "time",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "ticks",
  "spread",
  "bid",
  "ask",
] as const;
export type Field = (typeof FIELDS)[number];

export interface Layout {
  readonly separator: string;
  /** Position by field. */
  readonly columns: Readonly<Partial<Record<Field, number>>>;
  readonly hasHeader: boolean;
  readonly kind: "bars" | "ticks";
  /** Spreads are in points of the instrument, as MT5 writes them. */
  readonly spreadInPoints: boolean;
}

/** Names that headers use. */
const NAMES: Readonly<Record<string, Field>> = {
  date: "date",
  day: "date",
  time: "time",
  timestamp: "time",
  datetime: "time",
  "date/time": "time",
  "gmt time": "time",
  open: "open",
  high: "high",
  low: "low",
  close: "close",
  volume: "volume",
  vol: "volume",
  real_volume: "volume",
  tickvol: "ticks",
  tick_volume: "ticks",
  ticks: "ticks",
  spread: "spread",
  bid: "bid",
  ask: "ask",
};

const SEPARATORS = ["\t", ";", ","] as const;

/** `YYYYMMDD HHMMSS;open;high;low;close;volume`, without a header. */
const HISTDATA = /^\d{8} \d{6};/;

export type LayoutFailure = "unknown-layout" | "empty-file";

/** Finds the layout in a file's first line. */
export function detectLayout(firstLine: string): Result<Layout, LayoutFailure> {
  if (HISTDATA.test(firstLine)) {
    return ok({
      separator: ";",
      columns: { time: 0, open: 1, high: 2, low: 3, close: 4, volume: 5 },
      hasHeader: false,
      kind: "bars",
      spreadInPoints: false,
    });
  }
  for (const separator of SEPARATORS) {
    const columns: Partial<Record<Field, number>> = {};
    for (const [position, cell] of firstLine.split(separator).entries()) {
      const field =
        NAMES[
          cell
            .trim()
            .replaceAll(/^[<"]|[>"]$/g, "")
            .toLowerCase()
        ];
      if (field !== undefined) columns[field] ??= position;
    }
    const layout = layoutOf(columns, separator, true);
    if (layout !== undefined) return ok(layout);
  }
  return failure(
    "unknown-layout",
    `the first line names no columns that are known: "${firstLine.slice(0, 80)}". Say where they are: --columns time=0,open=1,high=2,low=3,close=4 ` +
      "(bars) or time=0,bid=1,ask=2 (ticks), and --separator if it is no comma.",
  );
}

/** `time=0,bid=1,ask=2`, positions from 0. */
export function parseColumns(text: string, separator: string): Result<Layout, "bad-columns"> {
  const columns: Partial<Record<Field, number>> = {};
  for (const part of text.split(",")) {
    const [name = "", position = ""] = part.split("=").map((side) => side.trim());
    const field = FIELDS.find((each) => each === name);
    if (field === undefined || !/^\d{1,3}$/.test(position)) {
      return failure(
        "bad-columns",
        `"${part}" is no column: write name=position, names are ${FIELDS.join(", ")}`,
      );
    }
    columns[field] = Number(position);
  }
  const layout = layoutOf(columns, separator, false);
  if (layout !== undefined) return ok(layout);
  return failure("bad-columns", "bars need time, open, high, low and close; ticks need time, bid and ask");
}

function layoutOf(
  columns: Partial<Record<Field, number>>,
  separator: string,
  hasHeader: boolean,
): Layout | undefined {
  if (columns.time === undefined && columns.date === undefined) return undefined;
  const has = (...fields: readonly Field[]): boolean => fields.every((field) => columns[field] !== undefined);
  const spreadInPoints = true;
  if (has("open", "high", "low", "close"))
    return { separator, columns, hasHeader, kind: "bars", spreadInPoints };
  if (has("bid", "ask")) return { separator, columns, hasHeader, kind: "ticks", spreadInPoints };
  return undefined;
}

export interface DelimitedOptions {
  readonly layout: Layout;
  readonly toUtc: ToUtc;
  /** Of one point, for spreads. */
  readonly pointSize: number;
}

/** Decodes a whole file. Lines are numbered from 1, the header's included. */
export function* decodeDelimited(text: string, options: DelimitedOptions): Generator<Line> {
  const { layout } = options;
  let line = 0;
  let quote = { bid: Number.NaN, ask: Number.NaN };
  for (const raw of linesOf(text)) {
    line++;
    if ((line === 1 && layout.hasHeader) || raw === "") continue;
    const cells = raw.split(layout.separator);
    const timeMicros = timeOf(cells, options);
    if (typeof timeMicros !== "number") {
      yield bad(line, raw, timeMicros.code, timeMicros.reason);
      continue;
    }
    if (layout.kind === "bars") {
      yield barOf(cells, { line, raw, timeMicros, options });
      continue;
    }
    // MT5 leaves out the side that did not change.
    quote = {
      bid: numberIn(cells, layout, "bid", quote.bid),
      ask: numberIn(cells, layout, "ask", quote.ask),
    };
    if (Number.isNaN(quote.bid) || Number.isNaN(quote.ask)) {
      yield bad(line, raw, "no-quote-yet", "one side of the quote has not been given yet, or is no number");
      continue;
    }
    yield { kind: "tick", line, timeMicros, ...quote, bidVolume: 0, askVolume: 0, raw };
  }
}

function barOf(
  cells: readonly string[],
  at: { line: number; raw: string; timeMicros: number; options: DelimitedOptions },
): Line {
  const { layout, pointSize } = at.options;
  const prices = (["open", "high", "low", "close"] as const).map((field) =>
    numberIn(cells, layout, field, Number.NaN),
  );
  const [open = Number.NaN, high = Number.NaN, low = Number.NaN, close = Number.NaN] = prices;
  if (prices.some((price) => !Number.isFinite(price))) {
    return bad(at.line, at.raw, "not-a-number", "open, high, low or close is no number");
  }
  const ticks = numberIn(cells, layout, "ticks", 0);
  const spread = numberIn(cells, layout, "spread", 0);
  return {
    kind: "bar",
    line: at.line,
    timeMicros: at.timeMicros,
    open,
    high,
    low,
    close,
    volume: finiteOr0(numberIn(cells, layout, "volume", ticks)),
    ticks: finiteOr0(ticks),
    spread: finiteOr0(spread) * (layout.spreadInPoints ? pointSize : 1),
    raw: at.raw,
  };
}

function finiteOr0(value: number): number {
  return Number.isFinite(value) && value >= 0 ? value : 0;
}

/** @returns `absent` where the cell is empty or there is no such column; NaN where it is no number */
function numberIn(cells: readonly string[], layout: Layout, field: Field, absent: number): number {
  const position = layout.columns[field];
  const cell = position === undefined ? "" : (cells[position] ?? "").trim();
  if (cell === "") return absent;
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(cell) ? Number(cell) : Number.NaN;
}

const YEAR_MIN = 1970;
const YEAR_MAX = 2100;

function timeOf(
  cells: readonly string[],
  { layout, toUtc }: DelimitedOptions,
): number | { code: BadCode; reason: string } {
  const { date, time } = layout.columns;
  const parts = [date, time]
    .filter((position) => position !== undefined)
    .map((position) => cells[position]?.trim() ?? "");
  if (parts.includes("")) return { code: "columns", reason: "there is no time in it" };
  const text = parts.join(" ");
  const micros = parseTime(text, toUtc);
  if (Number.isNaN(micros)) return { code: "not-a-time", reason: `"${text}" is no time` };
  return micros;
}

const WALL = /^(\d{4})[-./]?(\d{2})[-./]?(\d{2})[ T]?(\d{2}):?(\d{2})(?::?(\d{2})(?:\.(\d{1,6}))?)?$/;
const ISO = /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/;

/** Microseconds of UTC, or NaN. Epochs are the vendor's clock counted as if it were UTC, as MT5 does. */
export function parseTime(text: string, toUtc: ToUtc): number {
  if (/^\d{9,10}$/.test(text)) return wall(Number(text) * 1_000, toUtc, 0);
  if (/^\d{13}$/.test(text)) return wall(Number(text), toUtc, 0);
  if (ISO.test(text)) return Date.parse(text) * 1_000;
  const match = WALL.exec(text);
  if (match === null) return Number.NaN;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = "0", fraction = ""] = match;
  const millis = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour),
    Number(minute),
    Number(second),
  );
  const back = new Date(millis);
  const exact =
    back.getUTCMonth() === Number(month) - 1 &&
    back.getUTCDate() === Number(day) &&
    back.getUTCHours() === Number(hour);
  return exact ? wall(millis, toUtc, Number(fraction.padEnd(6, "0"))) : Number.NaN;
}

function wall(millis: number, toUtc: ToUtc, micros: number): number {
  const year = new Date(millis).getUTCFullYear();
  return year >= YEAR_MIN && year < YEAR_MAX ? toUtc(millis) * 1_000 + micros : Number.NaN;
}

function bad(line: number, text: string, code: BadCode, reason: string): Bad {
  return { kind: "bad", line, code, reason, text };
}

/** Lines without their ends; a byte order mark is no part of the first. */
function* linesOf(text: string): Generator<string> {
  let start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  while (start < text.length) {
    let end = text.indexOf("\n", start);
    if (end < 0) end = text.length;
    yield text.slice(start, text.charCodeAt(end - 1) === 13 ? end - 1 : end);
    start = end + 1;
  }
}
