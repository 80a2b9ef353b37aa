// Opening a journal: find its end, cut what a crash left half-written, refuse what is damaged.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import { adviceFor } from "./advice.ts";
import type { Disk } from "./disk.ts";
import {
  decodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
  SPARE_NAME,
} from "./format.ts";
import { describeDamage, listSegments, scanSegment, type SegmentScan } from "./scan.ts";
import { SegmentWriter, type WritePosition } from "./segment-writer.ts";
import { TopicChains } from "./topic-chains.ts";

export type JournalOpenFailure = "journal-damaged" | "journal-behind" | "journal-unreadable";

/** Somebody outside the journal who knows how far it once reached: a source's last acknowledgement, a cursor, a ledger. */
export interface Witness {
  readonly name: string;
  readonly seq: number;
}

export interface OpenPosition extends WritePosition {
  readonly chains: TopicChains;
  /** Bytes that were cut off the end. */
  readonly cutBytes: number;
}

/** A journal that can be written on. */
export interface OpenWriter {
  readonly writer: SegmentWriter;
  readonly lastSeq: number;
  readonly epoch: number;
  readonly cutBytes: number;
  /** Nothing was there before. */
  readonly fresh: boolean;
}

/**
 * Recovers the journal on `disk`, or begins a new one.
 * @param options.place names the disk in messages
 */
export function openWriter(
  disk: Disk,
  options: { segmentBytes: number; witnesses: readonly Witness[]; place: string },
): Result<OpenWriter, JournalOpenFailure> {
  try {
    const recovered = recoverEnd(disk, options.witnesses);
    if (!recovered.ok) return recovered;
    const { lastSeq, cutBytes, chains, firstSeq, epoch } = recovered.value;
    const writer = new SegmentWriter({
      disk,
      segmentBytes: options.segmentBytes,
      chains,
      position: recovered.value,
      epoch: epoch + 1,
    });
    return ok({ writer, lastSeq, epoch: epoch + 1, cutBytes, fresh: firstSeq === 0 });
  } catch (error) {
    return failure("journal-unreadable", adviceFor(error, options.place), { recoverable: true });
  }
}

/** Finds the end of the journal on `disk` and makes it ready to be written on. */
export function recoverEnd(
  disk: Disk,
  witnesses: readonly Witness[],
): Result<OpenPosition, JournalOpenFailure> {
  const chains = new TopicChains();
  const segments = listSegments(disk);
  const newest = segments.at(-1);
  disk.remove(SPARE_NAME);
  if (newest === undefined) {
    return checked({ firstSeq: 0, endOffset: 0, lastSeq: 0, epoch: 0, chains, cutBytes: 0 }, witnesses);
  }
  const missing = missingBefore(disk, segments);
  if (missing !== undefined) return failure("journal-damaged", missing);
  const scan = scanSegment(disk, newest, chains);
  if ("what" in scan) return failure("journal-damaged", describeDamage(scan));
  const cutBytes = scan.torn ? cut(disk, newest, scan) : 0;
  return checked(
    {
      firstSeq: newest,
      endOffset: scan.endOffset,
      lastSeq: scan.lastSeq,
      epoch: scan.lastEpoch,
      chains,
      cutBytes,
    },
    witnesses,
  );
}

/** Every segment names the one before it, so a missing one in the middle shows; the first may be gone by retention. */
function missingBefore(disk: Disk, segments: readonly number[]): string | undefined {
  for (const [index, firstSeq] of segments.entries()) {
    const name = segmentName(firstSeq);
    const header = readHeader(disk, name);
    if (typeof header === "string") {
      return describeDamage({ file: name, offset: 0, seq: firstSeq, what: header });
    }
    const found = segments[index - 1];
    if (header.firstSeq !== firstSeq) {
      const what = `its header says it begins at ${header.firstSeq}`;
      return describeDamage({ file: name, offset: 0, seq: firstSeq, what });
    }
    if (found !== undefined && found !== header.previousFirstSeq) {
      const what = `the segment before it should be ${segmentName(header.previousFirstSeq)}, which is missing`;
      return describeDamage({ file: name, offset: 0, seq: header.previousFirstSeq, what });
    }
  }
  return undefined;
}

function readHeader(disk: Disk, name: string): SegmentHeader | string {
  const file = disk.open(name, "read");
  try {
    const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
    return decodeSegmentHeader(bytes.subarray(0, file.read(bytes, 0)));
  } finally {
    file.close();
  }
}

function cut(disk: Disk, firstSeq: number, scan: SegmentScan): number {
  const file = disk.open(segmentName(firstSeq), "write");
  try {
    const from = Math.max(scan.endOffset, SEGMENT_HEADER_BYTES);
    file.write(new Uint8Array(scan.bytes - from), from);
    file.sync();
    return scan.bytes - from;
  } finally {
    file.close();
  }
}

function checked(
  position: OpenPosition,
  witnesses: readonly Witness[],
): Result<OpenPosition, JournalOpenFailure> {
  const ahead = witnesses.find((witness) => witness.seq > position.lastSeq);
  if (ahead === undefined) return ok(position);
  return failure(
    "journal-behind",
    `the journal ends at record ${position.lastSeq}, but ${ahead.name} has seen record ${ahead.seq}: records that were ` +
      "acknowledged are gone. Restore the data folder from a backup; do not trade on this one.",
  );
}
