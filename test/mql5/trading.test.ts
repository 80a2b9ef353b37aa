// Orders from the account to the broker and back, through the Expert Advisor's own source: whatever breaks on the way, an intent makes at
// most one order at the broker, and in the end our books are the broker's.

import { expect, test } from "bun:test";
import { bridgeView } from "../../edge/mt5/view.ts";
import { eventually } from "../fixtures/eventually.ts";
import { TAG } from "../fixtures/trading-server.ts";
import { describeExpert } from "./rig.ts";
import { type Traded, withTraded } from "./traded.ts";

const MILLIS = 120_000;
const BUY = 0;

/** Our positions are the broker's, no intent has made more than one order, and nothing is left open or unexplained. */
async function sameBooks(traded: Traded): Promise<void> {
  const { deals, positions } = await traded.terminal.broker();
  const { account } = traded;
  expect(
    account.positions
      .filter(({ external }) => external !== true)
      .map(({ positionId, side, volumeMicros }) => `${positionId} ${side} ${volumeMicros}`)
      .sort(),
  ).toEqual(
    positions
      .filter(({ magic }) => BigInt(magic) >> 40n === BigInt(TAG))
      .map(({ ticket, type, volume }) => {
        return `${ticket} ${type === BUY ? "BUY" : "SELL"} ${Math.round(volume * 1e6)}`;
      })
      .sort(),
  );
  const opened = deals.filter(({ entry, magic }) => entry === 0 && magic !== "0").map(({ magic }) => magic);
  expect(new Set(opened).size).toBe(opened.length);
  expect(account.liveOrders).toEqual([]);
}

const flatten = { command: "flatten", accountId: "expert", by: "tester" } as const;
const resume = { command: "resume-entries", accountId: "expert", by: "tester" } as const;

describeExpert("an account that trades at a terminal", () => {
  test(
    "an order by hand becomes a deal that is booked, and the position is closed again; each stage is timed",
    async () => {
      await withTraded(async (traded) => {
        traded.trade();
        await eventually(() => traded.account.positions.length === 1);
        await sameBooks(traded);
        const { positions } = bridgeView(traded.bridge).accounts[0] ?? {};
        expect(positions).toMatchObject([{ origin: "OURS", stopLoss: expect.any(Number) }]);
        traded.command(flatten);
        await eventually(() => traded.account.positions.length === 0);
        await sameBooks(traded);
        const { trading } = bridgeView(traded.bridge);
        expect(trading).toMatchObject({ sent: 2, neverLeft: 0, overdue: 0, agrees: true });
        expect(trading?.stages.map(({ count }) => count)).toEqual(Array.from({ length: 7 }, () => 2));
        expect(traded.problems).toEqual([]);
      });
    },
    MILLIS,
  );

  test(
    "a stop that the broker fills closes the position, as does a person's hand; positions of others stay",
    async () => {
      await withTraded(async (traded) => {
        traded.trade();
        await eventually(() => traded.account.positions.length === 1);
        traded.quote(1.09);
        await eventually(() => traded.account.positions.length === 0);
        traded.quote(1.1);
        traded.terminal.tick("XAUUSD", 2_000, 2_000.5);
        await traded.terminal.order("hand EURUSD sell 0.2");
        await traded.terminal.order("hand XAUUSD buy 0.3");
        await eventually(() => traded.account.reconciliation?.externalPositions.length === 2);
        traded.command(flatten);
        await Bun.sleep(700);
        expect((await traded.terminal.broker()).positions).toHaveLength(2);
        expect(traded.account.reconciliation).toMatchObject({ agrees: true, standing: [] });
        await sameBooks(traded);
      });
    },
    MILLIS,
  );

  test(
    "events that are lost or shuffled change nothing, nor does a connection that breaks",
    async () => {
      await withTraded(async (traded) => {
        await traded.terminal.order("set lose 50");
        await traded.terminal.order("set shuffle 1");
        for (let round = 0; round < 3; round++) {
          traded.command(resume);
          traded.trade({ side: round === 1 ? "SELL" : "BUY" });
          if (round > 0) for (const connection of traded.bridge.terminals()) connection.end("left");
          await eventually(() => {
            traded.quote();
            return traded.account.positions.length === 1 || traded.account.liveOrders.length === 0;
          });
          traded.command(flatten);
          await eventually(() => {
            traded.quote();
            return traded.account.positions.length === 0;
          });
          await traded.ready();
        }
        await eventually(() => traded.account.reconciliation?.agrees === true);
        await sameBooks(traded);
        expect(traded.account.anomalies).toMatchObject({ overfilled: 0, "bad-fill": 0 });
      });
    },
    MILLIS,
  );
});

/** What the broker answers; whether it had carried the order out; what the account then makes of it. */
const ANSWERS: readonly { code: number; times: number; executes: boolean; becomes: string }[] = [
  { code: 10_004, times: 1, executes: false, becomes: "position" },
  { code: 10_004, times: 3, executes: false, becomes: "nothing" },
  { code: 10_012, times: 1, executes: true, becomes: "position" },
  { code: 10_031, times: 1, executes: true, becomes: "position" },
  { code: 10_008, times: 1, executes: true, becomes: "position" },
  { code: 10_030, times: 1, executes: false, becomes: "position" },
  { code: 10_006, times: 1, executes: false, becomes: "nothing" },
  { code: 10_024, times: 1, executes: false, becomes: "nothing" },
  { code: 10_018, times: 1, executes: false, becomes: "nothing" },
  { code: 10_012, times: 1, executes: false, becomes: "unknown" },
];

describeExpert("what the broker answers", () => {
  for (const { code, times, executes, becomes } of ANSWERS) {
    test.concurrent(
      `${code} ${times} times, ${executes ? "after" : "without"} carrying it out: ${becomes}`,
      async () => {
        await withTraded(async (traded) => {
          await traded.terminal.order(`answer ${code} ${times}${executes ? " executes" : ""}`);
          traded.trade();
          await eventually(() => {
            traded.quote();
            const { positions, liveOrders, entries } = traded.account;
            if (entries === 0) return false;
            if (becomes === "unknown") return liveOrders[0]?.state === "unknown";
            return liveOrders.length === 0 && positions.length === (becomes === "position" ? 1 : 0);
          });
          if (becomes === "unknown") {
            // Frozen: neither sent again nor taken for dead, until a person has looked.
            await Bun.sleep(800);
            expect(traded.account.liveOrders).toMatchObject([{ state: "unknown" }]);
            expect(traded.terminal.sent).toHaveLength(1);
            const { instrumentId } = traded.account.liveOrders[0] ?? { instrumentId: -1 };
            traded.command({ command: "release-symbol", instrumentId, by: "tester" });
            await eventually(() => traded.account.liveOrders.length === 0);
          }
          if (code === 10_018) expect(traded.problems.join(" ")).toContain("10018");
          await sameBooks(traded);
        });
      },
      MILLIS,
    );
  }
});

/** Places on an order's way at which the terminal's process ends, and whether the broker has the order by then. */
const POINTS: readonly { point: string; times: number }[] = [
  { point: "before-flush:intents.txt", times: 1 },
  { point: "after-flush:intents.txt", times: 1 },
  { point: "before-send", times: 1 },
  { point: "after-send", times: 1 },
  { point: "before-flush:intents.txt", times: 2 },
  { point: "after-flush:intents.txt", times: 2 },
];

describeExpert("a crash of the terminal at each step of an order", () => {
  for (const { point, times } of POINTS) {
    test.concurrent(
      `${point}, time ${times}`,
      async () => {
        await withTraded(async (traded) => {
          await traded.terminal.order(`arm ${point} ${times}`);
          traded.trade();
          await traded.terminal.killedAt(point);
          await traded.startTerminal();
          await traded.ready();
          const { deals } = await traded.terminal.broker();
          await eventually(() => {
            traded.quote();
            const { liveOrders, positions } = traded.account;
            if (deals.length > 0) return positions.length === 1 && liveOrders.length === 0;
            // On disk and not at the broker: nothing proves that it never will be.
            return liveOrders.length === 0 || liveOrders[0]?.state === "unknown";
          });
          if (traded.account.liveOrders.length === 0) await sameBooks(traded);
          expect((await traded.terminal.broker()).deals).toHaveLength(deals.length);
        });
      },
      MILLIS,
    );
  }
});

describeExpert("a server that goes", () => {
  test(
    "after its order left: the next one learns from the books what became of it",
    async () => {
      await withTraded(async (traded) => {
        traded.trade();
        await eventually(() => traded.bridge.orders?.counts.sent === 1);
        await traded.stopServing();
        await eventually(async () => (await traded.terminal.broker()).deals.length === 1);
        await traded.serve();
        await traded.ready();
        await eventually(
          () => traded.account.positions.length === 1 && traded.account.liveOrders.length === 0,
        );
        await sameBooks(traded);
      });
    },
    MILLIS,
  );

  test(
    "before its order left: it leaves under the epoch it was made in, and that is over",
    async () => {
      await withTraded(async (traded) => {
        // Nobody carries it: it waits at the gate, durable.
        traded.edge.station.live.connect(undefined);
        traded.trade({ expiresAtMicros: traded.edge.station.clock.nowMicros() + 30_000_000 });
        await eventually(() => traded.account.entries === 1);
        await traded.edge.station.journal.flush();
        await traded.stopServing();
        await traded.serve();
        await traded.ready();
        await eventually(() => {
          traded.quote();
          return traded.account.liveOrders.length === 0;
        });
        expect((await traded.terminal.broker()).deals).toEqual([]);
        expect(traded.terminal.sent).toEqual([]);
        await sameBooks(traded);
      });
    },
    MILLIS,
  );
});
