// What people set on an account: what it lets in, symbols that may trade again, drawdowns measured anew, the broker's books as they are.
// Commands like all others, answered once they survive a crash.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Command } from "../../actors/domain/records.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { DurableWait } from "./durable-wait.ts";

export type AccountFailure = "account-out-of-service" | "unknown-symbol" | "nothing-stands" | "no-terminal";

export interface AccountChanged {
  readonly accountId: string;
  readonly command: Command["command"];
  /** Of the command in the journal. */
  readonly seq: number;
  /** Whether it survives a crash already. */
  readonly durable: boolean;
}

const DURABLE_MILLIS_MAX = 1_000;
/** How long the account may take to obey; it is a matter of microseconds unless it is being rebuilt. */
const OBEY_MILLIS_MAX = 1_000;
const LOOK_MILLIS = 1;
const NO_TERMINAL = failure(
  "no-terminal",
  "this account trades on paper: there are no books of a broker to compare",
);
/** Of what is about the account as a whole. */
const NO_INSTRUMENT = -1;

export class AccountDesk {
  readonly #picture: LivePicture;
  readonly #durable: DurableWait;

  constructor(picture: LivePicture) {
    this.#picture = picture;
    this.#durable = new DurableWait(picture.station.journal);
  }

  async setMode(
    mode: "active" | "reducing" | "halted",
    by: string,
  ): Promise<Result<AccountChanged, AccountFailure>> {
    return await this.#say({ command: "set-mode", accountId: this.#accountId, mode, by });
  }

  async reEnable(symbol: string, by: string): Promise<Result<AccountChanged, AccountFailure>> {
    const instrumentId = this.#instrumentId(symbol);
    if (!instrumentId.ok) return instrumentId;
    return await this.#say({
      command: "re-enable",
      accountId: this.#accountId,
      instrumentId: instrumentId.value,
      by,
    });
  }

  async resetDrawdown(by: string): Promise<Result<AccountChanged, AccountFailure>> {
    return await this.#say({ command: "reset-drawdown", accountId: this.#accountId, by });
  }

  /** @param symbol null for what is about the account as a whole */
  async acceptBooks(symbol: string | null, by: string): Promise<Result<AccountChanged, AccountFailure>> {
    const instrumentId = symbol === null ? ok(NO_INSTRUMENT) : this.#instrumentId(symbol);
    if (!instrumentId.ok) return instrumentId;
    const books = this.#picture.engine.account?.view().reconciliation;
    if (books === null) return NO_TERMINAL;
    if (books?.standing.some((difference) => difference.instrumentId === instrumentId.value) === false) {
      return failure(
        "nothing-stands",
        `nothing stands ${symbol === null ? "on the account" : `on ${symbol}`}`,
      );
    }
    return await this.#say({
      command: "accept-books",
      accountId: this.#accountId,
      instrumentId: instrumentId.value,
      by,
    });
  }

  /** Asks the terminal for its books; what they say is compared when they come. */
  look(): Result<void, AccountFailure> {
    const { bridge } = this.#picture;
    if (bridge?.orders === undefined) return NO_TERMINAL;
    bridge.orders.pictures.ask();
    return ok(undefined);
  }

  async #say(command: Command & { accountId: string }): Promise<Result<AccountChanged, AccountFailure>> {
    const { station, engine, clockIsWall } = this.#picture;
    if (engine.account === undefined) {
      return failure(
        "account-out-of-service",
        "the account's actor is out of service: nothing was done. Look at /api/v1/actors.",
      );
    }
    const { live, clock } = station;
    live.command(command, clockIsWall ? clock.nowMicros() : live.router.timeMicros);
    const seq = live.router.lastSeq;
    const patience = Bun.sleep(DURABLE_MILLIS_MAX).then(() => false);
    const durable = await Promise.race([this.#durable.reached(seq), patience]);
    const untilMillis = performance.now() + OBEY_MILLIS_MAX;
    while (!engine.system.idle && performance.now() < untilMillis) await Bun.sleep(LOOK_MILLIS);
    return ok({ accountId: command.accountId, command: command.command, seq, durable });
  }

  get #accountId(): string {
    return this.#picture.engine.config.account.accountId;
  }

  #instrumentId(symbol: string): Result<number, AccountFailure> {
    const instrument = this.#picture.instrument(symbol);
    return instrument === undefined
      ? failure("unknown-symbol", `${symbol} is not traded here`)
      : ok(instrument.id);
  }
}
