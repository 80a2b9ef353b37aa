// Where the page begins: builds its parts, draws it, and starts the stream.

import { effect, signal, untracked } from "@preact/signals";
import { render } from "preact";
import { PageProvider, type Page } from "../view/context.ts";
import { PageView } from "../view/page.tsx";
import { Api } from "./api.ts";
import { AppearanceSwitch } from "./appearance.ts";
import { ChartFeed } from "./chart-feed.ts";
import { elementById } from "./dom.ts";
import { KillPanel } from "./kill-panel.ts";
import { listenToKeys } from "./keyboard.ts";
import type { PriceChart } from "./price-chart.ts";
import { Session } from "./session.ts";
import { Store } from "./store.ts";
import type { Socket, SocketEvents, StreamPorts } from "./stream.ts";
import { TradePanel } from "./trade-panel.ts";
import { keptToken } from "./token.ts";

const SECOND_MILLIS = 1_000;

const token = keptToken();

const ports: StreamPorts = {
  connect,
  nowMillis: () => Date.now(),
  after: (millis, task) => {
    const timer = setTimeout(task, millis);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
};

function connect({ onMessage, onClose }: SocketEvents): Socket {
  const url = new URL("ws", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  // A browser's socket cannot carry a header: the token travels as a subprotocol.
  const socket = token === "" ? new WebSocket(url) : new WebSocket(url, ["tickforge", token]);
  socket.addEventListener("message", ({ data }) => {
    if (typeof data === "string") onMessage(data);
  });
  socket.addEventListener("close", onClose);
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => socket.close(),
  };
}

/** Random, since no other page may come to the same. */
function newKey(): string {
  return crypto.getRandomValues(new Uint8Array(16)).toHex();
}

function isVisible(): boolean {
  return document.visibilityState === "visible";
}

function start(): void {
  const store = new Store();
  const api = new Api(async (path, body, { method = "POST", key } = {}) => {
    const authorization = token === "" ? {} : { authorization: `Bearer ${token}` };
    const headers = { accept: "application/json", ...authorization };
    const sent =
      body === undefined
        ? { headers }
        : {
            method,
            body,
            headers: {
              ...headers,
              "content-type": "application/json",
              ...(key === undefined ? {} : { "idempotency-key": key }),
            },
          };
    const response = await fetch(path, sent);
    if (response.status === 401) store.isTokenWanted.value = true;
    return response;
  });
  const chart = { current: signal<PriceChart | undefined>(undefined), drawn: signal(0) };
  let barsDrawn = 0;
  const feed = new ChartFeed({
    fetchBars: (wish) => api.bars(wish),
    after: ports.after,
    draw: (series, change, reset) => {
      chart.current.peek()?.draw(series, change, reset);
      const isGrown = series.bars.length !== barsDrawn;
      barsDrawn = series.bars.length;
      if (isGrown || change.kind === "all") chart.drawn.value = chart.drawn.peek() + 1;
    },
  });
  // A chart that is built after the bars came draws what is there.
  effect(() => {
    chart.current.value?.draw(feed.series, { kind: "all" }, true);
  });
  const session = new Session({ store, api, chart: feed, ports, isVisible });
  const now = signal(Date.now());
  setInterval(() => {
    now.value = Date.now();
  }, SECOND_MILLIS);
  const page: Page = {
    store,
    kill: new KillPanel(api),
    trade: new TradePanel({ api, newKey, onDone: () => session.lookAtAccount() }),
    feed,
    chart,
    appearance: new AppearanceSwitch(),
    now,
    retryNow: () => session.retryNow(),
    doModelWish: (wish) => void session.doModelWish(wish),
    select: (symbol) => {
      store.selected.value = symbol;
    },
  };
  effect(() => {
    const wish = { symbol: store.selected.value, interval: store.interval.value };
    untracked(() => session.watch(wish));
  });
  effect(() => {
    if (store.view.value === "mt5") untracked(() => session.lookAtTerminals());
  });
  effect(() => {
    if (store.view.value === "models" && store.selected.value !== "") untracked(() => session.lookAtModels());
  });
  effect(() => {
    const badge = store.health.value?.badge;
    const symbol = store.selected.value;
    document.title = [symbol, badge, "Tickforge"]
      .filter((part) => part !== undefined && part !== "")
      .join(" · ");
  });
  addEventListener("online", () => session.retryNow());
  listenToKeys(page);
  render(
    <PageProvider value={page}>
      <PageView />
    </PageProvider>,
    elementById("page"),
  );
  session.start();
}

start();
