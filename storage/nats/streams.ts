// The journal's records in NATS JetStream: a stream per topic, a subject per partition, the journal sequence as message id.
// The server lets go of what has outlived its topic by itself.

import {
  AckPolicy,
  DeliverPolicy,
  jetstream,
  type JetStreamClient,
  jetstreamManager,
  type JetStreamManager,
  type JsMsg,
  type StoredMsg,
} from "@nats-io/jetstream";
import { connect, headers, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
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
import {
  ANSWER_MILLIS_MAX,
  DUPLICATE_WINDOW_MILLIS,
  IN_FLIGHT_MAX,
  PLACES_MAX,
  RECONNECT_MILLIS,
} from "./limits.ts";

const NANOS_PER_MICRO = 1_000;
const NANOS_PER_MILLI = 1_000_000;
const CURSOR_STREAM = "TICKFORGE_CURSOR";
const CURSOR_SUBJECT = "tickforge.cursor";

const HEADER = { seq: "Tf-Seq", epoch: "Tf-Epoch", kind: "Tf-Kind", time: "Tf-Time" } as const;

export interface NatsOptions {
  /** `nats://[user:password@]host[:port]` or `nats://token@host`. */
  readonly url: string;
}

function streamOf(topic: Topic): string {
  return `TICKFORGE_${topic.replaceAll("-", "_").toUpperCase()}`;
}

function subjectOf({ topic, partition }: StreamPlace): string {
  return `tickforge.${topic}.${partition}`;
}

interface Session {
  readonly connection: NatsConnection;
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
}

export class NatsStreams implements Streams {
  readonly #url: URL;
  #session: Promise<Session> | undefined;
  /** Part of message ids: what was removed to be published again is no duplicate. */
  #life = crypto.randomUUID();
  /** Of each subject, the last journal sequence in it: what comes at or before it is there. */
  readonly #lastSeqs = new Map<string, number>();
  /** Where in the server's stream a reader of a subject goes on after a journal sequence. */
  readonly #places = new Map<string, { readonly afterSeq: number; readonly startSeq: number }>();

  constructor({ url }: NatsOptions) {
    this.#url = new URL(url);
  }

  async prepare(): Promise<void> {
    await this.#ask(async ({ manager }) => {
      for (const topic of TOPICS) {
        await ensureStream(manager, {
          name: streamOf(topic),
          subjects: [`tickforge.${topic}.*`],
          max_age: TOPIC_RETENTION_MICROS[topic] * NANOS_PER_MICRO,
          duplicate_window: DUPLICATE_WINDOW_MILLIS * NANOS_PER_MILLI,
        });
      }
      await ensureStream(manager, {
        name: CURSOR_STREAM,
        subjects: [CURSOR_SUBJECT],
        max_msgs_per_subject: 1,
      });
      this.#lastSeqs.clear();
    });
  }

  async publish(place: StreamPlace, entries: readonly StreamEntry[]): Promise<void> {
    await this.#ask(async (session) => {
      const subject = subjectOf(place);
      const lastSeq = await this.#lastSeqOf(session, place);
      const fresh = entries.filter(({ seq }) => seq > lastSeq);
      for (let from = 0; from < fresh.length; from += IN_FLIGHT_MAX) {
        const batch = fresh.slice(from, from + IN_FLIGHT_MAX);
        // Messages of one connection are stored in the order they were sent.
        await Promise.all(
          batch.map(
            async (entry) =>
              await session.client.publish(subject, entry.payload, {
                msgID: `${this.#life}:${place.partition}:${entry.seq}`,
                headers: headersOf(entry),
                timeout: ANSWER_MILLIS_MAX,
              }),
          ),
        );
        this.#lastSeqs.set(subject, batch.at(-1)?.seq ?? lastSeq);
      }
    });
  }

  async commit(seq: number): Promise<void> {
    await this.#ask(async ({ client }) => await client.publish(CURSOR_SUBJECT, String(seq)));
  }

  async rewind(seq: number): Promise<void> {
    await this.#ask(async ({ manager }) => {
      for (const topic of TOPICS) {
        for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
          const place = { topic, partition };
          let next = await findStart(manager, place, seq);
          while (next !== undefined) {
            await manager.streams.deleteMessage(streamOf(topic), next, false);
            next = (await nextOf(manager, place, next + 1))?.seq;
          }
        }
      }
      this.#lastSeqs.clear();
      this.#life = crypto.randomUUID();
    });
  }

  async cursor(): Promise<number> {
    return await this.#ask(async ({ manager }) => {
      const last = await lastOf(manager, CURSOR_STREAM, CURSOR_SUBJECT);
      return last === null ? 0 : Number(new TextDecoder().decode(last.data));
    });
  }

  async read(place: StreamPlace, afterSeq: number, limit: number): Promise<StreamEntry[]> {
    return await this.#ask(async (session) => {
      const subject = subjectOf(place);
      const known = this.#places.get(subject);
      const startSeq =
        known?.afterSeq === afterSeq ? known.startSeq : await findStart(session.manager, place, afterSeq);
      if (startSeq === undefined) return [];
      const messages = await fetchFrom(session, place, { startSeq, limit });
      const last = messages.at(-1);
      if (last !== undefined) {
        if (this.#places.size >= PLACES_MAX) this.#places.clear();
        this.#places.set(subject, { afterSeq: seqOf(last.headers), startSeq: last.seq + 1 });
      }
      return messages.map(({ headers: given, data }) => entryOf(given, data));
    });
  }

  async group(topic: Topic, name: string, { idleMillis }: { idleMillis: number }): Promise<StreamGroup> {
    const stream = streamOf(topic);
    await this.#ask(async ({ manager }) => {
      await manager.consumers.add(stream, {
        durable_name: name,
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        ack_wait: idleMillis * NANOS_PER_MILLI,
      });
    });
    return new NatsGroup({ stream, name, ask: (question) => this.#ask(question) });
  }

  async trim(): Promise<void> {
    // The server does, by the time entries arrived.
    await Promise.resolve();
  }

  async length(topic: Topic): Promise<number> {
    return await this.#ask(
      async ({ manager }) => (await manager.streams.info(streamOf(topic))).state.messages,
    );
  }

  /** The server's name and version. */
  async version(): Promise<string> {
    return await this.#ask(async ({ connection }) => {
      await connection.flush();
      return `NATS ${connection.info?.version ?? "of unknown version"}`;
    });
  }

  async close(): Promise<void> {
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    await session?.connection.close();
  }

  async #lastSeqOf({ manager }: Session, place: StreamPlace): Promise<number> {
    const subject = subjectOf(place);
    const known = this.#lastSeqs.get(subject);
    if (known !== undefined) return known;
    const last = await lastOf(manager, streamOf(place.topic), subject);
    const lastSeq = last === null ? 0 : seqOf(last.header);
    this.#lastSeqs.set(subject, lastSeq);
    return lastSeq;
  }

  async #ask<T>(question: (session: Session) => Promise<T>): Promise<T> {
    try {
      this.#session ??= this.#open();
      const session = await this.#session;
      return await question(session);
    } catch (error) {
      // What was stored last is asked again: a server may come back with less.
      this.#lastSeqs.clear();
      this.#places.clear();
      const session = await this.#session?.catch(() => undefined);
      if (session === undefined || session.connection.isClosed()) this.#session = undefined;
      throw unavailable(error, this.#url);
    }
  }

  async #open(): Promise<Session> {
    const { host, username, password } = this.#url;
    const [user, pass] = [decodeURIComponent(username), decodeURIComponent(password)];
    const connection = await connect({
      servers: host,
      timeout: ANSWER_MILLIS_MAX,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MILLIS,
      reconnectJitter: RECONNECT_MILLIS,
      ...(user === "" ? {} : pass === "" ? { token: user } : { user, pass }),
    });
    const options = { timeout: ANSWER_MILLIS_MAX };
    return {
      connection,
      client: jetstream(connection, options),
      manager: await jetstreamManager(connection, options),
    };
  }
}

class NatsGroup implements StreamGroup {
  readonly #stream: string;
  readonly #name: string;
  readonly #ask: <T>(question: (session: Session) => Promise<T>) => Promise<T>;
  /** What was taken and is not acknowledged yet, by its token. */
  readonly #held = new Map<string, JsMsg>();

  constructor(options: {
    stream: string;
    name: string;
    ask: <T>(question: (session: Session) => Promise<T>) => Promise<T>;
  }) {
    this.#stream = options.stream;
    this.#name = options.name;
    this.#ask = options.ask;
  }

  async take({ limit, waitMillis }: { limit: number; waitMillis: number }): Promise<Delivery[]> {
    return await this.#ask(async ({ client }) => {
      const consumer = await client.consumers.get(this.#stream, this.#name);
      const untilMillis = Date.now() + waitMillis;
      for (;;) {
        const { num_pending: waiting, num_redelivered: again, num_ack_pending: held } = await consumer.info();
        if (waiting > 0 || again > 0 || held > 0) {
          const taken = await this.#fetch(consumer, Math.min(limit, waiting + held));
          if (taken.length > 0) return taken;
        }
        if (Date.now() >= untilMillis) return [];
        await Bun.sleep(Math.min(50, Math.max(1, untilMillis - Date.now())));
      }
    });
  }

  async acknowledge(deliveries: readonly Delivery[]): Promise<void> {
    await this.#ask(async () => {
      for (const { token } of deliveries) {
        await this.#held.get(token)?.ackAck({ timeout: ANSWER_MILLIS_MAX });
        this.#held.delete(token);
      }
    });
  }

  async close(): Promise<void> {
    this.#held.clear();
    await Promise.resolve();
  }

  async #fetch(consumer: Consumer, limit: number): Promise<Delivery[]> {
    const taken: Delivery[] = [];
    const messages = await consumer.fetch({ max_messages: limit, expires: FETCH_MILLIS });
    for await (const message of messages) {
      const token = `${message.seq}:${message.info.deliveryCount}`;
      this.#held.set(token, message);
      const partition = Number(message.subject.split(".").at(-1));
      taken.push({ entry: entryOf(message.headers, message.data), partition, token });
    }
    return taken;
  }
}

/** The least a server lets a request for messages wait. */
const FETCH_MILLIS = 1_000;

type Consumer = Awaited<ReturnType<JetStreamClient["consumers"]["get"]>>;

async function ensureStream(
  manager: JetStreamManager,
  config: { name: string } & Partial<Parameters<JetStreamManager["streams"]["add"]>[0]>,
): Promise<void> {
  try {
    await manager.streams.info(config.name);
    await manager.streams.update(config.name, config);
  } catch (error) {
    if (!/stream not found/i.test(String(error))) throw error;
    await manager.streams.add(config);
  }
}

async function lastOf(manager: JetStreamManager, stream: string, subject: string): Promise<StoredMsg | null> {
  try {
    return await manager.streams.getMessage(stream, { last_by_subj: subject });
  } catch (error) {
    if (/no message found|stream not found/i.test(String(error))) return null;
    throw error;
  }
}

/** The server's number of the first message of a subject after a journal sequence: found by halving, as both ascend. */
async function findStart(
  manager: JetStreamManager,
  place: StreamPlace,
  afterSeq: number,
): Promise<number | undefined> {
  const stream = streamOf(place.topic);
  const { state } = await manager.streams.info(stream);
  let low = state.first_seq;
  let high = state.last_seq + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const message = await nextOf(manager, place, middle);
    if (message === null || seqOf(message.header) > afterSeq) high = middle;
    else low = message.seq + 1;
  }
  return (await nextOf(manager, place, low))?.seq;
}

async function nextOf(manager: JetStreamManager, place: StreamPlace, seq: number): Promise<StoredMsg | null> {
  // Understood by every server with JetStream's pull consumers, and missing from the client's type.
  const query = { seq, next_by_subj: subjectOf(place) };
  try {
    return await manager.streams.getMessage(streamOf(place.topic), query);
  } catch (error) {
    if (/no message found/i.test(String(error))) return null;
    throw error;
  }
}

async function fetchFrom(
  { client, manager }: Session,
  place: StreamPlace,
  { startSeq, limit }: { startSeq: number; limit: number },
): Promise<JsMsg[]> {
  const stream = streamOf(place.topic);
  const { name } = await manager.consumers.add(stream, {
    ack_policy: AckPolicy.None,
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: startSeq,
    filter_subject: subjectOf(place),
    inactive_threshold: 30_000 * NANOS_PER_MILLI,
    mem_storage: true,
  });
  try {
    const consumer = await client.consumers.get(stream, name);
    const found: JsMsg[] = [];
    const pending = (await consumer.info()).num_pending;
    while (found.length < Math.min(limit, pending)) {
      const wanted = Math.min(IN_FLIGHT_MAX, Math.min(limit, pending) - found.length);
      const messages = await consumer.fetch({ max_messages: wanted, expires: ANSWER_MILLIS_MAX });
      for await (const message of messages) found.push(message);
    }
    return found;
  } finally {
    await manager.consumers.delete(stream, name);
  }
}

function headersOf({ seq, epoch, kind, timeMicros }: StreamEntry): MsgHdrs {
  const given = headers();
  given.set(HEADER.seq, String(seq));
  given.set(HEADER.epoch, String(epoch));
  given.set(HEADER.kind, String(kind));
  given.set(HEADER.time, String(timeMicros));
  return given;
}

function seqOf(given: MsgHdrs | undefined): number {
  return Number(given?.get(HEADER.seq) ?? 0);
}

function entryOf(given: MsgHdrs | undefined, payload: Uint8Array): StreamEntry {
  return {
    seq: seqOf(given),
    epoch: Number(given?.get(HEADER.epoch)),
    kind: Number(given?.get(HEADER.kind)),
    timeMicros: Number(given?.get(HEADER.time)),
    payload,
  };
}

function unavailable(error: unknown, { host }: URL): StreamsUnavailable {
  const message = error instanceof Error ? error.message : String(error);
  const advice = /authorization/i.test(message)
    ? "does not accept the user name, password or token"
    : /jetstream not enabled/i.test(message)
      ? "runs without JetStream: start it with -js"
      : "does not answer";
  return new StreamsUnavailable(`NATS at ${host} ${advice}: ${message}`, { cause: error });
}
