// A page of bars column by column: a short text, and in memory a few arrays of numbers where rows would be hundreds of objects
// for the collector to walk.

import { z } from "zod";
import { type BarSize, barSizeMicros } from "../actors/domain/bar.ts";
import type { BarRow } from "../actors/ports/time-series.ts";

const numbers = z.array(z.number());

const pageSchema = z
  .strictObject({
    symbol: z.string(),
    interval: z.custom<BarSize>((size) => typeof size === "string" && barSizeMicros(size) !== undefined),
    source: z.array(z.string()),
    seq: numbers,
    openTimeMicros: numbers,
    open: numbers,
    high: numbers,
    low: numbers,
    close: numbers,
    volume: numbers,
    ticks: numbers,
    spreadMean: numbers,
  })
  .refine((page) =>
    Object.values(page).every((column) => typeof column === "string" || column.length === page.seq.length),
  );

/** Bars of one symbol and size; every column is as long as the others. */
export type BarsPage = z.infer<typeof pageSchema>;

/** Undefined for no rows. They are of one symbol and size. */
export function pageOf(rows: readonly BarRow[]): BarsPage | undefined {
  const [first] = rows;
  if (first === undefined) return undefined;
  const column = <Name extends keyof BarRow>(name: Name): BarRow[Name][] => rows.map((row) => row[name]);
  return {
    symbol: first.symbol,
    interval: first.interval,
    source: column("source"),
    seq: column("seq"),
    openTimeMicros: column("openTimeMicros"),
    open: column("open"),
    high: column("high"),
    low: column("low"),
    close: column("close"),
    volume: column("volume"),
    ticks: column("ticks"),
    spreadMean: column("spreadMean"),
  };
}

export function rowsOf(page: BarsPage): BarRow[] {
  const { symbol, interval } = page;
  return page.source.map((source, i) => ({
    seq: at(page.seq, i),
    symbol,
    source,
    interval,
    openTimeMicros: at(page.openTimeMicros, i),
    open: at(page.open, i),
    high: at(page.high, i),
    low: at(page.low, i),
    close: at(page.close, i),
    volume: at(page.volume, i),
    ticks: at(page.ticks, i),
    spreadMean: at(page.spreadMean, i),
  }));
}

/** Undefined for what another version of the program left. */
export function readPage(text: string): BarsPage | undefined {
  try {
    return pageSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function at(column: readonly number[], index: number): number {
  return column[index] ?? Number.NaN;
}
