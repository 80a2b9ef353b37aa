// Reads the one compressed entry of a zip file and proves it whole: bounds, size and CRC-32. Inflating is the runtime's
// zlib; only the container is read here, because libraries either skip the checksum or answer asynchronously.
// Layout: PKWARE APPNOTE 6.3.10, sections 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (end record).

import { crc32, inflateRawSync } from "node:zlib";
import { failure, ok, type Failure, type Result } from "../../actors/base/result.ts";

export type ZipFailure =
  | "not-a-zip"
  | "zip-truncated"
  | "zip-damaged"
  | "zip-encrypted"
  | "zip-entries"
  | "zip-method"
  | "zip-too-large"
  | "zip-checksum";

export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly compressedBytes: number;
  readonly bytes: number;
  /** Position of the local header in the file. */
  readonly headerOffset: number;
  /** Position of the central directory in the file: entry data ends before it. */
  readonly directoryOffset: number;
}

const LOCAL_HEADER = 0x04034b50;
const DIRECTORY_HEADER = 0x02014b50;
const END_RECORD = 0x06054b50;
const LOCAL_HEADER_BYTES = 30;
const DIRECTORY_HEADER_BYTES = 46;
const END_RECORD_BYTES = 22;
const COMMENT_BYTES_MAX = 65_535;
const METHOD_STORED = 0;
const METHOD_DEFLATED = 8;
const FLAG_ENCRYPTED = 1;
const FLAG_MASKED_HEADERS = 1 << 13;
/** In a 32-bit field: the true value is in a zip64 record. */
const IN_ZIP64 = 0xffff_ffff;
const ZIP64_EXTRA = 1;

/** How much of the end of a file holds the directory of a one-entry zip, whatever its comment. */
export const ZIP_TAIL_BYTES = END_RECORD_BYTES + COMMENT_BYTES_MAX + DIRECTORY_HEADER_BYTES + 4_096;

/**
 * Finds the entry in the last bytes of a zip.
 * @param tail the end of the file, at least {@link ZIP_TAIL_BYTES} of it or the whole
 * @param tailOffset where `tail` begins in the file
 * @param looksLikeZip whether the file begins with a local header, which tells a cut zip from another file
 */
export function locateEntry(
  tail: Uint8Array,
  { tailOffset, looksLikeZip }: { tailOffset: number; looksLikeZip: boolean },
): Result<ZipEntry, ZipFailure> {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const end = findEndRecord(view);
  if (end < 0) {
    return looksLikeZip
      ? failure(
          "zip-truncated",
          "the zip is cut off: its directory at the end is missing. Download it again.",
        )
      : failure("not-a-zip", "this is not a zip file. Give a Lean tick zip, or remove the file.");
  }
  const entries = view.getUint16(end + 10, true);
  const directoryOffset = view.getUint32(end + 16, true);
  if (view.getUint32(end + 4, true) !== 0) return damaged("it spans several volumes");
  if (entries !== 1) {
    return failure(
      "zip-entries",
      `the zip holds ${entries} entries where a Lean day has exactly one CSV. Repack it with one.`,
    );
  }
  const at = directoryOffset - tailOffset;
  if (directoryOffset === IN_ZIP64) return failure("zip-too-large", "zip64 is not read: a day is smaller.");
  if (at < 0 || at + DIRECTORY_HEADER_BYTES > end) return damaged("its directory lies outside the file");
  if (view.getUint32(at, true) !== DIRECTORY_HEADER) return damaged("its directory has no signature");
  return readDirectoryHeader(tail, { at, end, directoryOffset });
}

function readDirectoryHeader(
  tail: Uint8Array,
  { at, end, directoryOffset }: { at: number; end: number; directoryOffset: number },
): Result<ZipEntry, ZipFailure> {
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const flags = view.getUint16(at + 8, true);
  if ((flags & (FLAG_ENCRYPTED | FLAG_MASKED_HEADERS)) !== 0) {
    return failure("zip-encrypted", "the zip is encrypted. Decrypt it and repack it without a password.");
  }
  const method = view.getUint16(at + 10, true);
  if (method !== METHOD_STORED && method !== METHOD_DEFLATED) {
    return failure("zip-method", `compression method ${method} is not read. Repack it with deflate.`);
  }
  const nameBytes = view.getUint16(at + 28, true);
  if (at + DIRECTORY_HEADER_BYTES + nameBytes > end) return damaged("its entry name leaves the file");
  const nameAt = at + DIRECTORY_HEADER_BYTES;
  const extraAt = nameAt + nameBytes;
  const extraEnd = extraAt + view.getUint16(at + 30, true);
  if (extraEnd > end) return damaged("its directory leaves the file");
  const large = new Zip64Extra(view, extraAt, extraEnd);
  // The record holds those fields that do not fit in 32 bits, in this order (4.5.3).
  const bytes = large.widen(view.getUint32(at + 24, true));
  const compressedBytes = large.widen(view.getUint32(at + 20, true));
  const headerOffset = large.widen(view.getUint32(at + 42, true));
  if (!large.complete) return damaged("its zip64 sizes are missing");
  const entry: ZipEntry = {
    name: new TextDecoder().decode(tail.subarray(nameAt, extraAt)),
    method,
    checksum: view.getUint32(at + 16, true),
    compressedBytes,
    bytes,
    headerOffset,
    directoryOffset,
  };
  const dataEnd = entry.headerOffset + LOCAL_HEADER_BYTES + entry.compressedBytes;
  if (dataEnd > directoryOffset) return damaged("its entry overlaps its directory");
  return ok(entry);
}

/** The zip64 part of a directory entry's extra fields: some writers put small sizes there too. */
class Zip64Extra {
  readonly #view: DataView;
  readonly #end: number;
  #at: number;
  complete = true;

  constructor(view: DataView, from: number, end: number) {
    this.#view = view;
    this.#at = end;
    this.#end = end;
    for (let at = from; at + 4 <= end; at += 4 + view.getUint16(at + 2, true)) {
      if (view.getUint16(at, true) !== ZIP64_EXTRA) continue;
      this.#at = at + 4;
      this.#end = Math.min(end, at + 4 + view.getUint16(at + 2, true));
      return;
    }
  }

  /** `field` itself, or the 64-bit value it points to. */
  widen(field: number): number {
    if (field !== IN_ZIP64) return field;
    if (this.#at + 8 > this.#end) {
      this.complete = false;
      return 0;
    }
    const value = this.#view.getBigUint64(this.#at, true);
    this.#at += 8;
    return Number(value);
  }
}

/**
 * Decompresses `entry` and checks its size and CRC-32.
 * @param file the whole file
 * @param bytesMax refuses more, before anything is inflated
 */
export function extractEntry(
  file: Uint8Array,
  entry: ZipEntry,
  bytesMax: number,
): Result<Uint8Array, ZipFailure> {
  if (entry.bytes > bytesMax) {
    return failure("zip-too-large", `the entry is ${entry.bytes} bytes; at most ${bytesMax} are read.`);
  }
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const header = entry.headerOffset;
  if (view.getUint32(header, true) !== LOCAL_HEADER) return damaged("its entry has no header");
  const start =
    header + LOCAL_HEADER_BYTES + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
  const end = start + entry.compressedBytes;
  if (end > entry.directoryOffset) return damaged("its entry overlaps its directory");
  const content = inflate(file.subarray(start, end), entry);
  if (!content.ok) return content;
  if (content.value.length !== entry.bytes) {
    return damaged(`it unpacks to ${content.value.length} bytes where ${entry.bytes} are announced`);
  }
  const checksum = crc32(content.value);
  if (checksum !== entry.checksum) {
    return failure(
      "zip-checksum",
      `the content's CRC-32 is ${hex(checksum)} where ${hex(entry.checksum)} is announced: it was changed or ` +
        "damaged. Download it again.",
    );
  }
  return content;
}

function inflate(compressed: Uint8Array, entry: ZipEntry): Result<Uint8Array, ZipFailure> {
  if (entry.method === METHOD_STORED) return ok(compressed);
  try {
    return ok(inflateRawSync(compressed, { maxOutputLength: Math.max(1, entry.bytes) }));
  } catch (error) {
    return damaged(`it does not unpack (${error instanceof Error ? error.message : String(error)})`);
  }
}

/** Position of the end record, or -1. Its comment must reach exactly to the end of the file. */
function findEndRecord(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_RECORD_BYTES - COMMENT_BYTES_MAX);
  for (let at = view.byteLength - END_RECORD_BYTES; at >= first; at--) {
    if (view.getUint32(at, true) !== END_RECORD) continue;
    if (at + END_RECORD_BYTES + view.getUint16(at + 20, true) === view.byteLength) return at;
  }
  return -1;
}

function damaged(detail: string): Failure<"zip-damaged"> {
  return failure("zip-damaged", `the zip is damaged: ${detail}. Download it again.`);
}

function hex(checksum: number): string {
  return (checksum >>> 0).toString(16).padStart(8, "0");
}

/** Whether a file's first bytes are those of a zip with content. */
export function beginsLikeZip(head: Uint8Array): boolean {
  if (head.length < 4) return false;
  return new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0, true) === LOCAL_HEADER;
}
