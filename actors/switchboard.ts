// Who hears what. One place says which actors a record goes to and which actor emitted it, for live trading, replay
// and recovery alike.

import { assert, AssertionError } from "./base/assert.ts";
import type { JournalRecord } from "./domain/records.ts";
import { TICK_SECONDARY } from "./domain/tick.ts";

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

export interface Seats {
  /** By instrument id. */
  readonly symbols: readonly Seat[];
  readonly account: Seat;
  /** The paper broker; undefined where orders go to a real one, whose reports come from outside. */
  readonly broker: Seat | undefined;
  readonly market: Seat;
}

export class Switchboard {
  readonly #seats: Seats;
  readonly #gate: IntentHolder;

  constructor(seats: Seats, gate: IntentHolder) {
    this.#seats = seats;
    this.#gate = gate;
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
        hand(seats.account, record);
        if ((record.flags & TICK_SECONDARY) !== 0) return;
        if (seats.broker !== undefined) hand(seats.broker, record);
        hand(seats.market, record);
        return;
      }
      case "votes":
      case "advice":
        hand(this.symbol(record.instrumentId), record);
        return;
      case "signal":
        hand(seats.account, record);
        return;
      case "intent":
        if (seats.broker !== undefined) hand(seats.broker, record);
        this.#gate.hold(record);
        return;
      case "sent":
        hand(seats.account, record);
        if (seats.broker !== undefined) hand(seats.broker, record);
        return;
      case "execution":
      case "adjustment":
      case "broker-books":
        hand(seats.account, record);
        return;
      case "commanded":
      case "configured":
      case "calendar":
        hand(seats.account, record);
        return;
      case "market":
        this.#everySymbol(record);
        hand(seats.account, record);
        return;
      case "beat":
        if (record.instrumentId !== undefined) {
          hand(this.symbol(record.instrumentId), record);
          return;
        }
        if (record.withoutSymbols === undefined) this.#everySymbol(record);
        hand(seats.account, record);
        if (seats.broker !== undefined) hand(seats.broker, record);
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
    const { symbols, account, broker, market } = this.#seats;
    const isSymbol = path !== account.path && path !== broker?.path && path !== market.path;
    switch (record.kind) {
      case "tick":
        if (isSymbol) return symbols[record.instrumentId]?.path === path;
        if (symbols[record.instrumentId] === undefined) return false;
        return path === account.path || (record.flags & TICK_SECONDARY) === 0;
      case "votes":
      case "advice":
        return symbols[record.instrumentId]?.path === path;
      case "beat":
        if (record.instrumentId !== undefined) return symbols[record.instrumentId]?.path === path;
        return !isSymbol || record.withoutSymbols === undefined;
      case "market":
        return isSymbol || path === account.path;
      case "intent":
        return path === broker?.path;
      case "sent":
        return path === account.path || path === broker?.path;
      case "signal":
      case "execution":
      case "adjustment":
      case "broker-books":
      case "commanded":
      case "configured":
      case "calendar":
        return path === account.path;
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
        return this.#seats.account;
      case "execution":
      case "adjustment":
        return this.#seats.broker;
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

/** Apart from the hot path, so that no text is made for a delivery that succeeds. */
function overflowed(seat: Seat, record: JournalRecord): never {
  throw new AssertionError(`the mailbox of ${seat.path} overflowed its reserve at record ${record.seq}`);
}
