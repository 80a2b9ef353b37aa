// The keyboard's table, the marks on the chart and the tree of actors.

import { describe, expect, test } from "bun:test";
import type { RiskMessage } from "../../api/risk.ts";
import type { ActorMessage, BarMessage, OrderMessage, SignalMessage } from "../../api/schemas.ts";
import { actorTree } from "./actor-tree.ts";
import { BarSeries } from "./bars.ts";
import { type KeyAction, keyAction, type KeyPress } from "./keys.ts";
import { NOTHING } from "./format.ts";
import { limitsOf } from "./risk-limits.ts";
import { withSteps } from "./lists.ts";
import { marksOf } from "./markers.ts";

const press = (key: string, change: Partial<KeyPress> = {}): KeyPress => ({
  key,
  hasModifier: false,
  isTyping: false,
  ownsArrows: false,
  ...change,
});

describe("the nearest limit", () => {
  const control = { unit: "money", headroom: null, passes: true } as const;
  const risk: RiskMessage = {
    accountId: "paper",
    currency: "USD",
    mode: "active",
    account: [
      { ...control, control: "margin", value: 10, limit: 100 },
      { ...control, control: "gross-exposure", value: 90, limit: 120 },
      { ...control, control: "entries-halted", unit: "flag", value: 0, limit: 0 },
    ],
    symbols: [],
    sizing: {
      riskFraction: 0.005,
      method: "fixed-fraction",
      kellyFraction: 0.25,
      confidenceShare: 0,
      uncertaintyShare: 0,
    },
    refusals: {},
  };

  test("is the one that most is used of", () => {
    expect(limitsOf(risk)).toEqual({
      nearest: "75%",
      all: ["gross exposure: 75%", "margin: 10%"],
    });
  });

  test("is one whose figure is not known, and none before anything is", () => {
    const [first, second] = risk.account;
    expect(limitsOf({ ...risk, account: [first!, { ...second!, value: null }] }).nearest).toBe("100%");
    expect(limitsOf(undefined)).toEqual({ nearest: NOTHING, all: [] });
  });
});

describe("the keyboard", () => {
  const cases: readonly [name: string, press: KeyPress, action: KeyAction | undefined][] = [
    ["down", press("ArrowDown"), { kind: "symbol", step: 1 }],
    ["up", press("ArrowUp"), { kind: "symbol", step: -1 }],
    ["1", press("1"), { kind: "interval", interval: "1s" }],
    ["7", press("7"), { kind: "interval", interval: "1d" }],
    ["8 is no bar size", press("8"), undefined],
    ["?", press("?"), { kind: "help" }],
    ["escape", press("Escape"), { kind: "close" }],
    ["escape while typing", press("Escape", { isTyping: true }), { kind: "close" }],
    ["a digit while typing is text", press("3", { isTyping: true }), undefined],
    ["with a modifier it is the browser's", press("r", { hasModifier: true }), undefined],
    ["arrows of a tab list are its own", press("ArrowDown", { ownsArrows: true }), undefined],
    ["any other key", press("q"), undefined],
  ];
  for (const [name, pressed, action] of cases) {
    test(name, () => expect(keyAction(pressed)).toEqual(action as KeyAction));
  }
});

const iso = (seconds: number): string => new Date(seconds * 1_000).toISOString();

const signal = (seconds: number, prediction: "BUY" | "SELL", symbol = "EURUSD"): SignalMessage =>
  ({ symbol, prediction, timestamp: iso(seconds) }) as SignalMessage;

const step = (id: string, seconds: number, change: Partial<OrderMessage>): OrderMessage => ({
  id,
  seq: seconds,
  time: iso(seconds),
  event: "execution",
  symbol: "EURUSD",
  purpose: "entry",
  side: "BUY",
  lots: 0.1,
  price: 1.1,
  status: "filled",
  reason: "",
  positionId: null,
  signalId: null,
  ...change,
});

describe("marks on the chart", () => {
  const series = new BarSeries("1m");
  series.merge(
    [0, 60, 120].map((seconds): BarMessage => {
      const price = { open: 1, high: 1, low: 1, close: 1 };
      return Object.assign(price, {
        symbol: "EURUSD",
        interval: "1m" as const,
        time: iso(seconds),
        volume: 1,
        ticks: 1,
        closed: true,
        source: "test",
      });
    }),
  );

  test("stand at the bar they fell into, once for each side and kind", () => {
    const orders = withSteps(
      [],
      [
        step("a", 61, { event: "intent", status: "", price: null }),
        step("a", 62, {}),
        step("b", 130, { purpose: "exit", side: "SELL", price: 1.2 }),
        step("c", 131, { status: "rejected" }),
      ],
    );
    const signals = [signal(5, "BUY"), signal(20, "BUY"), signal(21, "SELL"), signal(5, "BUY", "USDJPY")];
    expect(marksOf("EURUSD", series, { signals, orders })).toEqual([
      { kind: "signal", side: "BUY", timeSeconds: 0, price: 0 },
      { kind: "signal", side: "SELL", timeSeconds: 0, price: 0 },
      { kind: "entry", side: "BUY", timeSeconds: 60, price: 1.1 },
      { kind: "exit", side: "SELL", timeSeconds: 120, price: 1.2 },
    ]);
  });

  test("outside of the bars at hand are left out", () => {
    expect(marksOf("EURUSD", series, { signals: [signal(900, "BUY")], orders: [] })).toEqual([]);
  });
});

const actor = (path: string, parent: string | null): ActorMessage => ({ path, parent }) as ActorMessage;

const shape = (actors: ActorMessage[]): string[] =>
  actorTree(actors).map(({ name, depth }) => `${"-".repeat(depth)}${name}`);

describe("the tree of actors", () => {
  test("has parents before their children", () => {
    const actors = [actor("market/EURUSD", "market"), actor("account", null), actor("market", null)];
    expect(shape(actors)).toEqual(["account", "market", "-EURUSD"]);
  });

  test("has a row for a group that is no actor, unless only one is in it", () => {
    const actors = [
      actor("account/paper", "account"),
      actor("symbol/A", "symbol"),
      actor("symbol/B", "symbol"),
    ];
    expect(shape(actors)).toEqual(["account/paper", "symbol", "-A", "-B"]);
  });

  test("leaves nobody out: a circle stands at the root", () => {
    expect(shape([actor("a", null), actor("c", "d"), actor("d", "c")])).toEqual(["a", "c", "-d"]);
  });
});
