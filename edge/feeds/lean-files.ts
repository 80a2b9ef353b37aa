// Finds Lean tick files and proves what can be proved before anything is played: names, dates, sources, duplicates and
// the directory of each zip. An import that cannot succeed should say so at once, not after an hour.

import { closeSync, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { MICROS_PER_HOUR, MICROS_PER_MILLISECOND, type Micros } from "../../actors/base/clock.ts";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import { DIRECTORY_DEPTH_MAX, FILES_MAX, ZIP_BYTES_MAX } from "./limits.ts";
import { SOURCE_NAMES, sourceIdOf, type SourceName } from "./source.ts";
import { beginsLikeZip, locateEntry, ZIP_TAIL_BYTES, type ZipEntry, type ZipFailure } from "./zip.ts";

export type LeanFileFailure =
  | ZipFailure
  | "path-unreadable"
  | "too-many-files"
  | "no-tick-files"
  | "not-a-tick-file"
  | "unknown-source"
  | "duplicate-day"
  | "wrong-entry";

/** Source time minus UTC, by the sources whose files are known. FXCM files are in New York winter time all year. */
const OFFSET_MICROS: Readonly<Partial<Record<SourceName, number>>> = { oanda: 0, fxcm: -5 * MICROS_PER_HOUR };

const FILE_NAME = /^(\d{4})(\d{2})(\d{2})_quote\.zip$/;
const FOLDER_NAME = /^([a-z]+)-([a-z0-9]+)$/;
/** How a CSV is named inside its zip, for example 20140502_eurusd_tick_quote.csv. */
const ENTRY_NAME = /^(\d{8})_([a-z0-9]+)_tick_quote\.csv$/;
/** Enough for the directory of a zip without a comment; a longer end is read only where this does not do. */
const SHORT_TAIL_BYTES = 4_096;
const HEAD_BYTES = 4;

export interface LeanDay {
  readonly path: string;
  /** Size of the zip, in bytes. */
  readonly bytes: number;
  /** Midnight of the file's day in the source's time zone, as UTC. */
  readonly dayMicros: Micros;
}

/** One symbol of one source, its days in order. */
export interface LeanSeriesFiles {
  readonly source: SourceName;
  /** Canonical, for example EURUSD. */
  readonly symbol: string;
  readonly days: readonly LeanDay[];
}

interface NamedDay extends LeanDay {
  readonly source: SourceName;
  readonly symbol: string;
}

/**
 * All `<source>-<symbol>/YYYYMMDD_quote.zip` at or below `paths`, preferred sources first (SOURCE_NAMES is the order of
 * preference), then by symbol: the result does not depend on the order of `paths`. Other files in directories are passed
 * over; a tick file of an unknown source, a day that comes twice or a zip that cannot be read is a failure.
 */
export function findLeanFiles(paths: readonly string[]): Result<LeanSeriesFiles[], LeanFileFailure> {
  const found = new Map<string, string>();
  for (const path of paths) {
    const problem = collect(path, { found, depth: 0 });
    if (problem !== undefined) return problem;
  }
  const days: NamedDay[] = [];
  for (const path of found.values()) {
    const day = inspect(path);
    if (!day.ok) return day;
    days.push(day.value);
  }
  if (days.length === 0) {
    const where = paths.length === 0 ? "no path was given" : `no tick files at ${paths.join(", ")}`;
    return failure(
      "no-tick-files",
      `${where}. Expected <source>-<symbol>/YYYYMMDD_quote.zip; ${knownSources()}`,
    );
  }
  return group(days);
}

/** Adds the tick files at or below `path` by their real path, so that a file named twice is taken once. */
function collect(
  path: string,
  search: { found: Map<string, string>; depth: number },
): Failure<LeanFileFailure> | undefined {
  const { found, depth } = search;
  try {
    if (!statSync(path).isDirectory()) {
      if (FILE_NAME.test(basename(path))) found.set(realpathSync(path), path);
      else if (depth === 0) return notATickFile(path, "its name is not YYYYMMDD_quote.zip");
      if (found.size <= FILES_MAX) return undefined;
      return failure("too-many-files", `more than ${FILES_MAX} tick files. Import fewer at a time.`);
    }
    if (depth > DIRECTORY_DEPTH_MAX) {
      return failure(
        "path-unreadable",
        `${path} is more than ${DIRECTORY_DEPTH_MAX} folders deep. Give a path closer to the files.`,
      );
    }
    for (const name of readdirSync(path).sort()) {
      const problem = collect(join(path, name), { found, depth: depth + 1 });
      if (problem !== undefined) return problem;
    }
    return undefined;
  } catch (error) {
    return unreadable(path, error);
  }
}

/** What the path, the size and the zip's directory say about a file. */
function inspect(path: string): Result<NamedDay, LeanFileFailure> {
  const [, year, month, date] = FILE_NAME.exec(basename(path)) ?? [];
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(date));
  // Date.UTC carries a 31st of June over into July; writing it back shows that.
  if (new Date(midnight).toISOString().slice(0, 10) !== `${year}-${month}-${date}`) {
    return notATickFile(path, `${year}-${month}-${date} is not a date`);
  }
  const [, folderSource, folderSymbol = ""] = FOLDER_NAME.exec(basename(dirname(path))) ?? [];
  const source = SOURCE_NAMES.find((name) => name === folderSource);
  const offsetMicros = source === undefined ? undefined : OFFSET_MICROS[source];
  if (source === undefined || offsetMicros === undefined) {
    return failure(
      "unknown-source",
      `${path}: its folder must be called <source>-<symbol>, for example oanda-eurusd, because the source decides the ` +
        `time zone; ${knownSources()}`,
    );
  }
  const file = readDirectory(path);
  if (!file.ok) return file;
  const [, entryDate, entrySymbol] = ENTRY_NAME.exec(file.value.entry.name) ?? [];
  if (entryDate !== `${year}${month}${date}` || entrySymbol !== folderSymbol) {
    return failure(
      "wrong-entry",
      `${path} holds ${printable(file.value.entry.name)} where ${year}${month}${date}_${folderSymbol}_tick_quote.csv is ` +
        "expected: file and folder do not belong together. Move it where it belongs.",
    );
  }
  const dayMicros = midnight * MICROS_PER_MILLISECOND - offsetMicros;
  return ok({ path, bytes: file.value.bytes, dayMicros, source, symbol: folderSymbol.toUpperCase() });
}

/** Reads only the end of a zip, where its directory is. */
function readDirectory(path: string): Result<{ bytes: number; entry: ZipEntry }, LeanFileFailure> {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(path, "r");
    const bytes = statSync(path).size;
    if (bytes > ZIP_BYTES_MAX) {
      return failure("zip-too-large", `${path}: ${bytes} bytes, and at most ${ZIP_BYTES_MAX} are read.`);
    }
    const looksLikeZip = beginsLikeZip(readAt(descriptor, { from: 0, bytes: Math.min(HEAD_BYTES, bytes) }));
    let entry: Result<ZipEntry, ZipFailure> | undefined;
    for (const tailBytes of [SHORT_TAIL_BYTES, ZIP_TAIL_BYTES]) {
      const tailOffset = Math.max(0, bytes - tailBytes);
      const tail = readAt(descriptor, { from: tailOffset, bytes: bytes - tailOffset });
      entry = locateEntry(tail, { tailOffset, looksLikeZip });
      if (entry.ok) return ok({ bytes, entry: entry.value });
      if (tailOffset === 0) break;
    }
    const problem = entry as Failure<ZipFailure>;
    return failure(problem.code, `${path}: ${problem.message}`);
  } catch (error) {
    return unreadable(path, error);
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

function readAt(descriptor: number, range: { from: number; bytes: number }): Uint8Array {
  const buffer = new Uint8Array(range.bytes);
  let read = 0;
  while (read < range.bytes) {
    const more = readSync(descriptor, buffer, read, range.bytes - read, range.from + read);
    if (more === 0) break;
    read += more;
  }
  return buffer.subarray(0, read);
}

function group(days: readonly NamedDay[]): Result<LeanSeriesFiles[], LeanFileFailure> {
  const inOrder = [...days].sort(
    (a, b) =>
      sourceIdOf(a.source) - sourceIdOf(b.source) ||
      compareText(a.symbol, b.symbol) ||
      a.dayMicros - b.dayMicros ||
      compareText(a.path, b.path),
  );
  const groups: { source: SourceName; symbol: string; days: LeanDay[] }[] = [];
  for (const day of inOrder) {
    const { source, symbol } = day;
    let last = groups.at(-1);
    if (last === undefined || last.source !== source || last.symbol !== symbol) {
      last = { source, symbol, days: [] };
      groups.push(last);
    }
    const before = last.days.at(-1);
    if (before !== undefined && before.dayMicros === day.dayMicros) {
      return failure(
        "duplicate-day",
        `${before.path} and ${day.path} are the same day of ${symbol} from ${source}. Give one of them.`,
      );
    }
    last.days.push({ path: day.path, bytes: day.bytes, dayMicros: day.dayMicros });
  }
  return ok(groups);
}

function notATickFile(path: string, reason: string): Failure<LeanFileFailure> {
  return failure(
    "not-a-tick-file",
    `${path} is not a Lean tick file: ${reason}. Give <source>-<symbol>/YYYYMMDD_quote.zip or a folder.`,
  );
}

/** Why the machine did not let us read `path`, in the words of its error code. */
export function unreadable(path: string, error: unknown): Failure<"path-unreadable"> {
  const reason = error instanceof Error ? error.message : String(error);
  return failure("path-unreadable", `cannot read ${path} (${reason}). Check the path and its permissions.`);
}

function knownSources(): string {
  return `known sources are ${Object.keys(OFFSET_MICROS).join(" and ")}.`;
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function printable(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}
