// What may leave the journal's folder and when: sealed segments that are old enough and that every reader has passed, oldest
// first. How full the folder is, is watched here, too.

import { ok, type Result } from "../../actors/base/result.ts";
import { type Micros, MICROS_PER_DAY } from "../../actors/base/clock.ts";
import { archiveSegment, type ArchiveFailure } from "./archive.ts";
import type { Disk } from "./disk.ts";
import { RECORD_HEADER_BYTES, SEGMENT_HEADER_BYTES, segmentName } from "./format.ts";
import { listSealedSegments, listSegments } from "./scan.ts";

/** How long records stay in the journal itself. */
export const KEPT_MICROS_DEFAULT = 7 * MICROS_PER_DAY;
/** What the journal's folder may take before somebody is told that it is full. */
export const DISK_BUDGET_BYTES_DEFAULT = 64 * 2 ** 30;
/** Share of the budget from which on somebody is warned. */
const BUDGET_WARNING_SHARE = 0.8;

/** Somebody who reads the journal and has everything up to `seq`. */
export interface AttachedCursor {
  readonly name: string;
  readonly seq: number;
}

export interface SegmentAge {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** No record in it is younger than this. */
  readonly endMicros: Micros;
}

export type BudgetAlarm = "none" | "warning" | "exceeded";

export interface RetentionReport {
  /** First sequences of the segments that were archived now. */
  readonly archived: readonly number[];
  /** The reader that keeps an old segment in the journal; empty when none does. */
  readonly heldBy: string;
  /** Bytes in the journal's folder afterwards. */
  readonly usedBytes: number;
  readonly alarm: BudgetAlarm;
}

export interface RetentionOptions {
  readonly journal: Disk;
  readonly archive: Disk;
  readonly cursors: readonly AttachedCursor[];
  /** The time of the journal's newest records, not of the wall: a replayed past is young in its own journal. */
  readonly nowMicros: Micros;
  readonly keptMicros?: number;
  readonly budgetBytes?: number;
}

/** The segments that may leave now, as their first sequences, and the reader that holds the next one back. */
export function planRetention(options: {
  /** Sealed ones, oldest first. */
  segments: readonly SegmentAge[];
  cursors: readonly AttachedCursor[];
  nowMicros: Micros;
  keptMicros: number;
}): { leaving: readonly number[]; heldBy: string } {
  const { segments, cursors, nowMicros, keptMicros } = options;
  const leaving: number[] = [];
  for (const segment of segments) {
    if (nowMicros - segment.endMicros < keptMicros) break;
    const behind = cursors.find((cursor) => cursor.seq < segment.lastSeq);
    if (behind !== undefined) return { leaving, heldBy: behind.name };
    leaving.push(segment.firstSeq);
  }
  return { leaving, heldBy: "" };
}

export function budgetAlarm(usedBytes: number, budgetBytes: number): BudgetAlarm {
  if (usedBytes >= budgetBytes) return "exceeded";
  return usedBytes >= budgetBytes * BUDGET_WARNING_SHARE ? "warning" : "none";
}

/**
 * Archives what may leave. Reads and packs whole segments: call it on a thread of its own.
 * A failure leaves the segment it is about, and all after it, in the journal.
 */
export function applyRetention(options: RetentionOptions): Result<RetentionReport, ArchiveFailure> {
  const { journal, archive, cursors, nowMicros } = options;
  const { leaving, heldBy } = planRetention({
    segments: segmentAges(journal),
    cursors,
    nowMicros,
    keptMicros: options.keptMicros ?? KEPT_MICROS_DEFAULT,
  });
  for (const firstSeq of leaving) {
    const archived = archiveSegment({ journal, archive }, firstSeq);
    if (!archived.ok) return archived;
  }
  const usedBytes = bytesOf(journal);
  const alarm = budgetAlarm(usedBytes, options.budgetBytes ?? DISK_BUDGET_BYTES_DEFAULT);
  return ok({ archived: leaving, heldBy, usedBytes, alarm });
}

/** Sealed segments with the time of the record that follows each: times in a journal do not fall. */
function segmentAges(journal: Disk): SegmentAge[] {
  return listSealedSegments(journal).map(({ firstSeq, lastSeq }) => ({
    firstSeq,
    lastSeq,
    endMicros: firstTimeOf(journal, lastSeq + 1),
  }));
}

/**
 * Time of the first record in a segment that has one: a seal that opens a journal may have none. Endlessly far ahead where no
 * record is there yet, so that nothing leaves for it.
 */
function firstTimeOf(journal: Disk, firstSeq: number): Micros {
  const file = journal.open(segmentName(firstSeq), "read");
  try {
    const header = new Uint8Array(RECORD_HEADER_BYTES);
    const view = new DataView(header.buffer);
    let at = SEGMENT_HEADER_BYTES;
    while (file.read(header, at) === RECORD_HEADER_BYTES && view.getUint32(0, true) !== 0) {
      const timeMicros = view.getFloat64(16, true);
      if (timeMicros > 0) return timeMicros;
      at += view.getUint32(0, true);
    }
    return Number.POSITIVE_INFINITY;
  } finally {
    file.close();
  }
}

function bytesOf(journal: Disk): number {
  let bytes = 0;
  for (const firstSeq of listSegments(journal)) {
    const file = journal.open(segmentName(firstSeq), "read");
    bytes += file.bytes;
    file.close();
  }
  return bytes;
}
