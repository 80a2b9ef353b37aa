// What people do with orders and positions: put into the journal as a command, decided by the account like any entry, answered when its
// outcome is known - or said to be unknown, never assumed to have failed. A command with a key is done once, whoever sends it again.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { LiveOrderView, PositionView } from "../../actors/account/account-view.ts";
import type { WishVerdict } from "../../actors/account/dry-run.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { OrderCommand, TradeCommand } from "../../actors/domain/records.ts";
import type { ModifyOrderRequest, ModifyPositionRequest, PlaceRequest } from "../api/order-schemas.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { type DeedOutcome, type OutcomeFailure, outcomeOf } from "./deed-outcome.ts";
import { OUTCOMES_WAITED_MAX } from "./limits.ts";
import {
  type CommandFailure,
  type Meaning,
  modifyOrderCommand,
  modifyOrderMeaning,
  modifyPositionCommand,
  modifyPositionMeaning,
  placeMeaning,
  type Place,
  saysSame,
  tradeCommand,
  volumeOf,
} from "./order-command.ts";
import type { OrderKeys } from "./order-keys.ts";

export type OrderFailure =
  | CommandFailure
  | OutcomeFailure
  | "unknown-symbol"
  | "unknown-account"
  | "unknown-order"
  | "unknown-position"
  | "bad-volume"
  | "not-ours"
  | "account-out-of-service"
  | "key-reused"
  | "busy";

export interface OrderDone extends DeedOutcome {
  readonly symbol: string;
  /** It was done before, under the same key. */
  readonly isRepeated: boolean;
}

export interface OrderDeskOptions {
  readonly picture: LivePicture;
  readonly keys: OrderKeys;
  /** How long an outcome is waited for before it is said to be unknown. */
  readonly patienceMillis: number;
}

interface Wish {
  readonly key: string | undefined;
  readonly meaning: Meaning;
  readonly symbol: string;
  /** Made only when it is not known under its key: prices move on, and positions go. */
  readonly make: () => Result<TradeCommand | OrderCommand, OrderFailure>;
  /** Exits and cancellations leave with the journal gone, too. */
  readonly isEntry?: boolean;
}

type Done = Promise<Result<OrderDone, OrderFailure>>;

interface Held {
  readonly accountId: string;
  readonly position: PositionView;
  readonly instrument: Instrument;
}

export class OrderDesk {
  readonly #options: OrderDeskOptions;
  #waiting = 0;

  constructor(options: OrderDeskOptions) {
    this.#options = options;
  }

  async place(request: PlaceRequest, key?: string): Done {
    const place = this.#placeOf(request);
    if (!place.ok) return place;
    return await this.#perform({
      key,
      meaning: placeMeaning(request, place.value),
      symbol: request.symbol,
      make: () => tradeCommand(request, place.value),
      isEntry: true,
    });
  }

  /** A dry run: what would become of each, those before it filled. Nothing is journaled, sent or changed. */
  judge(requests: readonly PlaceRequest[]): Result<readonly WishVerdict[], OrderFailure> {
    const { engine } = this.#options.picture;
    const accountId = requests[0]?.accountId ?? engine.config.account.accountId;
    if (requests.some((request) => (request.accountId ?? engine.config.account.accountId) !== accountId)) {
      return failure("unknown-account", "orders that are judged together are of one account");
    }
    const account = engine.accountOf(accountId);
    if (account === undefined) return unknownAccount(accountId);
    const commands = requests.map((request) => {
      const place = this.#placeOf(request);
      return place.ok ? tradeCommand(request, place.value) : place;
    });
    const judged = account.judge(commands.flatMap((command) => (command.ok ? [command.value] : [])));
    if (!judged.ok) return failure("busy", judged.message);
    const verdicts = [...judged.value];
    return ok(commands.map((command) => (command.ok ? (verdicts.shift() as WishVerdict) : unsaid(command))));
  }

  async modifyOrder(intentId: string, request: ModifyOrderRequest, key?: string): Done {
    const instrument = this.#instrumentOfOrder(intentId);
    if (!instrument.ok) return instrument;
    const { value } = instrument;
    return await this.#perform({
      key,
      meaning: modifyOrderMeaning(intentId, request, value),
      symbol: value.symbol,
      make: () =>
        this.#whileLive(intentId, (order, accountId) =>
          modifyOrderCommand(request, order, { instrument: value, accountId }),
        ),
    });
  }

  async cancelOrder(intentId: string, by: string, key?: string): Done {
    const instrument = this.#instrumentOfOrder(intentId);
    if (!instrument.ok) return instrument;
    const command = { command: "cancel-order", intentId } as const;
    return await this.#perform({
      key,
      meaning: { ...command, by },
      symbol: instrument.value.symbol,
      make: () => this.#whileLive(intentId, (_, accountId) => ok({ ...command, accountId, by })),
    });
  }

  async modifyPosition(positionId: string, request: ModifyPositionRequest, key?: string): Done {
    const instrument = this.#instrumentOf(positionId);
    if (!instrument.ok) return instrument;
    return await this.#perform({
      key,
      meaning: modifyPositionMeaning(positionId, request, instrument.value),
      symbol: instrument.value.symbol,
      make: () => this.#whileOpen(positionId, (held) => ok(modifyPositionCommand(request, held))),
    });
  }

  /** @param lots all of it where it is left out */
  async closePosition(
    positionId: string,
    wish: { lots?: number | undefined; by: string },
    key?: string,
  ): Done {
    const instrument = this.#instrumentOf(positionId);
    if (!instrument.ok) return instrument;
    const { lots, by } = wish;
    const volumeMicros = lots === undefined ? null : volumeOf(lots);
    const command = { command: "close-position", positionId, volumeMicros } as const;
    return await this.#perform({
      key,
      meaning: { ...command, by },
      symbol: instrument.value.symbol,
      make: () =>
        this.#whileOpen(positionId, ({ position, accountId }) =>
          volumeMicros !== null && volumeMicros > position.volumeMicros
            ? failure(
                "bad-volume",
                `position ${positionId} is of ${position.volumeMicros / 1e6} lots: close no more`,
              )
            : ok({ ...command, accountId, by }),
        ),
    });
  }

  async closeBy(positionId: string, wish: { with: string; by: string }, key?: string): Done {
    const instrument = this.#instrumentOf(positionId);
    if (!instrument.ok) return instrument;
    const { with: byPositionId, by } = wish;
    const command = { command: "close-by", positionId, byPositionId } as const;
    return await this.#perform({
      key,
      meaning: { ...command, by },
      symbol: instrument.value.symbol,
      make: () =>
        this.#whileOpen(positionId, ({ accountId }) =>
          this.#whileOpen(byPositionId, () => ok({ ...command, accountId, by })),
        ),
    });
  }

  async #perform({ key, meaning, symbol, make, isEntry = false }: Wish): Done {
    const { picture, keys, patienceMillis } = this.#options;
    const { live, journal, clock } = picture.station;
    if (key !== undefined) await keys.ready;
    const nowMicros = picture.clockIsWall ? clock.nowMicros() : live.router.timeMicros;
    const known = key === undefined ? undefined : keys.find(key, nowMicros);
    if (known !== undefined && !saysSame(meaning, known.meaning)) {
      return failure(
        "key-reused",
        `the key ${key} was used for something else at record ${known.seq}: nothing was done. Choose another key for another wish.`,
      );
    }
    if (this.#waiting >= OUTCOMES_WAITED_MAX) {
      return failure("busy", `${OUTCOMES_WAITED_MAX} outcomes are waited for: nothing was done`, {
        recoverable: true,
      });
    }
    let seq = known?.seq;
    if (seq === undefined) {
      const command = make();
      if (!command.ok) return command;
      if (isEntry && live.router.detached) {
        return failure("busy", "the journal takes nothing more: no entries are made");
      }
      const keyed = key === undefined ? command.value : { ...command.value, key };
      live.command(keyed, nowMicros);
      seq = live.router.lastSeq;
      if (key !== undefined) keys.remember(key, keyed, { seq, timeMicros: nowMicros });
    }
    this.#waiting++;
    try {
      const outcome = await outcomeOf(journal, seq, patienceMillis);
      return outcome.ok ? ok({ ...outcome.value, symbol, isRepeated: known !== undefined }) : outcome;
    } finally {
      this.#waiting--;
    }
  }

  #placeOf({ symbol, accountId: wanted }: PlaceRequest): Result<Place, OrderFailure> {
    const { picture } = this.#options;
    const { engine } = picture;
    const accountId = wanted ?? engine.config.account.accountId;
    const instrument = picture.instrument(symbol);
    if (instrument === undefined) return failure("unknown-symbol", `${symbol} is not traded here`);
    if (engine.accountOf(accountId) === undefined) return unknownAccount(accountId);
    const quote = engine.symbol(instrument.id)?.chain.quote;
    return ok({
      instrument,
      accountId,
      bidPoints: quote?.bidPoints ?? Number.NaN,
      askPoints: quote?.askPoints ?? Number.NaN,
      nowMicros: picture.station.live.router.timeMicros,
    });
  }

  /** A live order of any account, and whose it is. */
  #live(intentId: string): { order: LiveOrderView; accountId: string } | undefined {
    for (const [accountId, actor] of this.#options.picture.engine.accounts) {
      const order = actor.view().liveOrders.find((each) => each.intentId === intentId);
      if (order !== undefined) return { order, accountId };
    }
    return undefined;
  }

  /** Of an order that is live, or is remembered. */
  #instrumentOfOrder(intentId: string): Result<Instrument, OrderFailure> {
    const { picture } = this.#options;
    const known = this.#live(intentId)?.order ?? picture.intent(intentId);
    const instrument = picture.instruments[known?.instrumentId ?? -1];
    if (instrument !== undefined) return ok(instrument);
    return failure("unknown-order", `there is no order ${intentId} here: look at /api/v1/orders`);
  }

  #whileLive<T>(
    intentId: string,
    make: (order: LiveOrderView, accountId: string) => Result<T, OrderFailure>,
  ): Result<T, OrderFailure> {
    if (this.#options.picture.engine.account === undefined) return outOfService();
    const live = this.#live(intentId);
    if (live !== undefined) return make(live.order, live.accountId);
    return failure("unknown-order", `order ${intentId} is over: look at /api/v1/orders/${intentId}`);
  }

  #whileOpen<T>(positionId: string, make: (held: Held) => Result<T, OrderFailure>): Result<T, OrderFailure> {
    const { picture } = this.#options;
    if (picture.engine.account === undefined) return outOfService();
    for (const [accountId, actor] of picture.engine.accounts) {
      const position = actor.view().positions.find((each) => each.positionId === positionId);
      const instrument = position === undefined ? undefined : picture.instruments[position.instrumentId];
      if (position === undefined || instrument === undefined) continue;
      if (position.external === true) {
        return failure("not-ours", `position ${positionId} was not opened by this account: it is left alone`);
      }
      return make({ accountId, position, instrument });
    }
    return unknownPosition(positionId);
  }

  /** Of a position that is or was open. */
  #instrumentOf(positionId: string): Result<Instrument, OrderFailure> {
    const open = this.#whileOpen(positionId, ({ instrument }) => ok(instrument));
    if (open.ok || open.code !== "unknown-position") return open;
    const symbol = this.#options.picture.symbolOfPosition(positionId);
    const instrument = symbol === undefined ? undefined : this.#options.picture.instrument(symbol);
    return instrument === undefined ? unknownPosition(positionId) : ok(instrument);
  }
}

function unknownAccount(accountId: string): Result<never, OrderFailure> {
  return failure("unknown-account", `there is no account ${accountId} here: look at /api/v1/accounts`);
}

function unknownPosition(positionId: string): Result<never, OrderFailure> {
  return failure("unknown-position", `there is no open position ${positionId}: look at /api/v1/positions`);
}

function outOfService(): Result<never, OrderFailure> {
  return failure(
    "account-out-of-service",
    "the account's actor is out of service: nothing was done. Look at /api/v1/actors.",
  );
}

/** One that no command can be made of never comes before the account. */
function unsaid({ code, message }: { code: string; message: string }): WishVerdict {
  return { approved: false, code, message, checks: [], intents: [] };
}
