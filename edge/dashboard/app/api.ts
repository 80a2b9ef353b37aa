// Questions to the server over REST. A failure is a value with a sentence for the person who looks: the page goes on with what it
// has.

import { failure, ok, type Result } from "../../../actors/base/result.ts";
import type { BarInterval } from "../../../actors/domain/bar.ts";
import type { KillSwitchChanged, RearmCode } from "../../api/kill-switch-schema.ts";
import type { AccountChangedMessage } from "../../api/account.ts";
import type { Mt5Message } from "../../api/mt5.ts";
import type {
  DeedMessage,
  FillMessage,
  PendingOrderMessage,
  VerdictMessage,
} from "../../api/order-schemas.ts";
import type { ProblemBody } from "../../api/problem.ts";
import type { ReconciliationMessage } from "../../api/reconciliation.ts";
import type { ModelDeedAnswer } from "../../api/model-standing.ts";
import type { ModelsMessage } from "../../api/models.ts";
import type { RiskMessage } from "../../api/risk.ts";
import type {
  AccountMessage,
  ActorMessage,
  BarMessage,
  EquityPoint,
  HealthMessage,
  LatencyMessage,
  OrderMessage,
  PositionMessage,
  PredictionMessage,
  SignalMessage,
  SymbolState,
} from "../../api/schemas.ts";
import type { KillWish } from "./kill-panel.ts";
import { BARS_PAGE, EQUITY_PAGE, FILLS_SHOWN, ORDERS_MAX, SIGNALS_MAX, VOTES_PAGE } from "./limits.ts";
import type { ModelWish } from "./model-deeds.ts";
import type { Levels, OrderChange, PlaceWish } from "./trade-wish.ts";

/** unreachable: no answer; unavailable: it cannot now (503); refused: anything else. */
export type ApiFailure = "unreachable" | "unavailable" | "refused";

export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor: string | null;
}

/** How something is sent: POST, and without a name, where nothing is said. */
export interface Sending {
  readonly method?: "PATCH" | "DELETE";
  /** The page's own name for it: sent again, nothing is done again. */
  readonly key?: string;
}

/** @param body what is sent, as JSON; left out, something is only asked for */
type FetchPath = (path: string, body?: string, sending?: Sending) => Promise<Response>;

type Answer<T> = Promise<Result<T, ApiFailure>>;

/** As whom the journal and the registry of models remember those who use the page. */
const WHO = "dashboard";

export class Api {
  readonly #fetch: FetchPath;

  constructor(fetchPath: FetchPath) {
    this.#fetch = fetchPath;
  }

  health(): Answer<HealthMessage> {
    return this.#get("health");
  }

  symbols(): Answer<Page<SymbolState>> {
    return this.#get("symbols");
  }

  signals(): Answer<Page<SignalMessage>> {
    return this.#get(`signals?limit=${SIGNALS_MAX}`);
  }

  orders(): Answer<Page<OrderMessage>> {
    return this.#get(`orders?limit=${ORDERS_MAX}`);
  }

  positions(): Answer<Page<PositionMessage>> {
    return this.#get("positions");
  }

  account(): Answer<AccountMessage> {
    return this.#get("account");
  }

  risk(): Answer<RiskMessage> {
    return this.#get("risk");
  }

  equity(): Answer<Page<EquityPoint>> {
    return this.#get(`account/equity?limit=${EQUITY_PAGE}`);
  }

  latency(): Answer<Page<LatencyMessage>> {
    return this.#get("latency");
  }

  actors(): Answer<Page<ActorMessage>> {
    return this.#get("actors");
  }

  /** Members and models with their scores on one symbol. */
  models(symbol: string): Answer<ModelsMessage> {
    return this.#get(`models?symbol=${encodeURIComponent(symbol)}`);
  }

  /** Lets another version vote, or puts one away. */
  doModelWish({ verb, model, version }: ModelWish): Answer<ModelDeedAnswer> {
    const names = verb === "rollback" ? {} : { version };
    return this.#ask(`models/${model}/${verb}`, JSON.stringify({ ...names, by: WHO }));
  }

  tripKillSwitch(wish: KillWish): Answer<KillSwitchChanged> {
    return this.#ask("killswitch", JSON.stringify({ ...wish, by: WHO }));
  }

  /** The code that re-arms it. */
  rearmCode(): Answer<RearmCode> {
    return this.#ask("killswitch/rearm", JSON.stringify({ by: WHO }));
  }

  rearmKillSwitch(code: string): Answer<KillSwitchChanged> {
    return this.#ask("killswitch/rearm", JSON.stringify({ by: WHO, code }));
  }

  pending(): Answer<Page<PendingOrderMessage>> {
    return this.#get("orders/pending");
  }

  fills(): Answer<Page<FillMessage>> {
    return this.#get(`account/fills?limit=${FILLS_SHOWN}`);
  }

  mt5(): Answer<Mt5Message> {
    return this.#get("mt5");
  }

  books(): Answer<ReconciliationMessage> {
    return this.#get("reconciliation");
  }

  /** A dry run: what the account would say. */
  judge(wish: PlaceWish): Answer<{ items: readonly VerdictMessage[] }> {
    return this.#ask("orders/validate", JSON.stringify({ orders: [{ ...wish, by: WHO }] }));
  }

  place(wish: PlaceWish, key: string): Answer<DeedMessage> {
    return this.#ask("orders", JSON.stringify({ ...wish, by: WHO }), { key });
  }

  modifyOrder(id: string, change: OrderChange, key: string): Answer<DeedMessage> {
    return this.#ask(`orders/${id}`, JSON.stringify({ ...change, by: WHO }), { method: "PATCH", key });
  }

  cancelOrder(id: string, key: string): Answer<DeedMessage> {
    return this.#ask(`orders/${id}`, JSON.stringify({ by: WHO }), { method: "DELETE", key });
  }

  modifyPosition(id: string, levels: Levels, key: string): Answer<DeedMessage> {
    return this.#ask(`positions/${id}`, JSON.stringify({ ...levels, by: WHO }), { method: "PATCH", key });
  }

  /** @param lots all of it where it is left out */
  closePosition(id: string, lots: number | undefined, key: string): Answer<DeedMessage> {
    return this.#ask(`positions/${id}/close`, JSON.stringify({ lots, by: WHO }), { key });
  }

  setMode(mode: AccountMessage["mode"]): Answer<AccountChangedMessage> {
    return this.#ask("account/mode", JSON.stringify({ mode, by: WHO }));
  }

  resetDrawdown(): Answer<AccountChangedMessage> {
    return this.#ask("account/reset-drawdown", JSON.stringify({ by: WHO }));
  }

  /** @param symbol null for what is about the account as a whole */
  acceptBooks(symbol: string | null): Answer<AccountChangedMessage> {
    return this.#ask("reconciliation/accept", JSON.stringify({ symbol, by: WHO }));
  }

  lookAtBooks(): Answer<{ asked: true }> {
    return this.#ask("reconciliation/look", JSON.stringify({ by: WHO }));
  }

  /** The newest votes of every member on one symbol. */
  votes(symbol: string): Answer<Page<PredictionMessage>> {
    return this.#get(`predictions?symbol=${encodeURIComponent(symbol)}&limit=${VOTES_PAGE}`);
  }

  /** The newest bars that opened before `beforeSeconds`, oldest first. */
  bars(wish: { symbol: string; interval: BarInterval; beforeSeconds?: number }): Answer<Page<BarMessage>> {
    const query = new URLSearchParams({
      symbol: wish.symbol,
      interval: wish.interval,
      limit: String(BARS_PAGE),
    });
    if (wish.beforeSeconds !== undefined) query.set("to", new Date(wish.beforeSeconds * 1_000).toISOString());
    return this.#get(`bars?${query.toString()}`);
  }

  #get<T>(path: string): Answer<T> {
    return this.#ask(path);
  }

  async #ask<T>(path: string, sent?: string, sending?: Sending): Answer<T> {
    let response: Response;
    try {
      response = await this.#fetch(`api/v1/${path}`, sent, sending);
    } catch {
      return failure("unreachable", "the server does not answer", { recoverable: true });
    }
    let body: unknown;
    try {
      body = await response.json();
    } catch {
      return failure("refused", `the server answered ${response.status} with something unreadable`);
    }
    if (response.ok) return ok(body as T);
    const code = response.status === 503 ? "unavailable" : "refused";
    return failure(code, problemText(body, response.status), { recoverable: code === "unavailable" });
  }
}

/** The sentence in a problem+json answer, and what is wrong with each value. */
function problemText(body: unknown, status: number): string {
  if (typeof body === "object" && body !== null) {
    if ("detail" in body && typeof body.detail === "string" && body.detail !== "") {
      const { errors = [] } = body as Partial<ProblemBody>;
      return [body.detail, ...errors.map(({ path, message }) => `${path}: ${message}`)].join("; ");
    }
    if ("title" in body && typeof body.title === "string") return body.title;
  }
  return `the server answered ${status}`;
}
