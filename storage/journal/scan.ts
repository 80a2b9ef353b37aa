// Reads one segment from its header to its end and says how it ends: cleanly, torn by a crash, or damaged.

import type { Disk, DiskFile } from "./disk.ts";
import {
  batchStartAt,
  decodeSegmentHeader,
  epochAt,
  firstSeqOf,
  HASH_BYTES,
  intactLength,
  kindAt,
  RECORD_HEADER_BYTES,
  SEAL_KIND,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
  segmentName,
  seqAt,
  topicAt,
} from "./format.ts";
import type { TopicChains } from "./topic-chains.ts";

export interface Damage {
  readonly file: string;
  /** Byte in the file where the first wrong record should begin. */
  readonly offset: number;
  readonly seq: number;
  readonly what: string;
}

export interface SegmentScan {
  readonly header: SegmentHeader;
  /** Last intact sequence; one before the header's first when the segment is empty. */
  readonly lastSeq: number;
  readonly lastEpoch: number;
  /** How many records in it have a higher epoch than the one before. */
  readonly epochChanges: number;
  /** Where the next record belongs. */
  readonly endOffset: number;
  /** Bytes after `endOffset` that are not zero: what a crash left of an unfinished commit. */
  readonly torn: boolean;
  readonly records: number;
  readonly bytes: number;
}

/** Segments in order of their first sequence. */
export function listSegments(disk: Disk): number[] {
  return disk
    .list()
    .map(firstSeqOf)
    .filter((seq) => seq !== undefined)
    .sort((a, b) => a - b);
}

/** The segments before the newest one, which is still written to. */
export function listSealedSegments(disk: Disk): { name: string; firstSeq: number; lastSeq: number }[] {
  const segments = listSegments(disk);
  return segments.slice(0, -1).map((firstSeq, index) => ({
    name: segmentName(firstSeq),
    firstSeq,
    lastSeq: (segments[index + 1] ?? 0) - 1,
  }));
}

export function describeDamage({ file, offset, seq, what }: Damage): string {
  return (
    `the journal is damaged in ${file} at byte ${offset}, where record ${seq} belongs: ${what}. ` +
    "Nothing was changed. Restore the folder from a backup, or move it away to start anew; " +
    "`tickforge journal verify` shows what is still intact."
  );
}

/**
 * Scans the segment that begins at `firstSeq`.
 * @param chains filled from the segment's header and carried on; seals are compared with it
 */
export function scanSegment(disk: Disk, firstSeq: number, chains: TopicChains): SegmentScan | Damage {
  const name = segmentName(firstSeq);
  const file = disk.open(name, "read");
  try {
    return scanFile(name, file, firstSeq, chains);
  } finally {
    file.close();
  }
}

function scanFile(name: string, file: DiskFile, firstSeq: number, chains: TopicChains): SegmentScan | Damage {
  const bytes = new Uint8Array(file.bytes);
  file.read(bytes, 0);
  const header = decodeSegmentHeader(bytes);
  if (typeof header === "string") return { file: name, offset: 0, seq: firstSeq, what: header };
  if (header.firstSeq !== firstSeq) {
    return { file: name, offset: 0, seq: firstSeq, what: `its header says it begins at ${header.firstSeq}` };
  }
  chains.load(header.heads);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = SEGMENT_HEADER_BYTES;
  let seq = firstSeq;
  let epoch = header.epoch;
  let epochChanges = 0;
  for (;;) {
    const length = intactLength(view, bytes, at, bytes.length);
    if (length === 0) break;
    const what = misplaced(view, at, { seq, epoch }) ?? chain(chains, view, bytes, at, length);
    if (what !== undefined) return { file: name, offset: at, seq, what };
    if (epochAt(view, at) > epoch) epochChanges++;
    epoch = epochAt(view, at);
    at += length;
    seq++;
  }
  const beyond = lookBeyond(view, bytes, at, seq);
  if (beyond.laterSeq > 0) {
    return {
      file: name,
      offset: at,
      seq,
      what: `it is not intact, but record ${beyond.laterSeq} of a later commit is`,
    };
  }
  return {
    header,
    lastSeq: seq - 1,
    lastEpoch: epoch,
    epochChanges,
    endOffset: at,
    torn: beyond.torn,
    records: seq - firstSeq,
    bytes: bytes.length,
  };
}

function misplaced(view: DataView, at: number, expected: { seq: number; epoch: number }): string | undefined {
  const seq = seqAt(view, at);
  if (seq !== expected.seq) return `record ${seq} lies there instead`;
  const epoch = epochAt(view, at);
  if (epoch < expected.epoch) return `its epoch ${epoch} is older than ${expected.epoch} before it`;
  return undefined;
}

/** Adds the record to its topic's chain, or compares a seal with the chains. */
function chain(
  chains: TopicChains,
  view: DataView,
  bytes: Uint8Array,
  at: number,
  length: number,
): string | undefined {
  if (kindAt(view, at) !== SEAL_KIND) {
    chains.add(topicAt(view, at), bytes, { start: at, end: at + length, records: 1 });
    return undefined;
  }
  const expected = chains.seal();
  const sealed = bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + expected.length);
  for (let i = 0; i < expected.length; i++) {
    if (sealed[i] === expected[i]) continue;
    const topic = chains.listing()[Math.floor(i / (8 + HASH_BYTES))]?.topic ?? "a topic";
    return `the seal does not match the records of ${topic}: they were changed after they were written`;
  }
  return undefined;
}

/**
 * What lies after the last record at `from`, where record `seq` belongs. `laterSeq` is an intact record that was committed
 * after `seq` should have been: then `seq` was durable once, and its absence is damage. Records of the same unfinished
 * commit prove nothing: sectors of one write reach the disk in any order.
 */
function lookBeyond(
  view: DataView,
  bytes: Uint8Array,
  from: number,
  seq: number,
): { torn: boolean; laterSeq: number } {
  const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
  let torn = false;
  for (let at = words.length << 2; at < bytes.length; at++) torn ||= bytes[at] !== 0;
  for (let word = from >> 2; word < words.length; word++) {
    if (words[word] === 0) continue;
    torn = true;
    const at = word << 2;
    // Records begin at multiples of eight.
    if ((at & 7) !== 0 || intactLength(view, bytes, at, bytes.length) === 0) continue;
    if (batchStartAt(view, at) > seq) return { torn, laterSeq: seqAt(view, at) };
  }
  return { torn, laterSeq: 0 };
}
