// Members of a consumer group. Kafka gives a whole partition to one process, and remembers how far it is done with it; within
// a process its consumers share what it was given, and what one holds for too long is another's.

import { setTimeout as sleep } from "node:timers/promises";
import { Consumer, findErrorBy } from "@platformatic/kafka";
import type { Topic } from "../../actors/domain/records.ts";
import type { Delivery, StreamGroup } from "../../actors/ports/streams.ts";
import type { KafkaCluster } from "./cluster.ts";
import {
  ANSWER_MILLIS_MAX,
  HEARTBEAT_MILLIS,
  HELD_MAX,
  JOIN_MILLIS_MAX,
  POLL_MILLIS,
  REBALANCE_MILLIS,
  SESSION_MILLIS,
} from "./limits.ts";
import { topicOf, VOIDS_TOPIC } from "./names.ts";
import type { PartitionReader } from "./reader.ts";
import { Turns } from "./turns.ts";
import type { Voids } from "./voids.ts";

/** What brokers answer while a group's members come and go, or while the group moves to another broker. */
const PASSING = [
  "COORDINATOR_LOAD_IN_PROGRESS",
  "COORDINATOR_NOT_AVAILABLE",
  "NOT_COORDINATOR",
  "REBALANCE_IN_PROGRESS",
  "ILLEGAL_GENERATION",
  "UNKNOWN_MEMBER_ID",
] as const;

interface Held {
  readonly delivery: Delivery;
  readonly offset: number;
  readonly sinceMillis: number;
}

/** How far this process is with a partition it was given. */
interface Share {
  next: number;
  /** By offset, ascending but for what was handed on. */
  readonly held: Map<number, Held>;
}

export interface GroupOptions {
  readonly cluster: KafkaCluster;
  readonly voids: Voids;
  readonly reader: PartitionReader;
  readonly topic: Topic;
  readonly name: string;
  readonly idleMillis: number;
}

export class KafkaGroup implements StreamGroup {
  readonly #options: GroupOptions;
  readonly #consumer: Consumer;
  readonly #shares = new Map<number, Share>();
  readonly #turns = new Turns();
  /** Whoever is in comes back by itself when the others change: asking for it too would only disturb them once more. */
  #isOut = true;

  constructor(options: GroupOptions) {
    this.#options = options;
    const { cluster, topic, name } = options;
    this.#consumer = new Consumer({
      ...cluster.options,
      // The answer to a member that comes waits for the others.
      requestTimeout: REBALANCE_MILLIS + ANSWER_MILLIS_MAX,
      // The client's own tries again would join again before each.
      retries: 0,
      groupId: `tickforge.${topic}.${name}`,
      sessionTimeout: SESSION_MILLIS,
      heartbeatInterval: HEARTBEAT_MILLIS,
      rebalanceTimeout: REBALANCE_MILLIS,
    });
    this.#consumer.topics.track(topicOf(topic));
    this.#consumer.on("consumer:group:join", () => {
      this.#isOut = false;
      this.#keepOwn();
    });
    // It could not come back.
    this.#consumer.on("error", () => {
      this.#isOut = true;
    });
  }

  async join(): Promise<void> {
    await this.#patiently(async () => await this.#consumer.joinGroup({}));
  }

  async take({ limit, waitMillis }: { limit: number; waitMillis: number }): Promise<Delivery[]> {
    const untilMillis = Date.now() + waitMillis;
    for (;;) {
      const taken = await this.#turns.take("", async () => await this.#takeNow(limit));
      if (taken.length > 0 || Date.now() >= untilMillis) return taken;
      await sleep(Math.min(POLL_MILLIS, Math.max(1, untilMillis - Date.now())));
    }
  }

  async acknowledge(deliveries: readonly Delivery[]): Promise<void> {
    await this.#turns.take("", async () => {
      const done = new Set<number>();
      for (const { partition, token } of deliveries) {
        if (this.#shares.get(partition)?.held.delete(Number(token)) === true) done.add(partition);
      }
      if (done.size > 0) await this.#commit([...done]);
    });
  }

  async close(): Promise<void> {
    this.#shares.clear();
    await this.#options.cluster.ask(async () => {
      await this.#consumer.close(true);
    });
  }

  async #takeNow(limit: number): Promise<Delivery[]> {
    if (this.#isOut) await this.join();
    const taken = this.#expired(limit);
    if (taken.length < limit) taken.push(...(await this.#fresh(limit - taken.length)));
    return taken;
  }

  /** What somebody has held for too long goes first. */
  #expired(limit: number): Delivery[] {
    const nowMillis = performance.now();
    const taken: Delivery[] = [];
    for (const { held } of this.#shares.values()) {
      for (const [offset, { delivery, sinceMillis }] of held) {
        if (taken.length >= limit) return taken;
        if (nowMillis - sinceMillis < this.#options.idleMillis) continue;
        held.set(offset, { delivery, offset, sinceMillis: nowMillis });
        taken.push(delivery);
      }
    }
    return taken;
  }

  async #fresh(limit: number): Promise<Delivery[]> {
    const { cluster, voids, reader, topic } = this.#options;
    await this.#startShares();
    const name = topicOf(topic);
    const ends = await cluster.ends([name, VOIDS_TOPIC]);
    await voids.refresh(ends.get(VOIDS_TOPIC)?.[0]);
    let room = Math.min(limit, HELD_MAX - this.#heldCount());
    const taken: Delivery[] = [];
    for (const [partition, share] of this.#shares) {
      const to = ends.get(name)?.[partition] ?? 0;
      if (room <= 0 || share.next >= to) continue;
      const { entries, next } = await reader.read({ topic, partition }, { from: share.next, to }, room);
      // It may have become another process's meanwhile.
      if (this.#shares.get(partition) !== share) continue;
      share.next = next;
      for (const { offset, entry } of entries) {
        const delivery = { entry, partition, token: String(offset) };
        share.held.set(offset, { delivery, offset, sinceMillis: performance.now() });
        taken.push(delivery);
      }
      room -= entries.length;
    }
    return taken;
  }

  /** Goes on where the group is done with the partitions that are new to this process. */
  async #startShares(): Promise<void> {
    const { cluster, topic } = this.#options;
    const name = topicOf(topic);
    const added = this.#owned().filter((partition) => !this.#shares.has(partition));
    if (added.length === 0) return;
    const starts = (await cluster.starts([name])).get(name);
    const committed = await this.#patiently(async () =>
      (await this.#consumer.listCommittedOffsets({ topics: [{ topic: name, partitions: added }] })).get(name),
    );
    for (const partition of added) {
      const next = Math.max(Number(committed?.[partition] ?? 0n), starts?.[partition] ?? 0);
      this.#shares.set(partition, { next, held: new Map() });
    }
    this.#keepOwn();
  }

  async #commit(partitions: readonly number[]): Promise<void> {
    const topic = topicOf(this.#options.topic);
    await this.#patiently(async () => {
      if (this.#isOut) await this.#consumer.joinGroup({});
      const offsets = partitions.flatMap((partition) => {
        const share = this.#shares.get(partition);
        if (share === undefined) return [];
        // Up to the first that is not acknowledged: whoever takes over begins there.
        const offset = [...share.held.keys()].reduce((least, held) => Math.min(least, held), share.next);
        return [{ topic, partition, offset: BigInt(offset), leaderEpoch: -1 }];
      });
      if (offsets.length > 0) await this.#consumer.commit({ offsets });
    });
  }

  /** Asks again while the group's members come and go. */
  async #patiently<T>(question: () => Promise<T>): Promise<T> {
    const untilMillis = Date.now() + JOIN_MILLIS_MAX;
    return await this.#options.cluster.ask(async () => {
      for (;;) {
        try {
          return await question();
        } catch (error) {
          if (!isPassing(error) || Date.now() >= untilMillis) throw error;
          await sleep(POLL_MILLIS);
        }
      }
    }, JOIN_MILLIS_MAX);
  }

  #owned(): number[] {
    return (this.#consumer.assignments ?? []).flatMap(({ partitions }) => partitions);
  }

  #keepOwn(): void {
    const owned = new Set(this.#owned());
    for (const partition of this.#shares.keys()) {
      if (!owned.has(partition)) this.#shares.delete(partition);
    }
  }

  #heldCount(): number {
    return [...this.#shares.values()].reduce((total, { held }) => total + held.size, 0);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof Error && PASSING.some((id) => findErrorBy(error, "apiId", id) !== null);
}
