// Reading a journal that nobody writes to: how far it goes, and cursors over it.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { JournalCursor } from "../../actors/ports/journal.ts";
import { SegmentCursor } from "./cursor.ts";
import { type Disk, RealDisk } from "./disk.ts";
import { segmentName } from "./format.ts";
import { describeDamage, listSegments, scanSegment } from "./scan.ts";
import { TopicChains } from "./topic-chains.ts";
import type { VerifyFailure } from "./verify.ts";

export interface JournalExtent {
  readonly segments: number;
  /** 0 when the journal is empty. */
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly lastEpoch: number;
  readonly bytes: number;
  /** The end was torn by a crash: harmless, cut at the next opening. */
  readonly torn: boolean;
}

export interface JournalReader {
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Throws {@link JournalDamaged} where a record is not intact. */
  cursor(fromSeq: number): JournalCursor;
}

/** How far the journal in `directory` goes. Looks into the newest segment only; `verifyJournal` looks at everything. */
export function statJournal(directory: string): Result<JournalExtent, VerifyFailure> {
  return reading(directory, statDisk);
}

/** Opens the journal in `directory` for reading, up to where it ends now. */
export function openJournalReader(directory: string): Result<JournalReader, VerifyFailure> {
  return reading(directory, (disk) => {
    const extent = statDisk(disk);
    if (!extent.ok) return extent;
    const { firstSeq, lastSeq } = extent.value;
    return ok({
      firstSeq,
      lastSeq,
      cursor: (fromSeq) => new SegmentCursor({ disk, fromSeq, durableSeq: () => lastSeq }),
    });
  });
}

function reading<T>(
  directory: string,
  read: (disk: Disk) => Result<T, VerifyFailure>,
): Result<T, VerifyFailure> {
  try {
    return read(new RealDisk(directory, { create: false }));
  } catch (error) {
    return failure("journal-unreadable", `cannot read the journal in ${directory}: ${String(error)}`);
  }
}

function statDisk(disk: Disk): Result<JournalExtent, VerifyFailure> {
  const segments = listSegments(disk);
  const newest = segments.at(-1);
  if (newest === undefined) {
    return ok({ segments: 0, firstSeq: 0, lastSeq: 0, lastEpoch: 0, bytes: 0, torn: false });
  }
  const scan = scanSegment(disk, newest, new TopicChains());
  if ("what" in scan) return failure("journal-damaged", describeDamage(scan));
  return ok({
    segments: segments.length,
    firstSeq: scan.lastSeq === 0 ? 0 : (segments[0] ?? 0),
    lastSeq: scan.lastSeq,
    lastEpoch: scan.lastEpoch,
    bytes: segments.reduce((sum, firstSeq) => sum + sizeOf(disk, firstSeq), 0),
    torn: scan.torn,
  });
}

function sizeOf(disk: Disk, firstSeq: number): number {
  const file = disk.open(segmentName(firstSeq), "read");
  try {
    return file.bytes;
  } finally {
    file.close();
  }
}
