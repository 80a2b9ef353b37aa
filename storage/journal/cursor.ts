// Reads records in order, a chunk of a segment at a time, into one reused object. It trusts nothing: a record that is
// not intact ends the reading with an error, unless it lies beyond what is durable.

import type { JournalCursor, RawRecord } from "../../actors/ports/journal.ts";
import type { Disk, DiskFile } from "./disk.ts";
import {
  epochAt,
  intactLength,
  kindAt,
  RECORD_HEADER_BYTES,
  recordBytes,
  SEGMENT_HEADER_BYTES,
  segmentName,
  seqAt,
  topicAt,
} from "./format.ts";
import { READ_BYTES } from "./limits.ts";
import { listSegments } from "./scan.ts";

export class JournalDamaged extends Error {
  override readonly name = "JournalDamaged";
}

export class SegmentCursor implements JournalCursor {
  readonly #disk: Disk;
  readonly #durableSeq: () => number;
  readonly #record: { -readonly [Key in keyof RawRecord]: RawRecord[Key] };
  #nextSeq: number;
  #firstSeq = 0;
  #file: DiskFile | undefined;
  /** Where in the file the chunk begins, how much of it is filled, and where in it the next record begins. */
  #chunkOffset = 0;
  #filled = 0;
  #at = 0;
  #bytes = new Uint8Array(READ_BYTES);
  #view = new DataView(this.#bytes.buffer);

  /** @param options.durableSeq how far may be read now */
  constructor(options: { disk: Disk; fromSeq: number; durableSeq: () => number }) {
    this.#disk = options.disk;
    this.#durableSeq = options.durableSeq;
    this.#nextSeq = Math.max(1, options.fromSeq);
    this.#record = {
      seq: 0,
      epoch: 0,
      topic: 0,
      kind: 0,
      timeMicros: 0,
      view: this.#view,
      offset: 0,
      length: 0,
    };
  }

  next(): RawRecord | undefined {
    if (this.#nextSeq > this.#durableSeq()) return undefined;
    for (;;) {
      if (this.#file === undefined && !this.#enter()) return undefined;
      const length = this.#ensureRecord();
      if (length === 0) {
        this.#leave();
        continue;
      }
      const at = this.#at;
      this.#at += length;
      const seq = seqAt(this.#view, at);
      if (seq < this.#nextSeq) continue;
      this.#nextSeq = seq + 1;
      return this.#fill(at, seq);
    }
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#nextSeq = Number.POSITIVE_INFINITY;
  }

  #fill(at: number, seq: number): RawRecord {
    const record = this.#record;
    const view = this.#view;
    record.seq = seq;
    record.timeMicros = view.getFloat64(at + 16, true);
    record.epoch = epochAt(view, at);
    record.topic = topicAt(view, at);
    record.kind = kindAt(view, at);
    record.length = view.getUint32(at + 32, true);
    record.view = view;
    record.offset = at + RECORD_HEADER_BYTES;
    return record;
  }

  /** Opens the segment that holds the next record; false when there is none. */
  #enter(): boolean {
    const segments = listSegments(this.#disk);
    const firstSeq = segments.findLast((first) => first <= this.#nextSeq) ?? segments[0];
    if (firstSeq === undefined) return false;
    if (firstSeq <= this.#firstSeq) {
      throw new JournalDamaged(
        `record ${this.#nextSeq} is missing in ${segmentName(firstSeq)}: run \`tickforge journal verify\``,
      );
    }
    // Where it starts, a cursor takes the oldest record there is; later, a hole would go unnoticed.
    if (this.#firstSeq > 0 && firstSeq > this.#nextSeq) {
      throw new JournalDamaged(
        `records ${this.#nextSeq} to ${firstSeq - 1} were removed while they were read`,
      );
    }
    this.#firstSeq = firstSeq;
    this.#nextSeq = Math.max(this.#nextSeq, firstSeq);
    this.#file = this.#disk.open(segmentName(firstSeq), "read");
    this.#chunkOffset = SEGMENT_HEADER_BYTES;
    this.#filled = 0;
    this.#at = 0;
    return true;
  }

  #leave(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** Length of the record at the position, reading on when the chunk ends within it; 0 at the end of the segment. */
  #ensureRecord(): number {
    const length = intactLength(this.#view, this.#bytes, this.#at, this.#filled);
    if (length > 0) return length;
    this.#refill();
    return intactLength(this.#view, this.#bytes, this.#at, this.#filled);
  }

  /** Moves what is left to the front and reads on; a record larger than the chunk makes it grow. */
  #refill(): void {
    const file = this.#file;
    if (file === undefined) return;
    const left = this.#filled - this.#at;
    const announced =
      left >= RECORD_HEADER_BYTES ? recordBytes(this.#view.getUint32(this.#at + 32, true)) : 0;
    const needed = announced <= MAX_RECORD_BYTES ? announced : 0;
    this.#chunkOffset += this.#at;
    if (needed > this.#bytes.length) {
      this.#bytes = new Uint8Array(needed);
      this.#view = new DataView(this.#bytes.buffer);
    }
    this.#at = 0;
    this.#filled = file.read(this.#bytes, this.#chunkOffset);
  }
}

const MAX_RECORD_BYTES = 1 << 17;
