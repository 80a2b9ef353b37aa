// Parts of partitions that are void. Kafka removes at the beginning of a partition only; what is taken back at its end stays
// there, and this topic of corrections says that it does not count. Its newest message about a partition says all.

import { z } from "zod";
import type { StreamPlace } from "../../actors/ports/streams.ts";
import type { KafkaCluster } from "./cluster.ts";
import { FETCH_BYTES_MAX, VOIDS_MAX } from "./limits.ts";
import { topicOf, VOIDS_TOPIC } from "./names.ts";
import { clipSpans, mergeSpans, type Span } from "./spans.ts";

const offsetSchema = z.number().int().min(0);
const voidsSchema = z.array(z.tuple([offsetSchema, offsetSchema]));

export function encodeVoids(spans: readonly Span[]): Buffer {
  return Buffer.from(JSON.stringify(spans.map(({ from, to }) => [from, to])));
}

/** Undefined where it is not ours. */
export function decodeVoids(value: Buffer | null): Span[] | undefined {
  try {
    const parsed = voidsSchema.safeParse(JSON.parse(String(value)));
    return parsed.success ? parsed.data.map(([from, to]) => ({ from, to })) : undefined;
  } catch {
    return undefined;
  }
}

function keyOf({ topic, partition }: StreamPlace): string {
  return `${topic}:${partition}`;
}

export class Voids {
  readonly #cluster: KafkaCluster;
  readonly #spans = new Map<string, readonly Span[]>();
  #readTo = 0;

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster;
  }

  of(place: StreamPlace): readonly Span[] {
    return this.#spans.get(keyOf(place)) ?? [];
  }

  /** @param end offset behind the last correction, where it was just asked for */
  async refresh(end?: number): Promise<void> {
    const to = end ?? (await this.#cluster.ends([VOIDS_TOPIC])).get(VOIDS_TOPIC)?.[0] ?? 0;
    if (to < this.#readTo) {
      // Made anew, or it lost its end.
      this.#spans.clear();
      this.#readTo = 0;
    }
    while (this.#readTo < to) {
      const messages = await this.#cluster.fetch(VOIDS_TOPIC, 0, this.#readTo, FETCH_BYTES_MAX);
      for (const { key, value } of messages) {
        const spans = decodeVoids(value);
        if (spans !== undefined) this.#spans.set(String(key), spans);
      }
      const last = messages.at(-1);
      this.#readTo = last === undefined ? to : last.offset + 1;
    }
  }

  /** @param bounds of the partition: what is void outside of it is forgotten */
  async add(place: StreamPlace, spans: readonly Span[], bounds: Span): Promise<void> {
    const all = clipSpans(mergeSpans([...this.of(place), ...spans]), bounds);
    const kept = all.slice(-VOIDS_MAX);
    const [oldest] = kept;
    if (oldest !== undefined && kept.length < all.length)
      await this.#cluster.deleteBefore(topicOf(place.topic), place.partition, oldest.from);
    await this.#cluster.append(VOIDS_TOPIC, 0, [
      { key: Buffer.from(keyOf(place)), value: encodeVoids(kept), headers: new Map() },
    ]);
    this.#spans.set(keyOf(place), kept);
  }
}
