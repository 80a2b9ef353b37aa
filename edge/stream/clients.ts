// Sockets and what they asked for. Clients that want a whole topic share one publish; the others, and the slow, are served
// one by one. A slow client gets the newest of what can be conflated and all of what cannot; a hopeless one is closed.

import type { Server, ServerWebSocket } from "bun";
import type { BarInterval } from "../../actors/domain/bar.ts";
import type { ControlMessage, StreamTopic } from "../api/schemas.ts";
import { CONFLATED, type Frame, type FrameTaker } from "./hub.ts";
import { HOPELESS_BYTES, SLOW_BYTES, SLOW_SECONDS_MAX } from "./limits.ts";

/** Close codes of our own. */
export const CLOSE_TOO_SLOW = 4_008;
export const CLOSE_GOING_AWAY = 1_001;

export interface SocketData {
  client: StreamClient | undefined;
}

export type StreamSocket = ServerWebSocket<SocketData>;

interface Wish {
  /** All symbols when undefined. */
  readonly symbols: ReadonlySet<string> | undefined;
  readonly intervals: readonly BarInterval[];
}

const DEFAULT_INTERVALS: readonly BarInterval[] = ["1m"];

/** Name of the shared channel a frame goes to. */
function channelOf(topic: StreamTopic, interval: string): string {
  return topic === "bar" ? `bar ${interval}` : topic;
}

function intervalOf(frame: Frame): string {
  return frame.subject.slice(frame.subject.lastIndexOf(" ") + 1);
}

export class StreamClient {
  readonly socket: StreamSocket;
  readonly #wishes = new Map<StreamTopic, Wish>();
  /** By subject: the newest frame that waits until the client has caught up. */
  readonly #pending = new Map<string, Frame>();
  #slowSince = 0;

  constructor(socket: StreamSocket) {
    this.socket = socket;
  }

  get slow(): boolean {
    return this.#slowSince > 0;
  }

  /** Whether frames have to be offered to it one by one. */
  get apart(): boolean {
    return this.slow || [...this.#wishes.values()].some(({ symbols }) => symbols !== undefined);
  }

  say(message: ControlMessage): void {
    this.#send(JSON.stringify(message));
  }

  subscribe(
    topic: StreamTopic,
    wish: { symbols?: readonly string[] | undefined; intervals?: readonly BarInterval[] | undefined },
  ): void {
    this.unsubscribe(topic);
    this.#wishes.set(topic, {
      symbols: wish.symbols === undefined ? undefined : new Set(wish.symbols),
      intervals: wish.intervals ?? DEFAULT_INTERVALS,
    });
    if (!this.slow || !CONFLATED.has(topic)) this.#join(topic);
  }

  unsubscribe(topic: StreamTopic): void {
    this.#leave(topic);
    this.#wishes.delete(topic);
  }

  wants(frame: Frame): boolean {
    const wish = this.#wishes.get(frame.topic);
    if (wish === undefined) return false;
    if (wish.symbols !== undefined && frame.symbol !== "" && !wish.symbols.has(frame.symbol)) return false;
    return frame.topic !== "bar" || wish.intervals.includes(intervalOf(frame) as BarInterval);
  }

  /** Whether {@link offer} is the way to it, rather than the channel everybody shares. */
  isServedApart(topic: StreamTopic): boolean {
    const wish = this.#wishes.get(topic);
    return wish !== undefined && (wish.symbols !== undefined || (this.slow && CONFLATED.has(topic)));
  }

  offer(frame: Frame): void {
    if (this.slow && CONFLATED.has(frame.topic)) this.#pending.set(frame.subject, frame);
    else this.#send(frame.text);
  }

  /** Looks at how much it has not read; false when it is to be given up. */
  check(nowMillis: number): boolean {
    const unsent = this.socket.getBufferedAmount();
    if (unsent > HOPELESS_BYTES) return false;
    if (this.slow) {
      if (unsent === 0) this.drained();
      return !this.slow || nowMillis - this.#slowSince < SLOW_SECONDS_MAX * 1_000;
    }
    if (unsent > SLOW_BYTES) this.#becomeSlow(nowMillis);
    return true;
  }

  /** It has read everything: what waited goes out, and it is served like the others again. */
  drained(): void {
    if (!this.slow || this.socket.getBufferedAmount() > 0) return;
    for (const [subject, frame] of this.#pending) {
      this.#pending.delete(subject);
      this.#send(frame.text);
      if (this.socket.getBufferedAmount() > 0) return;
    }
    this.#slowSince = 0;
    for (const topic of this.#wishes.keys()) if (CONFLATED.has(topic)) this.#join(topic);
  }

  #becomeSlow(nowMillis: number): void {
    for (const topic of this.#wishes.keys()) if (CONFLATED.has(topic)) this.#leave(topic);
    this.#slowSince = nowMillis;
  }

  #join(topic: StreamTopic): void {
    const wish = this.#wishes.get(topic);
    if (wish === undefined || wish.symbols !== undefined) return;
    for (const interval of wish.intervals) this.socket.subscribe(channelOf(topic, interval));
  }

  #leave(topic: StreamTopic): void {
    const wish = this.#wishes.get(topic);
    for (const interval of wish?.intervals ?? []) this.socket.unsubscribe(channelOf(topic, interval));
  }

  /** 0 says that it was dropped: the socket is past its limit, and nothing more may be missed. */
  #send(text: string): void {
    if (this.socket.send(text) === 0) this.socket.close(CLOSE_TOO_SLOW, "too slow");
  }
}

export class StreamClients implements FrameTaker {
  readonly #clients = new Set<StreamClient>();
  #server: Server<SocketData> | undefined;
  #closedAsTooSlow = 0;

  get size(): number {
    return this.#clients.size;
  }

  get closedAsTooSlow(): number {
    return this.#closedAsTooSlow;
  }

  attach(server: Server<SocketData>): void {
    this.#server = server;
  }

  add(client: StreamClient): void {
    this.#clients.add(client);
  }

  remove(client: StreamClient): void {
    this.#clients.delete(client);
  }

  take(frame: Frame): void {
    this.#server?.publish(channelOf(frame.topic, intervalOf(frame)), frame.text);
    for (const client of this.#clients) {
      if (client.isServedApart(frame.topic) && client.wants(frame)) client.offer(frame);
    }
  }

  /** Call every {@link SWEEP_MILLIS}. */
  sweep(nowMillis: number): void {
    for (const client of this.#clients) {
      if (client.check(nowMillis)) continue;
      this.#closedAsTooSlow++;
      this.#clients.delete(client);
      client.socket.close(CLOSE_TOO_SLOW, "too slow: signals would have been missed");
    }
  }

  closeAll(): void {
    for (const { socket } of this.#clients) socket.close(CLOSE_GOING_AWAY, "the server stops");
    this.#clients.clear();
  }
}
