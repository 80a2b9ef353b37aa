// A stand-in for the real server, for what the real one cannot show on demand: an empty store, a store that is down, a closed market,
// and a stream of any rate. Speaks the same shapes; its market is a sum of waves, so any stretch of history fits the rest.

import type { Server, ServerWebSocket } from "bun";
import { type BarInterval } from "../../actors/domain/bar.ts";
import { REGIMES } from "../../actors/domain/regime.ts";
import type { ClientMessage } from "../api/client-message.ts";
import type { HealthMessage, StreamTopic, SymbolState, TopicData } from "../api/schemas.ts";
import {
  NO_BOOKS,
  NO_BRIDGE,
  MARKET,
  page,
  symbolOf,
  digitsOf,
  midOf,
  quoteOf,
  bucket,
  barOf,
  barsOf,
  signalAt,
  signalsBefore,
  stepsOf,
  ordersBefore,
  equityAt,
  equityBefore,
  RISK,
  positionOf,
  modelsOf,
  votesOf,
  latencies,
  actors,
  SIGNAL_MILLIS,
} from "./made-market.fixture.ts";
import type { Dashboard } from "./routes.ts";

export interface StandInOptions {
  readonly dashboard: Dashboard;
  readonly port?: number;
  /** Prices a second, over all symbols. */
  readonly updatesPerSecond: number;
  /** Answers 503 for everything that needs the time series store. */
  readonly isStoreDown?: boolean;
  /** No bars, signals, orders or positions yet. */
  readonly isEmpty?: boolean;
  readonly isClosed?: boolean;
  /** No model is registered: rule members alone. */
  readonly isWithoutModels?: boolean;
  /** Answers the API only to those who send it. */
  readonly token?: string;
  readonly boot?: string;
}

interface Listener {
  readonly topics: Set<StreamTopic>;
  bars: { symbol: string; interval: BarInterval };
}

const HEARTBEAT_MILLIS = 1_000;

export class StandIn {
  readonly #options: StandInOptions;
  readonly #server: Server<Listener>;
  readonly #sockets = new Set<ServerWebSocket<Listener>>();
  readonly #sequences = new Map<StreamTopic, number>();
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  #seq = 1_000_000;
  #sent = 0;
  #beganMillis = Date.now();

  constructor(options: StandInOptions) {
    this.#options = options;
    this.#server = Bun.serve<Listener>({
      port: options.port ?? 0,
      hostname: "127.0.0.1",
      fetch: (request, server) => this.#answer(request, server),
      websocket: {
        open: (socket) => {
          this.#sockets.add(socket);
          const boot = options.boot ?? "stand-in";
          socket.send(JSON.stringify({ type: "welcome", boot, heartbeatMillis: HEARTBEAT_MILLIS }));
        },
        close: (socket) => void this.#sockets.delete(socket),
        message: (socket, text) => this.#hear(socket, JSON.parse(String(text)) as ClientMessage),
      },
    });
    this.#timers.push(
      setInterval(() => this.#tick(), 10),
      setInterval(() => this.#beat(), HEARTBEAT_MILLIS),
      setInterval(() => this.#signal(), SIGNAL_MILLIS),
    );
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/`;
  }

  /** Prices sent so far. */
  get sent(): number {
    return this.#sent;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#server.stop(true);
  }

  #answer(request: Request, server: Server<Listener>): Response | undefined {
    const url = new URL(request.url);
    if (url.pathname === "/ws") {
      const data: Listener = { topics: new Set(), bars: { symbol: "", interval: "1m" } };
      return server.upgrade(request, { data }) ? undefined : new Response("no socket", { status: 400 });
    }
    const { isStoreDown = false, isEmpty = false, token } = this.#options;
    const isAsked = token !== undefined && url.pathname.startsWith("/api/");
    if (isAsked && request.headers.get("authorization") !== `Bearer ${token}`) {
      return Response.json({ title: "no token", status: 401 }, { status: 401 });
    }
    const path = url.pathname.replace("/api/v1/", "");
    if (isStoreDown && ["bars", "signals", "orders", "account/equity", "predictions"].includes(path)) {
      const detail =
        "the time series store does not answer; live data goes on. It is tried again every few seconds.";
      return Response.json({ title: "time series store unavailable", status: 503, detail }, { status: 503 });
    }
    const nowMillis = Date.now();
    switch (path) {
      case "symbols":
        return page(MARKET.map((_, id) => this.#stateOf(id, nowMillis)));
      case "bars":
        return page(isEmpty ? [] : barsOf(url.searchParams, nowMillis));
      case "signals":
        return page(isEmpty ? [] : signalsBefore(nowMillis));
      case "orders":
        return page(isEmpty ? [] : ordersBefore(nowMillis));
      case "positions":
        return page(this.#account(nowMillis).positions);
      case "account":
        return Response.json(this.#account(nowMillis));
      case "risk":
        return Response.json(RISK);
      case "orders/pending":
      case "account/fills":
        return page([]);
      case "mt5":
        return Response.json(NO_BRIDGE);
      case "reconciliation":
        return Response.json(NO_BOOKS);
      case "account/equity":
        return page(isEmpty ? [] : equityBefore(nowMillis));
      case "latency":
        return page(latencies());
      case "actors":
        return page(actors());
      case "models":
        return Response.json(modelsOf(url.searchParams.get("symbol") ?? "", this.#options));
      case "predictions":
        return page(isEmpty ? [] : votesOf(url.searchParams.get("symbol") ?? "", nowMillis));
      case "health":
        return Response.json(this.#health(nowMillis));
      default:
        return this.#options.dashboard.respond(request) ?? new Response("not found", { status: 404 });
    }
  }

  #hear(socket: ServerWebSocket<Listener>, message: ClientMessage): void {
    if (message.type !== "subscribe") return;
    const { topic } = message;
    socket.data.topics.add(topic);
    if (topic === "bar") {
      socket.data.bars = { symbol: message.symbols?.[0] ?? "", interval: message.intervals?.[0] ?? "1m" };
    }
    const sequence = this.#sequences.get(topic) ?? 0;
    socket.send(JSON.stringify({ type: "subscribed", topic, symbols: "*", sequence, resumed: false }));
  }

  #send<T extends StreamTopic>(
    type: T,
    data: TopicData[T],
    wants: (listener: Listener) => boolean = () => true,
  ): void {
    const sequence = (this.#sequences.get(type) ?? 0) + 1;
    this.#sequences.set(type, sequence);
    const text = JSON.stringify({ type, data, timestamp: new Date().toISOString(), sequence });
    for (const socket of this.#sockets) {
      if (socket.data.topics.has(type) && wants(socket.data)) socket.send(text);
    }
  }

  #tick(): void {
    if (this.#options.isClosed === true) return;
    const nowMillis = Date.now();
    const due = Math.floor(((nowMillis - this.#beganMillis) / 1_000) * this.#options.updatesPerSecond);
    for (; this.#sent < due; this.#sent++) {
      const id = this.#sent % MARKET.length;
      const { bid, ask, spread } = quoteOf(id, nowMillis);
      const time = new Date(nowMillis).toISOString();
      const symbol = symbolOf(id);
      this.#send("price_update", {
        symbol,
        bid,
        ask,
        spread,
        time,
        timestamp: time,
        volume: 1,
        high: ask,
        low: bid,
        open: bid,
        seq: ++this.#seq,
      });
      this.#send("bar", barOf(id, "1m", bucket(nowMillis, "1m"), nowMillis), ({ bars }) => {
        return bars.symbol === symbol && bars.interval === "1m";
      });
    }
  }

  #beat(): void {
    const nowMillis = Date.now();
    this.#send("heartbeat", this.#health(nowMillis));
    this.#send("account", this.#account(nowMillis));
    for (const [id] of MARKET.entries()) {
      const { symbol, regime, action, probabilityUp, ticks, quarantined, signals, trouble } = this.#stateOf(
        id,
        nowMillis,
      );
      this.#send("regime", { symbol, regime, action, probabilityUp, ticks, quarantined, signals, trouble });
    }
  }

  #signal(): void {
    if (this.#options.isEmpty === true || this.#options.isClosed === true) return;
    const nowMillis = Date.now();
    const signal = signalAt(Math.floor(nowMillis / SIGNAL_MILLIS));
    this.#send("signal", signal);
    for (const step of stepsOf(signal)) this.#send("order", step);
  }

  #stateOf(id: number, nowMillis: number): SymbolState {
    const { isClosed = false, isEmpty = false } = this.#options;
    const quote = quoteOf(id, nowMillis);
    const probabilityUp = 0.5 + 0.12 * Math.sin(nowMillis / 9_000 + id);
    const dayMid = midOf(id, Math.floor(nowMillis / 86_400_000) * 86_400_000);
    return {
      symbol: symbolOf(id),
      digits: digitsOf(id),
      ...(isEmpty
        ? { bid: null, ask: null, spread: null, dayChange: null }
        : { ...quote, dayChange: quote.bid / dayMid - 1 }),
      regime: REGIMES[(id * 5 + Math.floor(nowMillis / 20_000)) % REGIMES.length] ?? "quiet-range",
      action: probabilityUp > 0.56 ? "BUY" : probabilityUp < 0.44 ? "SELL" : "HOLD",
      probabilityUp: isEmpty ? null : probabilityUp,
      ticks: 12_345,
      quarantined: id,
      signals: 12,
      time: isEmpty ? null : new Date(nowMillis).toISOString(),
      open: !isClosed,
      trouble: id === 6 ? "restarting after a failure" : "",
    };
  }

  #health(nowMillis: number): HealthMessage {
    const { isStoreDown = false, updatesPerSecond, boot = "stand-in" } = this.#options;
    const jitter = 1 + 0.1 * Math.sin(nowMillis / 1_700);
    return {
      status: isStoreDown ? "degraded" : "ok",
      badge: "SIMULATED",
      version: "0.0.0",
      boot,
      time: new Date(nowMillis).toISOString(),
      uptimeSeconds: (nowMillis - this.#beganMillis) / 1_000,
      ticks: this.#sent,
      ticksPerSecond: updatesPerSecond * jitter,
      decisionP50Micros: 84 * jitter,
      decisionP99Micros: 412 * jitter,
      journal: { seq: this.#seq, durableSeq: this.#seq - 3, trouble: "" },
      projection: { up: !isStoreDown, seq: this.#seq - 40, lagRecords: 40, lagSeconds: 0.4 * jitter },
      gapsMissing: 0,
      quarantined: 28,
      clients: this.#sockets.size,
      models: [],
      problems: isStoreDown ? ["the time series store does not answer: history is not available"] : [],
    };
  }

  #account(nowMillis: number): TopicData["account"] {
    const equity = equityAt(nowMillis);
    const isEmpty = this.#options.isEmpty === true;
    return {
      accountId: "paper",
      currency: "USD",
      balance: isEmpty ? 10_000 : 10_112.4,
      equity: isEmpty ? 10_000 : equity,
      marginUsed: isEmpty ? 0 : 412.3,
      marginFree: isEmpty ? 10_000 : equity - 412.3,
      marginLevel: isEmpty ? null : equity / 412.3,
      drawdown: { fromHigh: isEmpty ? 0 : 84.2, fromStart: 0 },
      positionsMode: "netting",
      dayProfit: isEmpty ? 0 : equity - 10_000,
      realised: isEmpty ? 0 : 112.4,
      mode: "active",
      entriesHalted: false,
      trip: null,
      entries: isEmpty ? 0 : 41,
      exits: isEmpty ? 0 : 38,
      fills: isEmpty ? 0 : 79,
      costs: { commission: 12.4, spread: 31.2, slippage: 4.8 },
      refusals: { "spread-too-wide": 3, "position-limit": 9 },
      positions: isEmpty ? [] : [0, 2, 7].map((id) => positionOf(id, nowMillis)),
    };
  }
}
