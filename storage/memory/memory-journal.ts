// A journal that forgets with the process: for replays of files that need no record of their own, and for tests. What it
// takes is durable at once, as far as it can be.

import { assert } from "../../actors/base/assert.ts";
import type { Micros } from "../../actors/base/clock.ts";
import {
  type Journal,
  type JournalCursor,
  type JournalHealth,
  PAYLOAD_BYTES_MAX,
  type RawRecord,
} from "../../actors/ports/journal.ts";

/** Bytes of records one chunk holds. */
const CHUNK_BYTES = 4 << 20;

/** Chunks kept; beyond them a keeping journal is the wrong tool. */
const CHUNKS_MAX = 256;

const HEADER_BYTES = 32;

interface Chunk {
  readonly view: DataView;
  readonly words: Int32Array;
  used: number;
}

export class MemoryJournal implements Journal {
  readonly staging = new DataView(new ArrayBuffer(PAYLOAD_BYTES_MAX));
  readonly health: JournalHealth = "ok";
  readonly failure = "";
  readonly epoch = 1;
  readonly pressure = 0;
  readonly #stagingWords = new Int32Array(this.staging.buffer);
  readonly #chunks: Chunk[] = [];
  readonly #keep: boolean;
  #lastSeq = 0;

  /** @param options.keep whether cursors can read what was appended */
  constructor(options: { keep: boolean }) {
    this.#keep = options.keep;
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get durableSeq(): number {
    return this.#lastSeq;
  }

  append(topic: number, kind: number, timeMicros: Micros, payloadBytes: number): number {
    this.#lastSeq++;
    if (this.#keep) this.#store(topic, kind, timeMicros, payloadBytes);
    return this.#lastSeq;
  }

  /** Nothing is ever waited for, so there is no progress to hear of. */
  onProgress(_listener: () => void): void {}

  flush(): Promise<void> {
    return Promise.resolve();
  }

  cursor(fromSeq: number): JournalCursor {
    assert(this.#keep, "this journal keeps nothing to read");
    return new MemoryCursor(this.#chunks, fromSeq);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #store(topic: number, kind: number, timeMicros: Micros, payloadBytes: number): void {
    let chunk = this.#chunks.at(-1);
    // Eight-byte steps, so that payloads are copied word by word.
    const bytes = (HEADER_BYTES + payloadBytes + 7) & ~7;
    if (chunk === undefined || chunk.used + bytes > CHUNK_BYTES) {
      assert(this.#chunks.length < CHUNKS_MAX, `a memory journal keeps at most ${CHUNKS_MAX} chunks`);
      const memory = new ArrayBuffer(CHUNK_BYTES);
      chunk = { view: new DataView(memory), words: new Int32Array(memory), used: 0 };
      this.#chunks.push(chunk);
    }
    const at = chunk.used;
    chunk.view.setFloat64(at, this.#lastSeq, true);
    chunk.view.setFloat64(at + 8, timeMicros, true);
    chunk.view.setUint32(at + 16, topic, true);
    chunk.view.setUint32(at + 20, kind, true);
    chunk.view.setUint32(at + 24, payloadBytes, true);
    const from = this.#stagingWords;
    const first = (at + HEADER_BYTES) >> 2;
    for (let word = 0; word << 2 < payloadBytes; word++) chunk.words[first + word] = from[word] as number;
    chunk.used = at + bytes;
  }
}

class MemoryCursor implements JournalCursor {
  readonly #chunks: readonly Chunk[];
  readonly #record: { -readonly [Key in keyof RawRecord]: RawRecord[Key] };
  readonly #fromSeq: number;
  #chunk = 0;
  #at = 0;

  constructor(chunks: readonly Chunk[], fromSeq: number) {
    this.#chunks = chunks;
    this.#fromSeq = fromSeq;
    this.#record = {
      seq: 0,
      epoch: 1,
      topic: 0,
      kind: 0,
      timeMicros: 0,
      view: new DataView(new ArrayBuffer(0)),
      offset: 0,
      length: 0,
    };
  }

  next(): RawRecord | undefined {
    for (;;) {
      const chunk = this.#chunks[this.#chunk];
      if (chunk === undefined) return undefined;
      if (this.#at === chunk.used) {
        if (this.#chunk === this.#chunks.length - 1) return undefined;
        this.#chunk++;
        this.#at = 0;
        continue;
      }
      const record = this.#read(chunk);
      if (record.seq >= this.#fromSeq) return record;
    }
  }

  close(): void {
    this.#chunk = Number.POSITIVE_INFINITY;
  }

  #read({ view }: Chunk): RawRecord {
    const record = this.#record;
    const at = this.#at;
    record.seq = view.getFloat64(at, true);
    record.timeMicros = view.getFloat64(at + 8, true);
    record.topic = view.getUint32(at + 16, true);
    record.kind = view.getUint32(at + 20, true);
    record.length = view.getUint32(at + 24, true);
    record.view = view;
    record.offset = at + HEADER_BYTES;
    this.#at = (record.offset + record.length + 7) & ~7;
    return record;
  }
}
