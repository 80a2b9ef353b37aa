// The whole program with a terminal at its door, killed again and again: what was acknowledged is in the journal, and nothing is in it
// twice. The command line enrols the terminal beside the running system and shows what the door sees.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../actors/base/random.ts";
import { enrol, MadeTerminal } from "../../scripts/mt5-terminal.ts";
import { terminalSourceId } from "../../edge/feeds/source.ts";
import { KNOWN_INSTRUMENTS } from "../../edge/feeds/instruments.ts";
import { openTerminals } from "../../storage/terminals/store.ts";
import { eventually } from "../fixtures/eventually.ts";
import { journaledTicks } from "../fixtures/mt5-journal.ts";

const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const KILLS = TORTURE ? 100 : 4;
const SEED = 16;
/** KiB: more than every other file takes. */
const FILE_BLOCKS_MAX = 4_096;
const folder = mkdtempSync(join(tmpdir(), "tickforge-mt5-"));
const entry = join(import.meta.dir, "../../scripts/tickforge.ts");
const ENVIRONMENT = { ...process.env, TICKFORGE_PORT: "0", TICKFORGE_DATA: folder };
const EURUSD = KNOWN_INSTRUMENTS.findIndex(({ symbol }) => symbol === "EURUSD");

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tickforge(...args: readonly string[]) {
  const run = Bun.spawnSync([process.execPath, entry, ...args], { env: ENVIRONMENT });
  return { code: run.exitCode, out: run.stdout.toString(), err: run.stderr.toString() };
}

interface Running {
  readonly process: ReturnType<typeof Bun.spawn>;
  readonly url: string;
  readonly mt5Url: string;
}

/** @param fileBlocksMax no file grows beyond so many KiB: a full disk */
async function start(fileBlocksMax?: number): Promise<Running> {
  const flags = ["--no-time-series", "--no-keeper", "--market", "none", "--mt5-port", "0", "--json"];
  const program = [process.execPath, entry, "start", ...flags];
  const limited = ["bash", "-c", `trap '' XFSZ; ulimit -f ${fileBlocksMax}; exec "$0" "$@"`, ...program];
  const child = Bun.spawn(fileBlocksMax === undefined ? program : limited, {
    stderr: "pipe",
    stdout: "ignore",
    env: ENVIRONMENT,
  });
  const decoder = new TextDecoder();
  let said = "";
  const reader = child.stderr.getReader();
  for (;;) {
    const [url] = /http:\/\/[\w.:]+/.exec(said) ?? [];
    const [mt5Url] = /ws:\/\/[\w.:/]+mt5\n/.exec(said) ?? [];
    if (url !== undefined && mt5Url !== undefined) return { process: child, url, mt5Url: mt5Url.trim() };
    const { value, done } = await reader.read();
    if (done) throw new Error(said);
    said += decoder.decode(value, { stream: true });
  }
}

test(
  `${KILLS} kills lose no acknowledged tick and take none twice`,
  async () => {
    console.log(`seed ${SEED}`);
    const random = new SeededRandom(SEED);
    let server = await start();
    const { code } = JSON.parse(tickforge("mt5", "enrol", "--account", "main", "--json").out) as {
      code: string;
    };
    const enrolled = await enrol(server.mt5Url, code);
    if ("refused" in enrolled) throw new Error(enrolled.refused);
    let terminal = new MadeTerminal({ url: server.mt5Url, token: enrolled.token });
    const bids: number[] = [];
    const acknowledged = new Set<number>();
    const send = (count: number): void => {
      const stream = terminal.stream("EURUSD");
      const from = stream.last + 1;
      for (let i = 0; i < count; i++) {
        bids.push(Number((1 + bids.length / 1e5).toFixed(5)));
        terminal.tick("EURUSD", bids.at(-1)!);
      }
      terminal.sendTicks(stream, from, stream.last, false);
    };
    const noteAcknowledged = (): void => {
      const kept = new Set(
        terminal.streams.flatMap(({ ticks }) => [...ticks.values()].map((tick) => Number(tick[1]))),
      );
      for (const bid of bids) if (!kept.has(bid)) acknowledged.add(bid);
    };
    for (let kill = 0; kill < KILLS; kill++) {
      expect(await terminal.connect()).toBeDefined();
      terminal.resend();
      const frames = 20 + random.integer(60);
      for (let frame = 0; frame < frames; frame++) {
        send(1 + random.integer(10));
        await Bun.sleep(random.integer(4));
      }
      if (kill === 0) await terminal.settled();
      noteAcknowledged();
      server.process.kill("SIGKILL");
      await server.process.exited;
      await terminal.wire?.ended();
      server = await start();
      terminal = terminal.at(server.mt5Url);
      if (random.next() < 0.3) terminal.reboot();
    }
    expect(await terminal.connect()).toBeDefined();
    terminal.resend();
    await terminal.settled();
    const figures = (await (await fetch(`${server.url}/metrics`)).text()).split("\n");
    expect(figures).toContain('tickforge_mt5_connections{account="main",access="trading"} 1');
    expect(tickforge("mt5", "list", "--json").out).toContain('"access":"trading"');
    expect(tickforge("doctor", "--json").out).toContain("1 accounts, 1 terminals whose token is valid");
    expect(tickforge("mt5", "revoke", "--account", "main").out).toStartWith("main: ");
    await terminal.wire?.ended();
    expect(terminal.wire?.refused?.code).toBe("unknown-credential");
    server.process.kill("SIGTERM");
    expect(await server.process.exited).toBe(0);
    const replayed = tickforge("replay", "--recorded", "--json");
    expect(JSON.parse(replayed.out)).toMatchObject({ identical: true });
    const journaled = journaledTicks(folder, terminalSourceId(1, { watches: false }), EURUSD);
    const taken = new Set(journaled.map(({ bid }) => bid));
    expect([...acknowledged].filter((bid) => !taken.has(bid))).toEqual([]);
    expect(journaled.length).toBe(taken.size);
    expect(bids.filter((bid) => !taken.has(bid))).toEqual([]);
    expect(journaled.map(({ sourceSeq }) => sourceSeq).sort((a, b) => a - b)).toEqual(
      bids.map((_, index) => index + 1),
    );
    console.log(`${KILLS} kills: ${bids.length} ticks, each once, numbered without a hole`);
  },
  TORTURE ? 900_000 : 120_000,
);

test("what the door sees is shown: account, connections, streams, positions that are not ours", async () => {
  const server = await start();
  const { code } = JSON.parse(tickforge("mt5", "enrol", "--account", "shown", "--json").out) as {
    code: string;
  };
  const enrolled = await enrol(server.mt5Url, code, { login: "5002" });
  if ("refused" in enrolled) throw new Error(enrolled.refused);
  const terminal = new MadeTerminal({
    url: server.mt5Url,
    token: enrolled.token,
    account: { login: "5002" },
  });
  const wire = await terminal.connect();
  const position = {
    ticket: "77",
    identifier: "77",
    symbol: "EURUSD",
    side: "buy" as const,
    volume: "0.10",
    openPrice: "1.10000",
    currentPrice: "1.10100",
    sl: null,
    tp: null,
    swap: "0",
    profit: "10.00",
    magic: "0",
    openBrokerMs: Date.now(),
    updateBrokerMs: Date.now(),
  };
  const figures = {
    balance: "500.00",
    credit: "0",
    equity: "510.00",
    margin: "50.00",
    marginFree: "460.00",
    marginLevel: "1020.00",
    profit: "10.00",
    tradeAllowed: true,
  };
  const empty = { orders: [], deals: [], intents: [], figures };
  wire?.send({ t: "snapshot", part: 1, last: false, positions: [position], ...empty });
  wire?.send({
    t: "snapshot",
    part: 2,
    last: true,
    positions: [{ ...position, ticket: "78", identifier: "78" }],
    ...empty,
  });
  terminal.tick("EURUSD", 1.1);
  terminal.resend();
  await terminal.settled();
  wire?.send({ t: "position", ticket: "78", position: null });
  const shown = async () =>
    (await (await fetch(`${server.url}/api/v1/mt5`)).json()) as {
      accounts: { positions: unknown[] }[];
    };
  await eventually(async () => (await shown()).accounts[0]?.positions.length === 1);
  expect(await shown()).toMatchObject({
    enabled: true,
    url: server.mt5Url,
    accounts: [
      {
        account: "shown",
        login: "5002",
        equity: 510,
        brokerOffsetSeconds: 7_200,
        isOffsetProven: false,
        connections: [{ slot: 0, isReadOnly: false, ticks: 1 }],
        streams: expect.arrayContaining([
          expect.objectContaining({ symbol: "EURUSD", takenSeq: 1, acknowledgedSeq: 1 }),
        ]),
        positions: [{ ticket: "77", origin: "EXTERNAL", volume: 0.1, profit: 10 }],
      },
    ],
    acknowledgements: { count: 1 },
  });
  // Parts that do not follow each other are no picture.
  wire?.send({ t: "snapshot", part: 2, last: true, positions: [], ...empty });
  await wire?.ended();
  expect(wire?.refused?.code).toBe("protocol");
  server.process.kill("SIGTERM");
  expect(await server.process.exited).toBe(0);
}, 60_000);

test("terminals are not mixed with a made or recorded market, nor with other machines in clear", () => {
  const simulated = tickforge("start", "--mt5-port", "0", "--seconds", "1", "--no-time-series");
  expect(simulated).toMatchObject({ code: 1, err: expect.stringContaining("--market none") });
  const bare = Bun.spawnSync(
    [process.execPath, entry, "start", "--market", "none", "--mt5-port", "0", "--no-time-series"],
    {
      env: { ...ENVIRONMENT, TICKFORGE_MT5_HOST: "0.0.0.0" },
    },
  );
  expect({ code: bare.exitCode, err: bare.stderr.toString() }).toMatchObject({
    code: 1,
    err: expect.stringContaining("no-tls"),
  });
  expect(tickforge("mt5", "enrol", "--account", "Not A Name").code).toBe(2);
  expect(tickforge("mt5", "revoke", "--account", "nobody").code).toBe(1);
}, 60_000);

test("out of disk nothing more is acknowledged, and with room again the rest comes", async () => {
  if (process.platform === "win32") {
    console.log("skipped: file size limits need a POSIX shell");
    return;
  }
  const { code } = JSON.parse(tickforge("mt5", "enrol", "--account", "full", "--json").out) as {
    code: string;
  };
  const server = await start(FILE_BLOCKS_MAX);
  const account = { login: "5003" };
  const enrolled = await enrol(server.mt5Url, code, account);
  if ("refused" in enrolled) throw new Error(enrolled.refused);
  const terminal = new MadeTerminal({ url: server.mt5Url, token: enrolled.token, account });
  const wire = await terminal.connect();
  const stream = terminal.stream("EURUSD");
  for (;;) {
    if (wire?.closed !== undefined) break;
    const from = stream.last + 1;
    for (let i = 0; i < 500; i++) terminal.tick("EURUSD", Number((1 + stream.last / 1e5).toFixed(5)));
    terminal.sendTicks(stream, from, stream.last, false);
    await Bun.sleep(5);
    expect(stream.last).toBeLessThan(100_000);
  }
  server.process.kill("SIGKILL");
  await server.process.exited;
  const { acked } = stream;
  expect(acked).toBeGreaterThan(0);
  expect(acked).toBeLessThan(stream.last);
  const store = openTerminals({ data: folder, keyHex: undefined });
  if (!store.ok) throw new Error(store.message);
  const { number } = store.value.addAccount("full");
  store.value.close();
  const taken = new Set(
    journaledTicks(folder, terminalSourceId(number, { watches: false }), EURUSD).map(({ bid }) => bid),
  );
  for (let seq = 1; seq <= acked; seq++)
    expect(taken.has(Number((1 + (seq - 1) / 1e5).toFixed(5)))).toBe(true);
  // With room again it goes on.
  const again = await start();
  const resumed = terminal.at(again.mt5Url);
  expect(await resumed.connect()).toBeDefined();
  resumed.resend();
  await resumed.settled();
  again.process.kill("SIGTERM");
  expect(await again.process.exited).toBe(0);
}, 120_000);
