// QuantConnect Lean tick files: one folder per source and symbol, one zip per day, one CSV inside - milliseconds since
// midnight, bid, ask. Several folders become one stream in source time; of two sources of one symbol the second only
// checks the first.

import { readFileSync } from "node:fs";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import { TICK_SECONDARY } from "../../actors/domain/tick.ts";
import { instrumentsOf, type InstrumentFailure, type InstrumentTerms } from "./instruments.ts";
import {
  findLeanFiles,
  type LeanDay,
  type LeanFileFailure,
  type LeanSeriesFiles,
  unreadable,
} from "./lean-files.ts";
import { CSV_BYTES_MAX } from "./limits.ts";
import { MergedSource } from "./merge.ts";
import { QuoteColumns } from "./quote-rows.ts";
import {
  emptySourceTick,
  sourceIdOf,
  type SourceProgress,
  type SourceTick,
  type TickSource,
} from "./source.ts";
import { beginsLikeZip, extractEntry, locateEntry, ZIP_TAIL_BYTES, type ZipFailure } from "./zip.ts";

export type LeanFailure = LeanFileFailure | InstrumentFailure;

/** How a stream of files can end early. */
export type LeanReadFailure = ZipFailure | "path-unreadable" | "bad-rows" | "empty-file";

export interface LeanTicks {
  readonly instruments: readonly Instrument[];
  readonly ticks: TickSource;
}

/**
 * Opens every `<source>-<symbol>/YYYYMMDD_quote.zip` at or below `paths`. Instruments are those of the files, ids by the
 * order of their symbols. Names and zip directories are checked here; contents are checked when their day comes, and a
 * bad file ends the stream with its failure before any of its ticks was handed out.
 * @param options.known instruments to choose from instead of the built-in ones
 */
export function openLeanTicks(
  paths: readonly string[],
  options: { known?: readonly InstrumentTerms[] } = {},
): Result<LeanTicks, LeanFailure> {
  const found = findLeanFiles(paths);
  if (!found.ok) return found;
  const symbols = [...new Set(found.value.map(({ symbol }) => symbol))].sort();
  const instruments = instrumentsOf(symbols, options);
  if (!instruments.ok) return instruments;
  const seen = new Set<string>();
  const sources: LeanSeries[] = [];
  for (const files of found.value) {
    const flags = seen.has(files.symbol) ? TICK_SECONDARY : 0;
    seen.add(files.symbol);
    sources.push(new LeanSeries({ files, instrumentId: symbols.indexOf(files.symbol), flags }));
  }
  return ok({ instruments: instruments.value, ticks: new MergedSource(sources) });
}

/** One symbol of one source, a day in memory at a time. */
class LeanSeries implements TickSource {
  readonly #files: LeanSeriesFiles;
  readonly #bytesTotal: number;
  readonly #tick: SourceTick = emptySourceTick();
  readonly #columns = new QuoteColumns();
  #row = 0;
  #day = 0;
  #ticks = 0;
  #bytesRead = 0;
  #failure: Failure<LeanReadFailure> | undefined;

  constructor(options: { files: LeanSeriesFiles; instrumentId: number; flags: number }) {
    this.#files = options.files;
    this.#bytesTotal = options.files.days.reduce((sum, day) => sum + day.bytes, 0);
    this.#tick.instrumentId = options.instrumentId;
    this.#tick.sourceId = sourceIdOf(options.files.source);
    this.#tick.flags = options.flags;
  }

  get failure(): Failure<LeanReadFailure> | undefined {
    return this.#failure;
  }

  describe(): string {
    const { source, symbol, days } = this.#files;
    const second = (this.#tick.flags & TICK_SECONDARY) === 0 ? "" : " (second source)";
    return `${source} ${symbol}${second}, ${days.length} ${days.length === 1 ? "day" : "days"}`;
  }

  next(): SourceTick | undefined {
    if (this.#row === this.#columns.rows && !this.#nextDay()) return undefined;
    const row = this.#row++;
    const tick = this.#tick;
    tick.sourceSeq = ++this.#ticks;
    tick.sourceTimeMicros = this.#columns.times[row] as number;
    tick.bid = this.#columns.bids[row] as number;
    tick.ask = this.#columns.asks[row] as number;
    return tick;
  }

  progress(): SourceProgress {
    const inMemory = this.#columns.rows - this.#row;
    const known = this.#ticks + inMemory;
    const perByte = this.#bytesRead === 0 ? 0 : known / this.#bytesRead;
    return {
      ticks: this.#ticks,
      ticksEstimate: Math.round(known + perByte * (this.#bytesTotal - this.#bytesRead)),
      bytes: this.#bytesRead,
      bytesTotal: this.#bytesTotal,
    };
  }

  /** Loads the next day; false at the end and at a failure. */
  #nextDay(): boolean {
    const day = this.#files.days[this.#day];
    if (this.#failure !== undefined || day === undefined) return false;
    this.#failure = readDay(day, this.#columns);
    this.#row = 0;
    if (this.#failure !== undefined) {
      this.#columns.rows = 0;
      return false;
    }
    this.#day++;
    this.#bytesRead += day.bytes;
    return true;
  }
}

/** Fills the columns with a whole day, or says what is wrong with its file. */
function readDay(day: LeanDay, columns: QuoteColumns): Failure<LeanReadFailure> | undefined {
  let file: Uint8Array;
  try {
    file = readFileSync(day.path);
  } catch (error) {
    return unreadable(day.path, error);
  }
  const tailOffset = Math.max(0, file.length - ZIP_TAIL_BYTES);
  const entry = locateEntry(file.subarray(tailOffset), { tailOffset, looksLikeZip: beginsLikeZip(file) });
  if (!entry.ok) return failure(entry.code, `${day.path}: ${entry.message}`);
  const content = extractEntry(file, entry.value, CSV_BYTES_MAX);
  if (!content.ok) return failure(content.code, `${day.path}: ${content.message}`);
  columns.parse(content.value, day.dayMicros);
  if (columns.badRowCount > 0) return badRows(day, columns);
  if (columns.rows === 0) return failure("empty-file", `${day.path}: the file holds no ticks. Remove it.`);
  return undefined;
}

function badRows(day: LeanDay, columns: QuoteColumns): Failure<"bad-rows"> {
  const count = columns.badRowCount;
  const shown = columns.badRows.map(({ line, problem, text }) => `  line ${line}: ${problem}: ${text}`);
  if (count > shown.length) shown.push(`  and ${count - shown.length} more`);
  return failure(
    "bad-rows",
    `${day.path}: ${count} ${count === 1 ? "row" : "rows"} cannot be read, so none of the file was used. Correct or ` +
      `remove it.\n${shown.join("\n")}`,
  );
}
