// Puts commits on disk: checksums, seals, segments. The same code runs on the writer thread over a real disk and inline
// over a simulated one. After any error it is finished: what a failed sync left behind is not known.

import type { Disk, DiskFile } from "./disk.ts";
import {
  encodeSegmentHeader,
  finishRecord,
  kindAt,
  RECORD_HEADER_BYTES,
  SEAL_KIND,
  SEGMENT_HEADER_BYTES,
  segmentName,
  seqAt,
  SPARE_NAME,
  topicAt,
} from "./format.ts";
import { PREPARE_BYTES, PREPARE_LEAD_BYTES, SEGMENT_RESERVE_BYTES } from "./limits.ts";
import type { TopicChains } from "./topic-chains.ts";

/** Where writing goes on: the end of what is on disk. */
export interface WritePosition {
  /** First sequence of the newest segment; 0 when there is none yet. */
  readonly firstSeq: number;
  readonly endOffset: number;
  readonly lastSeq: number;
  readonly epoch: number;
}

const ZEROS = new Uint8Array(PREPARE_BYTES);

export class SegmentWriter {
  readonly #disk: Disk;
  readonly #segmentBytes: number;
  readonly #chains: TopicChains;
  readonly #epoch: number;
  #file: DiskFile | undefined;
  #firstSeq: number;
  #offset: number;
  #lastSeq: number;
  /** How far the current segment is filled with records and zeros. */
  #allocated = 0;
  /** The topics' heads where the next segment begins. */
  #nextHeads: Uint8Array;
  #spare: DiskFile | undefined;
  #spareBytes = 0;
  #runRecords = 0;

  /** @param options.epoch of this opening: every record carries it already */
  constructor(options: {
    disk: Disk;
    segmentBytes: number;
    chains: TopicChains;
    position: WritePosition;
    epoch: number;
  }) {
    this.#disk = options.disk;
    this.#segmentBytes = options.segmentBytes;
    this.#chains = options.chains;
    this.#epoch = options.epoch;
    this.#firstSeq = options.position.firstSeq;
    this.#offset = options.position.endOffset;
    this.#lastSeq = options.position.lastSeq;
    this.#nextHeads = options.chains.heads.slice();
    // A new journal begins with its header on disk: the trace of this opening that the next one's epoch is counted from.
    this.#file =
      this.#firstSeq > 0
        ? this.#disk.open(segmentName(this.#firstSeq), "write")
        : this.#enterSegment(this.#lastSeq + 1);
    this.#allocated = this.#file.bytes;
    this.#extend();
  }

  /** The last sequence that is durable. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /**
   * Writes whole records, `bytes` long in all, and returns when they are durable. Finishes them in place: batch numbers,
   * seals and checksums. Throws on any error; then nothing of this commit may be acknowledged, nor any later one.
   */
  commit(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    let batch = 0;
    let at = 0;
    let lastSeq = this.#lastSeq;
    while (at < bytes.length) {
      if (kindAt(view, at) !== SEAL_KIND) {
        const end = this.#finishRun(view, bytes, at, batch);
        batch += this.#runRecords;
        lastSeq += this.#runRecords;
        at = end;
        continue;
      }
      bytes.set(this.#chains.seal(), at + RECORD_HEADER_BYTES);
      finishRecord(view, bytes, at, batch++);
      lastSeq++;
      at += view.getUint32(at, true);
      // A segment ends at a seal, so that the next one's header can carry heads that are whole.
      if (this.#segmentIsFull(at - start)) {
        this.#write(bytes.subarray(start, at));
        this.#leaveSegment();
        start = at;
        batch = 0;
      }
    }
    if (start < at) this.#write(bytes.subarray(start, at));
    this.#lastSeq = lastSeq;
  }

  /**
   * One step of preparing the room that will be written next, for idle moments: syncing into a file that does not grow is
   * several times faster. Running out of room here is no failure of the journal yet.
   * @returns whether there is more to do
   */
  prepare(): boolean {
    return this.#extend() || this.#extendSpare();
  }

  close(): void {
    this.#file?.close();
    this.#spare?.close();
    this.#file = undefined;
    this.#spare = undefined;
    this.#disk.remove(SPARE_NAME);
  }

  /** Whether the room prepared is about to run short, so that preparing should not wait for an idle moment. */
  get behind(): boolean {
    const wanted = Math.min(this.#segmentBytes, this.#offset + PREPARE_LEAD_BYTES);
    // Twice as fast as the segment fills, so that the next one is whole when half of this one is left.
    return this.#allocated < wanted || this.#spareBytes < Math.min(this.#segmentBytes, 2 * this.#offset);
  }

  /** Finishes records of one topic up to one of another, and hashes them in one go. Returns where they end. */
  #finishRun(view: DataView, bytes: Uint8Array, start: number, batch: number): number {
    const topic = topicAt(view, start);
    let at = start;
    let records = 0;
    while (at < bytes.length && topicAt(view, at) === topic) {
      finishRecord(view, bytes, at, batch + records++);
      at += view.getUint32(at, true);
    }
    this.#chains.add(topic, bytes, { start, end: at, records });
    this.#runRecords = records;
    return at;
  }

  /** Zeros behind the records of the current segment. */
  #extend(): boolean {
    const file = this.#file;
    if (file === undefined || this.#allocated >= this.#segmentBytes) return false;
    const bytes = Math.min(this.#segmentBytes - this.#allocated, ZEROS.length);
    try {
      file.write(ZEROS.subarray(0, bytes), this.#allocated);
    } catch {
      this.#allocated = this.#segmentBytes;
      return false;
    }
    // Not caught: this is the file with the records.
    file.sync();
    this.#allocated += bytes;
    return true;
  }

  #extendSpare(): boolean {
    if (this.#spareBytes >= this.#segmentBytes) return false;
    const bytes = Math.min(this.#segmentBytes - this.#spareBytes, ZEROS.length);
    try {
      this.#spare ??= this.#createSpare();
      this.#spare.write(ZEROS.subarray(0, bytes), this.#spareBytes);
      this.#spare.sync();
      this.#spareBytes += bytes;
      return this.#spareBytes < this.#segmentBytes;
    } catch {
      this.#spare?.close();
      this.#spare = undefined;
      this.#spareBytes = this.#segmentBytes;
      return false;
    }
  }

  #segmentIsFull(pendingBytes: number): boolean {
    const reserve = Math.min(SEGMENT_RESERVE_BYTES, this.#segmentBytes / 2);
    return this.#offset + pendingBytes > this.#segmentBytes - reserve;
  }

  #write(bytes: Uint8Array): void {
    const file = this.#file ?? this.#enterSegment(seqAt(new DataView(bytes.buffer, bytes.byteOffset), 0));
    file.write(bytes, this.#offset);
    file.sync();
    this.#offset += bytes.length;
    this.#allocated = Math.max(this.#allocated, this.#offset);
  }

  #leaveSegment(): void {
    this.#nextHeads = this.#chains.heads.slice();
    this.#file?.close();
    this.#file = undefined;
  }

  /** The header is durable before the file has its name, so a segment that exists has a header. */
  #enterSegment(firstSeq: number): DiskFile {
    const header = encodeSegmentHeader({
      firstSeq,
      previousFirstSeq: this.#firstSeq,
      epoch: this.#epoch,
      heads: this.#nextHeads,
    });
    const file = this.#spare ?? this.#createSpare();
    this.#allocated = Math.max(this.#spare === undefined ? 0 : this.#spareBytes, header.length);
    this.#spare = undefined;
    this.#spareBytes = 0;
    file.write(header, 0);
    file.sync();
    this.#disk.rename(SPARE_NAME, segmentName(firstSeq));
    this.#disk.syncNames();
    this.#firstSeq = firstSeq;
    this.#offset = SEGMENT_HEADER_BYTES;
    this.#file = file;
    return file;
  }

  #createSpare(): DiskFile {
    this.#disk.remove(SPARE_NAME);
    return this.#disk.open(SPARE_NAME, "create");
  }
}
