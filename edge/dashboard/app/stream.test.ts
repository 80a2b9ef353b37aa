// The dashboard's end of the socket, over sockets and time of the test's own.

import { describe, expect, test } from "bun:test";
import type { StreamMessage, StreamTopic } from "../../api/schemas.ts";
import {
  HEARTBEATS_MISSED_MAX,
  RECONNECT_MILLIS_MAX,
  RECONNECT_MILLIS_MIN,
  WELCOME_MILLIS_MAX,
} from "./limits.ts";
import { type ConnectionState, type SocketEvents, Stream } from "./stream.ts";

const HEARTBEAT_MILLIS = 1_000;

interface FakeSocket {
  readonly events: SocketEvents;
  readonly sent: {
    type: string;
    topic?: string;
    after?: unknown;
    symbols?: string[];
    intervals?: string[];
  }[];
  isClosed: boolean;
}

/** A stream whose sockets, clock and chance the test holds in hand. */
class Rig {
  readonly sockets: FakeSocket[] = [];
  readonly states: ConnectionState[] = [];
  readonly messages: StreamMessage[] = [];
  readonly reloads: StreamTopic[] = [];
  readonly stream: Stream;
  nowMillis = 0;
  #timers: { atMillis: number; task: () => void }[] = [];

  constructor() {
    this.stream = new Stream(
      {
        connect: (events) => {
          const socket: FakeSocket = { events, sent: [], isClosed: false };
          this.sockets.push(socket);
          return {
            send: (text) => void socket.sent.push(JSON.parse(text)),
            close: () => {
              socket.isClosed = true;
            },
          };
        },
        nowMillis: () => this.nowMillis,
        after: (millis, task) => {
          const timer = { atMillis: this.nowMillis + millis, task };
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter((other) => other !== timer);
          };
        },
        random: () => 0.5,
      },
      {
        onState: (state) => void this.states.push(state),
        onMessage: (message) => void this.messages.push(message),
        onReload: (topic) => void this.reloads.push(topic),
      },
    );
    this.stream.connectNow();
  }

  get socket(): FakeSocket {
    return this.sockets.at(-1)!;
  }

  get state(): ConnectionState {
    return this.states.at(-1)!;
  }

  pass(millis: number): void {
    const end = this.nowMillis + millis;
    for (;;) {
      const due = this.#timers
        .filter(({ atMillis }) => atMillis <= end)
        .sort((a, b) => a.atMillis - b.atMillis)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.nowMillis = due.atMillis;
      due.task();
    }
    this.nowMillis = end;
  }

  hear(message: object): void {
    this.socket.events.onMessage(JSON.stringify(message));
  }

  welcome(boot = "a"): void {
    this.hear({ type: "welcome", boot, heartbeatMillis: HEARTBEAT_MILLIS });
  }

  signal(sequence: number): void {
    this.hear({ type: "signal", sequence, timestamp: "", data: {} });
  }

  subscriptions(): Record<string, unknown> {
    return Object.fromEntries(this.socket.sent.map(({ topic, after }) => [topic, after]));
  }
}

describe("a first connection", () => {
  test("subscribes to every topic once it is welcome, without a place to resume from", () => {
    const rig = new Rig();
    expect(rig.socket.sent).toEqual([]);
    rig.welcome();
    expect(rig.state).toEqual({ kind: "open", boot: "a" });
    expect(rig.socket.sent.map(({ topic }) => topic!).sort()).toEqual([
      "account",
      "heartbeat",
      "order",
      "position_update",
      "price_update",
      "regime",
      "signal",
    ]);
    expect(rig.socket.sent.every(({ after }) => after === undefined)).toBe(true);
  });

  test("fetches over REST what came before", () => {
    const rig = new Rig();
    rig.welcome();
    rig.hear({ type: "subscribed", topic: "signal", symbols: "*", sequence: 7, resumed: false });
    expect(rig.reloads).toEqual(["signal"]);
  });

  test("that never says welcome is given up", () => {
    const rig = new Rig();
    rig.pass(WELCOME_MILLIS_MAX);
    expect(rig.socket.isClosed).toBe(true);
    expect(rig.state.kind).toBe("waiting");
  });
});

describe("messages", () => {
  test("are handed on once, in order", () => {
    const rig = new Rig();
    rig.welcome();
    for (const sequence of [1, 2, 2, 1, 3]) rig.signal(sequence);
    expect(rig.messages.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });

  test("of prices are taken in any order: a slow client gets the newest of each symbol as it can", () => {
    const rig = new Rig();
    rig.welcome();
    for (const sequence of [5, 3]) rig.hear({ type: "price_update", sequence, timestamp: "", data: {} });
    expect(rig.messages.map(({ sequence }) => sequence)).toEqual([5, 3]);
  });

  test("that are no JSON, or no message, are left out", () => {
    const rig = new Rig();
    rig.welcome();
    for (const text of ["", "{", "7", "null", "[]"]) rig.socket.events.onMessage(text);
    expect(rig.messages).toEqual([]);
    expect(rig.state.kind).toBe("open");
  });

  test("of a socket that was given up are not heard", () => {
    const rig = new Rig();
    rig.welcome();
    const old = rig.socket;
    old.events.onClose();
    rig.pass(RECONNECT_MILLIS_MAX);
    old.events.onMessage(JSON.stringify({ type: "signal", sequence: 9, timestamp: "", data: {} }));
    expect(rig.messages).toEqual([]);
  });
});

describe("a lost connection", () => {
  test("is tried again with growing waits, from one second to thirty", () => {
    const rig = new Rig();
    rig.welcome();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 8; attempt++) {
      rig.socket.events.onClose();
      if (rig.state.kind === "waiting") waits.push(rig.state.retryAtMillis - rig.nowMillis);
      rig.pass(waits.at(-1)!);
    }
    expect(waits).toEqual([1_000, 1_500, 3_000, 6_000, 12_000, 22_500, 22_500, 22_500]);
  });

  test("can be tried at once, and only once", () => {
    const rig = new Rig();
    rig.welcome();
    rig.socket.events.onClose();
    rig.stream.connectNow();
    rig.stream.connectNow();
    rig.pass(500);
    expect(rig.sockets.length).toBe(2);
    expect(rig.state).toEqual({ kind: "connecting", failures: 1 });
  });

  test("starts from the shortest wait again once it stood", () => {
    const rig = new Rig();
    for (let attempt = 0; attempt < 5; attempt++) {
      rig.socket.events.onClose();
      rig.pass(RECONNECT_MILLIS_MAX);
    }
    rig.welcome();
    rig.socket.events.onClose();
    expect(rig.state).toMatchObject({ kind: "waiting", failures: 1 });
  });

  test("is noticed by silence: a dead peer closes nothing", () => {
    const rig = new Rig();
    rig.welcome();
    rig.pass(HEARTBEAT_MILLIS * HEARTBEATS_MISSED_MAX - 1);
    rig.signal(1);
    rig.pass(HEARTBEAT_MILLIS * HEARTBEATS_MISSED_MAX - 1);
    expect(rig.state.kind).toBe("open");
    rig.pass(1);
    expect(rig.state.kind).toBe("waiting");
    expect(rig.socket.isClosed).toBe(true);
  });
});

const lose = (rig: Rig): void => {
  rig.socket.events.onClose();
  rig.pass(RECONNECT_MILLIS_MIN);
};

describe("coming back", () => {
  test("to the same life of the server resumes each topic after the newest heard", () => {
    const rig = new Rig();
    rig.welcome();
    rig.hear({ type: "subscribed", topic: "order", symbols: "*", sequence: 4, resumed: false });
    rig.signal(11);
    lose(rig);
    rig.welcome();
    expect(rig.subscriptions()).toMatchObject({
      signal: { boot: "a", sequence: 11 },
      order: { boot: "a", sequence: 4 },
      regime: undefined,
    });
  });

  test("resumed topics are not fetched again; those that could not be are", () => {
    const rig = new Rig();
    rig.welcome();
    rig.signal(11);
    rig.hear({ type: "order", sequence: 3, timestamp: "", data: {} });
    lose(rig);
    rig.welcome();
    rig.hear({ type: "subscribed", topic: "signal", symbols: "*", sequence: 12, resumed: true });
    rig.hear({ type: "subscribed", topic: "order", symbols: "*", sequence: 900, resumed: false });
    rig.signal(12);
    expect(rig.reloads).toEqual(["order"]);
    expect(rig.messages.map(({ sequence }) => sequence)).toEqual([11, 3, 12]);
  });

  test("to another life begins anew: its sequences start over", () => {
    const rig = new Rig();
    rig.welcome("a");
    rig.signal(500);
    lose(rig);
    rig.welcome("b");
    expect(rig.subscriptions()["signal"]).toBeUndefined();
    rig.signal(1);
    expect(rig.messages.map(({ sequence }) => sequence)).toEqual([500, 1]);
  });
});

describe("bars", () => {
  test("are asked for by symbol and size, now and after every return", () => {
    const rig = new Rig();
    rig.stream.watchBars({ symbol: "EURUSD", interval: "1m" });
    rig.welcome();
    rig.stream.watchBars({ symbol: "USDJPY", interval: "5m" });
    const bars = rig.socket.sent.filter(({ topic }) => topic === "bar");
    expect(bars).toEqual([
      { type: "subscribe", topic: "bar", symbols: ["EURUSD"], intervals: ["1m"] },
      { type: "subscribe", topic: "bar", symbols: ["USDJPY"], intervals: ["5m"] },
    ]);
    rig.socket.events.onClose();
    rig.pass(RECONNECT_MILLIS_MIN);
    rig.welcome();
    expect(rig.socket.sent.at(-1)).toEqual(bars[1]);
  });
});
