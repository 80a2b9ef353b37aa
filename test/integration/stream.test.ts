// The stream over real sockets: what was asked for comes, numbered; who was away resumes; who does not read is closed and
// nobody else notices.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { OrderMessage, PriceUpdate } from "../../edge/api/schemas.ts";
import { CLOSE_GOING_AWAY } from "../../edge/stream/clients.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { StreamEar } from "../fixtures/stream-ear.ts";

const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const CLIENTS = TORTURE ? 1_000 : 100;

let rig: EdgeRig;
beforeAll(async () => {
  rig = await startEdge();
});
afterAll(async () => await rig.stop());

function price(symbol: string, seq: number): PriceUpdate {
  const time = new Date(0).toISOString();
  return {
    symbol,
    bid: 1,
    ask: 2,
    spread: 1,
    time,
    timestamp: time,
    volume: 0,
    high: 2,
    low: 1,
    open: 1,
    seq,
  };
}

function order(seq: number, reason = ""): OrderMessage {
  return {
    id: `o-${seq}`,
    seq,
    time: new Date(0).toISOString(),
    event: "intent",
    symbol: "EURUSD",
    purpose: "entry",
    side: "BUY",
    lots: 1,
    price: 1,
    status: "",
    reason,
    positionId: null,
    signalId: null,
  };
}

const isSubscribed = (message: Record<string, unknown>): boolean => message["type"] === "subscribed";

async function listen(wish: object): Promise<StreamEar> {
  const ear = await StreamEar.connect(rig.socketUrl);
  ear.say({ type: "subscribe", ...wish });
  await ear.until(isSubscribed);
  return ear;
}

function sequencesOf(ear: StreamEar, type: string): unknown[] {
  return ear.heard.filter((message) => message["type"] === type).map(({ sequence }) => sequence);
}

/** Sizes of bars it heard, in the order of their first one. */
function sizesOf(ear: StreamEar): unknown[] {
  const bars = ear.heard.filter(({ type }) => type === "bar");
  return [...new Set(bars.map(({ data }) => (data as { interval: string }).interval))];
}

describe("messages", () => {
  test("have the documents' shape and a number within their topic", async () => {
    const ear = await listen({ topic: "price_update" });
    await rig.post("/api/market", { symbol: "EURUSD", bid: 1.0855, ask: 1.0856, volume: 2 });
    const message = await ear.until(({ type }) => type === "price_update");
    expect(message).toEqual({
      type: "price_update",
      timestamp: expect.any(String),
      sequence: expect.any(Number),
      data: {
        symbol: "EURUSD",
        bid: 1.0855,
        ask: 1.0856,
        spread: 0.0001,
        time: expect.any(String),
        timestamp: expect.any(String),
        volume: expect.any(Number),
        high: expect.any(Number),
        low: expect.any(Number),
        open: expect.any(Number),
        seq: expect.any(Number),
      },
    });
    ear.close();
  });

  test("come for the symbols asked for, and no longer after an unsubscribe", async () => {
    const { hub } = rig.server.stream;
    const ear = await listen({ topic: "order", symbols: ["GBPUSD"] });
    hub.publish("order", { ...order(1), symbol: "EURUSD" }, "EURUSD");
    hub.publish("order", { ...order(2), symbol: "GBPUSD" }, "GBPUSD");
    await ear.until(({ type }) => type === "order");
    ear.say({ type: "unsubscribe", topic: "order" });
    await ear.until(({ type }) => type === "unsubscribed");
    hub.publish("order", { ...order(3), symbol: "GBPUSD" }, "GBPUSD");
    ear.say({ type: "ping" });
    await ear.until(({ type }) => type === "pong");
    const orders = ear.heard
      .filter(({ type }) => type === "order")
      .map(({ data }) => (data as OrderMessage).seq);
    expect(orders).toEqual([2]);
    ear.close();
  });

  test("of bars come in the sizes asked for: minutes unless others are named", async () => {
    const minutes = await listen({ topic: "bar" });
    const hours = await listen({ topic: "bar", intervals: ["1h", "1d"], symbols: ["USDJPY"] });
    await rig.post("/api/market", { symbol: "USDJPY", bid: 147.1, ask: 147.12 });
    await minutes.until(({ type }) => type === "bar");
    await hours.until(({ type }) => type === "bar");
    await hours.until(({ type, data }) => type === "bar" && (data as { interval: string }).interval === "1d");
    expect(sizesOf(minutes)).toEqual(["1m"]);
    expect(sizesOf(hours)).toEqual(["1h", "1d"]);
    minutes.close();
    hours.close();
  });

  test("a heartbeat comes every second, with the system's health", async () => {
    const ear = await listen({ topic: "heartbeat" });
    const { data } = await ear.until(({ type }) => type === "heartbeat");
    expect(data).toMatchObject({ status: "ok", badge: "LIVE" });
    ear.close();
  });
});

describe("resuming", () => {
  test("after a sequence of this boot brings everything since, once and in order", async () => {
    const { hub } = rig.server.stream;
    const first = await StreamEar.connect(rig.socketUrl);
    const { boot } = await first.until(({ type }) => type === "welcome");
    first.say({ type: "subscribe", topic: "order" });
    await first.until(isSubscribed);
    hub.publish("order", order(10), "EURUSD");
    const { sequence } = await first.until(({ type }) => type === "order");
    first.close();
    await first.closed();
    for (let i = 11; i <= 15; i++) hub.publish("order", order(i), "EURUSD");
    const second = await StreamEar.connect(rig.socketUrl);
    second.say({ type: "subscribe", topic: "order", after: { boot, sequence } });
    expect(await second.until(isSubscribed)).toMatchObject({ resumed: true });
    hub.publish("order", order(16), "EURUSD");
    await second.until(({ type, data }) => type === "order" && (data as OrderMessage).seq === 16);
    const from = Number(sequence);
    expect(sequencesOf(second, "order")).toEqual([1, 2, 3, 4, 5, 6].map((i) => from + i));
    second.close();
  });

  const lost: readonly [string, object][] = [
    ["of another boot", { boot: "another", sequence: 1 }],
    ["that was never given", { boot: "", sequence: 1_000_000 }],
  ];
  for (const [what, after] of lost) {
    test(`after a sequence ${what} says that it cannot`, async () => {
      const ear = await StreamEar.connect(rig.socketUrl);
      const { boot } = await ear.until(({ type }) => type === "welcome");
      ear.say({
        type: "subscribe",
        topic: "signal",
        after: { ...after, boot: (after as { boot: string }).boot || boot },
      });
      expect(await ear.until(isSubscribed)).toMatchObject({ resumed: false });
      ear.close();
    });
  }
});

describe("what a client says", () => {
  const wrong: readonly [string, unknown, string][] = [
    ["no JSON", "hello", "not-json"],
    ["an unknown type", { type: "buy" }, "bad-message"],
    ["an unknown topic", { type: "subscribe", topic: "secrets" }, "bad-message"],
    ["more than was asked", { type: "ping", extra: 1 }, "bad-message"],
    ["ticks that are none", { type: "market", id: "1", ticks: [{ symbol: "EURUSD" }] }, "bad-message"],
    [
      "ticks of nobody",
      { type: "market", id: "1", ticks: [{ symbol: "NOPE", bid: 1, ask: 2 }] },
      "unknown-symbol",
    ],
    ["a well of brackets", "[".repeat(3_000) + "]".repeat(3_000), "too-deep"],
  ];
  for (const [what, message, code] of wrong) {
    test(`${what} is answered with ${code}, and the socket stays`, async () => {
      const ear = await StreamEar.connect(rig.socketUrl);
      ear.say(message);
      expect(await ear.until(({ type }) => type === "error")).toMatchObject({
        code,
        message: expect.any(String),
      });
      ear.say({ type: "ping" });
      await ear.until(({ type }) => type === "pong");
      ear.close();
    });
  }

  test("whatever it is, nothing crashes (property)", async () => {
    const ear = await StreamEar.connect(rig.socketUrl);
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string({ maxLength: 200 })), (text) => {
        ear.say(text);
      }),
      { numRuns: 80 },
    );
    ear.socket.send(new Uint8Array([1, 2, 3]));
    await ear.until(({ type, code }) => type === "error" && code === "not-text");
    ear.say({ type: "ping" });
    await ear.until(({ type, code }) => type === "pong" || code === "too-many-requests");
    ear.close();
  });

  test("a hundred requests a second are enough", async () => {
    const ear = await StreamEar.connect(rig.socketUrl);
    for (let i = 0; i < 300; i++) ear.say({ type: "ping" });
    expect(await ear.until(({ type }) => type === "error")).toMatchObject({ code: "too-many-requests" });
    ear.close();
  });

  test("a socket from another site's page is refused", async () => {
    const refused = await fetch(`${rig.server.url}/ws`, {
      headers: {
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        origin: "https://evil.example",
      },
    });
    expect(refused.status).toBe(403);
  });
});

/** A client that shakes hands, asks for everything and then never reads again. */
async function stalledClient(port: number): Promise<{ closed: Promise<void> }> {
  const gone = Promise.withResolvers<void>();
  const shaken = Promise.withResolvers<void>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data: () => shaken.resolve(),
      close: () => gone.resolve(),
      end: () => gone.resolve(),
      error: () => gone.resolve(),
    },
  });
  socket.write(
    "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await shaken.promise;
  for (const topic of ["order", "price_update"])
    socket.write(masked(JSON.stringify({ type: "subscribe", topic })));
  await Bun.sleep(50);
  socket.pause();
  return { closed: gone.promise };
}

/** A text frame as a client sends it: masked, here with zeros. */
function masked(text: string): Uint8Array {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 0x80 | body.length, 0, 0, 0, 0]), body]);
}

describe(`one stalled client of ${CLIENTS}`, () => {
  test("is closed; the others miss nothing and are served on", async () => {
    const { stream, port } = rig.server;
    const ears = await Promise.all(Array.from({ length: CLIENTS - 1 }, () => listen({ topic: "order" })));
    await stalledClient(port);
    const before = stream.clients.closedAsTooSlow;
    const padding = "x".repeat(20_000);
    let sent = 0;
    while (stream.clients.closedAsTooSlow === before && sent < 5_000) {
      for (let i = 0; i < 20; i++) stream.hub.publish("order", order(1_000 + sent++, padding), "EURUSD");
      await Bun.sleep(20);
    }
    expect(stream.clients.closedAsTooSlow).toBe(before + 1);
    stream.hub.publish("order", order(999_999), "EURUSD");
    for (const ear of ears) {
      await ear.until(({ type, data }) => type === "order" && (data as OrderMessage).seq === 999_999);
      const seqs = sequencesOf(ear, "order").map(Number);
      expect(seqs.length).toBe(sent + 1);
      expect(seqs.every((seq, i) => i === 0 || seq === (seqs[i - 1] ?? 0) + 1)).toBe(true);
      ear.close();
    }
  }, 120_000);

  test("while it is slow it is owed the newest price of each symbol, not all of them", async () => {
    const { hub } = rig.server.stream;
    const ear = await listen({ topic: "price_update", symbols: ["AUDUSD"] });
    for (let i = 1; i <= 50; i++) hub.publish("price_update", price("AUDUSD", i), "AUDUSD");
    const last = await ear.until(({ data }) => (data as PriceUpdate | undefined)?.seq === 50);
    expect(last["type"]).toBe("price_update");
    ear.close();
  });
});

test("a server that stops says so to every client", async () => {
  const other = await startEdge();
  const ear = await StreamEar.connect(other.socketUrl);
  await other.stop();
  expect(await ear.closed()).toBe(CLOSE_GOING_AWAY);
});
