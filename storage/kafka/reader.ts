// Entries of a partition that count, from an offset on.

import type { StreamPlace } from "../../actors/ports/streams.ts";
import type { KafkaCluster } from "./cluster.ts";
import { decodeEntry, type StoredEntry } from "./entries.ts";
import { FETCH_BYTES_MAX, LOOK_BYTES } from "./limits.ts";
import { topicOf } from "./names.ts";
import { findFirst, type Span, spanAt } from "./spans.ts";
import type { Voids } from "./voids.ts";

export interface Reading {
  readonly entries: StoredEntry[];
  /** Where the next reading goes on. */
  readonly next: number;
}

export class PartitionReader {
  readonly #cluster: KafkaCluster;
  readonly #voids: Voids;

  constructor(cluster: KafkaCluster, voids: Voids) {
    this.#cluster = cluster;
    this.#voids = voids;
  }

  /** Entries of a span that are not void; fewer than `limit` only at its end. */
  async read(place: StreamPlace, { from, to }: Span, limit: number): Promise<Reading> {
    const voids = this.#voids.of(place);
    const entries: StoredEntry[] = [];
    let next = from;
    while (next < to && entries.length < limit) {
      const hole = spanAt(voids, next);
      if (hole !== undefined) {
        next = hole.to;
        continue;
      }
      const bytesMax = limit === 1 ? LOOK_BYTES : FETCH_BYTES_MAX;
      const messages = await this.#cluster.fetch(topicOf(place.topic), place.partition, next, bytesMax);
      if (messages.length === 0) break;
      for (const message of messages) {
        if (message.offset >= to || entries.length >= limit) break;
        next = message.offset + 1;
        const entry = spanAt(voids, message.offset) === undefined ? decodeEntry(message) : undefined;
        if (entry !== undefined) entries.push({ offset: message.offset, entry });
      }
    }
    return { entries, next };
  }

  /** Where the first entry that is wanted lies; all behind it must be wanted as well. */
  async find(place: StreamPlace, span: Span, isWanted: (stored: StoredEntry) => boolean): Promise<number> {
    return await findFirst(
      span,
      isWanted,
      async (from) => (await this.read(place, { from, to: span.to }, 1)).entries[0],
    );
  }
}
