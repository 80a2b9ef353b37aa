// Several connections of one account: one terminal's, which share its intents, and a second terminal's, which may only watch until the
// first has been gone for a while.

import { expect, test } from "bun:test";
import { counterOfIntent } from "../../actors/domain/intent-name.ts";
import { MadeBroker } from "../../scripts/mt5-broker.ts";
import { type Credential, MadeTerminal } from "../../scripts/mt5-terminal.ts";
import { MadeTrader } from "../../scripts/mt5-trader.ts";
import { eventually } from "../fixtures/eventually.ts";
import { journaled } from "../fixtures/mt5-journal.ts";
import { tokenOf } from "../fixtures/mt5-rig.ts";
import { ACCOUNT, TradingServer, type TradingServerOptions } from "../fixtures/trading-server.ts";

const MILLIS = 60_000;
const BROKER_AHEAD_MS = 7_200_000;

interface Scene {
  readonly server: TradingServer;
  readonly broker: MadeBroker;
  /** A trader that quotes and looks for itself. */
  readonly connect: (
    token: Credential,
    options?: { slot?: number; disk?: MadeTrader["disk"] },
  ) => Promise<MadeTrader>;
}

async function withScene(
  work: (scene: Scene) => Promise<void>,
  account: TradingServerOptions["account"] = {},
): Promise<void> {
  const server = new TradingServer({ tuning: { ownerHoldMs: 300 }, account });
  const broker = new MadeBroker(() => Date.now() + BROKER_AHEAD_MS);
  const traders: MadeTrader[] = [];
  await server.serve();
  const beats = setInterval(() => {
    for (const trader of traders) {
      trader.quote();
      trader.look();
    }
  }, 20);
  try {
    await work({
      server,
      broker,
      connect: async (token, options) => {
        const trader = new MadeTrader({ url: server.bridge.url, token, broker, ...options });
        traders.push(trader);
        await trader.start();
        return trader;
      },
    });
  } finally {
    clearInterval(beats);
    for (const trader of traders) trader.drop();
    await server.stopServing();
    server.removeData();
  }
}

test(
  "two connections of a terminal are each fenced and compared, and what both tell is booked once",
  async () => {
    await withScene(async ({ server, connect }) => {
      const token = await tokenOf(server.bridge, server.code);
      const first = await connect(token);
      const second = await connect(token, { slot: 1, disk: first.disk });
      await eventually(() => server.isReady && first.mayTrade && second.mayTrade);
      server.trade();
      await eventually(() => server.account.positions.length === 1);
      server.command({ command: "flatten", accountId: ACCOUNT, by: "tester" });
      await eventually(() => server.account.positions.length === 0);
      await Bun.sleep(200);
      const deals = journaled(server.data, "execution").flatMap(({ dealId }) => dealId ?? []);
      expect(deals).toHaveLength(2);
      expect(new Set(deals).size).toBe(2);
      expect([...first.orders.values(), ...second.orders.values()]).toEqual([1, 1]);
      expect(server.account.anomalies).toMatchObject({ "duplicate-deal": 0 });
    });
  },
  MILLIS,
);

test(
  "books are compared although one connection is too busy to draw a picture",
  async () => {
    await withScene(async ({ server, connect }) => {
      const token = await tokenOf(server.bridge, server.code);
      const first = await connect(token);
      const second = await connect(token, { slot: 1, disk: first.disk });
      await eventually(() => server.isReady && first.mayTrade && second.mayTrade);
      first.hang();
      // Once it was asked, and not before.
      await Bun.sleep(1_200);
      const comparedMs = server.bridge.orders?.pictures.comparedMs ?? 0;
      await Bun.sleep(2_000);
      expect(server.bridge.orders?.pictures.comparedMs).toBeGreaterThan(comparedMs);
    });
  },
  MILLIS,
);

test(
  "an account that is to hold several positions a symbol gets no orders where the broker makes one of them",
  async () => {
    await withScene(
      async ({ server }) => {
        const account = { margin: "netting" } as const;
        const token = await tokenOf(server.bridge, server.code, account);
        const terminal = new MadeTerminal({ url: server.bridge.url, token, account });
        expect(await terminal.connect()).toBeDefined();
        await eventually(() => server.problems.some((said) => said.includes("nothing is traded there")));
        expect(server.bridge.orders?.pool.seats).toEqual([]);
        terminal.wire?.close();
      },
      { positionMode: "hedging" },
    );
  },
  MILLIS,
);

test(
  "a second terminal gets no orders; it takes over when the first has gone, and closes what that one opened",
  async () => {
    await withScene(async ({ server, broker, connect }) => {
      const first = await connect(await tokenOf(server.bridge, server.code));
      const heirToken = await tokenOf(server.bridge, server.bridge.credentials.makeCode(ACCOUNT, {}).code);
      const heir = await connect(heirToken);
      await eventually(() => server.isReady && first.mayTrade);
      expect(heir.mayTrade).toBe(false);
      server.trade();
      await eventually(() => server.account.positions.length === 1);
      first.drop();
      await eventually(async () => heir.mayTrade || (!heir.isUp && (await heir.start()) && false));
      expect(heir.disk.epoch).toBe(server.edge.station.epoch);
      await eventually(() => server.isReady);
      server.command({ command: "flatten", accountId: ACCOUNT, by: "tester" });
      await eventually(() => server.account.positions.length === 0 && broker.positions.size === 0);
      expect([first.orders.size, heir.orders.size]).toEqual([1, 1]);
    });
  },
  MILLIS,
);

test(
  "a command that was not answered is nobody else's: its outcome is unknown until the books show it",
  async () => {
    await withScene(async ({ server, broker, connect }) => {
      const token = await tokenOf(server.bridge, server.code);
      const first = await connect(token);
      const second = await connect(token, { slot: 1, disk: first.disk });
      await eventually(() => server.isReady && first.mayTrade && second.mayTrade);
      // The first chart hangs: it reads nothing, while the other one goes on.
      first.hang();
      server.trade();
      await eventually(() => server.account.liveOrders[0]?.state === "unknown");
      expect(broker.deals).toEqual([]);
      expect(second.orders.size).toBe(0);
      // It goes on, past the command's expiry or before: either way at most one order comes of it.
      first.goOn();
      await eventually(() => server.account.liveOrders.length === 0);
      expect(broker.deals.length).toBe(first.orders.size);
      expect(server.account.positions).toHaveLength(broker.positions.size);
    });
  },
  MILLIS,
);

test(
  "an older copy of a data folder opens nothing: its intents were given before",
  async () => {
    await withScene(async ({ server, broker, connect }) => {
      const trader = await connect(await tokenOf(server.bridge, server.code));
      await eventually(() => server.isReady && trader.mayTrade);
      server.trade();
      await eventually(() => server.account.positions.length === 1);
      const [row] = trader.disk.intents.values();
      if (row === undefined) throw new Error("no intent is on the disk");
      const later = `${row.intentId.slice(0, -9)}000000099`;
      const magic = String(BigInt(row.magic) - BigInt(counterOfIntent(row.intentId) ?? 0) + 99n);
      trader.disk.intents.set(later, { ...row, intentId: later, magic });
      await eventually(() => server.problems.join().includes("older copy"));
      server.command({ command: "flatten", accountId: ACCOUNT, by: "tester" });
      await eventually(() => server.account.positions.length === 0);
      server.command({ command: "resume-entries", accountId: ACCOUNT, by: "tester" });
      const { entries } = server.account;
      server.trade({ volumeMicros: 50_000 });
      await eventually(() => server.account.entries > entries && server.account.liveOrders.length === 0);
      expect(broker.positions.size).toBe(0);
    });
  },
  MILLIS,
);
