// What the page shows, as signals: each part of the page reads its own and is drawn again only when that changed. Everything that
// arrives goes through `apply` (the stream, in batches) or one of the `load` functions (REST).

import { batch, type ReadonlySignal, type Signal, signal } from "@preact/signals";
import { BAR_INTERVALS, type BarInterval } from "../../../actors/domain/bar.ts";
import type { FillMessage, PendingOrderMessage } from "../../api/order-schemas.ts";
import type { Mt5Message } from "../../api/mt5.ts";
import type { ReconciliationMessage } from "../../api/reconciliation.ts";
import type { ModelsMessage } from "../../api/models.ts";
import type { RiskMessage } from "../../api/risk.ts";
import type {
  AccountMessage,
  ActorMessage,
  EquityPoint,
  HealthMessage,
  LatencyMessage,
  OrderMessage,
  PositionMessage,
  PredictionMessage,
  SignalMessage,
  StreamMessage,
  SymbolState,
} from "../../api/schemas.ts";
import { SIGNALS_MAX } from "./limits.ts";
import type { ModelWish } from "./model-deeds.ts";
import { type Order, thinned, withEquity, withNewest, withPosition, withSteps } from "./lists.ts";
import type { ConnectionState } from "./stream.ts";
import { afterPrice, afterRegime, fresher, type SymbolView, viewOf } from "./symbols.ts";

export const VIEWS = [
  "market",
  "chart",
  "signals",
  "account",
  "orders",
  "risk",
  "models",
  "mt5",
  "system",
] as const;
export type View = (typeof VIEWS)[number];

/** Why something is not there yet, for a person; "" when it is. */
export interface Loadable {
  readonly isLoaded: boolean;
  readonly trouble: string;
}

const NOT_LOADED: Loadable = { isLoaded: false, trouble: "" };
const LOADED: Loadable = { isLoaded: true, trouble: "" };

/** What is fetched over REST and can be missing on its own. */
export const PARTS = [
  "symbols",
  "signals",
  "orders",
  "account",
  "risk",
  "equity",
  "latency",
  "actors",
  "models",
  "votes",
  "pending",
  "fills",
  "mt5",
  "books",
] as const;
export type Part = (typeof PARTS)[number];

/** What is known of one symbol alone; of another one it says nothing. */
interface OfSymbol<T> {
  readonly symbol: string;
  readonly value: T;
}

/** What becomes of what a person wished. */
interface Asked {
  readonly isBusy: boolean;
  readonly trouble: string;
}

const NOT_ASKED: Asked = { isBusy: false, trouble: "" };

/** A signal that others read and only the store writes. */
type Shown<T> = ReadonlySignal<T>;

export class Store {
  readonly connection: Signal<ConnectionState> = signal<ConnectionState>({ kind: "connecting", failures: 0 });
  readonly selected = signal("");
  readonly interval = signal<BarInterval>(BAR_INTERVALS[1]);
  readonly view = signal<View>("market");
  readonly isHelpOpen = signal(false);
  /** The server answers nobody without its token. */
  readonly isTokenWanted = signal(false);
  readonly filter = signal("");
  /** Whose calibration is drawn; "" for the first who has any. */
  readonly openModel = signal("");
  readonly #modelWish = signal<ModelWish | undefined>(undefined);
  readonly #modelDeed = signal(NOT_ASKED);
  /** What was done to a model last, in words. */
  readonly modelNotice = signal("");
  /** Signal whose reasons are open; 0 when none is. */
  readonly openSignal = signal(0);
  /** Only the selected symbol's signals. */
  readonly isSignalsFiltered = signal(false);
  /** Refusals among the orders. */
  readonly areRefusalsShown = signal(false);

  readonly #names = signal<readonly string[]>([]);
  readonly #symbols = new Map<string, Signal<SymbolView>>();
  readonly #signals = signal<readonly SignalMessage[]>([]);
  readonly #orders = signal<readonly Order[]>([]);
  readonly #positions = signal<readonly PositionMessage[]>([]);
  readonly #account = signal<AccountMessage | undefined>(undefined);
  readonly #risk = signal<RiskMessage | undefined>(undefined);
  readonly #equity = signal<readonly EquityPoint[]>([]);
  readonly #health = signal<HealthMessage | undefined>(undefined);
  readonly #latency = signal<readonly LatencyMessage[]>([]);
  readonly #actors = signal<readonly ActorMessage[]>([]);
  readonly #models = signal<OfSymbol<ModelsMessage> | undefined>(undefined);
  readonly #votes = signal<OfSymbol<readonly PredictionMessage[]> | undefined>(undefined);
  readonly #pending = signal<readonly PendingOrderMessage[]>([]);
  readonly #fills = signal<readonly FillMessage[]>([]);
  readonly #mt5 = signal<Mt5Message | undefined>(undefined);
  readonly #books = signal<ReconciliationMessage | undefined>(undefined);
  readonly #parts: Readonly<Record<Part, Signal<Loadable>>>;

  constructor() {
    this.#parts = Object.fromEntries(PARTS.map((part) => [part, signal(NOT_LOADED)])) as Record<
      Part,
      Signal<Loadable>
    >;
  }

  get names(): Shown<readonly string[]> {
    return this.#names;
  }
  get signals(): Shown<readonly SignalMessage[]> {
    return this.#signals;
  }
  get orders(): Shown<readonly Order[]> {
    return this.#orders;
  }
  get positions(): Shown<readonly PositionMessage[]> {
    return this.#positions;
  }
  get account(): Shown<AccountMessage | undefined> {
    return this.#account;
  }
  get risk(): Shown<RiskMessage | undefined> {
    return this.#risk;
  }
  get equity(): Shown<readonly EquityPoint[]> {
    return this.#equity;
  }
  get health(): Shown<HealthMessage | undefined> {
    return this.#health;
  }
  get latency(): Shown<readonly LatencyMessage[]> {
    return this.#latency;
  }
  get actors(): Shown<readonly ActorMessage[]> {
    return this.#actors;
  }

  get models(): Shown<OfSymbol<ModelsMessage> | undefined> {
    return this.#models;
  }
  get votes(): Shown<OfSymbol<readonly PredictionMessage[]> | undefined> {
    return this.#votes;
  }

  /** Orders that wait at the broker. */
  get pending(): Shown<readonly PendingOrderMessage[]> {
    return this.#pending;
  }
  get fills(): Shown<readonly FillMessage[]> {
    return this.#fills;
  }
  get mt5(): Shown<Mt5Message | undefined> {
    return this.#mt5;
  }
  /** How the account's books stand against the broker's. */
  get books(): Shown<ReconciliationMessage | undefined> {
    return this.#books;
  }

  /** What a person is asked about before it is done to a model, and what becomes of it. */
  get modelWish(): Shown<ModelWish | undefined> {
    return this.#modelWish;
  }
  get modelDeed(): Shown<Asked> {
    return this.#modelDeed;
  }

  /** Asks whether it is meant; undefined takes the question away. */
  wish(wish: ModelWish | undefined): void {
    batch(() => {
      this.#modelWish.value = wish;
      this.#modelDeed.value = NOT_ASKED;
      if (wish !== undefined) this.modelNotice.value = "";
    });
  }

  wishIsAsked(): void {
    this.#modelDeed.value = { isBusy: true, trouble: "" };
  }

  /** A question that was taken away meanwhile stays away. */
  wishIsRefused(trouble: string): void {
    this.#modelDeed.value = { isBusy: false, trouble };
    if (this.#modelWish.value === undefined) this.modelNotice.value = trouble;
  }

  wishIsDone(notice: string): void {
    this.wish(undefined);
    this.modelNotice.value = notice;
  }

  part(part: Part): Shown<Loadable> {
    return this.#parts[part];
  }

  symbol(name: string): Shown<SymbolView> | undefined {
    return this.#symbols.get(name);
  }

  /** Decimals of a price; five, the usual, for a symbol not known yet. */
  digitsOf(name: string): number {
    return this.#symbols.get(name)?.value.digits ?? 5;
  }

  fail(part: Part, trouble: string): void {
    const { isLoaded } = this.#parts[part].value;
    this.#parts[part].value = { isLoaded, trouble };
  }

  loadSymbols(states: readonly SymbolState[]): void {
    batch(() => {
      for (const state of states) {
        const known = this.#symbols.get(state.symbol);
        if (known === undefined) this.#symbols.set(state.symbol, signal(viewOf(state)));
        else known.value = fresher(known.value, state);
      }
      const names = states.map(({ symbol }) => symbol);
      if (names.join() !== this.#names.value.join()) this.#names.value = names;
      if (!names.includes(this.selected.value)) this.selected.value = names[0] ?? "";
      this.#parts.symbols.value = LOADED;
    });
  }

  loadSignals(signals: readonly SignalMessage[]): void {
    this.#signals.value = merged(this.#signals.value, signals);
    this.#parts.signals.value = LOADED;
  }

  loadOrders(steps: readonly OrderMessage[]): void {
    this.#orders.value = withSteps(this.#orders.value, steps);
    this.#parts.orders.value = LOADED;
  }

  loadAccount(account: AccountMessage, positions: readonly PositionMessage[]): void {
    this.#account.value = account;
    this.#positions.value = positions;
    this.#parts.account.value = LOADED;
  }

  loadRisk(risk: RiskMessage): void {
    this.#risk.value = risk;
    this.#parts.risk.value = LOADED;
  }

  loadEquity(points: readonly EquityPoint[]): void {
    const newest = points.at(-1)?.time ?? "";
    const live = this.#equity.value.filter(({ time }) => Date.parse(time) > Date.parse(newest));
    this.#equity.value = thinned([...points, ...(newest === "" ? this.#equity.value : live)]);
    this.#parts.equity.value = LOADED;
  }

  loadHealth(health: HealthMessage): void {
    this.#health.value = health;
  }

  loadLatency(latency: readonly LatencyMessage[]): void {
    this.#latency.value = latency;
    this.#parts.latency.value = LOADED;
  }

  loadActors(actors: readonly ActorMessage[]): void {
    this.#actors.value = actors;
    this.#parts.actors.value = LOADED;
  }

  loadModels(symbol: string, value: ModelsMessage): void {
    this.#models.value = { symbol, value };
    this.#parts.models.value = LOADED;
  }

  loadVotes(symbol: string, value: readonly PredictionMessage[]): void {
    this.#votes.value = { symbol, value };
    this.#parts.votes.value = LOADED;
  }

  loadPending(orders: readonly PendingOrderMessage[]): void {
    if (!isSame(orders, this.#pending.value)) this.#pending.value = orders;
    this.#parts.pending.value = LOADED;
  }

  loadFills(fills: readonly FillMessage[]): void {
    if (!isSame(fills, this.#fills.value)) this.#fills.value = fills;
    this.#parts.fills.value = LOADED;
  }

  loadMt5(mt5: Mt5Message): void {
    this.#mt5.value = mt5;
    this.#parts.mt5.value = LOADED;
  }

  loadBooks(books: ReconciliationMessage): void {
    this.#books.value = books;
    this.#parts.books.value = LOADED;
  }

  /** Everything a server said that another one, after a restart, would not know. */
  forgetLists(): void {
    batch(() => {
      this.#signals.value = [];
      this.#orders.value = [];
    });
  }

  /** One batch of the stream: one render. */
  apply(messages: readonly StreamMessage[]): void {
    batch(() => {
      const signals: SignalMessage[] = [];
      const steps: OrderMessage[] = [];
      for (const message of messages) {
        if (message.type === "signal") signals.push(message.data);
        else if (message.type === "order") steps.push(message.data);
        else this.#applyOne(message);
      }
      this.#signals.value = merged(this.#signals.value, signals);
      this.#orders.value = withSteps(this.#orders.value, steps);
    });
  }

  #applyOne(message: Exclude<StreamMessage, { type: "signal" | "order" }>): void {
    switch (message.type) {
      case "price_update":
        this.#change(message.data.symbol, (view) => afterPrice(view, message.data));
        return;
      case "regime":
        this.#change(message.data.symbol, (view) => afterRegime(view, message.data));
        return;
      case "position_update":
        this.#positions.value = withPosition(this.#positions.value, message.data);
        return;
      case "account": {
        const { positions, ...account } = message.data;
        this.#account.value = account;
        this.#positions.value = positions;
        this.#parts.account.value = LOADED;
        const { balance, equity } = account;
        this.#equity.value = withEquity(this.#equity.value, { time: message.timestamp, balance, equity });
        return;
      }
      case "heartbeat":
        this.#health.value = message.data;
        return;
      case "bar":
        // The chart takes its bars from the same batch.
        return;
    }
  }

  #change(name: string, change: (view: SymbolView) => SymbolView): void {
    const known = this.#symbols.get(name);
    if (known !== undefined) known.value = change(known.value);
  }
}

function merged(
  list: readonly SignalMessage[],
  incoming: readonly SignalMessage[],
): readonly SignalMessage[] {
  return withNewest(list, incoming, { key: ({ id }) => id, max: SIGNALS_MAX });
}

/** Of short lists that are fetched again and again: what says the same is not drawn anew. */
function isSame(a: readonly object[], b: readonly object[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
