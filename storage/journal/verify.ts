// Reads a whole journal and says whether every byte of it is as it was written; or where the first wrong one is.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Disk } from "./disk.ts";
import { RealDisk } from "./disk.ts";
import { segmentName } from "./format.ts";
import { describeDamage, listSegments, scanSegment } from "./scan.ts";
import { type TopicHead, TopicChains } from "./topic-chains.ts";

export interface JournalReport {
  readonly segments: number;
  readonly records: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** How many times the journal was opened for writing and left a trace. */
  readonly epochs: number;
  readonly lastEpoch: number;
  readonly bytes: number;
  /** The end was torn by a crash: harmless, cut at the next opening. */
  readonly torn: boolean;
  readonly topics: readonly TopicHead[];
}

export type VerifyFailure = "journal-damaged" | "journal-unreadable";

/** Verifies the journal in `directory`. It must not be open for writing. */
export function verifyJournal(directory: string): Result<JournalReport, VerifyFailure> {
  try {
    return verifyDisk(new RealDisk(directory));
  } catch (error) {
    return failure("journal-unreadable", `cannot read the journal in ${directory}: ${String(error)}`);
  }
}

export function verifyDisk(disk: Disk): Result<JournalReport, VerifyFailure> {
  const segments = listSegments(disk);
  const chains = new TopicChains();
  let records = 0;
  let bytes = 0;
  let lastSeq = (segments[0] ?? 1) - 1;
  let lastEpoch = 0;
  let epochs = 0;
  let torn = false;
  for (const firstSeq of segments) {
    if (firstSeq !== lastSeq + 1) {
      return failure(
        "journal-damaged",
        `records ${lastSeq + 1} to ${firstSeq - 1} are missing before ${segmentName(firstSeq)}`,
      );
    }
    const headsBefore = records === 0 ? undefined : chains.heads.slice();
    const scan = scanSegment(disk, firstSeq, chains);
    if ("what" in scan) return failure("journal-damaged", describeDamage(scan));
    if (headsBefore !== undefined && Buffer.compare(headsBefore, Buffer.from(scan.header.heads)) !== 0) {
      const what = "its heads are not those of the segment before";
      return failure(
        "journal-damaged",
        describeDamage({ file: segmentName(firstSeq), offset: 0, seq: firstSeq, what }),
      );
    }
    if (torn) {
      const what = "the segment before it is not complete";
      return failure(
        "journal-damaged",
        describeDamage({ file: segmentName(firstSeq), offset: 0, seq: firstSeq, what }),
      );
    }
    records += scan.records;
    bytes += scan.bytes;
    lastSeq = scan.lastSeq;
    epochs += scan.epochChanges + (scan.header.epoch > lastEpoch ? 1 : 0);
    lastEpoch = scan.lastEpoch;
    torn = scan.torn;
  }
  return ok({
    segments: segments.length,
    records,
    firstSeq: segments[0] ?? 0,
    lastSeq,
    epochs,
    lastEpoch,
    bytes,
    torn,
    topics: chains.listing(),
  });
}
