// The bridge as terminals meet it: a real server on a real journal, and terminals that speak the protocol over real sockets.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import type { Bridge, BridgeOptions } from "../../edge/mt5/bridge.ts";
import { seal, sessionKey } from "../../edge/mt5/protocol/envelope.ts";
import { FROM_TERMINAL_BYTES_MAX } from "../../edge/mt5/protocol/limits.ts";
import { terminalSourceId } from "../../edge/feeds/source.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import {
  type Credential,
  credentialOf,
  enrol,
  MadeTerminal,
  pairFacts,
  Wire,
} from "../../scripts/mt5-terminal.ts";
import { openTerminals } from "../../storage/terminals/store.ts";
import { eventually } from "../fixtures/eventually.ts";
import { openedBridge, tokenOf } from "../fixtures/mt5-rig.ts";

const problems: string[] = [];
let rig: EdgeRig;
let bridge: Bridge;
let accounts = 0;

/** Closed with the file that they keep open, after all tests. */
const stops: (() => Promise<void>)[] = [];

function opened(options: Partial<BridgeOptions> = {}): Bridge {
  const made = openedBridge(rig, { onProblem: (message) => problems.push(message), ...options });
  stops.push(made.stop);
  return made.bridge;
}

beforeAll(async () => {
  rig = await startEdge();
  bridge = opened();
});

afterAll(async () => {
  for (const stop of stops) await stop();
  await rig.stop();
});

interface Known {
  readonly accountId: string;
  readonly account: { login: string };
  readonly token: Credential;
}

/** A new account with one enrolled terminal. */
async function known(at: Bridge = bridge): Promise<Known> {
  const accountId = `acct-${++accounts}`;
  const account = { login: String(7_000 + accounts) };
  const { code } = at.credentials.makeCode(accountId, {});
  return { accountId, account, token: await tokenOf(at, code, account) };
}

async function terminal(who: Known, options: Partial<ConstructorParameters<typeof MadeTerminal>[0]> = {}) {
  return await Promise.resolve(
    new MadeTerminal({ url: bridge.url, token: who.token, account: who.account, ...options }),
  );
}

describe("enrolment", () => {
  test("a code becomes a token, the token opens sessions, and then the code is spent", async () => {
    const { code } = bridge.credentials.makeCode("enrol-1", {});
    const account = { login: "90001" };
    const first = await tokenOf(bridge, code, account);
    // The answer got lost: the code may be used until a token is.
    const second = await tokenOf(bridge, code, account);
    expect(second.id).not.toBe(first.id);
    const lost = new MadeTerminal({ url: bridge.url, token: first, account });
    expect(await lost.connect()).toBeUndefined();
    expect(lost.wire?.refused?.code).toBe("unknown-credential");
    const kept = new MadeTerminal({ url: bridge.url, token: second, account });
    expect(await kept.connect()).toBeDefined();
    expect(await enrol(bridge.url, code, account)).toEqual({ refused: "unknown-credential" });
    kept.wire?.close();
  });

  test("a token is of one account, a login is of one account, and a code may name both", async () => {
    const who = await known();
    for (const account of [
      { login: "1" },
      { ...who.account, mode: "real" as const },
      { ...who.account, server: "Other" },
    ]) {
      const stranger = await terminal(who, { account });
      expect(await stranger.connect()).toBeUndefined();
      expect(stranger.wire?.refused?.code).toBe("wrong-account");
    }
    const { code: twin } = bridge.credentials.makeCode("enrol-twin", {});
    expect(await enrol(bridge.url, twin, who.account)).toEqual({ refused: "wrong-account" });
    const { code: bound } = bridge.credentials.makeCode("enrol-bound", {
      login: "777",
      server: "Broker-Demo",
    });
    expect(await enrol(bridge.url, bound, { login: "778" })).toEqual({ refused: "wrong-account" });
    expect(await enrol(bridge.url, bound, { login: "777" })).toHaveProperty("token");
  });

  test("secrets are sealed on the disk", async () => {
    const who = await known();
    const { code } = bridge.credentials.makeCode(who.accountId, {});
    for (const name of ["mt5.db", "mt5.db-wal"]) {
      const bytes = Buffer.from(await Bun.file(`${rig.data}/${name}`).arrayBuffer());
      for (const secret of [who.token.secret, credentialOf(code).secret])
        expect(bytes.includes(secret)).toBe(false);
    }
  });

  test("guessing is answered by nothing", async () => {
    const strict = opened({ tuning: { attemptsMax: 5 } });
    const guess = { kind: "code" as const, id: "AAAA0000", secret: "x".repeat(32) };
    const answers: (string | undefined)[] = [];
    for (let i = 0; i < 7; i++) {
      const wire = new Wire(strict.url, guess);
      await wire.ended();
      answers.push(wire.refused?.code);
    }
    expect(answers[0]).toBe("unknown-credential");
    expect(answers.at(-1)).toBe("busy");
    // Those who are enrolled already are not kept out by it.
    const enrolled = await terminal(await known(), { url: strict.url });
    expect(await enrolled.connect()).toBeDefined();
    await strict.stop();
  });

  test("tokens are rotated over the socket, and old ones end", async () => {
    const quick = opened({ tuning: { tokenLifeMs: 1_500, sweepMs: 50 } });
    const who = await known(quick);
    const client = await terminal(who, { url: quick.url });
    expect(await client.connect()).toBeDefined();
    await eventually(() => client.token.id !== who.token.id);
    await eventually(() => bridge.store.credential(who.token.id) === undefined);
    // It lives longer than its first token did, and comes again with the newest.
    await Bun.sleep(1_600);
    expect(client.wire?.closed).toBeUndefined();
    client.wire?.close();
    expect(await client.connect()).toBeDefined();
    // One that does not keep its tokens ends with them.
    client.token = who.token;
    expect(await client.connect()).toBeUndefined();
    const idle = opened({ tuning: { tokenLifeMs: 300, sweepMs: 10_000 } });
    const other = await known(idle);
    await Bun.sleep(400);
    const late = await terminal(other, { url: idle.url });
    expect(await late.connect()).toBeUndefined();
    expect(late.wire?.refused?.code).toBe("expired");
    await Promise.all([quick.stop(), idle.stop()]);
  });

  test("a revoked token ends its sockets within a second", async () => {
    const who = await known();
    const client = await terminal(who);
    expect(await client.connect()).toBeDefined();
    const revokedAt = performance.now();
    // As the command line does it: another process, another handle on the file.
    const beside = openTerminals({ data: rig.data, keyHex: undefined });
    if (!beside.ok) throw new Error(beside.message);
    beside.value.changeCredentials({ added: [], removed: [who.token.id] });
    beside.value.close();
    await client.wire?.ended();
    expect(performance.now() - revokedAt).toBeLessThan(1_000);
    expect(await client.connect()).toBeUndefined();
  });
});

describe("hostile frames end their connection with a reason and nothing else", () => {
  let who: Known;
  let bystander: MadeTerminal;
  beforeAll(async () => {
    who = await known();
    bystander = await terminal(await known());
    await bystander.connect();
  });
  afterAll(() => bystander.wire?.close());

  const cases: readonly [string, (wire: Wire, client: MadeTerminal) => void, string][] = [
    ["binary", (wire) => wire.socket.send(randomBytes(8)), "protocol"],
    ["no envelope", (wire) => wire.socket.send("hello"), "protocol"],
    ["a bad MAC", (wire) => wire.socket.send(seal(randomBytes(32), "{}")), "protocol"],
    ["malformed JSON", (wire) => wire.sendBody("{"), "protocol"],
    ["JSON that is no frame", (wire) => wire.sendBody('{"t":"nothing","n":1}'), "protocol"],
    [
      "a field too many",
      (wire, client) => wire.sendBody(JSON.stringify({ ...client.hello(), n: 1, more: 1 })),
      "protocol",
    ],
    [
      "a number twice",
      (wire, client) => {
        wire.send(client.hello());
        wire.sendBody(JSON.stringify({ t: "token-kept", n: 1, id: "AAAA" }));
      },
      "protocol",
    ],
    [
      "a number left out",
      (wire, client) => {
        wire.send(client.hello());
        wire.sendBody(JSON.stringify({ t: "token-kept", n: 3, id: "AAAA" }));
      },
      "protocol",
    ],
    [
      "ticks before hello",
      (wire, client) => {
        client.tick("EURUSD", 1.1);
        client.wire = wire;
        client.sendTicks(client.stream("EURUSD"), 1, 1, false);
      },
      "protocol",
    ],
    [
      "hello twice",
      (wire, client) => {
        wire.send(client.hello());
        wire.send(client.hello());
      },
      "protocol",
    ],
    ["another version in hello", (wire, client) => wire.send(client.hello({ v: 2 })), "wrong-version"],
    [
      "a number far ahead",
      (wire, client) => {
        wire.send(client.hello());
        client.wire = wire;
        client.tick("EURUSD", 1.1);
        client.sendTicks(client.stream("EURUSD"), 1, 1, false);
        wire.send({
          t: "ticks",
          boot: client.boot,
          symbol: "EURUSD",
          from: 9_000_000_000,
          backfill: false,
          drainedMonotonicMs: 1,
          ticks: [[Date.now(), "1.1", "1.2", "0", "0", 6]],
        });
      },
      "protocol",
    ],
  ];
  test.each(cases)("%s", async (_name, attack, code) => {
    const client = await terminal(who);
    const wire = new Wire(bridge.url, who.token);
    expect(await wire.keyed()).toBe(true);
    attack(wire, client);
    await wire.ended();
    expect(wire.refused?.code).toBe(code);
    expect(bystander.wire?.closed).toBeUndefined();
  });

  test("before there are keys", async () => {
    const openings = [
      "{",
      "[]",
      "null",
      '{"t":"open"}',
      "a".repeat(70),
      '{"t":"hello","n":1}',
      randomBytes(9),
    ];
    for (const first of openings) {
      const socket = new WebSocket(bridge.url);
      const said = Promise.withResolvers<string>();
      socket.onopen = () => socket.send(first);
      socket.onmessage = ({ data }) => said.resolve(String(data));
      const ended = Promise.withResolvers<number>();
      socket.onclose = ({ code }) => ended.resolve(code);
      expect(JSON.parse(await said.promise)).toMatchObject({ t: "refuse", code: "protocol" });
      expect(await ended.promise).toBe(1008);
    }
  });

  test("another version", async () => {
    const wire = new Wire(bridge.url, who.token, { version: 2 });
    await wire.ended();
    expect(wire.refused?.code).toBe("wrong-version");
  });

  test("too much in one message", async () => {
    const wire = new Wire(bridge.url, who.token);
    expect(await wire.keyed()).toBe(true);
    wire.socket.send("a".repeat(FROM_TERMINAL_BYTES_MAX + 1));
    await wire.ended();
    expect(bystander.wire?.closed).toBeUndefined();
  });

  test("a session's frames are worth nothing in another", async () => {
    const opening = { open: "{}", challenge: "{}" };
    const key = sessionKey(who.token.secret, "terminal", opening);
    const client = await terminal(who);
    const wire = new Wire(bridge.url, who.token);
    expect(await wire.keyed()).toBe(true);
    wire.socket.send(seal(key, JSON.stringify({ ...client.hello(), n: 1 })));
    await wire.ended();
    expect(wire.refused?.code).toBe("protocol");
  });

  test("and what is no WebSocket is told so", async () => {
    const url = bridge.url.replace("ws:", "http:");
    expect((await fetch(url)).status).toBe(426);
    expect((await fetch(`${url}/more`)).status).toBe(404);
  });
});

const tickCount = (sourceId: number, instrumentId: number) =>
  rig.station.live.router.gaps
    .counts()
    .find((each) => each.sourceId === sourceId && each.instrumentId === instrumentId);

function sourceOf(accountId: string, watches = false): number {
  const account = bridge.credentials.account(accountId);
  return terminalSourceId(account?.number ?? 0, { watches });
}

const instrumentId = (symbol: string): number =>
  rig.station.live.engine.config.instruments.findIndex((each) => each.symbol === symbol);

describe("ticks", () => {
  test("are acknowledged once they are durable, mapped, and dated by UTC", async () => {
    const who = await known();
    const client = await terminal(who, { symbols: [pairFacts("EURUSD.m"), pairFacts("GBPUSD")] });
    await client.connect();
    const before = rig.station.journal.lastSeq;
    for (let i = 0; i < 50; i++) client.tick("EURUSD.m", 1.1 + i / 1e5);
    client.sendTicks(client.stream("EURUSD.m"), 1, 50, false);
    await client.settled();
    expect(rig.station.journal.durableSeq).toBeGreaterThanOrEqual(before + 50);
    expect(tickCount(sourceOf(who.accountId), instrumentId("EURUSD"))).toMatchObject({
      received: 50,
      missing: 0,
    });
    const quote = rig.station.live.engine.symbol(instrumentId("EURUSD"))?.chain.quote;
    expect(Math.abs((quote?.sourceTimeMicros ?? 0) / 1_000 - Date.now())).toBeLessThan(60_000);
    client.wire?.close();
  });

  test("sent twice they are taken once and acknowledged again; a new life begins behind what the old one owes", async () => {
    const who = await known();
    const client = await terminal(who);
    await client.connect();
    for (let i = 0; i < 10; i++) client.tick("EURUSD", 1.1 + i / 1e5);
    const stream = client.stream("EURUSD");
    const wire = client.wire as Wire;
    client.sendTicks(stream, 1, 10, false);
    await client.settled();
    for (let seq = 1; seq <= 10; seq++) stream.ticks.set(seq, [Date.now(), "1.1", "1.2", "0", "0", 6]);
    const acks = wire.frames.filter(({ t }) => t === "ack").length;
    client.sendTicks(stream, 1, 10, true);
    await wire.until("another acknowledgement", () =>
      wire.frames.filter(({ t }) => t === "ack").length > acks ? true : undefined,
    );
    // Five that nobody acknowledged, and then another life.
    for (let i = 0; i < 5; i++) client.tick("EURUSD", 1.2 + i / 1e5);
    wire.drop();
    client.reboot();
    for (let i = 0; i < 5; i++) client.tick("EURUSD", 1.3 + i / 1e5);
    await client.connect();
    // The new life's come first: a hole is left, and filled.
    client.sendTicks(client.stream("EURUSD"), 1, 5, false);
    await client.wire?.until("the new ones", () => (client.stream("EURUSD").acked === 5 ? true : undefined));
    const counts = () => tickCount(sourceOf(who.accountId), instrumentId("EURUSD"));
    expect(counts()).toMatchObject({ received: 15, missing: 5 });
    client.sendTicks(stream, 11, 15, true);
    await client.settled();
    expect(counts()).toMatchObject({ expected: 20, received: 20, missing: 0, lost: 0, duplicated: 10 });
    client.wire?.close();
  });

  test("that fell out of the ring are a gap, and acknowledged as one", async () => {
    const who = await known();
    const client = await terminal(who);
    await client.connect();
    client.tick("EURUSD", 1.1);
    client.sendTicks(client.stream("EURUSD"), 1, 1, false);
    await client.settled();
    client.wire?.drop();
    for (let i = 0; i < 30; i++) client.tick("EURUSD", 1.1 + i / 1e5);
    client.overflow(client.stream("EURUSD"), 21);
    await client.connect();
    client.resend();
    await client.settled();
    expect(tickCount(sourceOf(who.accountId), instrumentId("EURUSD"))).toMatchObject({
      expected: 31,
      received: 11,
      missing: 20,
    });
    expect(
      rig.station.live.router.gaps.missing(sourceOf(who.accountId), instrumentId("EURUSD")),
    ).toMatchObject([{ fromSourceSeq: 2, toSourceSeq: 21 }]);
    // Told once more, as after a lost acknowledgement: nothing changes.
    client.sendGap(client.stream("EURUSD"), { from: 2, to: 21 });
    client.wire?.close();
  });

  test("of a symbol that nobody has mapped are counted, and a person is told", async () => {
    const who = await known();
    const client = await terminal(who, {
      symbols: [pairFacts("EURUSDx9"), pairFacts("GBPUSD", { contractSize: "1000" })],
    });
    await client.connect();
    client.tick("EURUSDx9", 1.1);
    client.tick("GBPUSD", 1.3);
    client.resend();
    await client.settled();
    const desk = bridge.accounts.all.find(({ accountId }) => accountId === who.accountId);
    expect([...(desk?.unmapped.entries() ?? [])]).toMatchObject([
      ["EURUSDx9", { ticks: 1 }],
      ["GBPUSD", { ticks: 1 }],
    ]);
    expect(problems.join("\n")).toContain(
      `{ "source": "${who.accountId}", "brokerSymbol": "EURUSDx9", "symbol": ... }`,
    );
    client.wire?.close();
    const mapping = { source: who.accountId, brokerSymbol: "EURUSDx9", symbol: "EURUSD" };
    const mapped = opened({ symbols: [mapping] });
    // The same life goes on where the spelling means something, and then something else: each tick is what it meant then.
    const again = client.at(mapped.url);
    await again.connect();
    again.tick("EURUSDx9", 1.1);
    again.resend();
    await again.settled();
    const received = (symbol: string) =>
      tickCount(sourceOf(who.accountId), instrumentId(symbol))?.received ?? 0;
    expect([received("EURUSD"), received("AUDUSD")]).toEqual([1, 0]);
    const corrected = opened({ symbols: [{ ...mapping, symbol: "AUDUSD" }] });
    const other = again.at(corrected.url);
    await other.connect();
    for (let i = 0; i < 3; i++) other.tick("EURUSDx9", 0.7);
    other.resend();
    await other.settled();
    expect([received("EURUSD"), received("AUDUSD")]).toEqual([1, 3]);
    await corrected.stop();
    await mapped.stop();
  });
});

const factsOf = (symbol: string) =>
  pairFacts(symbol, symbol === "USDJPY" ? { digits: 3, point: "0.001" } : {});

describe("terminals and connections of an account", () => {
  test("up to five connections share it; a slot is one chart's", async () => {
    const who = await known();
    const symbols = ["EURUSD", "GBPUSD", "USDJPY", "USDCHF", "AUDUSD"];
    const charts = await Promise.all(
      symbols.map(async (symbol, slot) => await terminal(who, { slot, symbols: [factsOf(symbol)] })),
    );
    for (const chart of charts) expect(await chart.connect()).toBeDefined();
    for (const [at, chart] of charts.entries())
      chart.tick(symbols[at] ?? "", 1.1, symbols[at] === "USDJPY" ? 3 : 5);
    for (const chart of charts) chart.resend();
    await Promise.all(charts.map(async (chart) => await chart.settled()));
    expect(bridge.terminals(who.accountId).map(({ slot, watches }) => ({ slot, watches }))).toEqual(
      charts.map((_, slot) => ({ slot, watches: false })),
    );
    const other = await terminal(who, { slot: 2 });
    expect(await other.connect()).toBeUndefined();
    expect(other.wire?.refused?.code).toBe("slot-taken");
    const sixth = await terminal(who, { slot: 5 });
    expect(await sixth.connect()).toBeUndefined();
    expect(sixth.wire?.refused?.code).toBe("protocol");
    // The same life again, before the server has noticed that its connection broke.
    const old = charts[2]?.wire;
    expect(await charts[2]?.connect()).toBeDefined();
    await old?.ended();
    for (const chart of charts) chart.wire?.close();
  });

  test("a second terminal is read only, and its ticks only check the first's", async () => {
    const who = await known();
    const { code } = bridge.credentials.makeCode(who.accountId, {});
    const second = { ...who, token: await tokenOf(bridge, code, who.account) };
    const [first, watcher] = [await terminal(who), await terminal(second)];
    await first.connect();
    const wire = await watcher.connect();
    expect(await wire?.frame("welcome")).toMatchObject({ mode: "halt" });
    expect(await first.wire?.frame("welcome")).toMatchObject({ mode: "active" });
    const [owner, other] = bridge.terminals(who.accountId);
    expect(other?.send({ t: "resync", dealsSinceBrokerMs: 0 })).toBe(false);
    expect(owner?.send({ t: "resync", dealsSinceBrokerMs: 7 })).toBe(true);
    expect(await first.wire?.frame("resync")).toMatchObject({ dealsSinceBrokerMs: 7 });
    const quoteOf = () =>
      rig.station.live.engine.symbol(instrumentId("GBPUSD"))?.chain.quote.sourceTimeMicros;
    first.tick("GBPUSD", 1.25);
    first.resend();
    await first.settled();
    await eventually(() => (quoteOf() ?? 0) > 0);
    const quoted = quoteOf();
    watcher.tick("GBPUSD", 1.35);
    watcher.sendTicks(watcher.stream("GBPUSD"), 1, 1, false);
    await watcher.settled();
    expect(tickCount(sourceOf(who.accountId, true), instrumentId("GBPUSD"))).toMatchObject({ received: 1 });
    expect(quoteOf()).toBe(quoted);
    const third = {
      ...who,
      token: await tokenOf(bridge, bridge.credentials.makeCode(who.accountId, {}).code, who.account),
    };
    const late = await terminal(third);
    expect(await late.connect()).toBeUndefined();
    expect(late.wire?.refused?.code).toBe("slot-taken");
    for (const { wire: open } of [first, watcher]) open?.close();
  });

  test("it takes over when the first has been gone for a while", async () => {
    const impatient = opened({ tuning: { ownerHoldMs: 200 } });
    const who = await known(impatient);
    const { code } = impatient.credentials.makeCode(who.accountId, {});
    const heir = await terminal(
      { ...who, token: await tokenOf(impatient, code, who.account) },
      { url: impatient.url },
    );
    const first = await terminal(who, { url: impatient.url });
    await first.connect();
    expect(await (await heir.connect())?.frame("welcome")).toMatchObject({ mode: "halt" });
    first.wire?.close();
    await heir.wire?.ended();
    expect(await (await heir.connect())?.frame("welcome")).toMatchObject({ mode: "active" });
    expect(await (await first.connect())?.frame("welcome")).toMatchObject({ mode: "halt" });
    await impatient.stop();
  });

  test("heartbeats are answered, silence ends the connection; what the terminal does then it was told before", async () => {
    const strict = opened({
      tuning: { heartbeatMs: 100, silentMsMax: 400, sweepMs: 20, flattenAfterMs: 60_000 },
    });
    const who = await known(strict);
    const client = await terminal(who, { url: strict.url });
    const wire = await client.connect();
    const limits = { heartbeatMs: 100, silentMsMax: 400, flattenAfterMs: 60_000 };
    expect(await wire?.frame("welcome")).toMatchObject({ limits });
    const asked = Date.now();
    wire?.send({
      t: "heartbeat",
      beat: 1,
      monotonicMs: Math.floor(performance.now()),
      terminalMs: asked,
      brokerMs: asked + 7_200_000,
      connected: true,
      tradeAllowed: true,
      pingMicros: 100,
      unacked: 0,
      clockAgeMs: null,
    });
    const answer = await wire?.frame("heartbeat", ({ beat }) => beat === 1);
    expect(Math.abs((answer?.serverMs ?? 0) - asked)).toBeLessThan(500);
    await wire?.frame("heartbeat", ({ beat }) => beat === null);
    await wire?.ended();
    expect(strict.ended.get("silent")).toBe(1);
    await strict.stop();
  });
});
