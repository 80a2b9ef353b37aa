// A page of bars column by column: in memory one array of numbers where rows would be hundreds of objects for the collector to
// walk, and as a text the bytes of that array, which cost nothing to read.

import { z } from "zod";
import { type BarSize, barSizeMicros } from "../actors/domain/bar.ts";
import type { BarRow } from "../actors/ports/time-series.ts";

const NUMBERS = [
  "seq",
  "openTimeMicros",
  "open",
  "high",
  "low",
  "close",
  "volume",
  "ticks",
  "spreadMean",
] as const satisfies readonly (keyof BarRow)[];
/** The last column: which of the page's sources a bar is of. */
const SOURCE = NUMBERS.length;
const COLUMNS = NUMBERS.length + 1;

const headSchema = z.strictObject({
  columns: z.literal(COLUMNS),
  symbol: z.string(),
  interval: z.custom<BarSize>((size) => typeof size === "string" && barSizeMicros(size) !== undefined),
  sources: z.array(z.string()).min(1),
});

/** Bars of one symbol and size. */
export interface BarsPage extends Omit<z.infer<typeof headSchema>, "columns"> {
  /** Column after column, each as long as there are bars. */
  readonly values: Float64Array<ArrayBuffer>;
}

/** Undefined for no rows. They are of one symbol and size. */
export function pageOf(rows: readonly BarRow[]): BarsPage | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const sources = [...new Set(rows.map(({ source }) => source))];
  const values = new Float64Array(COLUMNS * rows.length);
  rows.forEach((row, i) => {
    for (const [column, name] of NUMBERS.entries()) values[column * rows.length + i] = row[name];
    values[SOURCE * rows.length + i] = sources.indexOf(row.source);
  });
  return { symbol: first.symbol, interval: first.interval, sources, values };
}

export function rowsOf({ symbol, interval, sources, values }: BarsPage): BarRow[] {
  const count = values.length / COLUMNS;
  const at = (column: number, i: number): number => values[column * count + i] ?? Number.NaN;
  return Array.from({ length: count }, (_, i) => ({
    symbol,
    interval,
    source: sources[at(SOURCE, i)] ?? "",
    seq: at(0, i),
    openTimeMicros: at(1, i),
    open: at(2, i),
    high: at(3, i),
    low: at(4, i),
    close: at(5, i),
    volume: at(6, i),
    ticks: at(7, i),
    spreadMean: at(8, i),
  }));
}

/** What it is of, a line feed, and the bytes of its numbers. */
export function writePage({ values, ...head }: BarsPage): string {
  return `${JSON.stringify({ columns: COLUMNS, ...head })}\n${new Uint8Array(values.buffer).toBase64()}`;
}

/** Undefined for what another version of the program left. */
export function readPage(text: string): BarsPage | undefined {
  const end = text.indexOf("\n");
  try {
    const { columns: _columns, ...head } = headSchema.parse(JSON.parse(text.slice(0, end)));
    const values = new Float64Array(Uint8Array.fromBase64(text.slice(end + 1)).buffer);
    return values.length % COLUMNS === 0 ? { ...head, values } : undefined;
  } catch {
    return undefined;
  }
}
