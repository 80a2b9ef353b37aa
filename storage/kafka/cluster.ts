// What is asked of Kafka's brokers, each question bounded in time. After a failure the next question connects anew: what a
// request that was given up still does is not ours any more.

import { isIP } from "node:net";
import { Admin, type BaseOptions, Consumer, ProduceAcks, Producer } from "@platformatic/kafka";
import { StreamsUnavailable } from "../../actors/ports/streams.ts";
import { describeTarget, type KafkaTarget } from "./address.ts";
import type { Message, StoredMessage } from "./entries.ts";
import { ANSWER_MILLIS_MAX, QUESTION_MILLIS_MAX, RETRIES_MAX, RETRY_MILLIS } from "./limits.ts";
import { Turns } from "./turns.ts";

const CLIENT = "tickforge";
const LATEST = -1n;
const EARLIEST = -2n;
/** Whoever reads sees what every copy of a partition has; nothing of ours is in a transaction. */
const READ_UNCOMMITTED = 0;
/** The first version of this request that Kafka 4 still answers. */
const FETCH_VERSION_MIN_OF_4 = 4;

export interface Clients {
  readonly admin: Admin;
  readonly consumer: Consumer;
  readonly producer: Producer;
}

export class KafkaCluster {
  readonly #target: KafkaTarget;
  readonly #topics: readonly string[];
  #clients: Clients | undefined;
  /** One fetch at a time: brokers remember what a client fetched last and tell what is new. */
  readonly #fetches = new Turns();

  /** @param topics all that are ever fetched from */
  constructor(target: KafkaTarget, topics: readonly string[]) {
    this.#target = target;
    this.#topics = topics;
  }

  get options(): BaseOptions {
    const { brokers, tls, login } = this.#target;
    return {
      clientId: CLIENT,
      bootstrapBrokers: [...brokers],
      connectTimeout: ANSWER_MILLIS_MAX,
      requestTimeout: ANSWER_MILLIS_MAX,
      timeout: ANSWER_MILLIS_MAX,
      retries: RETRIES_MAX,
      retryDelay: RETRY_MILLIS,
      autocreateTopics: false,
      // A certificate is asked for by name; an address has none.
      ...(tls ? { tls: {}, tlsServerName: brokers.every(({ host }) => isIP(host) === 0) } : {}),
      ...(login === undefined ? {} : { sasl: login }),
    };
  }

  async has(topic: string): Promise<boolean> {
    return await this.ask(async ({ admin }) => (await admin.listTopics()).includes(topic));
  }

  /** Offset behind the last message of each partition, by topic. */
  async ends(topics: readonly string[]): Promise<Map<string, number[]>> {
    return await this.#offsets(topics, LATEST);
  }

  /** Offset of the first message of each partition, by topic. */
  async starts(topics: readonly string[]): Promise<Map<string, number[]>> {
    return await this.#offsets(topics, EARLIEST);
  }

  /** Messages from an offset on, as many as fit into so many bytes, and one batch of them at least; none behind the end. */
  async fetch(topic: string, partition: number, offset: number, bytesMax: number): Promise<StoredMessage[]> {
    return await this.#fetches.take("", async () => {
      return await this.ask(async ({ consumer }) => {
        const metadata = await consumer.metadata({ topics: [topic] });
        const known = metadata.topics.get(topic);
        const leader = known?.partitions[partition]?.leader;
        if (known === undefined || leader === undefined)
          throw new Error(`there is no partition ${partition}`);
        const { responses } = await consumer.fetch({
          node: leader,
          maxWaitTime: 0,
          maxBytes: bytesMax,
          isolationLevel: READ_UNCOMMITTED,
          topics: [
            {
              topicId: known.id,
              partitions: [
                {
                  partition,
                  currentLeaderEpoch: -1,
                  fetchOffset: BigInt(offset),
                  lastFetchedEpoch: -1,
                  partitionMaxBytes: bytesMax,
                },
              ],
            },
          ],
        });
        const batches = responses
          .find(({ topicId }) => topicId === known.id)
          ?.partitions.find(({ partitionIndex }) => partitionIndex === partition)?.records;
        return (batches ?? []).flatMap(({ firstOffset, records }) =>
          records
            .map(({ offsetDelta, key, value, headers }) => ({
              offset: Number(firstOffset) + offsetDelta,
              key,
              value,
              headers,
            }))
            // A batch comes whole, whatever was asked of it.
            .filter((message) => message.offset >= offset),
        );
      });
    });
  }

  /** @returns the first one's offset, once every copy of the partition has them */
  async append(topic: string, partition: number, messages: readonly Message[]): Promise<number> {
    return await this.ask(async ({ producer }) => {
      const { offsets } = await producer.send({
        acks: ProduceAcks.ALL,
        messages: messages.map((message) => ({ ...message, topic, partition })),
      });
      const base = offsets?.[0]?.offset;
      if (base === undefined || base < 0n) throw new Error("the brokers did not say where entries are");
      return Number(base);
    });
  }

  /** Lets go of everything before an offset. */
  async deleteBefore(topic: string, partition: number, offset: number): Promise<void> {
    await this.ask(
      async ({ admin }) =>
        await admin.deleteRecords({
          topics: [{ name: topic, partitions: [{ partition, offset: BigInt(offset) }] }],
        }),
    );
  }

  /** What brokers tell of themselves: Kafka has no request for its version. */
  async version(): Promise<string> {
    return await this.ask(async ({ admin }) => {
      const apis = await admin.listApis();
      const { brokers } = await admin.metadata({});
      const isNew = (apis.find(({ name }) => name === "Fetch")?.minVersion ?? 0) >= FETCH_VERSION_MIN_OF_4;
      const count = brokers.size === 1 ? "1 broker" : `${brokers.size} brokers`;
      return `Kafka ${isNew ? "4 or newer" : "older than 4"}, ${count}`;
    });
  }

  async ask<T>(
    question: (clients: Clients) => Promise<T>,
    millisMax: number = QUESTION_MILLIS_MAX,
  ): Promise<T> {
    this.#clients ??= this.#open();
    const clients = this.#clients;
    try {
      return await within(millisMax, question(clients));
    } catch (error) {
      if (this.#clients === clients) this.#clients = undefined;
      void closeClients(clients);
      throw unavailable(error, this.#target);
    }
  }

  async close(): Promise<void> {
    const clients = this.#clients;
    this.#clients = undefined;
    if (clients !== undefined) await closeClients(clients);
  }

  async #offsets(topics: readonly string[], timestamp: bigint): Promise<Map<string, number[]>> {
    return await this.ask(async ({ consumer }) => {
      const offsets = await consumer.listOffsets({
        topics: [...topics],
        timestamp,
        isolationLevel: READ_UNCOMMITTED,
      });
      return new Map([...offsets].map(([topic, given]) => [topic, given.map(Number)]));
    });
  }

  #open(): Clients {
    const { options } = this;
    const consumer = new Consumer({ ...options, groupId: CLIENT });
    consumer.topics.trackAll(...this.#topics);
    return {
      admin: new Admin(options),
      consumer,
      // Requests that are sent twice are stored once.
      producer: new Producer({ ...options, idempotent: true }),
    };
  }
}

async function within<T>(millisMax: number, question: Promise<T>): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer within ${millisMax / 1_000} s`));
    }, millisMax);
  });
  try {
    return await Promise.race([question, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function closeClients({ admin, consumer, producer }: Clients): Promise<void> {
  const closing = Promise.allSettled([admin.close(), consumer.close(true), producer.close()]);
  await within(ANSWER_MILLIS_MAX, closing).catch(() => undefined);
}

/** What to mend, by what the client and the brokers say; the first that fits counts. */
const ADVICE: readonly (readonly [said: RegExp, advice: string])[] = [
  [
    /(?:^|SASL mechanism: )Connection closed$/,
    "hangs up: it may want TLS (kafkas://), a user (kafka://user:password@host) or another mechanism",
  ],
  [
    /SASL/,
    "does not accept the user name, the password or the mechanism (?mechanism=plain, scram-sha-256, scram-sha-512)",
  ],
  [/requires TLS/i, "wants TLS: write kafkas://"],
  [
    /TLS|certificate/i,
    "does not come to terms about TLS: name who signed its certificate in NODE_EXTRA_CA_CERTS, or write kafka:// where it has none",
  ],
  [
    /authoriz/i,
    "does not let this user do so: give it the right to create, read, write, alter and delete in topics and groups tickforge.*",
  ],
  [/unknown topic/i, "lacks a topic of ours: Tickforge makes them when it starts"],
  [/ECONN|ENOTFOUND|EHOSTUNREACH|timed out|no answer|closed/i, "does not answer"],
];

function unavailable(error: unknown, target: KafkaTarget): StreamsUnavailable {
  if (error instanceof StreamsUnavailable) return error;
  const told = textsOf(error).join(": ");
  const advice = ADVICE.find(([said]) => said.test(told))?.[1] ?? "answers that it cannot";
  return new StreamsUnavailable(`Kafka at ${describeTarget(target)} ${advice}: ${told}`, { cause: error });
}

/** Messages from the outermost to the innermost, each once; what is around several says only that something failed. */
function textsOf(error: unknown): string[] {
  if (error instanceof AggregateError && error.errors.length > 0)
    return [...new Set(error.errors.flatMap((inner) => textsOf(inner)))];
  if (!(error instanceof Error)) return [String(error)];
  const text = error.message.replace(/\.$/, "");
  return error.cause === undefined ? [text] : [text, ...textsOf(error.cause)];
}
