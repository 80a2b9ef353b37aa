// Branch C as a sink: every record, as it lies in the journal, into the stream of its topic and the partition of its symbol.

import { MICROS_PER_HOUR, type Micros } from "../../../actors/base/clock.ts";
import { decodeRecord } from "../../../actors/domain/codec.ts";
import { type Topic, TOPICS } from "../../../actors/domain/records.ts";
import type { RawRecord } from "../../../actors/ports/journal.ts";
import {
  STREAM_PARTITIONS,
  type StreamEntry,
  type StreamPlace,
  type Streams,
} from "../../../actors/ports/streams.ts";
import type { BatchEdges } from "../batch-edges.ts";
import type { RawTail } from "../raw-tail.ts";
import type { Sink } from "../sink.ts";

/** How often streams are told to let go of what has outlived its topic. */
const TRIM_MICROS = MICROS_PER_HOUR;

interface Part {
  readonly place: StreamPlace;
  readonly entries: StreamEntry[];
}

export class StreamsSink implements Sink<RawRecord, RawTail> {
  readonly name = "the stream of records";
  readonly keepsCursor = true;
  readonly full = false;
  readonly #streams: Streams;
  readonly #parts = new Map<string, Part>();
  #rowSeq = 0;
  /** What the streams must say they have, or they lost something since. */
  #committedSeq = 0;
  #newestMicros: Micros = 0;
  #trimmedMicros: Micros = 0;

  constructor(streams: Streams) {
    this.#streams = streams;
  }

  get rowSeq(): number {
    return this.#rowSeq;
  }

  async prepare(): Promise<void> {
    await this.#streams.prepare();
  }

  async storedSeq(): Promise<number> {
    this.#committedSeq = await this.#streams.cursor();
    await this.#streams.rewind(this.#committedSeq);
    return this.#committedSeq;
  }

  async forget(fromSeq: number): Promise<void> {
    await this.#streams.rewind(fromSeq - 1);
    await this.#streams.commit(fromSeq - 1);
    this.#committedSeq = fromSeq - 1;
  }

  collect(raw: RawRecord): void {
    const topic = TOPICS[raw.topic];
    // Seals are the journal's own.
    if (topic === undefined) return;
    const part = this.#partOf(topic, partitionOf(raw));
    const { seq, epoch, kind, timeMicros, view, offset, length } = raw;
    const payload = new Uint8Array(view.buffer, view.byteOffset + offset, length).slice();
    part.entries.push({ seq, epoch, kind, timeMicros, payload });
    this.#rowSeq = seq;
    this.#newestMicros = timeMicros;
  }

  async check(): Promise<void> {
    const heldSeq = await this.#streams.cursor();
    if (heldSeq !== this.#committedSeq) {
      throw new Error(
        `the streams end at record ${heldSeq} although they had ${this.#committedSeq}: the rest is told again`,
      );
    }
  }

  async send({ toSeq }: BatchEdges): Promise<void> {
    await this.check();
    await Promise.all(
      [...this.#parts.values()].map(
        async ({ place, entries }) => await this.#streams.publish(place, entries),
      ),
    );
    await this.#streams.commit(toSeq);
    this.#committedSeq = toSeq;
    // By the time of the records, not of the wall: a replayed past is young in its own streams.
    if (this.#newestMicros - this.#trimmedMicros < TRIM_MICROS) return;
    await this.#streams.trim(this.#newestMicros);
    this.#trimmedMicros = this.#newestMicros;
  }

  clear(): void {
    this.#parts.clear();
    this.#rowSeq = 0;
  }

  #partOf(topic: Topic, partition: number): Part {
    const key = `${topic}:${partition}`;
    let part = this.#parts.get(key);
    if (part === undefined) {
      part = { place: { topic, partition }, entries: [] };
      this.#parts.set(key, part);
    }
    return part;
  }
}

/** Records about no symbol are in the first. */
function partitionOf(raw: RawRecord): number {
  const record = decodeRecord(raw);
  return "instrumentId" in record ? record.instrumentId % STREAM_PARTITIONS : 0;
}
