// What the page sends when somebody trades by hand: judged first, once whoever clicks twice, under one key for one wish; and what is typed,
// read as people write it.

import { describe, expect, test } from "bun:test";
import type { PositionMessage } from "../../api/schemas.ts";
import { Api } from "./api.ts";
import { refusalText } from "./refusal-words.ts";
import { TradePanel } from "./trade-panel.ts";
import { closeLotsOf, levelsOf, orderChangeOf, placeWishOf, type PlaceWish } from "./trade-wish.ts";

const WISH: PlaceWish = { type: "market", symbol: "EURUSD", side: "BUY", lots: 0.1, stopLoss: 1.07 };
const DEED = {
  id: "paper-1",
  seq: 1,
  status: "filled",
  symbol: "EURUSD",
  filledLots: 0.1,
  price: 1.0856,
  positionId: "P1",
  reason: "",
  time: "2026-01-01T00:00:00.000Z",
};
const APPROVED = { items: [{ approved: true, code: "", message: "", checks: [], orders: [] }] };
const POSITION = { ticket: "P1", symbol: "EURUSD", type: "BUY", lots: 0.1 } as PositionMessage;

function panelOf(answers: (path: string) => Response): {
  panel: TradePanel;
  sent: { path: string; body: unknown; key: string | undefined }[];
  done: () => number;
} {
  const sent: { path: string; body: unknown; key: string | undefined }[] = [];
  let keys = 0;
  let done = 0;
  const api = new Api((path, body = "{}", sending = {}) => {
    sent.push({ path, body: JSON.parse(body), key: sending.key });
    return Promise.resolve(answers(path));
  });
  const panel = new TradePanel({ api, newKey: () => `key-${++keys}`, onDone: () => done++ });
  return { panel, sent, done: () => done };
}

test("an order is judged, then placed once, whoever clicks twice", async () => {
  const { panel, sent, done } = panelOf((path) => Response.json(path.endsWith("validate") ? APPROVED : DEED));
  await panel.place();
  panel.ask({ about: "place", symbol: "EURUSD" });
  await panel.place();
  expect(sent).toEqual([]);
  await panel.judge(WISH);
  await Promise.all([panel.place(), panel.place()]);
  expect(sent).toEqual([
    { path: "api/v1/orders/validate", body: { orders: [{ ...WISH, by: "dashboard" }] }, key: undefined },
    { path: "api/v1/orders", body: { ...WISH, by: "dashboard" }, key: "key-1" },
  ]);
  expect([panel.question.value, panel.notice.value, done()]).toEqual([
    undefined,
    "EURUSD: 0.10 lots filled at 1.0856.",
    1,
  ]);
});

test("what is typed after it was judged is judged again", async () => {
  const { panel, sent } = panelOf(() => Response.json(APPROVED));
  panel.ask({ about: "place", symbol: "EURUSD" });
  await panel.judge(WISH);
  panel.touch();
  expect(panel.question.value?.judged).toBeUndefined();
  await panel.place();
  expect(sent).toHaveLength(1);
});

test("a wish that is sent again after no answer keeps its key, another gets another", async () => {
  let isAway = true;
  const { panel, sent } = panelOf(() => {
    if (isAway) throw new Error("away");
    return Response.json({ ...DEED, status: "unknown", reason: "do not send it again" }, { status: 202 });
  });
  panel.ask({ about: "close", position: POSITION });
  await panel.closePosition("P1", 0.05);
  expect(panel.question.value?.trouble).toBe("the server does not answer");
  isAway = false;
  await panel.closePosition("P1", 0.05);
  expect(panel.question.value?.trouble).toBe("do not send it again");
  await panel.closePosition("P1", undefined);
  expect(sent.map(({ key }) => key)).toEqual(["key-1", "key-1", "key-2"]);
  panel.ask({ about: "close", position: POSITION });
  await panel.closePosition("P1", undefined);
  expect(sent.at(-1)?.key).toBe("key-3");
});

test("a problem is shown with what is wrong with each value", async () => {
  const errors = [{ path: "lots", message: "too many" }];
  const { panel } = panelOf(() => Response.json({ detail: "see errors", errors }, { status: 400 }));
  panel.ask({ about: "place", symbol: "EURUSD" });
  await panel.judge(WISH);
  expect(panel.question.value?.trouble).toBe("see errors; lots: too many");
});

describe("what is typed", () => {
  const ticket = {
    type: "market",
    symbol: "EURUSD",
    side: "SELL",
    lots: "0,5",
    stopLoss: "1.2",
    takeProfit: "",
  };

  test("is read with either decimal mark, and what is empty is left out", () => {
    expect(placeWishOf(ticket)).toMatchObject({
      ok: true,
      value: { type: "market", symbol: "EURUSD", side: "SELL", lots: 0.5, stopLoss: 1.2 },
    });
    expect(placeWishOf({ ...ticket, type: "limit", price: "1.1", timeInForce: "day" })).toMatchObject({
      ok: true,
      value: { price: 1.1, timeInForce: "day" },
    });
    expect(levelsOf({ stopLoss: "1.07", takeProfit: "" })).toMatchObject({
      ok: true,
      value: { stopLoss: 1.07, takeProfit: null },
    });
    expect(closeLotsOf({ lots: "0.1" }, 0.1)).toMatchObject({ ok: true, value: undefined });
    expect(closeLotsOf({ lots: "0.04" }, 0.1)).toMatchObject({ ok: true, value: 0.04 });
  });

  test.each([
    ["no lots", { ...ticket, lots: "" }, "number of lots is needed"],
    ["words", { ...ticket, lots: "many" }, "“many” is no number of lots"],
    ["less than nothing", { ...ticket, stopLoss: "-1" }, "“-1” is no stop"],
    ["no stop", { ...ticket, stopLoss: "" }, "stop is needed"],
    ["a limit without a price", { ...ticket, type: "limit" }, "price is needed"],
    [
      "a stop-limit without its limit",
      { ...ticket, type: "stop-limit", price: "1" },
      "limit price is needed",
    ],
  ])("%s is refused in words", (_, given, message) => {
    expect(placeWishOf(given)).toMatchObject({ ok: false, message: expect.stringContaining(message) });
  });

  test("a change of an order needs its price", () => {
    expect(orderChangeOf({ price: "", stopLoss: "1" })).toMatchObject({ ok: false });
    expect(orderChangeOf({ price: "1.1", stopLoss: "1", takeProfit: "" })).toMatchObject({
      ok: true,
      value: { price: 1.1, stopLoss: 1, takeProfit: null },
    });
  });
});

test("a refusal is a sentence, also of a control that has none of its own", () => {
  expect(refusalText("kill-switch")).toBe("The kill switch is tripped.");
  expect(refusalText("of-tomorrow", "value 2, limit 1")).toBe("of tomorrow. value 2, limit 1");
});
