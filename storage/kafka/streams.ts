// The journal's records in Kafka: a topic per topic, a partition per partition, an offset for each entry in the journal's
// order. What Kafka cannot do, removing at a partition's end, corrections in a topic of their own do: see voids.ts.

import type { Micros } from "../../actors/base/clock.ts";
import { ok, type Result } from "../../actors/base/result.ts";
import { TOPICS, type Topic } from "../../actors/domain/records.ts";
import {
  STREAM_PARTITIONS,
  type StreamEntry,
  type StreamGroup,
  type StreamPlace,
  type Streams,
  StreamsUnavailable,
  TOPIC_RETENTION_MICROS,
} from "../../actors/ports/streams.ts";
import { type KafkaTarget, parseTarget } from "./address.ts";
import { batchesOf } from "./batches.ts";
import { KafkaCluster } from "./cluster.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { encodeEntry } from "./entries.ts";
import { KafkaGroup } from "./group.ts";
import { PLACES_MAX, TAIL_ENTRIES } from "./limits.ts";
import { ALL_TOPICS, CURSOR_TOPIC, ENTRY_TOPICS, topicOf, VOIDS_TOPIC } from "./names.ts";
import { PartitionReader } from "./reader.ts";
import { clipSpans, lengthOf, type Span, spanAt, straysOf } from "./spans.ts";
import { ensureTopics } from "./topics.ts";
import { Turns } from "./turns.ts";
import { Voids } from "./voids.ts";

/** What a writer knows about the end of a partition. */
interface Tail {
  readonly end: number;
  /** Journal sequence of the last entry in it: what comes at or before it is there. */
  readonly lastSeq: number;
}

const PLACES: readonly StreamPlace[] = TOPICS.flatMap((topic) =>
  Array.from({ length: STREAM_PARTITIONS }, (_, partition) => ({ topic, partition })),
);

function keyOf({ topic, partition }: StreamPlace): string {
  return `${topic}:${partition}`;
}

export class KafkaStreams implements Streams {
  readonly #cluster: KafkaCluster;
  readonly #voids: Voids;
  readonly #reader: PartitionReader;
  readonly #turns = new Turns();
  readonly #tails = new Map<string, Tail>();
  /** Where in a partition a reader goes on after a journal sequence. */
  readonly #places = new Map<string, { readonly afterSeq: number; readonly offset: number }>();

  constructor(target: KafkaTarget) {
    this.#cluster = new KafkaCluster(target, ALL_TOPICS);
    this.#voids = new Voids(this.#cluster);
    this.#reader = new PartitionReader(this.#cluster, this.#voids);
  }

  async prepare(): Promise<void> {
    await ensureTopics(this.#cluster);
    this.#tails.clear();
    this.#places.clear();
  }

  async publish(place: StreamPlace, entries: readonly StreamEntry[]): Promise<void> {
    const key = keyOf(place);
    await this.#turns.take(key, async () => {
      try {
        let tail = this.#tails.get(key) ?? (await this.#lookAtEnd(place));
        for (const batch of batchesOf(entries)) {
          tail = await this.#append(place, tail, batch);
          this.#tails.set(key, tail);
        }
      } catch (error) {
        // It may have been stored or not.
        this.#tails.delete(key);
        throw error;
      }
    });
  }

  async commit(seq: number): Promise<void> {
    await writeCursor(this.#cluster, seq);
  }

  async rewind(seq: number): Promise<void> {
    this.#tails.clear();
    this.#places.clear();
    await this.#voids.refresh();
    const starts = await this.#cluster.starts(ENTRY_TOPICS);
    const ends = await this.#cluster.ends(ENTRY_TOPICS);
    // First, so that nobody who is interrupted here finds a cursor behind which there is nothing.
    if ((await readCursor(this.#cluster)).seq > seq) await this.commit(seq);
    for (const place of PLACES) {
      const { partition } = place;
      const topic = topicOf(place.topic);
      const bounds = {
        from: starts.get(topic)?.[partition] ?? 0,
        to: ends.get(topic)?.[partition] ?? 0,
      };
      if (bounds.from < bounds.to)
        await this.#turns.take(keyOf(place), async () => await this.#rewindIn(place, bounds, seq));
    }
  }

  async cursor(): Promise<number> {
    const { seq, ends } = await readCursor(this.#cluster);
    const found = await this.#cluster.ends(ENTRY_TOPICS);
    let heldSeq = seq;
    for (const place of PLACES) {
      const topic = topicOf(place.topic);
      const had = ends[topic]?.[place.partition] ?? 0;
      if ((found.get(topic)?.[place.partition] ?? 0) >= had) continue;
      // The partition lost its newest entries.
      this.#tails.delete(keyOf(place));
      heldSeq = Math.min(heldSeq, (await this.#lookAtEnd(place)).lastSeq);
    }
    return heldSeq;
  }

  async read(place: StreamPlace, afterSeq: number, limit: number): Promise<StreamEntry[]> {
    const key = keyOf(place);
    const topic = topicOf(place.topic);
    const ends = await this.#cluster.ends([topic, VOIDS_TOPIC]);
    await this.#voids.refresh(ends.get(VOIDS_TOPIC)?.[0]);
    const to = ends.get(topic)?.[place.partition] ?? 0;
    const start = (await this.#cluster.starts([topic])).get(topic)?.[place.partition] ?? 0;
    const known = this.#places.get(key);
    let next =
      known?.afterSeq === afterSeq
        ? Math.max(start, known.offset)
        : await this.#reader.find(place, { from: start, to }, ({ entry }) => entry.seq > afterSeq);
    const found: StreamEntry[] = [];
    let lastSeq = afterSeq;
    while (next < to && found.length < limit) {
      const reading = await this.#reader.read(place, { from: next, to }, limit - found.length);
      for (const { entry } of reading.entries) {
        // What came late stands behind what came after it.
        if (entry.seq <= lastSeq) continue;
        lastSeq = entry.seq;
        found.push(entry);
      }
      if (reading.next === next) break;
      next = reading.next;
    }
    if (this.#places.size >= PLACES_MAX) this.#places.clear();
    this.#places.set(key, { afterSeq: lastSeq, offset: next });
    return found;
  }

  async group(topic: Topic, name: string, { idleMillis }: { idleMillis: number }): Promise<StreamGroup> {
    const group = new KafkaGroup({
      cluster: this.#cluster,
      voids: this.#voids,
      reader: this.#reader,
      topic,
      name,
      idleMillis,
    });
    await group.join();
    return group;
  }

  async trim(nowMicros: Micros): Promise<void> {
    await this.#voids.refresh();
    const starts = await this.#cluster.starts(ENTRY_TOPICS);
    const ends = await this.#cluster.ends(ENTRY_TOPICS);
    for (const place of PLACES) {
      const topic = topicOf(place.topic);
      const from = starts.get(topic)?.[place.partition] ?? 0;
      const to = ends.get(topic)?.[place.partition] ?? 0;
      const oldestMicros = nowMicros - TOPIC_RETENTION_MICROS[place.topic];
      const [first] = (await this.#reader.read(place, { from, to }, 1)).entries;
      if (first === undefined || first.entry.timeMicros >= oldestMicros) continue;
      const kept = await this.#reader.find(
        place,
        { from, to },
        ({ entry }) => entry.timeMicros >= oldestMicros,
      );
      await this.#cluster.deleteBefore(topic, place.partition, kept);
    }
  }

  async length(topic: Topic): Promise<number> {
    const name = topicOf(topic);
    const ends = await this.#cluster.ends([name, VOIDS_TOPIC]);
    await this.#voids.refresh(ends.get(VOIDS_TOPIC)?.[0]);
    const starts = (await this.#cluster.starts([name])).get(name) ?? [];
    return starts.reduce((total, from, partition) => {
      const to = ends.get(name)?.[partition] ?? from;
      return total + to - from - lengthOf(clipSpans(this.#voids.of({ topic, partition }), { from, to }));
    }, 0);
  }

  /** What was committed last, undefined where our topics are not made yet. Reads only. */
  async committed(): Promise<number | undefined> {
    if (!(await this.#cluster.has(CURSOR_TOPIC))) return undefined;
    return (await readCursor(this.#cluster)).seq;
  }

  /** What the brokers tell of themselves. */
  async version(): Promise<string> {
    return await this.#cluster.version();
  }

  async close(): Promise<void> {
    await this.#cluster.close();
  }

  async #append(place: StreamPlace, tail: Tail, batch: readonly StreamEntry[]): Promise<Tail> {
    const fresh = batch.filter(({ seq }) => seq > tail.lastSeq);
    const last = fresh.at(-1);
    if (last === undefined) return tail;
    const topic = topicOf(place.topic);
    const base = await this.#cluster.append(topic, place.partition, fresh.map(encodeEntry));
    if (base === tail.end) return { end: base + fresh.length, lastSeq: last.seq };
    // Something else arrived in between: another writer's, or ours that we had given up.
    return await this.#lookAtEnd(place);
  }

  /** Finds the last entry of a partition, and calls void what arrived late before it. */
  async #lookAtEnd(place: StreamPlace, known?: Span): Promise<Tail> {
    const bounds = known ?? (await this.#boundsOf(place));
    if (this.#voids.of(place).some(({ to }) => to > bounds.to)) {
      // What was lost is not void: something else comes to stand there.
      await this.#voids.add(place, [], bounds);
    }
    let { to } = bounds;
    while (to > bounds.from) {
      const hole = spanAt(this.#voids.of(place), to - 1);
      if (hole !== undefined) {
        to = hole.from;
        continue;
      }
      const from = Math.max(bounds.from, to - TAIL_ENTRIES);
      const { entries } = await this.#reader.read(place, { from, to }, TAIL_ENTRIES);
      const strays = straysOf(entries);
      if (strays.length > 0) await this.#voids.add(place, strays, bounds);
      if (entries.length > 0)
        return { end: bounds.to, lastSeq: Math.max(...entries.map(({ entry }) => entry.seq)) };
      to = from;
    }
    return { end: bounds.to, lastSeq: 0 };
  }

  async #rewindIn(place: StreamPlace, bounds: Span, seq: number): Promise<void> {
    const { lastSeq } = await this.#lookAtEnd(place, bounds);
    if (lastSeq <= seq) return;
    const from = await this.#reader.find(place, bounds, ({ entry }) => entry.seq > seq);
    await this.#voids.add(place, [{ from, to: bounds.to }], bounds);
  }

  async #boundsOf({ topic, partition }: StreamPlace): Promise<Span> {
    const name = topicOf(topic);
    const ends = await this.#cluster.ends([name, VOIDS_TOPIC]);
    await this.#voids.refresh(ends.get(VOIDS_TOPIC)?.[0]);
    const from = (await this.#cluster.starts([name])).get(name)?.[partition];
    const to = ends.get(name)?.[partition];
    if (from === undefined || to === undefined)
      throw new StreamsUnavailable(`Kafka has no partition ${partition} of ${name}`);
    return { from, to };
  }
}

/** Streams at an address such as `kafka://host:9092`. */
export function connectStreams(address: string): Result<KafkaStreams, "kafka-address-invalid"> {
  const target = parseTarget(address);
  return target.ok ? ok(new KafkaStreams(target.value)) : target;
}
