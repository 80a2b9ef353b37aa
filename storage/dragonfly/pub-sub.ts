// Messages by topic on Dragonfly. Listening has a connection of its own, to one node: it is asked now and then whether it
// still lives, and when it was lost, the next node is tried and every topic is asked for again.

import { Redis } from "ioredis";
import { HotStateUnavailable } from "../../actors/ports/hot-state.ts";
import type { PubSub, Subscription, TopicListener } from "../../actors/ports/pub-sub.ts";
import { ask } from "./ask.ts";
import {
  type DragonflyClient,
  type DragonflyConnection,
  nodeOptions,
  reconnectDelayMillis,
} from "./connect.ts";
import { Keys } from "./keys.ts";
import { LISTENER_PING_MILLIS, SUBSCRIBE_MILLIS_MAX, TOPICS_MAX } from "./limits.ts";
import type { DragonflyNode } from "./target.ts";

export class DragonflyPubSub implements PubSub {
  readonly #connection: DragonflyConnection;
  readonly #keys: Keys;
  /** By channel. */
  readonly #listeners = new Map<string, Set<TopicListener>>();
  readonly #ping: ReturnType<typeof setInterval>;
  #ear: Redis | undefined;
  #hears = false;
  #attempts = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #waiting: (() => void)[] = [];
  #closed = false;

  /** The connection, which publishes, stays the caller's to close. */
  constructor(connection: DragonflyConnection, keys = new Keys()) {
    this.#connection = connection;
    this.#keys = keys;
    this.#ping = setInterval(() => void this.#askForLife(), LISTENER_PING_MILLIS);
    this.#ping.unref();
  }

  /** Whether the connection to listen on is there. */
  get hears(): boolean {
    return this.#hears;
  }

  async publish(topic: string, text: string): Promise<void> {
    const channel = this.#keys.channel(topic);
    await ask(this.#connection, async (client) => await voiceOf(client, channel).publish(channel, text));
  }

  async subscribe(topic: string, listener: TopicListener): Promise<Subscription> {
    const channel = this.#keys.channel(topic);
    const listeners = this.#listeners.get(channel) ?? new Set();
    if (listeners.size === 0 && this.#listeners.size >= TOPICS_MAX)
      throw new RangeError(`a process listens to at most ${TOPICS_MAX} topics`);
    this.#listeners.set(channel, listeners.add(listener));
    const subscription = { close: async () => await this.#unsubscribe(channel, listener) };
    try {
      if (this.#ear === undefined && this.#retry === undefined) void this.#connect();
      await this.#untilHearing();
      await this.#ear?.subscribe(channel);
    } catch (error) {
      await subscription.close();
      throw new HotStateUnavailable(this.#connection.explain(error), { cause: error });
    }
    return subscription;
  }

  close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ping);
    clearTimeout(this.#retry);
    this.#listeners.clear();
    this.#ear?.disconnect();
    return Promise.resolve();
  }

  async #unsubscribe(channel: string, listener: TopicListener): Promise<void> {
    const listeners = this.#listeners.get(channel);
    listeners?.delete(listener);
    if (listeners?.size !== 0) return;
    this.#listeners.delete(channel);
    // Where there is no connection, there is nothing to take back.
    if (this.#hears) await this.#ear?.unsubscribe(channel).catch(() => undefined);
  }

  async #untilHearing(): Promise<void> {
    if (this.#hears) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.#waiting.push(resolve)),
      new Promise<void>((resolve) => (timer = setTimeout(resolve, SUBSCRIBE_MILLIS_MAX))),
    ]);
    clearTimeout(timer);
    if (!this.#hears) throw new Error("there is no connection to listen on");
  }

  async #connect(): Promise<void> {
    this.#retry = undefined;
    const { target } = this.#connection;
    const nodes = this.#nodes();
    const ear = new Redis({
      ...nodeOptions(target, { name: "tickforge-listener" }),
      ...(nodes[this.#attempts % nodes.length] as DragonflyNode),
      lazyConnect: true,
      enableOfflineQueue: false,
      // Lost is lost: the next connection may be to another node.
      retryStrategy: () => null,
    });
    this.#ear = ear;
    ear.on("error", () => {});
    ear.on("message", (channel, text) => this.#heard(channel, text));
    ear.once("end", () => this.#lost(ear));
    try {
      await ear.connect();
      const channels = [...this.#listeners.keys()];
      if (channels.length > 0) await ear.subscribe(...channels);
    } catch {
      ear.disconnect();
      return;
    }
    this.#nowHears();
  }

  #nowHears(): void {
    const wasLost = this.#attempts > 0;
    this.#attempts = 0;
    this.#hears = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
    if (!wasLost) return;
    for (const listeners of this.#listeners.values()) for (const listener of listeners) listener.missed();
  }

  #lost(ear: Redis): void {
    if (this.#closed || this.#ear !== ear) return;
    this.#hears = false;
    this.#ear = undefined;
    this.#attempts++;
    this.#retry = setTimeout(() => void this.#connect(), reconnectDelayMillis(this.#attempts));
    this.#retry.unref();
  }

  #heard(channel: string, text: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener.message(text);
  }

  /** A connection that nothing comes over looks the same as one that leads nowhere any more. */
  async #askForLife(): Promise<void> {
    const ear = this.#ear;
    if (ear === undefined || !this.#hears) return;
    try {
      await ear.ping();
    } catch {
      ear.disconnect();
    }
  }

  /** Any node of a cluster tells what is published at any other. */
  #nodes(): readonly DragonflyNode[] {
    const { client, target } = this.#connection;
    if (!("nodes" in client)) return target.nodes;
    const found = client.nodes("master").map(({ options: { host, port } }) => ({ host, port }));
    const known = found.flatMap(({ host, port }) => (host && port ? [{ host, port }] : []));
    return known.length > 0 ? known : target.nodes;
  }
}

/** A cluster's client says each message to any node it likes; said to the same one, messages of a topic keep their order. */
function voiceOf(client: DragonflyClient, channel: string): DragonflyClient {
  if (!("nodes" in client)) return client;
  const nodes = client
    .nodes("master")
    .map((node) => ({ node, name: `${node.options.host}:${node.options.port}` }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return nodes[Bun.hash.crc32(channel) % nodes.length]?.node ?? client;
}
