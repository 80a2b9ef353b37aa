// Finding one's way in a partition of which parts are void: sums of spans, and a place by what ascends along it.

import type { StoredEntry } from "./entries.ts";

/** Offsets of a partition, `to` excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

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

/** What of the spans lies within one. */
export function clipSpans(spans: readonly Span[], { from: start, to: end }: Span): Span[] {
  return spans
    .map(({ from, to }) => ({ from: Math.max(from, start), to: Math.min(to, end) }))
    .filter(({ from, to }) => from < to);
}

export function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((total, { from, to }) => total + to - from, 0);
}

export function spanAt(spans: readonly Span[], offset: number): Span | undefined {
  return spans.find(({ from, to }) => from <= offset && offset < to);
}

/**
 * Entries that do not ascend: a writer was cut off, and what it had sent arrived when it, or another one, had sent the same
 * again and gone on.
 */
export function straysOf(entries: readonly StoredEntry[]): Span[] {
  const strays: Span[] = [];
  let lastSeq = 0;
  for (const { offset, entry } of entries) {
    if (entry.seq <= lastSeq) strays.push({ from: offset, to: offset + 1 });
    else lastSeq = entry.seq;
  }
  return mergeSpans(strays);
}

/**
 * Offset behind which the first entry lies that is wanted, or `to`: found by halving, as all behind it are wanted as well.
 * @param look the first entry that counts at or behind an offset, undefined where there is none
 */
export async function findFirst(
  { from, to }: Span,
  isWanted: (stored: StoredEntry) => boolean,
  look: (offset: number) => Promise<StoredEntry | undefined>,
): Promise<number> {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const seen = await look(middle);
    if (seen === undefined || isWanted(seen)) high = middle;
    else low = seen.offset + 1;
  }
  return low;
}
