// Every kind of command that a server gives, from an intent to the broker's books and back, through the Expert Advisor's own source; its
// kill switch, the account's mode, the calendar.

import { expect, test } from "bun:test";
import { nameIntent } from "../../actors/domain/intent-name.ts";
import type { OrderIntent } from "../../actors/domain/order.ts";
import { eventually } from "../fixtures/eventually.ts";
import { journaled } from "../fixtures/mt5-journal.ts";
import { ACCOUNT, TAG } from "../fixtures/trading-server.ts";
import { describeExpert } from "./rig.ts";
import { type Traded, withTraded } from "./traded.ts";

const MILLIS = 120_000;
/** Above those that the account gives itself. */
let counter = 900_000_000;

/** An intent as an account would say it; this one has not, so what is tested is the way there and back. */
function intend(traded: Traded, changes: Partial<OrderIntent>): string {
  const { live, clock, epoch } = traded.edge.station;
  const intentId = nameIntent(ACCOUNT, ++counter, TAG);
  traded.quote();
  live.router.emit({
    kind: "intent",
    seq: 0,
    timeMicros: clock.nowMicros(),
    accountId: ACCOUNT,
    intentId,
    instrumentId: traded.instrumentId,
    purpose: "entry",
    side: "BUY",
    volumeMicros: 100_000,
    causeSeq: 0,
    bidPoints: 110_000,
    askPoints: 110_020,
    stopPricePoints: 105_000,
    targetPricePoints: null,
    positionId: null,
    expiresAtMicros: clock.nowMicros() + 10_000_000,
    epoch,
    checks: [],
    reason: "test",
    ...changes,
  });
  return intentId;
}

/** What was reported of an intent, deals apart, in order. */
function said(traded: Traded, intentId: string): string[] {
  return journaled(traded.data, "execution")
    .filter((each) => each.intentId === intentId && each.dealId === null)
    .map(({ status }) => status);
}

describeExpert("commands", () => {
  test(
    "a pending order is placed, changed and cancelled",
    async () => {
      await withTraded(async (traded) => {
        const limit = {
          type: "limit",
          limitPricePoints: null,
          timeInForce: "gtc",
          untilMicros: null,
        } as const;
        const placed = intend(traded, { terms: { ...limit, pricePoints: 109_000 } });
        await eventually(() => said(traded, placed).includes("acknowledged"));
        expect((await traded.terminal.broker()).orders).toMatchObject([{ price: 1.09 }]);
        await eventually(() => traded.bridge.accounts.all[0]?.picture.orders.size === 1);
        const changed = intend(traded, {
          purpose: "modify",
          orderIntentId: placed,
          terms: { ...limit, pricePoints: 109_100 },
          targetPricePoints: 112_000,
        });
        await eventually(() => said(traded, changed).includes("done"));
        expect((await traded.terminal.broker()).orders).toMatchObject([{ price: 1.091 }]);
        const cancelled = intend(traded, { purpose: "cancel", orderIntentId: placed });
        await eventually(() => said(traded, cancelled).includes("done"));
        await eventually(() => said(traded, placed).includes("cancelled"));
        expect((await traded.terminal.broker()).orders).toEqual([]);
      });
    },
    MILLIS,
  );

  test(
    "a position's levels are changed, it is closed in part, and by another",
    async () => {
      await withTraded(async (traded) => {
        intend(traded, {});
        const short = intend(traded, { side: "SELL", stopPricePoints: 115_000 });
        await eventually(async () => (await traded.terminal.broker()).positions.length === 2);
        await eventually(() => traded.bridge.accounts.all[0]?.picture.positions.size === 2);
        const [first, second] = (await traded.terminal.broker()).positions;
        const positionId = first?.ticket ?? "";
        const moved = intend(traded, { purpose: "modify", positionId, stopPricePoints: 106_000 });
        await eventually(() => said(traded, moved).includes("done"));
        expect((await traded.terminal.broker()).positions[0]).toMatchObject({ sl: 1.06 });
        const part = intend(traded, { purpose: "exit", side: "SELL", positionId, volumeMicros: 40_000 });
        await eventually(async () => (await traded.terminal.broker()).positions[0]?.volume === 0.06);
        intend(traded, { purpose: "exit", side: "SELL", positionId, byPositionId: second?.ticket ?? "" });
        await eventually(async () => (await traded.terminal.broker()).positions.length === 1);
        const deals = () => journaled(traded.data, "execution").filter(({ dealId }) => dealId !== null);
        await eventually(async () => deals().length === (await traded.terminal.broker()).deals.length);
        expect(deals().find(({ intentId }) => intentId === part)).toMatchObject({
          volumeMicros: 40_000,
          positionId,
        });
        expect(deals().some(({ intentId }) => intentId === short)).toBe(true);
      });
    },
    MILLIS,
  );

  test(
    "what cannot be said never leaves, and the account is told at once",
    async () => {
      await withTraded(async (traded) => {
        const late = intend(traded, { expiresAtMicros: traded.edge.station.clock.nowMicros() - 1 });
        const nobodys = intend(traded, { purpose: "cancel", orderIntentId: nameIntent(ACCOUNT, 8, TAG) });
        await eventually(
          () => said(traded, late).join() === "rejected" && said(traded, nobodys).join() === "rejected",
        );
        // Of a former life: the terminal refuses it.
        const old = intend(traded, { epoch: traded.edge.station.epoch - 1 });
        await eventually(() => said(traded, old).join() === "rejected");
        expect(traded.terminal.sent).toEqual([]);
        expect(traded.bridge.orders?.counts).toMatchObject({ sent: 1, neverLeft: 2 });
      });
    },
    MILLIS,
  );
});

describeExpert("what a person asks the account for", () => {
  test(
    "a limit order, other terms for it, its end; a position's levels, a part of it, all of it",
    async () => {
      await withTraded(async (traded) => {
        const from = { accountId: ACCOUNT, by: "tester" } as const;
        const limit = {
          type: "limit",
          limitPricePoints: null,
          timeInForce: "gtc",
          untilMicros: null,
        } as const;
        traded.trade({ terms: { ...limit, pricePoints: 109_000 } });
        await eventually(() => traded.account.liveOrders[0]?.state === "acknowledged");
        const { intentId = "" } = traded.account.liveOrders[0] ?? {};
        traded.command({
          command: "modify-order",
          ...from,
          intentId,
          terms: { ...limit, pricePoints: 109_200 },
          stopPricePoints: 108_700,
          targetPricePoints: null,
        });
        await eventually(async () => (await traded.terminal.broker()).orders[0]?.price === 1.092);
        await eventually(() => traded.account.liveOrders.length === 1);
        traded.command({ command: "cancel-order", ...from, intentId });
        await eventually(() => traded.account.liveOrders.length === 0);
        expect((await traded.terminal.broker()).orders).toEqual([]);
        traded.trade();
        await eventually(
          () => traded.account.positions.length === 1 && traded.account.liveOrders.length === 0,
        );
        const { positionId = "" } = traded.account.positions[0] ?? {};
        const levels = { stopPricePoints: 109_700, targetPricePoints: 111_000 };
        traded.command({ command: "modify-position", ...from, positionId, ...levels });
        await eventually(async () => (await traded.terminal.broker()).positions[0]?.sl === 1.097);
        await eventually(() => traded.account.positions[0]?.targetPricePoints === 111_000);
        traded.quote();
        traded.command({ command: "close-position", ...from, positionId, volumeMicros: 40_000 });
        await eventually(() => traded.account.positions[0]?.volumeMicros === 60_000);
        traded.quote();
        traded.command({ command: "close-position", ...from, positionId, volumeMicros: null });
        await eventually(() => traded.account.positions.length === 0);
        await eventually(() => traded.account.reconciliation?.agrees === true);
        expect((await traded.terminal.broker()).positions).toEqual([]);
      });
    },
    MILLIS,
  );
});

describeExpert("beside orders", () => {
  test(
    "the terminal's kill switch trips the account's, which stays when the terminal is armed again",
    async () => {
      await withTraded(async (traded) => {
        await traded.terminal.order("click");
        await eventually(() => traded.account.trip !== null);
        expect(traded.account).toMatchObject({
          mode: "halted",
          trip: { mode: "halt-entries", by: "terminal" },
        });
        await traded.terminal.order("click");
        await traded.terminal.order("click");
        await Bun.sleep(300);
        expect(traded.account.trip).not.toBeNull();
        expect(traded.bridge.orders?.pool.seats[0]?.mode).toBe("halted");
        const { seq = 0 } = traded.account.trip ?? {};
        traded.command({ command: "rearm", accountId: ACCOUNT, tripSeq: seq, by: "tester" });
        await eventually(() => traded.bridge.orders?.pool.seats[0]?.mode === "active");
        traded.trade();
        await eventually(() => traded.account.positions.length === 1);
      });
    },
    MILLIS,
  );

  test(
    "the terminal's calendar is the engine's, in UTC",
    async () => {
      await withTraded(async (traded) => {
        await traded.terminal.order("calendar 11 3600 Nonfarm Payrolls");
        for (const connection of traded.bridge.terminals()) connection.end("left");
        const events = () => journaled(traded.data, "calendar").flatMap((each) => each.events);
        await eventually(() => events().length > 0);
        const [event] = events();
        expect(event).toMatchObject({ name: "Nonfarm Payrolls", importance: "high", currency: "USD" });
        const aheadMs = (event?.timeMicros ?? 0) / 1_000 - Date.now();
        expect(aheadMs).toBeGreaterThan(3_400_000);
        expect(aheadMs).toBeLessThan(3_700_000);
      });
    },
    MILLIS,
  );
});
