// Who hears what. One place says which actors a record goes to and which actor emitted it, for live trading, replay
// and recovery alike.

import { assert, AssertionError } from "./base/assert.ts";
import type { JournalRecord } from "./domain/records.ts";
import { TICK_SECONDARY } from "./domain/tick.ts";
import { ACCOUNTS_THAT_HEAR_EACH_OTHER_MAX } from "./limits.ts";

/** One listener: an actor's mailbox, and how far into the journal its state already is. */
export interface Seat {
  readonly path: string;
  /** Records up to here are in the actor's state already and are not delivered again. */
  appliedSeq: number;
  /** Queues the record; false when the mailbox is full. */
  tell(record: JournalRecord): boolean;
  /** Records waiting in the mailbox. */
  readonly depth: number;
}

/** Hears intents at once, outside any mailbox: the gate that holds orders until they are durable. */
export interface IntentHolder {
  hold(intent: Extract<JournalRecord, { kind: "intent" }>): void;
}

export interface AccountSeats {
  readonly accountId: string;
  readonly account: Seat;
  /** Its paper broker; left out where orders go to a real one, whose reports come from outside. */
  readonly broker?: Seat;
}

export interface Seats {
  /** By instrument id. */
  readonly symbols: readonly Seat[];
  /** The primary one first; never none. */
  readonly accounts: readonly AccountSeats[];
  readonly market: Seat;
}

/** What an actor other than a symbol's is. */
type Role = { readonly is: "account" | "broker"; readonly of: AccountSeats } | { readonly is: "market" };

export class Switchboard {
  readonly #seats: Seats;
  readonly #gate: IntentHolder;
  readonly #accounts = new Map<string, AccountSeats>();
  /** Accounts hear each other's orders and what becomes of them. */
  readonly #hearEachOther: boolean;
  /** By path. */
  readonly #roles = new Map<string, Role>();

  constructor(seats: Seats, gate: IntentHolder) {
    this.#seats = seats;
    this.#gate = gate;
    const { length } = seats.accounts;
    this.#hearEachOther = length > 1 && length <= ACCOUNTS_THAT_HEAR_EACH_OTHER_MAX;
    for (const of of seats.accounts) {
      this.#accounts.set(of.accountId, of);
      this.#roles.set(of.account.path, { is: "account", of });
      if (of.broker !== undefined) this.#roles.set(of.broker.path, { is: "broker", of });
    }
    this.#roles.set(seats.market.path, { is: "market" });
  }

  get seats(): Seats {
    return this.#seats;
  }

  /** Hands a record that has its place in the journal to everyone it concerns. */
  deliver(record: JournalRecord): void {
    const seats = this.#seats;
    switch (record.kind) {
      case "tick": {
        const symbol = seats.symbols[record.instrumentId];
        if (symbol === undefined) return;
        hand(symbol, record);
        this.#everyAccount(record);
        if ((record.flags & TICK_SECONDARY) !== 0) return;
        this.#everyBroker(record);
        hand(seats.market, record);
        return;
      }
      case "votes":
      case "advice":
        hand(this.symbol(record.instrumentId), record);
        return;
      case "signal":
      case "commanded":
      case "configured":
      case "calendar":
        this.#everyAccount(record);
        return;
      case "intent":
        handIf(this.#seatsOf(record).broker, record);
        if (this.#hearEachOther) this.#otherAccounts(record);
        this.#gate.hold(record);
        return;
      case "sent": {
        const { account, broker } = this.#seatsOf(record);
        hand(account, record);
        handIf(broker, record);
        return;
      }
      case "execution":
        hand(this.#seatsOf(record).account, record);
        if (this.#hearEachOther) this.#otherAccounts(record);
        return;
      case "adjustment":
      case "broker-books":
        hand(this.#seatsOf(record).account, record);
        return;
      case "market":
        this.#everySymbol(record);
        this.#everyAccount(record);
        return;
      case "beat":
        if (record.instrumentId !== undefined) {
          hand(this.symbol(record.instrumentId), record);
          return;
        }
        if (record.withoutSymbols === undefined) this.#everySymbol(record);
        this.#everyAccount(record);
        this.#everyBroker(record);
        hand(seats.market, record);
        return;
      case "quarantined":
      case "refusal":
      case "tripped":
      case "reconciled":
      case "pretrade":
      case "gap":
      case "fault":
      case "checkpoint":
        return;
    }
  }

  /** Whether {@link deliver} hands `record` to the actor at `path`. */
  concerns(path: string, record: JournalRecord): boolean {
    const { symbols } = this.#seats;
    const role = this.#roles.get(path);
    switch (record.kind) {
      case "tick":
        if (role === undefined) return symbols[record.instrumentId]?.path === path;
        if (symbols[record.instrumentId] === undefined) return false;
        return role.is === "account" || (record.flags & TICK_SECONDARY) === 0;
      case "votes":
      case "advice":
        return symbols[record.instrumentId]?.path === path;
      case "beat":
        if (record.instrumentId !== undefined) return symbols[record.instrumentId]?.path === path;
        return role !== undefined || record.withoutSymbols === undefined;
      case "market":
        return role === undefined || role.is === "account";
      case "intent": {
        if (role === undefined || role.is === "market") return false;
        const isNamed = role.of === this.#seatsOf(record);
        return role.is === "broker" ? isNamed : this.#hearEachOther && !isNamed;
      }
      case "sent":
        return role !== undefined && role.is !== "market" && role.of === this.#seatsOf(record);
      case "execution":
        return role?.is === "account" && (this.#hearEachOther || role.of === this.#seatsOf(record));
      case "adjustment":
      case "broker-books":
        return role?.is === "account" && role.of === this.#seatsOf(record);
      case "signal":
      case "commanded":
      case "configured":
      case "calendar":
        return role?.is === "account";
      case "quarantined":
      case "refusal":
      case "tripped":
      case "reconciled":
      case "pretrade":
      case "gap":
      case "fault":
      case "checkpoint":
        return false;
    }
  }

  symbol(instrumentId: number): Seat {
    const seat = this.#seats.symbols[instrumentId];
    assert(seat !== undefined, `no actor trades instrument ${instrumentId}`);
    return seat;
  }

  /** The actor that emitted `record`, or undefined for an input from outside. */
  emitterOf(record: JournalRecord): Seat | undefined {
    switch (record.kind) {
      case "votes":
      case "signal":
      case "quarantined":
      case "checkpoint":
        return this.#seats.symbols[record.instrumentId];
      case "intent":
      case "refusal":
      case "tripped":
      case "reconciled":
      case "pretrade":
        return this.#seatsOf(record).account;
      case "execution":
      case "adjustment":
        return this.#seatsOf(record).broker;
      case "market":
        return this.#seats.market;
      case "tick":
      case "beat":
      case "sent":
      case "commanded":
      case "configured":
      case "gap":
      case "fault":
      case "advice":
      case "calendar":
      case "broker-books":
        return undefined;
    }
  }

  /** Of the account that a record names; of the primary one where nobody knows it. */
  #seatsOf({ accountId }: { readonly accountId: string }): AccountSeats {
    return this.#accounts.get(accountId) ?? (this.#seats.accounts[0] as AccountSeats);
  }

  #everyAccount(record: JournalRecord): void {
    const { accounts } = this.#seats;
    for (let i = 0; i < accounts.length; i++) hand((accounts[i] as AccountSeats).account, record);
  }

  #otherAccounts(record: Extract<JournalRecord, { readonly accountId: string }>): void {
    const named = this.#seatsOf(record);
    for (const seats of this.#seats.accounts) if (seats !== named) hand(seats.account, record);
  }

  #everyBroker(record: JournalRecord): void {
    const { accounts } = this.#seats;
    for (let i = 0; i < accounts.length; i++) handIf((accounts[i] as AccountSeats).broker, record);
  }

  #everySymbol(record: JournalRecord): void {
    const symbols = this.#seats.symbols;
    for (let i = 0; i < symbols.length; i++) hand(symbols[i] as Seat, record);
  }
}

/** The router refuses ticks while a mailbox is nearly full, so a refusal here means that reserve was misjudged. */
function hand(seat: Seat, record: JournalRecord): void {
  if (record.seq <= seat.appliedSeq) return;
  if (!seat.tell(record)) overflowed(seat, record);
}

function handIf(seat: Seat | undefined, record: JournalRecord): void {
  if (seat !== undefined) hand(seat, record);
}

/** Apart from the hot path, so that no text is made for a delivery that succeeds. */
function overflowed(seat: Seat, record: JournalRecord): never {
  throw new AssertionError(`the mailbox of ${seat.path} overflowed its reserve at record ${record.seq}`);
}
