// The one entrance. Every record - a source's tick, a beat, a command, whatever an actor emits - gets its place in the
// order here and goes two ways: to the journal (A) and to the actors (B). What follows the journal, the stream of records
// (C) among it, reads it by cursor. Nothing here waits: a journal that is slow only delays acknowledgements.

import type { Archive } from "./base/archive.ts";
import type { Micros } from "./base/clock.ts";
import type { Advice } from "./domain/advice.ts";
import type { Adjustment, BrokerBooks } from "./domain/broker-books.ts";
import { type CalendarEvent, CALENDAR_EVENTS_MAX, CALENDAR_NAME_LENGTH_MAX } from "./domain/calendar.ts";
import { encodePayload, KIND_NUMBER, TOPIC_NUMBER_OF } from "./domain/codec.ts";
import type { Execution } from "./domain/order.ts";
import type { Command, JournalRecord } from "./domain/records.ts";
import { type Tick, TICK_SKIP_INFERENCE } from "./domain/tick.ts";
import {
  FURTHER_MAILBOX_RECORDS,
  MAILBOX_RESERVE_RECORDS,
  SHARED_MAILBOX_RECORDS,
  SKIP_INFERENCE_DEPTH,
  SYMBOL_MAILBOX_RECORDS,
} from "./limits.ts";
import { GapLedger, type Take, TAKE_DUPLICATE } from "./market/gap-ledger.ts";
import type { Draft, Emitter } from "./ports/emitter.ts";
import { type Journal, NOT_APPENDED } from "./ports/journal.ts";
import type { AccountSeats, Switchboard } from "./switchboard.ts";

/** A tick as a source hands it over: everything but its place in the order. */
export type IncomingTick = Omit<Tick, "kind" | "seq" | "timeMicros">;

/** Instrument id of ticks whose symbol nobody knows: journaled and quarantined, heard by no actor. */
export const UNKNOWN_INSTRUMENT = 65_535;

/** The source sent this number before: already in the journal, nothing to do but acknowledge it again. */
export const INGEST_DUPLICATE = -1;
/** No room in the journal's buffer or in a mailbox: not accepted, the source keeps it and sends it again. */
export const INGEST_BUSY = -2;

/** Advice as it comes in: everything but its place in the order. */
export type IncomingAdvice = Omit<Advice, "kind" | "seq" | "timeMicros">;

/** What a broker says, without its place in the order. */
export type BrokerDraft = DistributiveOmit<Execution | Adjustment | BrokerBooks, "seq" | "timeMicros">;
type DistributiveOmit<Union, Key extends PropertyKey> = Union extends unknown ? Omit<Union, Key> : never;

export class TickRouter implements Emitter {
  readonly #journal: Journal;
  #switchboard: Switchboard;
  readonly gaps: GapLedger;
  #timeMicros = 0;
  /** Sequence of the last record given to the actors; runs on without the journal once that has failed. */
  #lastSeq: number;
  #ticks = 0;
  #skipped = 0;
  #busy = 0;
  #detached = false;

  constructor(options: { journal: Journal; switchboard: Switchboard }) {
    this.#journal = options.journal;
    this.#switchboard = options.switchboard;
    this.#lastSeq = options.journal.lastSeq;
    this.gaps = new GapLedger({
      onGap: (gap) => {
        this.emit({ kind: "gap", seq: 0, timeMicros: this.#timeMicros, ...gap });
      },
    });
  }

  /** From now on records go to the actors behind `switchboard`. */
  turnTo(switchboard: Switchboard): void {
    this.#switchboard = switchboard;
  }

  /** The engine's time: that of the last record. */
  get timeMicros(): Micros {
    return this.#timeMicros;
  }

  /**
   * Whether records no longer reach the journal: it has failed, or its buffer overflowed the reserve that emissions have.
   * It stays so: after a hole the journal must not go on.
   */
  get detached(): boolean {
    return this.#detached || this.#journal.health === "failed";
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  get counts(): { ticks: number; skippedInference: number; busy: number } {
    return {
      ticks: this.#ticks,
      skippedInference: this.#skipped,
      busy: this.#busy,
    };
  }

  /**
   * Takes a tick in at `timeMicros`.
   * @returns its journal sequence, {@link INGEST_DUPLICATE} or {@link INGEST_BUSY}. It may be acknowledged to its source
   * once the journal's `durableSeq` has reached that sequence.
   */
  ingest(incoming: IncomingTick, timeMicros: Micros): number {
    const seat = this.#switchboard.seats.symbols[incoming.instrumentId];
    const depth = seat === undefined ? 0 : seat.depth;
    if (!this.#hasRoom(depth)) {
      this.#busy++;
      return INGEST_BUSY;
    }
    this.#moveTo(timeMicros);
    // Unknown symbols share one id, so their numbers say nothing.
    if (seat !== undefined && this.#take(incoming) === TAKE_DUPLICATE) return INGEST_DUPLICATE;
    let flags = incoming.flags;
    if (depth >= SKIP_INFERENCE_DEPTH) {
      flags |= TICK_SKIP_INFERENCE;
      this.#skipped++;
    }
    const tick = {
      kind: "tick" as const,
      seq: 0,
      timeMicros: this.#timeMicros,
      instrumentId: incoming.instrumentId,
      sourceId: incoming.sourceId,
      sourceSeq: incoming.sourceSeq,
      sourceTimeMicros: incoming.sourceTimeMicros,
      bid: incoming.bid,
      ask: incoming.ask,
      bidVolume: incoming.bidVolume,
      askVolume: incoming.askVolume,
      flags,
    };
    this.#ticks++;
    this.emit(tick);
    if (seat === undefined) this.#quarantineUnknown(tick);
    return tick.seq;
  }

  /** Lets time pass for everybody, symbols whose sources are silent among them. */
  beat(timeMicros: Micros): void {
    this.#moveTo(timeMicros);
    this.emit({ kind: "beat", seq: 0, timeMicros: this.#timeMicros });
  }

  /** Lets time pass for account, broker and market: symbols whose minutes have ended have their turns. */
  beatWithoutSymbols(timeMicros: Micros): void {
    this.#moveTo(timeMicros);
    this.emit({ kind: "beat", seq: 0, timeMicros: this.#timeMicros, withoutSymbols: true });
  }

  /** Gives one symbol its turn to close a minute that has ended and to ask those who answer on that. */
  turnOf(instrumentId: number, timeMicros: Micros): void {
    this.#moveTo(timeMicros);
    this.emit({ kind: "beat", seq: 0, timeMicros: this.#timeMicros, instrumentId });
  }

  command(command: Command, timeMicros: Micros): void {
    this.#moveTo(timeMicros);
    this.emit({ kind: "commanded", seq: 0, timeMicros: this.#timeMicros, command });
  }

  /**
   * Takes in what was answered about a symbol beside the tick path.
   * @returns whether it was taken: not by a symbol that is behind with its ticks, which has better to do, nor without a
   * journal to replay it from
   */
  advise(advice: IncomingAdvice, timeMicros: Micros): boolean {
    const seat = this.#switchboard.seats.symbols[advice.instrumentId];
    if (seat === undefined || this.detached || seat.depth >= SKIP_INFERENCE_DEPTH) return false;
    if (!this.#hasRoom(seat.depth)) return false;
    this.#moveTo(timeMicros);
    this.emit({ kind: "advice", seq: 0, timeMicros: this.#timeMicros, ...advice });
    return true;
  }

  /**
   * Takes in the economic calendar as it is known now, which replaces what was known before.
   * @returns whether it was taken: not with more than {@link CALENDAR_EVENTS_MAX} events or longer names than
   * {@link CALENDAR_NAME_LENGTH_MAX}, nor while there is no room or no journal to replay it from
   */
  schedule(events: readonly CalendarEvent[], timeMicros: Micros): boolean {
    if (events.length > CALENDAR_EVENTS_MAX) return false;
    if (events.some(({ name }) => name.length > CALENDAR_NAME_LENGTH_MAX)) return false;
    if (this.detached || !this.#hasRoom(0)) return false;
    this.#moveTo(timeMicros);
    this.emit({ kind: "calendar", seq: 0, timeMicros: this.#timeMicros, events });
    return true;
  }

  /**
   * Takes in what a real broker says: a report, money that moved, its books. With the journal gone the actors still hear it, since exits go on.
   * @returns whether it was taken: not while there is no room; it is to be said again then
   */
  report(draft: BrokerDraft, timeMicros: Micros): boolean {
    if (!this.#hasRoom(0)) return false;
    this.#moveTo(timeMicros);
    this.emit({ ...draft, seq: 0, timeMicros: this.#timeMicros });
    return true;
  }

  /** Journals the configuration the engine runs under from here on. */
  configured(what: { config: unknown; epoch: number }, timeMicros: Micros): void {
    this.#moveTo(timeMicros);
    this.emit({ kind: "configured", seq: 0, timeMicros: this.#timeMicros, ...what });
  }

  /** Gives `draft` its place: journal first, then everyone who listens. */
  emit(draft: Draft): void {
    const seq = this.#append(draft);
    // A failed journal stops acknowledgements and entries, never exits: the actors go on without it.
    this.#detached ||= seq === NOT_APPENDED;
    this.#lastSeq = seq === NOT_APPENDED ? this.#lastSeq + 1 : seq;
    draft.seq = this.#lastSeq;
    if (draft.kind === "quarantined") this.gaps.quarantined(draft.sourceId, draft.instrumentId);
    this.#switchboard.deliver(draft);
  }

  /** Recovery and replay: a record that is in the journal already moves time, counters and the gap ledger. */
  observe(record: JournalRecord): void {
    if (record.timeMicros > this.#timeMicros) this.#timeMicros = record.timeMicros;
    if (record.seq > this.#lastSeq) this.#lastSeq = record.seq;
    if (record.kind === "quarantined") this.gaps.quarantined(record.sourceId, record.instrumentId);
    if (record.kind !== "tick") return;
    this.#ticks++;
    this.gaps.replay(record.sourceId, record.instrumentId, record.sourceSeq, record.flags, record.timeMicros);
  }

  persist(archive: Archive): void {
    this.#timeMicros = archive.number(this.#timeMicros);
    this.#ticks = archive.number(this.#ticks);
    this.#skipped = archive.number(this.#skipped);
    this.gaps.persist(archive);
  }

  #append(draft: Draft): number {
    if (this.#detached) return NOT_APPENDED;
    const journal = this.#journal;
    const bytes = encodePayload(draft, journal.staging);
    return journal.append(TOPIC_NUMBER_OF[draft.kind], KIND_NUMBER[draft.kind], draft.timeMicros, bytes);
  }

  #take(incoming: IncomingTick): Take {
    const { sourceId, instrumentId, sourceSeq, flags } = incoming;
    return this.gaps.take(sourceId, instrumentId, sourceSeq, flags, this.#timeMicros);
  }

  #moveTo(timeMicros: Micros): void {
    if (timeMicros > this.#timeMicros) this.#timeMicros = timeMicros;
  }

  #hasRoom(symbolDepth: number): boolean {
    if (symbolDepth >= SYMBOL_MAILBOX_RECORDS - MAILBOX_RESERVE_RECORDS) return false;
    const { accounts, market } = this.#switchboard.seats;
    if (market.depth >= SHARED_MAILBOX_RECORDS - MAILBOX_RESERVE_RECORDS) return false;
    for (let i = 0; i < accounts.length; i++) {
      const { account, broker } = accounts[i] as AccountSeats;
      const capacity = i === 0 ? SHARED_MAILBOX_RECORDS : FURTHER_MAILBOX_RECORDS;
      if (Math.max(account.depth, broker?.depth ?? 0) >= capacity - MAILBOX_RESERVE_RECORDS) return false;
    }
    return this.detached || this.#journal.pressure < PRESSURE_MAX;
  }

  #quarantineUnknown(tick: Tick): void {
    this.emit({
      kind: "quarantined",
      seq: 0,
      timeMicros: tick.timeMicros,
      instrumentId: UNKNOWN_INSTRUMENT,
      sourceId: tick.sourceId,
      causeSeq: tick.seq,
      code: "unknown-symbol",
    });
  }
}

/** Share of the journal's buffer ticks may fill; the rest is for what actors emit. */
const PRESSURE_MAX = 0.75;
