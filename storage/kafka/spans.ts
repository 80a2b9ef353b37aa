// Finding one's way in a partition of which parts are void: sums of spans, and a place by its journal sequence.

import type { Line, Span } from "./lines.ts";

/** Ascending, none touching another. */
export function mergeSpans(spans: readonly Span[]): Span[] {
  const merged: Span[] = [];
  for (const { from, to } of spans.toSorted((a, b) => a.from - b.from)) {
    if (to <= from) continue;
    const last = merged.at(-1);
    if (last !== undefined && from <= last.to)
      merged[merged.length - 1] = { from: last.from, to: Math.max(last.to, to) };
    else merged.push({ from, to });
  }
  return merged;
}

/** What of the spans lies at or behind `start`. */
export function spansFrom(spans: readonly Span[], start: number): Span[] {
  return spans.filter(({ to }) => to > start).map(({ from, to }) => ({ from: Math.max(from, start), to }));
}

export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((total, { from, to }) => total + to - from, 0);
}

export function spanAt(spans: readonly Span[], offset: number): Span | undefined {
  return spans.find(({ from, to }) => from <= offset && offset < to);
}

/**
 * Entries of a writer that did not know the newest marker before them: it was cut off, and they arrived when another one
 * had begun where they were not. They are void, although no marker says so yet.
 */
export function strayOf(lines: readonly Line[]): Span[] {
  const stray: Span[] = [];
  let newest = -1;
  for (const line of lines) {
    if (line.type === "marker") newest = line.offset;
    if (line.type !== "entry") continue;
    if (line.life < newest) stray.push({ from: line.offset, to: line.offset + 1 });
    else newest = line.life;
  }
  return mergeSpans(stray);
}

/**
 * Offset of the first entry after a journal sequence, or `end`: found by halving, as both ascend.
 * @param look the first entry that counts at or behind an offset, undefined where there is none
 */
export async function findAfter(
  { from, to }: Span,
  afterSeq: number,
  look: (offset: number) => Promise<{ readonly offset: number; readonly seq: number } | undefined>,
): Promise<number> {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const seen = await look(middle);
    if (seen === undefined || seen.seq > afterSeq) high = middle;
    else low = seen.offset + 1;
  }
  return low;
}
