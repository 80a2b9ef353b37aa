// The Expert Advisor's own source against the real bridge on a real journal: what it drains becomes records, what it owes after a crash
// comes back once, and what its account holds is shown.

import { expect, test } from "bun:test";
import { terminalSourceId } from "../../edge/feeds/source.ts";
import { bridgeView } from "../../edge/mt5/view.ts";
import { startEdge } from "../../scripts/edge-rig.ts";
import { eventually } from "../fixtures/eventually.ts";
import { journaledTicks } from "../fixtures/mt5-journal.ts";
import { openedBridge } from "../fixtures/mt5-rig.ts";
import { Harness } from "./harness.ts";
import { describeExpert } from "./rig.ts";

const TICKS = 300;

describeExpert("the real bridge", () => {
  test("it enrols, streams, crashes, comes back and owes nothing", async () => {
    const rig = await startEdge();
    const open = (port: number) =>
      openedBridge(rig, { port, tuning: { heartbeatMs: 100, attemptsMax: 1_000 } });
    let { bridge, stop } = open(0);
    const { code } = bridge.credentials.makeCode("expert", {});
    const terminal = new Harness();
    const inputs = { InpServer: bridge.url, InpCode: code, InpSymbols: "EURUSD,GBPUSD" };
    await terminal.start(inputs);
    const bids = Array.from({ length: TICKS }, (_, index) => Number((1.1 + index / 1e5).toFixed(5)));
    const send = (from: number, to: number): void => {
      for (const bid of bids.slice(from, to)) terminal.tick("EURUSD", bid, Number((bid + 0.0002).toFixed(5)));
    };
    const instrument = rig.station.live.engine.config.instruments.find(({ symbol }) => symbol === "EURUSD");
    const everyTick = () =>
      journaledTicks(rig.data, terminalSourceId(1, { watches: false }), instrument?.id ?? -1);
    const ticksSeen = () =>
      everyTick()
        .map(({ bid }) => bid)
        .filter((bid) => bids.includes(bid));
    await eventually(() => bridge.terminals("expert").length === 1);
    // It begins at the newest tick that it finds, so the first ones are not counted on.
    await eventually(() => {
      terminal.tick("EURUSD", 1.09, 1.0902);
      return bridge.intake.totals.ticks >= 2;
    });
    send(0, 100);
    const seen = (): number => ticksSeen().length;
    await eventually(() => seen() === 100);
    // The server goes, ticks are drained into the file, the terminal crashes; both come back.
    const port = Number(new URL(bridge.url).port);
    await stop();
    send(100, 200);
    await eventually(async () => /not acknowledged 1\d\d,/.test(await terminal.panel()));
    await terminal.kill();
    ({ bridge, stop } = open(port));
    await terminal.start(inputs);
    await eventually(() => bridge.terminals("expert").length === 1);
    expect(bridge.terminals("expert")[0]?.hello.streams).toMatchObject([{ symbol: "EURUSD" }]);
    // Its connection breaks while it streams.
    send(200, 250);
    for (const connection of bridge.terminals("expert")) connection.end("left");
    send(250, TICKS);
    const unacked = () => bridge.terminals("expert")[0]?.beat?.unacked;
    await eventually(() => seen() === TICKS && unacked() === 0);
    const journaled = everyTick();
    expect(journaled.map(({ sourceSeq }) => sourceSeq).sort((a, b) => a - b)).toEqual(
      journaled.map((_, index) => index + 1),
    );
    expect(ticksSeen()).toEqual(bids);
    await eventually(() => bridgeView(bridge).accounts[0]?.snapshotTime !== null);
    expect(bridgeView(bridge).accounts[0]).toMatchObject({
      account: "expert",
      login: "5001",
      unmapped: [],
      connections: [{ slot: 0, isReadOnly: false, isBrokerThere: true, unacknowledged: 0 }],
    });
    await terminal.close();
    await stop();
    await rig.stop();
  }, 240_000);
});
