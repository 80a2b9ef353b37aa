// What a file is and how it is read: format by name and content, symbol by name, the clock it was written by.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { failure, ok, type Result } from "../../../actors/base/result.ts";
import { KNOWN_INSTRUMENTS } from "../instruments.ts";
import { beginsLikeZip, extractEntry, locateEntry } from "../zip.ts";
import { checked } from "./checks.ts";
import { decodeDelimited, detectLayout, type Layout, parseColumns } from "./delimited.ts";
import { decodeDukascopy, dukascopyPath } from "./dukascopy.ts";
import { decodeLean, leanPath } from "./lean-day.ts";
import type { Line } from "./lines.ts";
import { timeZone } from "./wall-time.ts";

const FILE_BYTES_MAX = 1 << 30;
const FILES_MAX = 100_000;
/** Lines that an earlier import left out: not to be read again as if they were a market. */
export const REJECTS = ".rejected.tsv";
const SUFFIXES = [".zip", ".csv", ".txt", ".tsv", ".bi5"];

export interface ImportOptions {
  readonly symbol?: string | undefined;
  readonly timezone?: string | undefined;
  readonly columns?: string | undefined;
  readonly separator?: string | undefined;
  /** Name of the source in the store; the format's by default. */
  readonly source?: string | undefined;
}

export interface ImportPlan {
  readonly path: string;
  readonly format: string;
  readonly source: string;
  readonly symbol: string;
  readonly kind: "bars" | "ticks";
  /** What was assumed, for people. */
  readonly timezone: string;
  readonly bytes: Uint8Array;
  /** Reads the file from its beginning, checks included; may be called again. */
  readonly lines: () => Iterable<Line>;
}

export type PlanFailure = string;

/** Every importable file below `paths`, in the order of their names. */
export function findFiles(
  paths: readonly string[],
): Result<string[], "path-unreadable" | "nothing-to-import"> {
  const files: string[] = [];
  try {
    for (const path of paths) {
      if (statSync(path).isFile()) files.push(path);
      else {
        const below = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
        files.push(
          ...below
            .filter((name) => SUFFIXES.some((suffix) => name.endsWith(suffix)) && !name.endsWith(REJECTS))
            .map((name) => join(path, name)),
        );
      }
    }
  } catch (error) {
    return failure(
      "path-unreadable",
      `cannot read it: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (files.length === 0 || files.length > FILES_MAX) {
    return failure(
      "nothing-to-import",
      `there are ${files.length} files to import below ${paths.join(", ")}: name others`,
    );
  }
  return ok(files);
}

export function planImport(path: string, options: ImportOptions): Result<ImportPlan, PlanFailure> {
  const read = readWhole(path);
  if (!read.ok) return read;
  const dukascopy = dukascopyPath(path);
  if (dukascopy !== undefined) return planDukascopy(path, read.value, { ...options, found: dukascopy });
  const lean = leanPath(path);
  const content = beginsLikeZip(read.value) ? unzip(read.value) : ok(read.value);
  if (!content.ok) return failure(content.code, `${path}: ${content.message}`);
  const text = new TextDecoder("utf-8").decode(content.value);
  if (lean !== undefined) {
    return ok({
      path,
      format: "lean",
      source: options.source ?? lean.source,
      symbol: options.symbol ?? lean.symbol,
      kind: "ticks",
      timezone: "utc",
      bytes: read.value,
      lines: () => checked(decodeLean(text, lean.baseMicros)),
    });
  }
  return planText(path, text, { ...options, bytes: read.value });
}

function planDukascopy(
  path: string,
  bytes: Uint8Array,
  options: ImportOptions & { found: NonNullable<ReturnType<typeof dukascopyPath>> },
): Result<ImportPlan, PlanFailure> {
  const { found } = options;
  const symbol = options.symbol ?? found.symbol;
  const point = pointSizeOf(symbol);
  if (!point.ok) return failure(point.code, `${path}: ${point.message}`);
  const decoded = decodeDukascopy(bytes, found, point.value);
  if (!decoded.ok) return failure(decoded.code, `${path}: ${decoded.message}`);
  return ok({
    path,
    format: "dukascopy",
    source: options.source ?? (found.side === "" ? "dukascopy" : `dukascopy-${found.side}`),
    symbol,
    kind: found.kind,
    timezone: "utc",
    bytes,
    lines: () => {
      const again = decodeDukascopy(bytes, found, point.value);
      return again.ok ? checked(again.value) : [];
    },
  });
}

function planText(
  path: string,
  text: string,
  options: ImportOptions & { bytes: Uint8Array },
): Result<ImportPlan, PlanFailure> {
  const end = text.indexOf("\n");
  const firstLine = (end < 0 ? text : text.slice(0, end)).replace(/\r$/, "").replace(/^\uFEFF/, "");
  if (firstLine.trim() === "") return failure("empty-file", `${path} is empty`);
  const layout: Result<Layout, string> =
    options.columns === undefined
      ? detectLayout(firstLine)
      : parseColumns(options.columns, options.separator ?? ",");
  if (!layout.ok) return failure(layout.code, `${path}: ${layout.message}`);
  const symbol = options.symbol ?? symbolOf(path);
  if (symbol === undefined) {
    return failure(
      "unknown-symbol",
      `${path}: its name says no symbol that is known. Name it: --symbol EURUSD`,
    );
  }
  const point = pointSizeOf(symbol);
  if (!point.ok) return failure(point.code, `${path}: ${point.message}`);
  const format = formatOf(path, firstLine, layout.value);
  const timezone = options.timezone ?? DEFAULT_ZONES[format] ?? "utc";
  const toUtc = timeZone(timezone);
  if (!toUtc.ok) return toUtc;
  return ok({
    path,
    format,
    source: options.source ?? format,
    symbol,
    kind: layout.value.kind,
    timezone,
    bytes: options.bytes,
    lines: () =>
      checked(decodeDelimited(text, { layout: layout.value, toUtc: toUtc.value, pointSize: point.value })),
  });
}

/** The clocks that formats are written by, unless somebody knows better. */
const DEFAULT_ZONES: Readonly<Record<string, string>> = { histdata: "histdata", mt5: "mt5", csv: "utc" };

function formatOf(path: string, firstLine: string, layout: Layout): string {
  if (!layout.hasHeader && /^\d{8} \d{6};/.test(firstLine)) return "histdata";
  if (/<DATE>/i.test(firstLine) || /tick_volume/.test(firstLine) || /mt5/i.test(basename(path))) return "mt5";
  return "csv";
}

/** The instrument a path names, the file before its folders. */
function symbolOf(path: string): string | undefined {
  for (const part of path.split(/[\\/]/).reverse()) {
    const upper = part.toUpperCase();
    const found = KNOWN_INSTRUMENTS.find(({ symbol }) => upper.includes(symbol));
    if (found !== undefined) return found.symbol;
    if (upper.includes("GOLD")) return "XAUUSD";
  }
  return undefined;
}

function pointSizeOf(symbol: string): Result<number, "unknown-symbol"> {
  const digits = KNOWN_INSTRUMENTS.find((instrument) => instrument.symbol === symbol)?.digits;
  if (digits !== undefined) return ok(10 ** -digits);
  const known = KNOWN_INSTRUMENTS.map((instrument) => instrument.symbol).join(", ");
  return failure("unknown-symbol", `${symbol} is no instrument that is known: ${known}`);
}

function readWhole(path: string): Result<Uint8Array, "path-unreadable" | "file-too-large"> {
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX)
      return failure(
        "file-too-large",
        `${path} has ${size} bytes; at most ${FILE_BYTES_MAX} are read. Split it.`,
      );
    return ok(readFileSync(path));
  } catch (error) {
    return failure(
      "path-unreadable",
      `cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function unzip(file: Uint8Array): Result<Uint8Array, string> {
  const entry = locateEntry(file, { tailOffset: 0, looksLikeZip: true });
  return entry.ok ? extractEntry(file, entry.value, FILE_BYTES_MAX) : entry;
}
