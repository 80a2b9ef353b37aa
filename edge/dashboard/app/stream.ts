// The dashboard's end of the WebSocket: connects, subscribes, notices when the line is dead, comes back with growing waits and
// asks for what it missed by sequence. Knows no browser: sockets, time and chance are handed in.

import type { BarInterval } from "../../../actors/domain/bar.ts";
import type { ClientMessage } from "../../api/client-message.ts";
import type { ControlMessage, StreamMessage, StreamTopic } from "../../api/schemas.ts";
import { backoffMillis } from "./backoff.ts";
import { HEARTBEATS_MISSED_MAX, WELCOME_MILLIS_MAX } from "./limits.ts";

export interface SocketEvents {
  readonly onMessage: (text: string) => void;
  /** Once, however it ended. */
  readonly onClose: () => void;
}

export interface Socket {
  send(text: string): void;
  close(): void;
}

export interface StreamPorts {
  /** Begins to connect. */
  readonly connect: (events: SocketEvents) => Socket;
  readonly nowMillis: () => number;
  /** Runs `task` once after `millis`; the result cancels it. */
  readonly after: (millis: number, task: () => void) => () => void;
  /** In [0, 1). */
  readonly random: () => number;
}

export type ConnectionState =
  | { readonly kind: "connecting"; readonly failures: number }
  | { readonly kind: "open"; readonly boot: string }
  | { readonly kind: "waiting"; readonly failures: number; readonly retryAtMillis: number };

export interface StreamEvents {
  readonly onState: (state: ConnectionState) => void;
  readonly onMessage: (message: StreamMessage) => void;
  /** What came before cannot be resumed: fetch the topic's present state over REST. */
  readonly onReload: (topic: StreamTopic) => void;
}

/** Which bars are wanted: those of the chart. */
export interface BarWish {
  readonly symbol: string;
  readonly interval: BarInterval;
}

const ALWAYS: readonly StreamTopic[] = [
  "heartbeat",
  "price_update",
  "regime",
  "signal",
  "order",
  "position_update",
  "account",
];

/**
 * Topics of which every message counts, and counts once. Of the others a slow client gets the newest of each symbol, in no order of
 * sequence.
 */
const EACH_COUNTS: ReadonlySet<StreamTopic> = new Set(["signal", "order", "position_update"]);

export class Stream {
  readonly #ports: StreamPorts;
  readonly #events: StreamEvents;
  /** Newest sequence heard of each topic, in the life of `#boot`. */
  readonly #heard = new Map<StreamTopic, number>();
  /** Topics subscribed to with the sequence they stood at: an answer to these may be a resumption. */
  readonly #asked = new Set<StreamTopic>();
  #boot = "";
  #bars: BarWish | undefined;
  #socket: Socket | undefined;
  #isOpen = false;
  #failures = 0;
  #heartbeatMillis = 0;
  #cancelTimer: () => void = () => undefined;

  constructor(ports: StreamPorts, events: StreamEvents) {
    this.#ports = ports;
    this.#events = events;
  }

  /** Connects, or connects again without waiting longer. Does nothing on a living connection. */
  connectNow(): void {
    if (this.#socket !== undefined) return;
    this.#cancelTimer();
    this.#events.onState({ kind: "connecting", failures: this.#failures });
    let isCurrent = true;
    const socket = this.#ports.connect({
      onMessage: (text) => {
        if (isCurrent) this.#hear(text);
      },
      onClose: () => {
        if (!isCurrent) return;
        isCurrent = false;
        this.#lose();
      },
    });
    this.#socket = socket;
    this.#expectWithin(WELCOME_MILLIS_MAX);
  }

  /** Bars of another symbol or size from now on. */
  watchBars(wish: BarWish): void {
    this.#bars = wish;
    if (this.#isOpen) this.#subscribeBars();
  }

  #hear(text: string): void {
    const message = parse(text);
    if (message === undefined) return;
    if (this.#heartbeatMillis > 0) this.#expectWithin(this.#heartbeatMillis * HEARTBEATS_MISSED_MAX);
    switch (message.type) {
      case "welcome":
        this.#begin(message);
        return;
      case "subscribed":
        this.#settle(message);
        return;
      case "unsubscribed":
      case "pong":
      case "accepted":
      case "error":
        return;
      default: {
        const heard = this.#heard.get(message.type) ?? 0;
        if (message.sequence <= heard && EACH_COUNTS.has(message.type)) return;
        this.#heard.set(message.type, Math.max(heard, message.sequence));
        this.#events.onMessage(message);
      }
    }
  }

  #begin(welcome: Extract<ControlMessage, { type: "welcome" }>): void {
    if (welcome.boot !== this.#boot) this.#heard.clear();
    this.#boot = welcome.boot;
    this.#heartbeatMillis = welcome.heartbeatMillis;
    this.#failures = 0;
    this.#isOpen = true;
    this.#expectWithin(this.#heartbeatMillis * HEARTBEATS_MISSED_MAX);
    this.#events.onState({ kind: "open", boot: welcome.boot });
    for (const topic of ALWAYS) {
      const sequence = this.#heard.get(topic);
      if (sequence === undefined) this.#send({ type: "subscribe", topic });
      else {
        this.#asked.add(topic);
        this.#send({ type: "subscribe", topic, after: { boot: this.#boot, sequence } });
      }
    }
    this.#subscribeBars();
  }

  /** Bars are always fetched after subscribing: which were missed depends on the symbol, not on the topic's sequence. */
  #subscribeBars(): void {
    if (this.#bars === undefined) return;
    const { symbol, interval } = this.#bars;
    this.#send({ type: "subscribe", topic: "bar", symbols: [symbol], intervals: [interval] });
  }

  #settle(answer: Extract<ControlMessage, { type: "subscribed" }>): void {
    const { topic, sequence, resumed } = answer;
    if (this.#asked.delete(topic) && resumed) return;
    this.#heard.set(topic, Math.max(sequence, this.#heard.get(topic) ?? 0));
    this.#events.onReload(topic);
  }

  #send(message: ClientMessage): void {
    this.#socket?.send(JSON.stringify(message));
  }

  /** Silence for longer than `millis` ends the connection: a dead peer sends no close. */
  #expectWithin(millis: number): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#ports.after(millis, () => {
      const socket = this.#socket;
      this.#lose();
      socket?.close();
    });
  }

  #lose(): void {
    if (this.#socket === undefined) return;
    this.#socket = undefined;
    this.#isOpen = false;
    this.#heartbeatMillis = 0;
    this.#asked.clear();
    this.#failures++;
    this.#cancelTimer();
    const waitMillis = backoffMillis(this.#failures, this.#ports.random());
    this.#cancelTimer = this.#ports.after(waitMillis, () => this.connectNow());
    this.#events.onState({
      kind: "waiting",
      failures: this.#failures,
      retryAtMillis: this.#ports.nowMillis() + waitMillis,
    });
  }
}

/** Undefined for what is no message: the server checks what it sends, so only a broken line gets here. */
function parse(text: string): StreamMessage | ControlMessage | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && "type" in value) {
      return value as StreamMessage | ControlMessage;
    }
  } catch {
    return undefined;
  }
  return undefined;
}
