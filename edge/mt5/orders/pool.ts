// Which connection takes a command: the least loaded of those that may, except that one symbol's commands stay on the connection that has
// not answered the one before. A command that was handed to a connection stays bound to it, whatever becomes of it.

import { MICROS_PER_MILLISECOND } from "../../../actors/base/clock.ts";
import { CircuitBreaker } from "../../../actors/runtime/breaker.ts";
import type { OrderIntent } from "../../../actors/domain/order.ts";
import type { Terminal } from "../terminal.ts";
import { ANSWER_MS_MAX, CONNECTION_FAILURES_MAX, EXPIRY_MARGIN_MS } from "./limits.ts";

/** A connection that may carry orders, and how far it is with us. */
export class Seat {
  readonly terminal: Terminal;
  readonly breaker = new CircuitBreaker({ failuresMax: CONNECTION_FAILURES_MAX });
  /** Our epoch is on the terminal's disk. */
  isFenced = false;
  /** The books were compared since it came. */
  isReconciled = false;
  /** Spellings by instrument, of what it streams. */
  readonly spellings: ReadonlyMap<number, string>;
  /** Symbols that it has, by spelling: their decimals. */
  readonly digits: ReadonlyMap<string, number>;
  mode = "active";

  constructor(terminal: Terminal) {
    this.terminal = terminal;
    this.spellings = new Map([...terminal.instruments].map(([name, { id }]) => [id, name]));
    this.digits = new Map(terminal.hello.symbols.map(({ symbol, digits }) => [symbol, digits]));
  }
}

/** A command that went out and was not answered yet. */
export interface Unanswered {
  readonly intent: OrderIntent;
  readonly counter: number;
  /** Its `sent` record. */
  readonly sentSeq: number;
  /** Of the connection that it is bound to. */
  readonly session: string;
  /** Whose connections follow each other: a later one begins with nothing that an earlier one had not read. */
  readonly place: string;
  readonly sentMs: number;
  readonly expiresMs: number;
  /** It counted as a failure of its connection; the connection is gone, or silent about it. */
  isOverdue: boolean;
}

export class Pool {
  readonly #seats = new Map<string, Seat>();
  readonly #unanswered = new Map<string, Unanswered>();

  get seats(): readonly Seat[] {
    return [...this.#seats.values()];
  }

  get unanswered(): readonly Unanswered[] {
    return [...this.#unanswered.values()];
  }

  seatOf(terminal: Terminal): Seat | undefined {
    return this.#seats.get(terminal.session);
  }

  join(terminal: Terminal): Seat {
    const seat = new Seat(terminal);
    this.#seats.set(terminal.session, seat);
    return seat;
  }

  /** What it had not answered stays bound to it: nobody else is given it. */
  leave(terminal: Terminal): Seat | undefined {
    const seat = this.#seats.get(terminal.session);
    this.#seats.delete(terminal.session);
    for (const each of this.#unanswered.values())
      if (each.session === terminal.session) each.isOverdue = true;
    return seat;
  }

  /** The broker's spelling of an instrument, where any connection streams it. */
  symbolOf(instrumentId: number): { name: string; digits: number } | undefined {
    for (const { spellings, digits } of this.#seats.values()) {
      const name = spellings.get(instrumentId);
      if (name !== undefined) return { name, digits: digits.get(name) ?? 0 };
    }
    return undefined;
  }

  /** Connections to try, in order; none where the command cannot go anywhere. */
  candidates(intent: OrderIntent, nowMs: number): Seat[] {
    const symbol = this.symbolOf(intent.instrumentId)?.name ?? "";
    const isEntry = intent.purpose === "entry";
    const able = this.seats.filter(
      ({ isFenced, isReconciled, terminal, digits }) =>
        !isEntry || (isFenced && isReconciled && !terminal.isKilled && digits.has(symbol)),
    );
    const ordered = able.sort((a, b) => this.loadOf(a) - this.loadOf(b) || a.terminal.slot - b.terminal.slot);
    const bound = this.#boundTo(intent.instrumentId);
    if (bound !== undefined) return ordered.filter(({ terminal }) => terminal.session === bound);
    const nowMicros = nowMs * MICROS_PER_MILLISECOND;
    const trusted = ordered.find(({ breaker }) => breaker.allows(nowMicros));
    if (trusted !== undefined) return [trusted, ...ordered.filter((seat) => seat !== trusted && !isEntry)];
    // Exits go even where answers have failed to come: what never leaves certainly does nothing.
    return isEntry ? [] : ordered;
  }

  bind(
    { terminal }: Seat,
    intent: OrderIntent,
    sent: { counter: number; sentSeq: number; sentMs: number },
  ): void {
    this.#unanswered.set(intent.intentId, {
      intent,
      ...sent,
      session: terminal.session,
      place: placeOf(terminal),
      expiresMs: intent.expiresAtMicros / MICROS_PER_MILLISECOND,
      isOverdue: false,
    });
  }

  /** The terminal has said something of it; undefined where it had before, or was not ours. */
  answered(intentId: string): Unanswered | undefined {
    const found = this.#unanswered.get(intentId);
    if (found === undefined) return undefined;
    this.#unanswered.delete(intentId);
    this.#seats.get(found.session)?.breaker.succeeded();
    return found;
  }

  /** Commands that have gone without an answer for too long, once each; those that nobody takes any more are let go. */
  overdue(nowMs: number): Unanswered[] {
    const late: Unanswered[] = [];
    for (const each of this.#unanswered.values()) {
      if (nowMs > each.expiresMs + EXPIRY_MARGIN_MS) this.#unanswered.delete(each.intent.intentId);
      if (each.isOverdue || nowMs - each.sentMs <= ANSWER_MS_MAX) continue;
      each.isOverdue = true;
      late.push(each);
      this.#seats.get(each.session)?.breaker.failed(nowMs * MICROS_PER_MILLISECOND);
    }
    return late;
  }

  /**
   * The oldest command that may reach a terminal after a picture which `seat` is asked for now. Those given on the same connection, or one
   * before it at the same place, come ahead of the asking or never.
   */
  oldestOpen({ terminal }: Seat): Unanswered | undefined {
    let oldest: Unanswered | undefined;
    for (const each of this.#unanswered.values()) {
      if (each.place === placeOf(terminal)) continue;
      if (oldest === undefined || each.sentSeq < oldest.sentSeq) oldest = each;
    }
    return oldest;
  }

  /** Commands that it has not answered. */
  loadOf({ terminal }: Seat): number {
    let load = 0;
    for (const { session } of this.#unanswered.values()) if (session === terminal.session) load++;
    return load;
  }

  #boundTo(instrumentId: number): string | undefined {
    for (const { intent, session, isOverdue } of this.#unanswered.values()) {
      if (intent.instrumentId === instrumentId && !isOverdue) return session;
    }
    return undefined;
  }
}

function placeOf({ terminal, slot }: Terminal): string {
  return `${terminal} ${slot}`;
}
