// The session and the chart's feed: what is fetched when, over a server of the test's own.

import { describe, expect, test } from "bun:test";
import type { BarMessage } from "../../api/schemas.ts";
import { Api } from "./api.ts";
import { ChartFeed } from "./chart-feed.ts";
import { BARS_PAGE } from "./limits.ts";
import { Session } from "./session.ts";
import { Store } from "./store.ts";
import type { SocketEvents } from "./stream.ts";

const EMPTY_PAGE = { items: [], cursor: null };

class Rig {
  readonly asked: string[] = [];
  readonly store = new Store();
  readonly drawn: string[] = [];
  answer: (path: string) => Response = () => Response.json(EMPTY_PAGE);
  socket: SocketEvents | undefined;
  #timers: { millis: number; task: () => void }[] = [];
  readonly feed: ChartFeed;
  readonly session: Session;

  constructor() {
    const after = (millis: number, task: () => void): (() => void) => {
      const timer = { millis, task };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((other) => other !== timer);
      };
    };
    const api = new Api(async (path) => {
      this.asked.push(path.replace("api/v1/", ""));
      return this.answer(path);
    });
    this.feed = new ChartFeed({
      fetchBars: (wish) => api.bars(wish),
      after,
      draw: (series, change, reset) =>
        void this.drawn.push(`${change.kind} ${series.bars.length}${reset ? " reset" : ""}`),
    });
    this.session = new Session({
      store: this.store,
      api,
      chart: this.feed,
      isVisible: () => true,
      ports: {
        connect: (events) => {
          this.socket = events;
          return { send: () => undefined, close: () => undefined };
        },
        nowMillis: () => 0,
        after,
        random: () => 0,
      },
    });
  }

  /** Runs what was put off for up to `millis`, and lets answers arrive. */
  async pass(millis: number): Promise<void> {
    const due = this.#timers.filter((timer) => timer.millis <= millis);
    this.#timers = this.#timers.filter((timer) => timer.millis > millis);
    for (const { task } of due) task();
    await Bun.sleep(0);
    await Bun.sleep(0);
  }

  hear(message: object): void {
    this.socket?.onMessage(JSON.stringify(message));
  }
}

function bars(from: number, count: number): BarMessage[] {
  return Array.from({ length: count }, (_, index) => {
    const time = new Date((from + index) * 60_000).toISOString();
    const flat = { open: 1, high: 1, low: 1, close: 1, volume: 1, ticks: 1, closed: true, source: "test" };
    return { symbol: "EURUSD", interval: "1m", time, ...flat };
  });
}

describe("the session", () => {
  test("fetches everything at the start, each part once", async () => {
    const rig = new Rig();
    rig.session.start();
    rig.hear({ type: "welcome", boot: "a", heartbeatMillis: 1_000 });
    for (const topic of ["price_update", "regime", "signal", "account", "position_update"]) {
      rig.hear({ type: "subscribed", topic, symbols: "*", sequence: 0, resumed: false });
    }
    await rig.pass(0);
    const parts = rig.asked.map((path) => path.split("?")[0]!).sort();
    expect(parts).toEqual([...new Set(parts)]);
    expect(parts).toContain("signals");
  });

  test("a store that is down is told of in the part, not in the page", async () => {
    const rig = new Rig();
    rig.answer = (path) =>
      path.includes("signals")
        ? Response.json({ title: "unavailable", detail: "the store does not answer" }, { status: 503 })
        : Response.json(EMPTY_PAGE);
    rig.session.start();
    await rig.pass(0);
    expect(rig.store.part("signals").value.trouble).toBe("the store does not answer");
    expect(rig.store.part("orders").value).toEqual({ isLoaded: true, trouble: "" });
  });

  test("another life of the server makes it forget signals of the one before", () => {
    const rig = new Rig();
    rig.session.start();
    rig.hear({ type: "welcome", boot: "a", heartbeatMillis: 1_000 });
    rig.store.loadSignals([{ id: 9 } as never]);
    rig.socket?.onClose();
    rig.session.retryNow();
    rig.hear({ type: "welcome", boot: "b", heartbeatMillis: 1_000 });
    expect(rig.store.signals.value).toEqual([]);
  });
});

describe("the chart's feed", () => {
  const wish = { symbol: "EURUSD", interval: "1m" } as const;

  test("shows the newest page and brings older ones until there are no more", async () => {
    const rig = new Rig();
    const first = bars(10_000, BARS_PAGE);
    const older = bars(9_990, 10);
    rig.answer = () => Response.json({ items: first, cursor: null });
    rig.feed.show(wish);
    await rig.pass(0);
    expect(rig.feed.state.value.kind).toBe("ready");
    rig.answer = () => Response.json({ items: older, cursor: null });
    await rig.feed.wantOlder();
    expect(rig.feed.series.bars.length).toBe(BARS_PAGE + 10);
    expect(rig.asked.at(-1)).toContain(`to=${encodeURIComponent(first[0]!.time)}`);
    rig.answer = () => Response.json(EMPTY_PAGE);
    await rig.feed.wantOlder();
    const asked = rig.asked.length;
    await rig.feed.wantOlder();
    expect(rig.asked.length).toBe(asked);
  });

  test("says why there is no history, tries again and draws live bars meanwhile", async () => {
    const rig = new Rig();
    rig.answer = () => Response.json({ title: "store", detail: "it is down" }, { status: 503 });
    rig.feed.show(wish);
    await rig.pass(0);
    expect(rig.feed.state.value).toEqual({ kind: "failed", message: "it is down" });
    rig.feed.apply([{ type: "bar", sequence: 1, timestamp: "", data: bars(10, 1)[0]! }]);
    expect(rig.feed.series.bars.length).toBe(1);
    rig.answer = () => Response.json({ items: bars(5, 6), cursor: null });
    await rig.pass(5_000);
    expect(rig.feed.state.value.kind).toBe("ready");
    expect(rig.feed.series.bars.length).toBe(6);
  });

  test("an answer for a symbol no longer shown is not drawn", async () => {
    const rig = new Rig();
    rig.answer = () => Response.json({ items: bars(5, 3), cursor: null });
    rig.feed.show(wish);
    rig.answer = () => Response.json(EMPTY_PAGE);
    rig.feed.show({ symbol: "USDJPY", interval: "1m" });
    await rig.pass(0);
    expect(rig.feed.series.bars.length).toBe(0);
  });

  test("draws nothing for prices of other symbols", async () => {
    const rig = new Rig();
    rig.feed.show(wish);
    await rig.pass(0);
    const drawn = rig.drawn.length;
    const data = { symbol: "USDJPY", bid: 1, ask: 1, time: "2014-05-02T12:00:00Z" } as never;
    rig.feed.apply([{ type: "price_update", sequence: 1, timestamp: "", data }]);
    expect(rig.drawn.length).toBe(drawn);
  });
});
