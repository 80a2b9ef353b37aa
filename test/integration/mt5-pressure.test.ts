// Terminals that send too much, or nonsense that is rightly signed, or over TLS; and two brokers of one instrument.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../actors/base/random.ts";
import { TICK_SECONDARY } from "../../actors/domain/tick.ts";
import { Channel } from "../../edge/mt5/channel.ts";
import { terminalSourceId } from "../../edge/feeds/source.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { FIGURES, MadeTerminal, Wire } from "../../scripts/mt5-terminal.ts";
import { journaledTicks } from "../fixtures/mt5-journal.ts";
import { type OpenedBridge, openedBridge, tokenOf } from "../fixtures/mt5-rig.ts";

const BURST_TICKS = 60_000;
const MUTANTS = process.env["TICKFORGE_TORTURE"] === "1" ? 20_000 : 600;
const SEED = 25;

let rig: EdgeRig;
let server: OpenedBridge;
let accounts = 0;

beforeAll(async () => {
  rig = await startEdge();
  server = openedBridge(rig, { onProblem: () => undefined });
});

afterAll(async () => {
  await server.stop();
  await rig.stop();
});

async function terminal(url = server.bridge.url): Promise<MadeTerminal> {
  const account = { login: String(6_000 + ++accounts) };
  const { code } = server.bridge.credentials.makeCode(`pressed-${accounts}`, {});
  return new MadeTerminal({ url, token: await tokenOf(server.bridge, code, account), account });
}

const sourceOf = (number: number): number => terminalSourceId(number, { watches: false });

test("a burst waits for journal and actors, and all of it is acknowledged", async () => {
  const client = await terminal();
  await client.connect();
  for (let i = 0; i < BURST_TICKS; i++) client.tick("EURUSD", 1 + (i % 1_000) / 1e5);
  client.resend();
  await client.settled();
  const counts = rig.station.live.router.gaps.counts().find(({ sourceId }) => sourceId === sourceOf(1));
  expect(counts).toMatchObject({ received: BURST_TICKS, missing: 0 });
  client.wire?.close();
}, 60_000);

async function sendLive(client: MadeTerminal, symbol: string): Promise<void> {
  client.tick(symbol, 1.25);
  const { last } = client.stream(symbol);
  client.sendTicks(client.stream(symbol), last, last, false);
  await client.settled();
}

test("of two accounts' ticks of one instrument the second's only check the first's", async () => {
  const [first, second] = [await terminal(), await terminal()];
  const number = accounts;
  await first.connect();
  await second.connect();
  for (const client of [first, second, first, second]) await sendLive(client, "GBPUSD");
  first.wire?.close();
  await first.wire?.ended();
  while (server.bridge.terminals(`pressed-${number - 1}`).length > 0) await Bun.sleep(5);
  await sendLive(second, "GBPUSD");
  const gbpusd = rig.station.live.engine.config.instruments.findIndex(({ symbol }) => symbol === "GBPUSD");
  const flags = (account: number) =>
    journaledTicks(rig.data, sourceOf(account), gbpusd).map((tick) => tick.flags & TICK_SECONDARY);
  expect(flags(number - 1)).toEqual([0, 0]);
  expect(flags(number)).toEqual([TICK_SECONDARY, TICK_SECONDARY, 0]);
  second.wire?.close();
});

/** Values that are no field's, or only some field's. */
const ODD: readonly unknown[] = [
  null,
  -1,
  0,
  1,
  1.5,
  2 ** 53,
  1e300,
  "",
  "0",
  "-0",
  "1e9",
  "NaN",
  "\u0000",
  "x".repeat(300),
  [],
  {},
  [[]],
  true,
  "__proto__",
  { __proto__: 1 },
];

/** One place of `value`, replaced, removed or doubled. */
function mutated(value: unknown, random: SeededRandom): unknown {
  if (typeof value !== "object" || value === null || random.next() < 0.15)
    return ODD[random.integer(ODD.length)];
  if (Array.isArray(value)) {
    const list: unknown[] = [...(value as unknown[])];
    const at = random.integer(list.length + 1);
    const deed = random.next();
    if (deed < 0.2) list.splice(at, 1);
    else if (deed < 0.4) list.splice(at, 0, ...list);
    else list[at] = mutated(list[at], random);
    return list;
  }
  const entries = Object.entries(value);
  const at = random.integer(entries.length);
  const [key = "", inner] = entries[at] ?? [];
  if (random.next() < 0.1) return Object.fromEntries(entries.filter((_, index) => index !== at));
  return { ...value, [key]: mutated(inner, random) };
}

test(`${MUTANTS} mutilated frames, rightly signed, end their own connection or nothing`, async () => {
  console.log(`seed ${SEED}`);
  const random = new SeededRandom(SEED);
  const [client, bystander] = [await terminal(), await terminal()];
  await bystander.connect();
  const boot = "0123456789abcdef";
  const empty = { orders: [], positions: [], deals: [], intents: [], figures: FIGURES };
  const frames: object[] = [
    {
      t: "ticks",
      boot,
      symbol: "EURUSD",
      from: 1,
      backfill: false,
      drainedMonotonicMs: 5,
      ticks: [[Date.now(), "1.1", "1.2", "0", "0", 6]],
    },
    { t: "gap", boot, symbol: "EURUSD", reason: "overflow", from: 2, to: 5, fromBrokerMs: 1, toBrokerMs: 2 },
    {
      t: "gap",
      boot,
      symbol: "EURUSD",
      reason: "unread",
      from: null,
      to: null,
      fromBrokerMs: 1,
      toBrokerMs: 2,
    },
    { t: "snapshot", part: 1, last: true, ...empty },
    {
      t: "heartbeat",
      beat: 1,
      monotonicMs: 5,
      terminalMs: 1,
      brokerMs: 1,
      connected: true,
      tradeAllowed: true,
      pingMicros: 1,
      unacked: 0,
      clockAgeMs: null,
    },
    { t: "account", figures: FIGURES },
    { t: "kill", killed: true, by: "button" },
    { t: "fenced", epoch: 1, intents: [] },
    { t: "position", ticket: "5", position: null },
  ];
  let refused = 0;
  let wire: Wire | undefined;
  for (let mutant = 0; mutant < MUTANTS; mutant++) {
    if (wire === undefined || wire.closed !== undefined || wire.refused !== undefined) {
      await wire?.ended();
      wire = new Wire(server.bridge.url, client.token);
      await wire.keyed();
      // The greeting, too.
      const hello = random.next() < 0.3 ? mutated(client.hello(), random) : client.hello();
      const body = typeof hello === "object" && hello !== null ? { ...hello, n: 1 } : hello;
      wire.sendBody(JSON.stringify(body) ?? "");
    }
    const frame = mutated(frames[random.integer(frames.length)], random) as object;
    const body = random.next() < 0.9 && typeof frame === "object" ? { ...frame, n: wire.nextNumber } : frame;
    wire.sendBody(JSON.stringify(body) ?? "");
    if (mutant % 3 === 0) await Bun.sleep(1);
    if (wire.refused !== undefined) refused++;
  }
  console.log(`${MUTANTS} frames, ${refused} refusals`);
  expect(refused).toBeGreaterThan(MUTANTS / 20);
  bystander.tick("EURUSD", 1.1);
  bystander.resend();
  await bystander.settled();
  expect(bystander.wire?.closed).toBeUndefined();
  bystander.wire?.close();
  wire?.close();
}, 600_000);

test("a terminal that does not read is cut off", () => {
  const calls: string[] = [];
  const channel = new Channel({
    send: () => 0,
    close: () => void calls.push("close"),
    terminate: () => void calls.push("terminate"),
  });
  channel.key("secret", { open: "{}", challenge: "{}" });
  expect(channel.send({ t: "reconciled" })).toBe(false);
  expect(channel.send({ t: "reconciled" })).toBe(false);
  expect({ calls, isOpen: channel.isOpen }).toEqual({ calls: ["terminate"], isOpen: false });
});

test("over TLS of its own", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-tls-"));
  const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made =
    Bun.which("openssl") === null
      ? undefined
      : Bun.spawnSync([
          "openssl",
          "req",
          "-x509",
          "-newkey",
          "rsa:2048",
          "-nodes",
          "-days",
          "1",
          "-keyout",
          key,
          "-out",
          cert,
          ...subject,
        ]);
  if (made?.exitCode !== 0) {
    console.log("skipped: a certificate needs openssl");
    return;
  }
  const secure = openedBridge(rig, { tls: { cert, key } });
  expect(secure.bridge.url).toStartWith("wss://");
  const client = await terminal(secure.bridge.url);
  client.trusts = await Bun.file(cert).text();
  expect(await client.connect()).toBeDefined();
  client.wire?.close();
  await secure.stop();
  rmSync(folder, { recursive: true });
}, 30_000);
