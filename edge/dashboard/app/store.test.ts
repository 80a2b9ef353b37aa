// The store: what the page knows after REST and stream in any order.

import { describe, expect, test } from "bun:test";
import { effect } from "@preact/signals";
import type { SignalMessage, StreamMessage, SymbolState } from "../../api/schemas.ts";
import { SIGNALS_MAX } from "./limits.ts";
import { Store } from "./store.ts";
import { afterPrice, viewOf } from "./symbols.ts";

const NOON = Date.parse("2014-05-02T12:00:00Z");
const at = (seconds: number): string => new Date(NOON + seconds * 1_000).toISOString();

function state(symbol: string, change: Partial<SymbolState> = {}): SymbolState {
  return {
    symbol,
    digits: 5,
    bid: 1.1,
    ask: 1.1002,
    spread: 0.0002,
    dayChange: 0.01,
    regime: "quiet-range" as const,
    action: "HOLD" as const,
    probabilityUp: 0.5,
    ticks: 1,
    quarantined: 0,
    signals: 0,
    time: at(0),
    open: true,
    trouble: "",
    ...change,
  };
}

function price(symbol: string, bid: number, time: string): StreamMessage {
  const data = { symbol, bid, ask: bid + 0.0002, spread: 0.0002, time, timestamp: time };
  return {
    type: "price_update",
    sequence: 1,
    timestamp: time,
    data: { ...data, volume: 1, high: bid, low: bid, open: bid, seq: 1 },
  };
}

function signal(id: number): SignalMessage {
  return { id, symbol: "EURUSD", timestamp: at(id) } as SignalMessage;
}

const update = (bid: number, time: string) =>
  (price("EURUSD", bid, time) as Extract<StreamMessage, { type: "price_update" }>).data;

describe("symbols", () => {
  test("the first is selected, and stays so when the list comes again", () => {
    const store = new Store();
    store.loadSymbols([state("EURUSD"), state("USDJPY")]);
    expect(store.selected.value).toBe("EURUSD");
    store.selected.value = "USDJPY";
    store.loadSymbols([state("GBPUSD"), state("USDJPY")]);
    expect(store.selected.value).toBe("USDJPY");
  });

  test("a price of the stream beats an older one over REST", () => {
    const store = new Store();
    store.loadSymbols([state("EURUSD")]);
    store.apply([price("EURUSD", 1.2, at(5))]);
    store.loadSymbols([state("EURUSD", { time: at(3), bid: 1.15, signals: 4 })]);
    expect(store.symbol("EURUSD")?.value).toMatchObject({ bid: 1.2, time: at(5), signals: 4 });
  });

  test("a price older than what is shown is not shown", () => {
    const store = new Store();
    store.loadSymbols([state("EURUSD")]);
    store.apply([price("EURUSD", 1.2, at(-5))]);
    expect(store.symbol("EURUSD")?.value.bid).toBe(1.1);
  });

  test("only the symbols that moved are drawn again", () => {
    const store = new Store();
    store.loadSymbols([state("EURUSD"), state("USDJPY")]);
    const drawn = { EURUSD: 0, USDJPY: 0 };
    for (const name of ["EURUSD", "USDJPY"] as const) {
      effect(() => {
        void store.symbol(name)?.value;
        drawn[name]++;
      });
    }
    store.apply([price("EURUSD", 1.2, at(1)), price("EURUSD", 1.3, at(2))]);
    expect(drawn).toEqual({ EURUSD: 2, USDJPY: 1 });
  });

  test("the day's change goes on from the day's first mid, and starts anew with the UTC day", () => {
    const view = viewOf(state("EURUSD", { bid: 1.01, ask: 1.01, dayChange: 0.01 }));
    expect(view.dayOpen).toBeCloseTo(1, 12);
    const later = afterPrice(view, { ...update(1.02, at(60)), ask: 1.02 });
    expect(later.dayChange).toBeCloseTo(0.02, 12);
    const nextDay = afterPrice(later, { ...update(1.03, at(13 * 3_600)), ask: 1.03 });
    expect(nextDay.dayChange).toBe(0);
  });
});

describe("signals", () => {
  test("come from both sides, newest first, each once, bounded", () => {
    const store = new Store();
    store.apply([{ type: "signal", sequence: 1, timestamp: "", data: signal(7) }]);
    store.loadSignals([signal(5), signal(7), signal(6)]);
    expect(store.signals.value.map(({ id }) => id)).toEqual([7, 6, 5]);
    store.loadSignals(Array.from({ length: SIGNALS_MAX + 50 }, (_, id) => signal(id + 100)));
    expect(store.signals.value.length).toBe(SIGNALS_MAX);
  });

  test("of a server before its restart are forgotten", () => {
    const store = new Store();
    store.loadSignals([signal(5)]);
    store.forgetLists();
    expect(store.signals.value).toEqual([]);
  });
});

test("a part that could not be fetched says why and keeps what it had", () => {
  const store = new Store();
  expect(store.part("signals").value).toEqual({ isLoaded: false, trouble: "" });
  store.fail("signals", "the store does not answer");
  expect(store.part("signals").value).toEqual({ isLoaded: false, trouble: "the store does not answer" });
  store.loadSignals([signal(1)]);
  expect(store.part("signals").value).toEqual({ isLoaded: true, trouble: "" });
  store.fail("signals", "gone again");
  expect(store.part("signals").value).toEqual({ isLoaded: true, trouble: "gone again" });
});

test("live equity goes on behind the stored curve", () => {
  const store = new Store();
  const point = (seconds: number, equity: number) => ({ time: at(seconds), balance: 100, equity });
  store.loadEquity([point(0, 100), point(60, 101)]);
  const account = { balance: 100, equity: 102, positions: [] };
  const message = {
    type: "account",
    sequence: 1,
    timestamp: at(120),
    data: account,
  } as unknown as StreamMessage;
  store.apply([message]);
  store.loadEquity([point(0, 100), point(60, 101), point(90, 101.5)]);
  expect(store.equity.value.map(({ equity }) => equity)).toEqual([100, 101, 101.5, 102]);
});

test("one batch of the stream is one render", () => {
  const store = new Store();
  store.loadSymbols([state("EURUSD")]);
  let renders = 0;
  effect(() => {
    void store.signals.value;
    void store.orders.value;
    void store.symbol("EURUSD")?.value;
    renders++;
  });
  store.apply([
    price("EURUSD", 1.2, at(1)),
    { type: "signal", sequence: 1, timestamp: "", data: signal(1) },
    price("EURUSD", 1.3, at(2)),
    { type: "signal", sequence: 2, timestamp: "", data: signal(2) },
  ]);
  expect(renders).toBe(2);
});
