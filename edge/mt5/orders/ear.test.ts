// What is not said, because there was no room for it, counts as not said: the next picture tells it again. And what an account settles by
// itself is said for it.

import { expect, test } from "bun:test";
import type { LiveOrderView } from "../../../actors/account/account-view.ts";
import type { OrderState } from "../../../actors/account/orders.ts";
import { VirtualClock } from "../../../actors/base/clock.ts";
import type { Instrument } from "../../../actors/domain/instrument.ts";
import { magicOfIntent, nameIntent } from "../../../actors/domain/intent-name.ts";
import type { OrderIntent } from "../../../actors/domain/order.ts";
import type { BrokerDraft } from "../../../actors/router.ts";
import type { Terminal } from "../terminal.ts";
import { Ear } from "./ear.ts";
import { Outbox } from "./outbox.ts";
import type { DealFrame } from "./reports.ts";

const TAG = 7;
const INTENT_ID = nameIntent("main", 1, TAG);
const INTENT = {
  intentId: INTENT_ID,
  accountId: "main",
  instrumentId: 0,
  side: "BUY",
  volumeMicros: 100_000,
  purpose: "entry",
  reason: "test",
} as OrderIntent;
const DEAL: DealFrame = {
  ticket: "31",
  order: "30",
  position: "30",
  symbol: "EURUSD",
  kind: "trade",
  side: "buy",
  entry: "in",
  volume: "0.1",
  price: "1.10000",
  profit: "0",
  swap: "0",
  commission: "0",
  fee: "0",
  magic: magicOfIntent(INTENT_ID) ?? "",
  reason: "expert",
  brokerMs: 1_000,
};
const TERMINAL = { account: { brokerTime: { offsetMs: 0 } } } as unknown as Terminal;

/** An ear whose words go into `told` while `hasRoom`; the account says where the order stands. */
function listening(liveOrders: readonly Partial<LiveOrderView>[] = []) {
  const world = { hasRoom: true, state: "sent" as OrderState | undefined, told: [] as BrokerDraft[] };
  const report = (draft: BrokerDraft): boolean => {
    if (world.hasRoom) world.told.push(draft);
    return world.hasRoom;
  };
  const outbox = new Outbox({ router: { report, lastSeq: 0 }, clock: new VirtualClock() });
  const account = {
    orderState: () => world.state,
    hasBooked: () => false,
    view: () => ({ liveOrders }),
  };
  const ear = new Ear({
    accountId: "main",
    intentTag: TAG,
    live: { engine: { account } } as never,
    outbox,
    instrumentOf: () => ({ id: 0, digits: 5 }) as Instrument,
  });
  if (liveOrders.length === 0) ear.know(INTENT);
  return { world, outbox, ear };
}

test("a deal that had no room in the outbox is told by the next picture, and so is what was said of its order", async () => {
  const { world, outbox, ear } = listening();
  world.hasRoom = false;
  while (outbox.push({ kind: "execution" } as BrokerDraft));
  const placed = { intentId: INTENT_ID, class: "placed", retcode: 10_008, words: "", order: "30" } as never;
  ear.deal(DEAL, TERMINAL);
  ear.execution(placed);
  expect(outbox.dropped).toBe(3);
  world.hasRoom = true;
  while (outbox.waiting > 0) await Bun.sleep(1);
  world.told.length = 0;
  for (let round = 0; round < 2; round++) {
    ear.execution(placed);
    ear.deal(DEAL, TERMINAL);
  }
  expect(world.told).toMatchObject([{ status: "acknowledged" }, { dealId: "31", status: "filled" }]);
});

test("an order that the account has ended by itself is said to have ended, once", () => {
  const { world, outbox, ear } = listening();
  ear.sayEnds();
  expect(world.told).toEqual([]);
  world.state = "rejected";
  ear.sayEnds();
  ear.sayEnds();
  expect(world.told).toMatchObject([{ intentId: INTENT_ID, status: "rejected", dealId: null }]);
  outbox.stop();
});

test("an end that a report told is not said again, nor is a fill", () => {
  const refused = listening();
  refused.ear.unsent(INTENT, "no-terminal: none");
  refused.world.state = "rejected";
  refused.ear.sayEnds();
  expect(refused.world.told).toHaveLength(1);
  const filled = listening();
  filled.world.state = "filled";
  filled.ear.sayEnds();
  expect(filled.world.told).toEqual([]);
});

test("an order of before a restart is told as what it is: a part of it is no whole, a market order is not cancelled", () => {
  const { intentId, instrumentId, side, volumeMicros, purpose } = INTENT;
  const order = { intentId, instrumentId, side, volumeMicros, purpose, filledMicros: 20_000, terms: null };
  const { world, ear } = listening([order]);
  ear.follow(INTENT_ID);
  ear.deal({ ...DEAL, volume: "0.03" }, TERMINAL);
  ear.deal({ ...DEAL, ticket: "32", volume: "0.05" }, TERMINAL);
  expect(world.told).toMatchObject([
    { status: "partially-filled", reason: "expert" },
    { status: "filled", reason: "expert" },
  ]);
  const gone = listening([{ ...order, side: "SELL", filledMicros: 0 }]);
  const rejected = {
    intentId: INTENT_ID,
    class: "rejected",
    source: "lookup",
    final: true,
    retcode: 0,
    words: "",
  };
  gone.ear.execution({ ...rejected, order: null } as never);
  expect(gone.world.told).toMatchObject([{ status: "rejected", side: "SELL", volumeMicros: 100_000 }]);
});
