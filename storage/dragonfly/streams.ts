// The journal's records as DragonflyDB streams, one per topic and partition; an entry's id is its journal sequence, so what
// comes twice is refused by the server itself.

import type { ChainableCommander } from "ioredis";
import type { Micros } from "../../actors/base/clock.ts";
import { ok, type Result } from "../../actors/base/result.ts";
import { TOPICS, type Topic } from "../../actors/domain/records.ts";
import {
  type Delivery,
  STREAM_PARTITIONS,
  type StreamEntry,
  type StreamGroup,
  type StreamPlace,
  type Streams,
  StreamsUnavailable,
  TOPIC_RETENTION_MICROS,
} from "../../actors/ports/streams.ts";
import { type DragonflyClient, DragonflyConnection } from "./connect.ts";
import {
  CONNECT_MILLIS_MAX,
  PIPELINE_COMMANDS_MAX,
  STREAM_COMMAND_MILLIS_MAX,
  TRIM_ENTRIES,
} from "./limits.ts";
import { parseTarget } from "./target.ts";

/** A stream of one key only, so that a cluster may put each partition on another node. */
function keyOf({ topic, partition }: StreamPlace): string {
  return `tf:{stream:${topic}:${partition}}`;
}

const CURSOR_KEY = "tf:{stream:cursor}";
const HEADER_BYTES = 17;
/** What the server says of an id it has. */
const HAS_IT = /equal or smaller than the target stream top item/;
const GROUP_IS_THERE = /BUSYGROUP/;

type RawEntry = [Buffer, Buffer[]];

export class DragonflyStreams implements Streams {
  readonly #connection: DragonflyConnection;
  readonly #client: DragonflyClient;

  /** @param connection of its own: a batch's commands would keep others waiting */
  constructor(connection: DragonflyConnection) {
    this.#connection = connection;
    this.#client = connection.client;
  }

  async prepare(): Promise<void> {
    // Streams come to be with their first entries.
    const ready = await this.#connection.ready(CONNECT_MILLIS_MAX);
    if (!ready.ok) throw new StreamsUnavailable(ready.message);
  }

  async publish(place: StreamPlace, entries: readonly StreamEntry[]): Promise<void> {
    const key = keyOf(place);
    await this.#ask(async () => {
      for (let from = 0; from < entries.length; from += PIPELINE_COMMANDS_MAX) {
        const pipeline = this.#client.pipeline();
        for (const entry of entries.slice(from, from + PIPELINE_COMMANDS_MAX)) {
          pipeline.xadd(key, `${entry.seq}-0`, "r", encode(entry));
        }
        await succeed(pipeline, HAS_IT);
      }
    });
  }

  async commit(seq: number): Promise<void> {
    await this.#ask(async () => await this.#client.set(CURSOR_KEY, seq));
  }

  async rewind(seq: number): Promise<void> {
    await this.#ask(async () => {
      for (const topic of TOPICS) {
        for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
          await this.#rewindTo(keyOf({ topic, partition }), seq);
        }
      }
    });
  }

  async #rewindTo(key: string, seq: number): Promise<void> {
    for (;;) {
      const found = await this.#client.xrange(key, `(${seq}-0`, "+", "COUNT", PIPELINE_COMMANDS_MAX);
      if (found.length === 0) return;
      await this.#client.xdel(key, ...found.map(([id]) => id));
      // Deleted ids count as given out until the stream is told otherwise.
      const [newest] = await this.#client.xrevrange(key, "+", "-", "COUNT", 1);
      if (found.length < PIPELINE_COMMANDS_MAX) await this.#client.call("XSETID", key, newest?.[0] ?? "0-0");
    }
  }

  async cursor(): Promise<number> {
    return await this.#ask(async () => Number((await this.#client.get(CURSOR_KEY)) ?? 0));
  }

  async read(place: StreamPlace, afterSeq: number, limit: number): Promise<StreamEntry[]> {
    return await this.#ask(async () => {
      const raw = await this.#client.xrangeBuffer(keyOf(place), `(${afterSeq}-0`, "+", "COUNT", limit);
      return (raw as unknown as RawEntry[]).map(decode);
    });
  }

  async group(topic: Topic, name: string, { idleMillis }: { idleMillis: number }): Promise<StreamGroup> {
    await this.#ask(async () => {
      for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
        await this.#client
          .xgroup("CREATE", keyOf({ topic, partition }), name, "0", "MKSTREAM")
          .catch((error: unknown) => {
            if (!GROUP_IS_THERE.test(String(error))) throw error;
          });
      }
    });
    return new DragonflyGroup({
      client: this.#client,
      topic,
      name,
      idleMillis,
      ask: (question) => this.#ask(question),
    });
  }

  async trim(nowMicros: Micros): Promise<void> {
    for (const topic of TOPICS) {
      const oldestMicros = nowMicros - TOPIC_RETENTION_MICROS[topic];
      for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
        await this.#trimTo(keyOf({ topic, partition }), oldestMicros);
      }
    }
  }

  async #trimTo(key: string, oldestMicros: Micros): Promise<void> {
    await this.#ask(async () => {
      for (;;) {
        const raw = (await this.#client.xrangeBuffer(
          key,
          "-",
          "+",
          "COUNT",
          TRIM_ENTRIES,
        )) as unknown as RawEntry[];
        const entries = raw.map(decode);
        const kept = entries.find(({ timeMicros }) => timeMicros >= oldestMicros);
        if (entries.length === 0 || kept === entries[0]) return;
        const firstKept = kept?.seq ?? (entries.at(-1)?.seq ?? 0) + 1;
        await this.#client.xtrim(key, "MINID", `${firstKept}-0`);
        if (kept !== undefined) return;
      }
    });
  }

  async length(topic: Topic): Promise<number> {
    return await this.#ask(async () => {
      let total = 0;
      for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
        total += await this.#client.xlen(keyOf({ topic, partition }));
      }
      return total;
    });
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.#connection.close();
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    if (!this.#connection.up)
      throw new StreamsUnavailable(this.#connection.explain("there is no connection"));
    try {
      return await question();
    } catch (error) {
      throw new StreamsUnavailable(this.#connection.explain(error), { cause: error });
    }
  }
}

class DragonflyGroup implements StreamGroup {
  readonly #client: DragonflyClient;
  readonly #topic: Topic;
  readonly #name: string;
  readonly #idleMillis: number;
  readonly #ask: <T>(question: () => Promise<T>) => Promise<T>;

  constructor(options: {
    client: DragonflyClient;
    topic: Topic;
    name: string;
    idleMillis: number;
    ask: <T>(question: () => Promise<T>) => Promise<T>;
  }) {
    this.#client = options.client;
    this.#topic = options.topic;
    this.#name = options.name;
    this.#idleMillis = options.idleMillis;
    this.#ask = options.ask;
  }

  async take(options: { consumer: string; limit: number; waitMillis: number }): Promise<Delivery[]> {
    const untilMillis = Date.now() + options.waitMillis;
    return await this.#ask(async () => {
      for (;;) {
        const taken: Delivery[] = [];
        // One stream at a time: keys of several partitions are on several nodes.
        for (let partition = 0; partition < STREAM_PARTITIONS && taken.length < options.limit; partition++) {
          taken.push(...(await this.#takeOf(partition, { ...options, limit: options.limit - taken.length })));
        }
        if (taken.length > 0 || Date.now() >= untilMillis) return taken;
        await Bun.sleep(Math.min(20, Math.max(1, untilMillis - Date.now())));
      }
    });
  }

  async acknowledge(deliveries: readonly Delivery[]): Promise<void> {
    await this.#ask(async () => {
      const pipeline = this.#client.pipeline();
      for (const { partition, token } of deliveries) {
        pipeline.xack(keyOf({ topic: this.#topic, partition }), this.#name, token);
      }
      await succeed(pipeline);
    });
  }

  async close(): Promise<void> {
    // The connection is the streams'.
  }

  /** What another member has held for too long goes first. */
  async #takeOf(
    partition: number,
    { consumer, limit }: { consumer: string; limit: number },
  ): Promise<Delivery[]> {
    const key = keyOf({ topic: this.#topic, partition });
    const claimed = (await this.#client.callBuffer(
      "XAUTOCLAIM",
      key,
      this.#name,
      consumer,
      String(this.#idleMillis),
      "0-0",
      "COUNT",
      String(limit),
    )) as [Buffer, (RawEntry | null)[]];
    const entries = claimed[1].filter((entry) => entry !== null);
    if (entries.length < limit) {
      const fresh = (await this.#client.xreadgroupBuffer(
        "GROUP",
        this.#name,
        consumer,
        "COUNT",
        limit - entries.length,
        "STREAMS",
        key,
        ">",
      )) as unknown as [Buffer, RawEntry[]][] | null;
      entries.push(...(fresh?.[0]?.[1] ?? []));
    }
    return entries.map((raw) => ({ entry: decode(raw), partition, token: raw[0].toString() }));
  }
}

/** Waits for all answers; the first error that is none of `expected` is thrown. */
async function succeed(pipeline: ChainableCommander, expected?: RegExp): Promise<void> {
  for (const [error] of (await pipeline.exec()) ?? []) {
    if (error !== null && expected?.test(error.message) !== true) throw error;
  }
}

/** Epoch, kind and time, then the payload; the sequence is the id. */
function encode({ epoch, kind, timeMicros, payload }: StreamEntry): Buffer {
  const bytes = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  bytes.writeDoubleLE(timeMicros, 0);
  bytes.writeDoubleLE(epoch, 8);
  bytes.writeUInt8(kind, 16);
  bytes.set(payload, HEADER_BYTES);
  return bytes;
}

function decode([id, [, bytes = Buffer.alloc(HEADER_BYTES)]]: RawEntry): StreamEntry {
  return {
    seq: Number(id.toString().split("-")[0]),
    timeMicros: bytes.readDoubleLE(0),
    epoch: bytes.readDoubleLE(8),
    kind: bytes.readUInt8(16),
    payload: bytes.subarray(HEADER_BYTES),
  };
}

/** Streams at an address such as `redis://host:6379`. */
export function connectStreams(
  address: string,
  onProblem?: (message: string) => void,
): Result<DragonflyStreams, "dragonfly-address-invalid"> {
  const target = parseTarget(address);
  if (!target.ok) return target;
  return ok(
    new DragonflyStreams(
      new DragonflyConnection(target.value, {
        name: "tickforge-streams",
        commandMillisMax: STREAM_COMMAND_MILLIS_MAX,
        ...(onProblem === undefined ? {} : { onProblem }),
      }),
    ),
  );
}
