// The accounts whose terminals connect: which terminal trades, which connection has which slot, what the account holds. One terminal
// of an account trades; a second one is read only until the first has been gone for a while.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { TerminalAccount, TerminalStore } from "../../actors/ports/terminals.ts";
import { terminalSourceId } from "../feeds/source.ts";
import { AccountPicture } from "./account-picture.ts";
import { BrokerTime } from "./clocks.ts";
import { OWNER_HOLD_MS, SILENT_MS_MAX } from "./limits.ts";
import type { HelloFrame, TickFeed, TickSide } from "./tick-intake.ts";

/** What an account needs to know of a connection. */
export interface Seated {
  readonly terminal: string;
  readonly boot: string;
  readonly slot: number;
  readonly watches: boolean;
  readonly heardMs: number;
  /** Ends it, because another has taken its place. */
  yield(): void;
}

export interface Seat {
  readonly account: AccountDesk;
  readonly sourceId: number;
  readonly watches: boolean;
}

export class AccountDesk implements TickSide {
  readonly accountId: string;
  readonly number: number;
  readonly brokerTime: BrokerTime;
  readonly unmapped: TickSide["unmapped"] = new Map();
  readonly claims = new Map<string, { feed: TickFeed; symbol: string }>();
  readonly picture = new AccountPicture();
  readonly connections = new Set<Seated>();
  /** What its terminal said of it when it last came. */
  hello: HelloFrame;
  owner: string | undefined;
  /** When the owner was last heard; of one before our start, our start. */
  ownerHeardMs: number;

  constructor(account: TerminalAccount, options: { hello: HelloFrame; provenMs: number; nowMs: number }) {
    this.accountId = account.id;
    this.number = account.number;
    this.owner = account.owner;
    this.ownerHeardMs = options.nowMs;
    this.hello = options.hello;
    this.brokerTime = new BrokerTime({
      provenMs: options.provenMs,
      saidMs: options.hello.brokerOffsetSeconds * 1_000,
    });
  }
}

export class Accounts {
  readonly #store: TerminalStore;
  readonly #nowMs: () => number;
  readonly #ownerHoldMs: number;
  readonly #desks = new Map<string, AccountDesk>();

  constructor(options: { store: TerminalStore; nowMs: () => number; ownerHoldMs?: number | undefined }) {
    this.#store = options.store;
    this.#nowMs = options.nowMs;
    this.#ownerHoldMs = options.ownerHoldMs ?? OWNER_HOLD_MS;
  }

  /** Those that came since the start. */
  get all(): readonly AccountDesk[] {
    return [...this.#desks.values()];
  }

  /** A place for a terminal's connection. Whoever had it and is the same, or silent, is ended first. */
  seat(account: TerminalAccount, terminal: string, hello: HelloFrame): Result<Seat, "slot-taken"> {
    const desk = this.#deskOf(account, hello);
    const owns = this.#mayOwn(desk, terminal);
    const rivals = [...desk.connections].filter((each) =>
      each.terminal === terminal ? each.slot === hello.slot : !owns && each.watches,
    );
    for (const rival of rivals) {
      const isSame = rival.terminal === terminal && rival.boot === hello.boot;
      if (!isSame && this.#nowMs() - rival.heardMs < SILENT_MS_MAX) {
        return failure(
          "slot-taken",
          rival.terminal === terminal
            ? `connection ${hello.slot} is another chart's: give this one another number`
            : "a third terminal of one account: two may be connected",
        );
      }
      rival.yield();
    }
    if (owns && desk.owner !== terminal) {
      this.#store.setOwner(desk.accountId, terminal);
      desk.owner = terminal;
    }
    if (owns) {
      desk.ownerHeardMs = this.#nowMs();
      desk.hello = hello;
    }
    const watches = !owns;
    return ok({ account: desk, watches, sourceId: terminalSourceId(desk.number, { watches }) });
  }

  leave(desk: AccountDesk, connection: Seated): void {
    if (!desk.connections.delete(connection)) return;
    if (connection.terminal !== desk.owner) return;
    desk.picture.left(connection.slot);
    desk.ownerHeardMs = Math.max(desk.ownerHeardMs, connection.heardMs);
  }

  /** Terminals that only watch an account whose owner has gone: when they come again, one of them may own it. */
  heirs(): Seated[] {
    return this.all.flatMap((desk) =>
      [...desk.connections].filter((each) => each.watches && this.#mayOwn(desk, each.terminal)),
    );
  }

  #mayOwn(desk: AccountDesk, terminal: string): boolean {
    if (desk.owner === undefined || desk.owner === terminal) return true;
    const isThere = [...desk.connections].some((each) => each.terminal === desk.owner);
    return !isThere && this.#nowMs() - desk.ownerHeardMs > this.#ownerHoldMs;
  }

  #deskOf(account: TerminalAccount, hello: HelloFrame): AccountDesk {
    const known = this.#desks.get(account.id);
    if (known !== undefined) return known;
    const proven = this.#store.offsets().findLast(({ accountId }) => accountId === account.id);
    const desk = new AccountDesk(account, {
      hello,
      provenMs: proven?.offsetMs ?? Number.NaN,
      nowMs: this.#nowMs(),
    });
    this.#desks.set(account.id, desk);
    return desk;
  }
}
