// Streams that live as long as the process: for tests, and what the others are compared with.

import type { Micros } from "../../actors/base/clock.ts";
import type { Topic } from "../../actors/domain/records.ts";
import {
  type Delivery,
  STREAM_PARTITIONS,
  type StreamEntry,
  type StreamGroup,
  type StreamPlace,
  type Streams,
  TOPIC_RETENTION_MICROS,
} from "../../actors/ports/streams.ts";
import { TOPICS } from "../../actors/domain/records.ts";

interface Held {
  readonly consumer: string;
  readonly sinceMillis: number;
  readonly delivery: Delivery;
}

interface GroupState {
  readonly takenSeqs: Map<number, number>;
  readonly held: Map<string, Held>;
}

export class MemoryStreams implements Streams {
  readonly #entries = new Map<string, StreamEntry[]>();
  readonly #groups = new Map<string, GroupState>();
  #committedSeq = 0;

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  publish(place: StreamPlace, entries: readonly StreamEntry[]): Promise<void> {
    const stored = this.#of(place);
    for (const entry of entries) {
      if (entry.seq > (stored.at(-1)?.seq ?? 0))
        stored.push({ ...entry, payload: Uint8Array.from(entry.payload) });
    }
    return Promise.resolve();
  }

  commit(seq: number): Promise<void> {
    this.#committedSeq = seq;
    return Promise.resolve();
  }

  rewind(seq: number): Promise<void> {
    for (const stored of this.#entries.values()) {
      const first = stored.findIndex((entry) => entry.seq > seq);
      if (first >= 0) stored.splice(first);
    }
    return Promise.resolve();
  }

  cursor(): Promise<number> {
    return Promise.resolve(this.#committedSeq);
  }

  read(place: StreamPlace, afterSeq: number, limit: number): Promise<StreamEntry[]> {
    return Promise.resolve(
      this.#of(place)
        .filter(({ seq }) => seq > afterSeq)
        .slice(0, limit),
    );
  }

  group(topic: Topic, name: string, { idleMillis }: { idleMillis: number }): Promise<StreamGroup> {
    const key = `${topic} ${name}`;
    const state = this.#groups.get(key) ?? {
      takenSeqs: new Map<number, number>(),
      held: new Map<string, Held>(),
    };
    this.#groups.set(key, state);
    return Promise.resolve({
      take: async (options) => await this.#take(topic, state, { ...options, idleMillis }),
      acknowledge: async (deliveries) => {
        for (const { token } of deliveries) state.held.delete(token);
        await Promise.resolve();
      },
      close: async () => await Promise.resolve(),
    });
  }

  trim(nowMicros: Micros): Promise<void> {
    for (const topic of TOPICS) {
      const oldestMicros = nowMicros - TOPIC_RETENTION_MICROS[topic];
      for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
        const stored = this.#of({ topic, partition });
        const kept = stored.findIndex(({ timeMicros }) => timeMicros >= oldestMicros);
        stored.splice(0, kept < 0 ? stored.length : kept);
      }
    }
    return Promise.resolve();
  }

  length(topic: Topic): Promise<number> {
    let total = 0;
    for (let partition = 0; partition < STREAM_PARTITIONS; partition++)
      total += this.#of({ topic, partition }).length;
    return Promise.resolve(total);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #of({ topic, partition }: StreamPlace): StreamEntry[] {
    const key = `${topic}:${partition}`;
    let entries = this.#entries.get(key);
    if (entries === undefined) {
      entries = [];
      this.#entries.set(key, entries);
    }
    return entries;
  }

  async #take(
    topic: Topic,
    { takenSeqs, held }: GroupState,
    options: { consumer: string; limit: number; waitMillis: number; idleMillis: number },
  ): Promise<Delivery[]> {
    const nowMillis = performance.now();
    const taken: Delivery[] = [];
    const give = (delivery: Delivery): void => {
      held.set(delivery.token, { consumer: options.consumer, sinceMillis: nowMillis, delivery });
      taken.push(delivery);
    };
    for (const { sinceMillis, delivery } of held.values()) {
      if (taken.length < options.limit && nowMillis - sinceMillis >= options.idleMillis) give(delivery);
    }
    for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
      for (const entry of this.#of({ topic, partition })) {
        if (taken.length >= options.limit) break;
        if (entry.seq <= (takenSeqs.get(partition) ?? 0)) continue;
        takenSeqs.set(partition, entry.seq);
        give({ entry, partition, token: `${partition}:${entry.seq}` });
      }
    }
    if (taken.length > 0 || options.waitMillis <= 0) return taken;
    await Bun.sleep(Math.min(5, options.waitMillis));
    return await this.#take(topic, { takenSeqs, held }, { ...options, waitMillis: options.waitMillis - 5 });
  }
}
