// What an account knows of the owner's other accounts: live orders and recent executions, nothing that is over; and an entry that would trade
// with one of them is refused.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../../base/archive.ts";
import type { Execution, OrderIntent } from "../../domain/order.ts";
import { execution, LIMIT, NOON, reportOf, signal, TestEngine, tick } from "../account.fixture.ts";
import { OTHER_ORDERS_MAX } from "./bounds.ts";
import { OtherOrders } from "./other-orders.ts";

const MINUTE = 60_000_000;
const SELL: OrderIntent = {
  kind: "intent",
  seq: 1,
  timeMicros: NOON,
  accountId: "other",
  intentId: "other-1",
  instrumentId: 0,
  purpose: "entry",
  side: "SELL",
  volumeMicros: 1_000_000,
  causeSeq: 1,
  bidPoints: 110_000,
  askPoints: 110_010,
  stopPricePoints: 110_300,
  targetPricePoints: null,
  positionId: null,
  expiresAtMicros: NOON + MINUTE,
  epoch: 1,
  checks: [],
  reason: "signal",
};

function told(...records: (OrderIntent | Execution)[]): OtherOrders {
  const others = new OtherOrders(MINUTE);
  for (const record of records) others.hear(record);
  return others;
}

function seen(others: OtherOrders, nowMicros = NOON): string[] {
  return others
    .of(0, nowMicros)
    .map(({ side, pricePoints, live, dormant }) => `${side} ${pricePoints} ${live} ${dormant}`);
}

describe("orders of other accounts", () => {
  test("count while they live, and once they were executed", () => {
    expect(seen(told(SELL))).toEqual(["SELL 110000 true false"]);
    expect(seen(told(SELL, execution(SELL)))).toEqual(["SELL 110000 false false"]);
    expect(seen(told(SELL, reportOf(SELL, "cancelled")))).toEqual([]);
    expect(seen(told(SELL, reportOf(SELL, "rejected")))).toEqual([]);
    const part = execution(SELL, { status: "partially-filled", volumeMicros: 10_000 });
    expect(seen(told(SELL, part, reportOf(SELL, "cancelled")))).toEqual(["SELL 110000 false false"]);
    expect(told(SELL).of(1, NOON)).toEqual([]);
  });

  test("that wait have their own price, also a new one; stops are dormant; one at the market ends by itself", () => {
    const waiting = { ...SELL, terms: LIMIT };
    const terms = { ...LIMIT, pricePoints: 109_950 };
    const change = { ...SELL, purpose: "modify", orderIntentId: SELL.intentId, terms } as const;
    expect(seen(told(waiting), NOON + 2 * MINUTE)).toEqual(["SELL 109900 true false"]);
    expect(seen(told(waiting, change))).toEqual(["SELL 109950 true false"]);
    expect(seen(told({ ...SELL, terms: { ...LIMIT, type: "stop" } }))).toEqual(["SELL 109900 true true"]);
    expect(seen(told(SELL), NOON + MINUTE + 1)).toEqual([]);
    expect(seen(told({ ...SELL, purpose: "cancel", orderIntentId: "x" }))).toEqual([]);
  });

  test("are bounded, and survive a restart", () => {
    const others = told();
    for (let i = 0; i < OTHER_ORDERS_MAX + 5; i++)
      others.hear({ ...SELL, intentId: `other-${i}`, terms: LIMIT });
    expect(others.of(0, NOON)).toHaveLength(OTHER_ORDERS_MAX);
    const saved = new SaveArchive();
    others.persist(saved);
    const copy = told();
    copy.persist(new LoadArchive(saved.finish()));
    expect(copy.of(0, NOON)).toEqual(others.of(0, NOON));
  });
});

test("an entry that could trade with another account's order is refused, one beside it is not", () => {
  for (const [side, codes] of [
    ["SELL", ["wash-trade"]],
    ["BUY", []],
  ] as const) {
    const engine = new TestEngine({ broker: "none" });
    engine.feed(tick({ timeMicros: NOON }));
    engine.account.receive({ ...SELL, side });
    engine.feed(signal({ timeMicros: NOON, action: "BUY" }));
    expect(engine.refusals.map(({ code }) => code)).toEqual([...codes]);
  }
});
