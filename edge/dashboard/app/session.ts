// Wires the page's parts: stream to inbox to store and chart, and REST for what the stream cannot resume.

import type { StreamTopic } from "../../api/schemas.ts";
import type { Api } from "./api.ts";
import type { ChartFeed } from "./chart-feed.ts";
import { Inbox } from "./inbox.ts";
import { POLL_MILLIS } from "./limits.ts";
import { doneText, type ModelWish } from "./model-deeds.ts";
import type { Part, Store } from "./store.ts";
import { type BarWish, Stream, type StreamPorts } from "./stream.ts";

export interface SessionParts {
  readonly store: Store;
  readonly api: Api;
  readonly chart: ChartFeed;
  readonly ports: StreamPorts;
  /** Whether anyone looks at the page now. */
  readonly isVisible: () => boolean;
}

/** The parts to fetch again when a topic could not be resumed. */
const PARTS_OF: Readonly<Record<StreamTopic, readonly Part[]>> = {
  heartbeat: ["latency", "actors"],
  price_update: ["symbols"],
  regime: ["symbols"],
  signal: ["signals"],
  order: ["orders", "pending", "fills"],
  position_update: ["account"],
  account: ["account", "equity"],
  bar: [],
};

/** What changes with what a person does here. */
const ACCOUNT_PARTS: readonly Part[] = ["account", "pending", "fills", "risk", "orders"];
const TERMINAL_PARTS: readonly Part[] = ["mt5", "books"];
const MODEL_PARTS: readonly Part[] = ["models", "votes"];
/** Rounds of polling between two looks at models: they are scored anew every few seconds. */
const MODELS_ROUNDS = 3;

/** Rounds of polling between two looks at the symbols: sessions open and close, instruments come. */
const SYMBOLS_ROUNDS = 8;

export class Session {
  readonly #parts: SessionParts;
  readonly #stream: Stream;
  readonly #stale = new Set<Part>();
  #boot = "";
  #round = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    const { store, chart, ports } = parts;
    const inbox = new Inbox(ports.after, (batch) => {
      store.apply(batch);
      chart.apply(batch);
    });
    this.#stream = new Stream(ports, {
      onState: (state) => {
        if (state.kind === "open" && state.boot !== this.#boot) {
          if (this.#boot !== "") store.forgetLists();
          this.#boot = state.boot;
        }
        store.connection.value = state;
      },
      onMessage: (message) => inbox.add(message),
      onReload: (topic) => this.#reload(topic),
    });
  }

  start(): void {
    this.#stream.connectNow();
    this.#refresh(["symbols", "signals", "orders", "account", "risk", "equity", "latency", "actors"]);
    this.#refresh(["pending", "fills"]);
    this.#poll();
  }

  retryNow(): void {
    this.#stream.connectNow();
  }

  /** Shows the bars of another symbol or size. */
  watch(wish: BarWish): void {
    if (wish.symbol === "") return;
    this.#parts.chart.show(wish);
    this.#stream.watchBars(wish);
  }

  /** The models of the selected symbol are looked at: they are fetched now, and again while they are. */
  lookAtModels(): void {
    if (this.#parts.store.selected.value !== "") this.#refresh(MODEL_PARTS);
  }

  /** Something was done to the account. */
  lookAtAccount(): void {
    this.#refresh([...ACCOUNT_PARTS, ...(this.#parts.store.view.value === "mt5" ? TERMINAL_PARTS : [])]);
  }

  /** The terminals are looked at: they are fetched now, and again while they are. */
  lookAtTerminals(): void {
    this.#refresh(TERMINAL_PARTS);
  }

  /** Does what a person has confirmed; what comes of it is in the store. */
  async doModelWish(wish: ModelWish): Promise<void> {
    const { store, api } = this.#parts;
    if (store.modelDeed.value.isBusy) return;
    store.wishIsAsked();
    const done = await api.doModelWish(wish);
    if (done.ok) store.wishIsDone(doneText(done.value));
    else store.wishIsRefused(done.message);
    this.lookAtModels();
  }

  #reload(topic: StreamTopic): void {
    if (topic === "bar") {
      void this.#parts.chart.reload();
      return;
    }
    this.#refresh(PARTS_OF[topic]);
  }

  /** Several topics at once ask for the same parts: each is fetched once. */
  #refresh(parts: readonly Part[]): void {
    const isScheduled = this.#stale.size > 0;
    for (const part of parts) this.#stale.add(part);
    if (isScheduled || this.#stale.size === 0) return;
    this.#parts.ports.after(0, () => {
      const wanted = [...this.#stale];
      this.#stale.clear();
      for (const part of wanted) void this.#fetch(part);
    });
  }

  #poll(): void {
    const { store, ports, isVisible } = this.#parts;
    ports.after(POLL_MILLIS, () => {
      this.#poll();
      if (store.connection.value.kind !== "open" || !isVisible()) return;
      this.#round++;
      const failed = (["signals", "orders", "account", "equity"] as const).filter(
        (part) => store.part(part).value.trouble !== "",
      );
      const symbols: readonly Part[] = this.#round % SYMBOLS_ROUNDS === 0 ? ["symbols"] : [];
      this.#refresh(["latency", "actors", "risk", "pending", "fills", ...failed, ...symbols]);
      if (store.view.value === "mt5") this.lookAtTerminals();
      if (store.view.value === "models" && this.#round % MODELS_ROUNDS === 0) this.lookAtModels();
    });
  }

  async #fetch(part: Part): Promise<void> {
    const { store } = this.#parts;
    const trouble = await this.#load(part);
    if (trouble !== "") store.fail(part, trouble);
  }

  /** "" when it went well. */
  async #load(part: Part): Promise<string> {
    const { api, store } = this.#parts;
    switch (part) {
      case "symbols":
        return settle(await api.symbols(), ({ items }) => store.loadSymbols(items));
      case "signals":
        return settle(await api.signals(), ({ items }) => store.loadSignals(items));
      case "orders":
        return settle(await api.orders(), ({ items }) => store.loadOrders(items));
      case "risk":
        return settle(await api.risk(), (value) => store.loadRisk(value));
      case "pending":
        return settle(await api.pending(), ({ items }) => store.loadPending(items));
      case "fills":
        return settle(await api.fills(), ({ items }) => store.loadFills(items));
      case "mt5":
        return settle(await api.mt5(), (value) => store.loadMt5(value));
      case "books":
        return settle(await api.books(), (value) => store.loadBooks(value));
      case "equity":
        return settle(await api.equity(), ({ items }) => store.loadEquity(items));
      case "latency":
        return settle(await api.latency(), ({ items }) => store.loadLatency(items));
      case "actors":
        return settle(await api.actors(), ({ items }) => store.loadActors(items));
      case "models": {
        const symbol = store.selected.value;
        return settle(await api.models(symbol), (value) => store.loadModels(symbol, value));
      }
      case "votes": {
        const symbol = store.selected.value;
        return settle(await api.votes(symbol), ({ items }) => store.loadVotes(symbol, items));
      }
      case "account": {
        const [account, positions] = await Promise.all([api.account(), api.positions()]);
        if (!positions.ok) return positions.message;
        return settle(account, (value) => store.loadAccount(value, positions.value.items));
      }
    }
  }
}

function settle<T>(
  answer: { ok: true; value: T } | { ok: false; message: string },
  take: (value: T) => void,
): string {
  if (!answer.ok) return answer.message;
  take(answer.value);
  return "";
}
