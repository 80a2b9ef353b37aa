// The ledger goes away while a terminal trades: nothing is opened, since nobody knows whose the account is; what is open is closed.

import { expect, test } from "bun:test";
import { MadeBroker } from "../../scripts/mt5-broker.ts";
import { MadeTrader } from "../../scripts/mt5-trader.ts";
import { eventually } from "../fixtures/eventually.ts";
import { journaled } from "../fixtures/mt5-journal.ts";
import { tokenOf } from "../fixtures/mt5-rig.ts";
import { ACCOUNT, TradingServer } from "../fixtures/trading-server.ts";

const MILLIS = 60_000;
const BROKER_AHEAD_MS = 7_200_000;

test(
  "without a ledger entries wait and say why; exits go on",
  async () => {
    const server = new TradingServer();
    const broker = new MadeBroker(() => Date.now() + BROKER_AHEAD_MS);
    await server.serve();
    const token = await tokenOf(server.bridge, server.code);
    const trader = new MadeTrader({ url: server.bridge.url, token, broker });
    const beats = setInterval(() => {
      trader.quote();
      trader.look();
    }, 20);
    try {
      await trader.start();
      await eventually(() => server.isReady && trader.mayTrade);
      server.trade({ volumeMicros: 50_000 });
      await eventually(() => server.account.positions.length === 1);
      await server.edge.station.ledger.close();
      await eventually(() => server.problems.some((said) => said.startsWith("the ledger is away")));
      server.command({ command: "flatten", accountId: ACCOUNT, by: "tester" });
      await eventually(() => broker.positions.size === 0 && server.account.positions.length === 0);
      server.command({ command: "resume-entries", accountId: ACCOUNT, by: "tester" });
      server.trade({ volumeMicros: 50_000 });
      await eventually(() =>
        journaled(server.data, "execution").some(
          ({ status, reason }) => status === "rejected" && reason.includes("the ledger is away"),
        ),
      );
      expect(broker.deals).toHaveLength(2);
    } finally {
      clearInterval(beats);
      trader.drop();
      await server.stopServing();
      server.removeData();
    }
  },
  MILLIS,
);
