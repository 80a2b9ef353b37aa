// What every journal of segments does on append: number the record, write its header and payload where it belongs, and put
// a seal behind every so many records. Where the bytes go is the subclass's business.

import { assert } from "../../actors/base/assert.ts";
import type { Micros } from "../../actors/base/clock.ts";
import {
  type Journal,
  type JournalCursor,
  type JournalHealth,
  NOT_APPENDED,
  PAYLOAD_BYTES_MAX,
} from "../../actors/ports/journal.ts";
import {
  RECORD_HEADER_BYTES,
  type RecordHeader,
  recordBytes,
  SEAL_KIND,
  SEAL_PAYLOAD_BYTES,
  SEAL_TOPIC,
  writeHeader,
} from "./format.ts";
import { SEAL_BYTES_MAX, SEAL_RECORDS_MAX } from "./limits.ts";

/** A segment that nothing is written to any more. */
export interface SealedSegment {
  /** File name in the journal's directory. */
  readonly name: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface JournalStats {
  readonly epoch: number;
  readonly lastSeq: number;
  readonly durableSeq: number;
  /** Share of the buffer in use, 0..1. */
  readonly pressure: number;
  /** Commits since opening, modulo 2^32. */
  readonly commits: number;
}

/** A journal of segments, open for writing. */
export interface OpenedJournal extends Journal {
  /** Bytes a crash had left half-written at the end, cut at opening. */
  readonly cutBytes: number;
  stats(): JournalStats;
  /** Segments that are complete, oldest first. */
  sealedSegments(): SealedSegment[];
}

export abstract class SegmentJournal implements OpenedJournal {
  abstract readonly cutBytes: number;
  readonly staging = new DataView(new ArrayBuffer(PAYLOAD_BYTES_MAX));
  abstract readonly durableSeq: number;
  abstract readonly health: JournalHealth;
  abstract readonly failure: string;
  abstract readonly epoch: number;
  abstract readonly pressure: number;
  /** Both sides are 8-byte aligned, so payloads are copied word by word. */
  readonly #stagingWords = new Int32Array(this.staging.buffer);
  readonly #header: RecordHeader = { seq: 0, timeMicros: 0, epoch: 0, topic: 0, kind: 0, payloadBytes: 0 };
  readonly #sealBytes: number;
  #lastSeq = 0;
  #lastTimeMicros = 0;
  #unsealedRecords = 0;
  #unsealedBytes = 0;

  /** @param segmentBytes a segment ends at a seal, so small ones need seals more often */
  constructor(segmentBytes: number) {
    this.#sealBytes = Math.min(SEAL_BYTES_MAX, segmentBytes >> 2);
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  append(topic: number, kind: number, timeMicros: Micros, payloadBytes: number): number {
    assert(
      payloadBytes >= 0 && payloadBytes <= PAYLOAD_BYTES_MAX,
      "a payload is larger than the staging area",
    );
    const bytes = recordBytes(payloadBytes);
    const sealFollows =
      this.#unsealedRecords + 1 >= SEAL_RECORDS_MAX || this.#unsealedBytes + bytes >= this.#sealBytes;
    if (
      this.health === "failed" ||
      !this.fits(sealFollows ? bytes + recordBytes(SEAL_PAYLOAD_BYTES) : bytes)
    ) {
      return NOT_APPENDED;
    }
    const seq = this.#put(topic, kind, timeMicros, payloadBytes);
    if (sealFollows) this.putSeal();
    return seq;
  }

  abstract onProgress(listener: () => void): void;
  abstract flush(): Promise<void>;
  abstract cursor(fromSeq: number): JournalCursor;
  abstract close(): Promise<void>;
  abstract stats(): JournalStats;
  abstract sealedSegments(): SealedSegment[];

  /** Where the records after the last one on disk begin. */
  protected startAfter(opened: { readonly lastSeq: number; readonly fresh: boolean }): void {
    this.#lastSeq = opened.lastSeq;
    // The seal leaves a trace of this opening, so the next one has a higher epoch even if nothing else is appended.
    if (!opened.fresh) this.putSeal();
  }

  /** A seal's payload is filled in by the writer; here it only takes its place. */
  protected putSeal(): void {
    this.#put(SEAL_TOPIC, SEAL_KIND, this.#lastTimeMicros, SEAL_PAYLOAD_BYTES);
    this.#unsealedRecords = 0;
    this.#unsealedBytes = 0;
  }

  protected abstract fits(bytes: number): boolean;
  /** Offset in {@link target} where `bytes` may be written; {@link fits} has said that there is room. */
  protected abstract reserve(bytes: number): number;
  protected abstract publish(bytes: number): void;
  protected abstract readonly target: DataView;
  protected abstract readonly targetWords: Int32Array;

  #put(topic: number, kind: number, timeMicros: Micros, payloadBytes: number): number {
    const bytes = recordBytes(payloadBytes);
    const at = this.reserve(bytes);
    const header = this.#header;
    header.seq = ++this.#lastSeq;
    header.timeMicros = timeMicros;
    header.epoch = this.epoch;
    header.topic = topic;
    header.kind = kind;
    header.payloadBytes = payloadBytes;
    writeHeader(this.target, at, header);
    this.#copyPayload(at + RECORD_HEADER_BYTES, payloadBytes);
    this.publish(bytes);
    this.#lastTimeMicros = timeMicros;
    this.#unsealedRecords++;
    this.#unsealedBytes += bytes;
    return header.seq;
  }

  #copyPayload(at: number, payloadBytes: number): void {
    const from = this.#stagingWords;
    const to = this.targetWords;
    const words = payloadBytes >> 2;
    const first = at >> 2;
    for (let i = 0; i < words; i++) to[first + i] = from[i] as number;
    const rest = payloadBytes & 3;
    // The tail of the last words is padding: zeros, whatever the buffer held before.
    const used = (payloadBytes + 7) & ~7;
    for (let i = words; i < used >> 2; i++) to[first + i] = 0;
    if (rest > 0) to[first + words] = (from[words] as number) & ((1 << (8 * rest)) - 1);
  }
}
