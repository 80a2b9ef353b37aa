// Lists that grow from the stream.

import { describe, expect, test } from "bun:test";
import type { OrderMessage, PositionMessage, PositionUpdate } from "../../api/schemas.ts";
import { EQUITY_POINTS_MAX, ORDERS_MAX } from "./limits.ts";
import { thinned, withEquity, withNewest, withPosition, withSteps } from "./lists.ts";

const byId = { key: ({ id }: { id: number }) => id, max: 3 };

const of = (ids: number[]): { id: number }[] => ids.map((id) => ({ id }));

describe("newest first", () => {
  const cases: readonly [name: string, before: number[], incoming: number[], after: number[]][] = [
    ["nothing new", [2, 1], [], [2, 1]],
    ["one more", [2, 1], [3], [3, 2, 1]],
    ["out of order", [5, 1], [3, 4], [5, 4, 3]],
    ["known already", [2, 1], [2, 2], [2, 1]],
    ["beyond the bound", [3, 2, 1], [4], [4, 3, 2]],
  ];
  for (const [name, before, incoming, after] of cases) {
    test(name, () => {
      expect(withNewest(of(before), of(incoming), byId)).toEqual(of(after));
    });
  }
});

function step(id: string, seq: number, event: OrderMessage["event"] = "intent"): OrderMessage {
  const time = new Date(seq * 1_000).toISOString();
  const rest = {
    symbol: "EURUSD",
    purpose: "entry",
    side: "BUY",
    lots: 0.1,
    price: null,
    status: "",
    reason: "",
  };
  return { id, seq, time, event, ...rest, positionId: null, signalId: null };
}

describe("orders", () => {
  test("are the steps of one id, oldest first, whatever order they came in", () => {
    const orders = withSteps([], [step("a", 3, "execution"), step("b", 2), step("a", 1)]);
    expect(orders.map(({ id, seq, steps }) => [id, seq, steps.map((one) => one.seq)])).toEqual([
      ["a", 3, [1, 3]],
      ["b", 2, [2]],
    ]);
  });

  test("hear a step twice and count it once", () => {
    const orders = withSteps(withSteps([], [step("a", 1)]), [step("a", 1), step("a", 2, "sent")]);
    expect(orders[0]!.steps.length).toBe(2);
  });

  test("refusals that name no order stand for themselves", () => {
    expect(withSteps([], [step("", 1, "refusal"), step("", 2, "refusal")]).length).toBe(2);
  });

  test("are bounded", () => {
    const many = Array.from({ length: ORDERS_MAX + 10 }, (_, seq) => step(`o${seq}`, seq));
    expect(withSteps([], many).length).toBe(ORDERS_MAX);
  });
});

const update = (change: Partial<PositionUpdate>): PositionUpdate => ({
  ticket: "1",
  symbol: "EURUSD",
  type: "BUY",
  currentPrice: 1.2,
  profit: 10,
  status: "changed",
  reason: "",
  ...change,
});

describe("positions", () => {
  const held: PositionMessage = {
    ticket: "1",
    symbol: "EURUSD",
    type: "BUY",
    lots: 0.1,
    openPrice: 1.1,
    openTime: "2014-05-02T12:30:00Z",
    stopLoss: 1.09,
    takeProfit: null,
    currentPrice: 1.1,
    profit: 0,
  };

  test("change in the fields that are named", () => {
    expect(withPosition([held], update({}))).toEqual([{ ...held, currentPrice: 1.2, profit: 10 }]);
  });

  test("leave when they are closed", () => {
    expect(withPosition([held], update({ status: "closed" }))).toEqual([]);
  });

  test("come when they are opened in full", () => {
    const opened = {
      status: "opened",
      ticket: "2",
      lots: 0.2,
      openPrice: 1.3,
      openTime: held.openTime,
    } as const;
    expect(withPosition([held], update(opened)).map(({ ticket }) => ticket)).toEqual(["1", "2"]);
  });

  test("that are told of in part and not known wait for the account", () => {
    expect(withPosition([], update({}))).toEqual([]);
  });
});

const point = (millis: number): { time: string; balance: number; equity: number } => ({
  time: new Date(millis).toISOString(),
  balance: 1,
  equity: millis,
});

describe("the equity curve", () => {
  test("gains no more than a point a second: the newest of each", () => {
    let curve = [point(0), point(1_000)] as ReturnType<typeof withEquity>;
    for (const millis of [1_100, 1_400, 1_900, 2_500]) curve = withEquity(curve, point(millis));
    expect(curve.map(({ equity }) => equity)).toEqual([0, 1_000, 1_900, 2_500]);
  });

  test("does not go back in time", () => {
    const curve = [point(5_000)];
    expect(withEquity(curve, point(4_000))).toBe(curve);
  });

  test("is thinned in its older half when it grows too long", () => {
    const curve = thinned(
      Array.from({ length: EQUITY_POINTS_MAX + 1 }, (_, second) => point(second * 1_000)),
    );
    expect(curve.length).toBeLessThanOrEqual(EQUITY_POINTS_MAX);
    expect(curve[0]!.equity).toBe(0);
    expect(curve.at(-1)!.equity).toBe(EQUITY_POINTS_MAX * 1_000);
  });
});
