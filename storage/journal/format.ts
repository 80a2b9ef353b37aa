// The bytes of a journal, little endian. A directory holds segments named by their first sequence; a segment is a header
// and records, padded with zeros to its preallocated size.
//
// record:  0 length u32 | 4 crc32c u32 of all that follows | 8 seq f64 | 16 timeMicros f64 | 24 epoch u32
//          | 28 batch u32 | 32 payload bytes u32 | 36 topic u8 | 37 kind u8 | 38 zero u16 | 40 payload, padded to 8 bytes
// `batch` says how many records of its own commit come before it: what was written together may be lost together.
//
// A seal is a record of the journal's own: every few thousand records or half a megabyte, the first of every opening but
// the very first, and the last before closing; its time is that of the record before it, or 0. It carries, for each topic, head' = SHA-256(head || the topic's records since the last seal) and how many records the topic has. A segment
// begins right after a seal and its header repeats those heads, so each can be checked by itself.

import { TOPICS } from "../../actors/domain/records.ts";
import { crc32c } from "./crc32c.ts";

export const RECORD_HEADER_BYTES = 40;
export const SEAL_KIND = 0;
export const HASH_BYTES = 32;
export const SEAL_PAYLOAD_BYTES = TOPICS.length * (8 + HASH_BYTES);
/** Seals belong to no topic's chain. */
export const SEAL_TOPIC = 255;

const MAGIC = 0x4a52_4654; // "TFRJ"
const VERSION = 1;
const HEADER_FIXED_BYTES = 40;
export const SEGMENT_HEADER_BYTES = HEADER_FIXED_BYTES + SEAL_PAYLOAD_BYTES + 8;

const SEGMENT_NAME = /^(\d{20})\.seg$/;
export const SPARE_NAME = "spare.tmp";

export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(20, "0")}.seg`;
}

/** First sequence in a segment's name; undefined for other files. */
export function firstSeqOf(name: string): number | undefined {
  const match = SEGMENT_NAME.exec(name);
  return match === null ? undefined : Number(match[1]);
}

/** Bytes a record takes in a segment. */
export function recordBytes(payloadBytes: number): number {
  return (RECORD_HEADER_BYTES + payloadBytes + 7) & ~7;
}

export interface RecordHeader {
  seq: number;
  timeMicros: number;
  epoch: number;
  topic: number;
  kind: number;
  payloadBytes: number;
}

/** Writes the header at `at`, without checksum and batch: those are the writer's. */
export function writeHeader(view: DataView, at: number, header: RecordHeader): void {
  view.setUint32(at, recordBytes(header.payloadBytes), true);
  view.setUint32(at + 4, 0, true);
  view.setFloat64(at + 8, header.seq, true);
  view.setFloat64(at + 16, header.timeMicros, true);
  view.setUint32(at + 24, header.epoch, true);
  view.setUint32(at + 28, 0, true);
  view.setUint32(at + 32, header.payloadBytes, true);
  view.setUint32(at + 36, header.topic | (header.kind << 8), true);
}

/** Marks the record at `at` as the `batch`-th of its commit and sums it. */
export function finishRecord(view: DataView, bytes: Uint8Array, at: number, batch: number): void {
  view.setUint32(at + 28, batch, true);
  const length = view.getUint32(at, true);
  view.setUint32(at + 4, crc32c(bytes, at + 8, at + length), true);
}

/** Length of an intact record at `at` of which all bytes are before `end`; 0 when there is none. */
export function intactLength(view: DataView, bytes: Uint8Array, at: number, end: number): number {
  if (at + RECORD_HEADER_BYTES > end) return 0;
  const length = view.getUint32(at, true);
  if (length < RECORD_HEADER_BYTES || (length & 7) !== 0 || at + length > end) return 0;
  if (recordBytes(view.getUint32(at + 32, true)) !== length) return 0;
  return crc32c(bytes, at + 8, at + length) === view.getUint32(at + 4, true) ? length : 0;
}

export function seqAt(view: DataView, at: number): number {
  return view.getFloat64(at + 8, true);
}

export function epochAt(view: DataView, at: number): number {
  return view.getUint32(at + 24, true);
}

/** First sequence of the commit the record at `at` was written in. */
export function batchStartAt(view: DataView, at: number): number {
  return seqAt(view, at) - view.getUint32(at + 28, true);
}

export function topicAt(view: DataView, at: number): number {
  return view.getUint8(at + 36);
}

export function kindAt(view: DataView, at: number): number {
  return view.getUint8(at + 37);
}

export interface SegmentHeader {
  readonly firstSeq: number;
  /** First sequence of the segment before; 0 for the first. */
  readonly previousFirstSeq: number;
  readonly epoch: number;
  /** A seal's payload: the topics' heads and counts where the segment begins. */
  readonly heads: Uint8Array;
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setFloat64(8, header.firstSeq, true);
  view.setFloat64(16, header.previousFirstSeq, true);
  view.setUint32(24, header.epoch, true);
  bytes.set(header.heads, HEADER_FIXED_BYTES);
  view.setUint32(SEGMENT_HEADER_BYTES - 8, crc32c(bytes, 0, SEGMENT_HEADER_BYTES - 8), true);
  return bytes;
}

/** The header, or what is wrong with it. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | string {
  if (bytes.length < SEGMENT_HEADER_BYTES) return "the file is shorter than a segment's header";
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== MAGIC) return "the file does not begin like a segment";
  const version = view.getUint32(4, true);
  if (version !== VERSION)
    return `format version ${version} is not ${VERSION}: use the Tickforge that wrote it`;
  const sum = view.getUint32(SEGMENT_HEADER_BYTES - 8, true);
  if (crc32c(bytes, 0, SEGMENT_HEADER_BYTES - 8) !== sum) return "the segment's header is damaged";
  return {
    firstSeq: view.getFloat64(8, true),
    previousFirstSeq: view.getFloat64(16, true),
    epoch: view.getUint32(24, true),
    heads: bytes.slice(HEADER_FIXED_BYTES, HEADER_FIXED_BYTES + SEAL_PAYLOAD_BYTES),
  };
}
