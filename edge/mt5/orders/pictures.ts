// From a connection's coming to the word that it may trade: our epoch on its disk, a picture of the account drawn after that, the books
// compared, `reconciled`. And pictures again every so often, so that what nobody told of is found.
//
// Only pictures drawn after the fence count: from then on a terminal refuses what an earlier life of ours sent, so an intent that is
// not in the picture never will be.

import type { BrokerBooks, Reconciled } from "../../../actors/domain/broker-books.ts";
import type { Instrument } from "../../../actors/domain/instrument.ts";
import type { TerminalStore } from "../../../actors/ports/terminals.ts";
import type { Terminal } from "../terminal.ts";
import { booksOf, type SnapshotFrame } from "./books.ts";
import { DEALS_OVERLAP_MS, PICTURE_MS_MAX, REMEMBERED_MAX } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import type { Pool, Seat } from "./pool.ts";
import { Remembered } from "./remembered.ts";
import { adjustmentOf } from "./reports.ts";

export interface PicturesOptions {
  readonly accountId: string;
  readonly intentTag: number;
  readonly epoch: number;
  readonly everyMs: number;
  readonly store: TerminalStore;
  readonly pool: Pool;
  readonly outbox: Outbox;
  readonly nowMs: () => number;
  readonly instrumentOf: (symbol: string) => Instrument | undefined;
  /** The highest number of a command that was ever given. */
  readonly lastCommand: () => number;
  /** Of the journal. */
  readonly lastSeq: () => number;
  /** A picture is whole: before its books are told. */
  readonly onWhole: (seat: Seat, parts: readonly SnapshotFrame[]) => void;
}

interface Drawing {
  readonly why: BrokerBooks["why"];
  readonly askedMs: number;
  /** Every command up to here, and every one marked as sent up to there, comes ahead of the picture or never. */
  readonly commandSeq: number;
  readonly settledSeq: number;
  /** What was reported up to there had happened before it is drawn. */
  readonly askedSeq: number;
  readonly parts: SnapshotFrame[];
}

export class Pictures {
  readonly #options: PicturesOptions;
  readonly #drawings = new Map<string, Drawing>();
  /** By the books' record: whose picture it was, and when it was drawn. */
  readonly #told = new Map<number, { readonly session: string; readonly drawnMs: number }>();
  readonly #adjusted = new Remembered<true>(REMEMBERED_MAX);
  #dueMs: number;
  #isAsked = false;
  /** When books were last compared; NaN before the first time. */
  comparedMs = Number.NaN;
  agrees: boolean | undefined;

  constructor(options: PicturesOptions) {
    this.#options = options;
    this.#dueMs = options.nowMs() + options.everyMs;
  }

  joined({ terminal }: Seat): void {
    terminal.send({ t: "fence", epoch: this.#options.epoch });
  }

  fenced(seat: Seat, epoch: number): void {
    if (epoch !== this.#options.epoch) return;
    seat.isFenced = true;
    this.#ask(seat, "joined");
  }

  left({ session }: Terminal): void {
    this.#drawings.delete(session);
  }

  /** A picture as soon as possible. */
  ask(): void {
    this.#isAsked = true;
  }

  /** Asks for a picture when it is due, or was asked for, or did not come. */
  look(nowMs: number): void {
    const { pool, everyMs } = this.#options;
    const fenced = pool.seats.filter(({ isFenced }) => isFenced);
    for (const seat of fenced) {
      const drawing = this.#drawings.get(seat.terminal.session);
      if (drawing !== undefined && nowMs - drawing.askedMs > PICTURE_MS_MAX) this.#ask(seat, drawing.why);
    }
    if (!this.#isAsked && nowMs < this.#dueMs) return;
    // One that is drawing still may be waiting for the broker, for minutes.
    const [first] = fenced
      .filter(({ terminal }) => !this.#drawings.has(terminal.session))
      .sort((a, b) => a.terminal.slot - b.terminal.slot);
    if (first === undefined) return;
    this.#ask(first, this.#isAsked ? "asked" : "interval");
    this.#isAsked = false;
    this.#dueMs = nowMs + everyMs;
  }

  snapshot(seat: Seat, frame: SnapshotFrame): void {
    const drawing = this.#drawings.get(seat.terminal.session);
    // The one that follows a welcome was drawn before the fence.
    if (drawing === undefined) return;
    if (frame.part === 1) drawing.parts.length = 0;
    // The end of one that was given up.
    if (frame.part !== drawing.parts.length + 1) return;
    drawing.parts.push(frame);
    if (!frame.last) return;
    this.#drawings.delete(seat.terminal.session);
    this.#options.onWhole(seat, drawing.parts);
    this.#adjust(drawing.parts, seat.terminal);
    this.#tell(seat, drawing);
  }

  /** The account has compared: its terminal may take entries. What disagrees on an instrument the account stops itself. */
  reconciled({ causeSeq, agrees }: Reconciled): void {
    const told = this.#told.get(causeSeq);
    if (told === undefined) return;
    this.#told.delete(causeSeq);
    const { nowMs, pool, store, accountId } = this.#options;
    this.comparedMs = nowMs();
    this.agrees = agrees;
    const trading = store.trading(accountId);
    if (trading !== undefined) {
      store.setTrading(accountId, { ...trading, reconciledMs: Math.floor(told.drawnMs) });
    }
    const seat = pool.seats.find(({ terminal }) => terminal.session === told.session);
    if (seat === undefined || seat.isReconciled) return;
    seat.isReconciled = seat.terminal.send({ t: "reconciled" });
  }

  /** A balance operation that a frame of its own tells. */
  adjustment(deal: SnapshotFrame["deals"][number], terminal: Terminal): void {
    const { accountId, outbox, store } = this.#options;
    const atMs = deal.brokerMs - terminal.account.brokerTime.offsetMs;
    // Older ones are in the balance that trading began with.
    if (this.#adjusted.has(deal.ticket) || atMs < (store.trading(accountId)?.sinceMs ?? 0)) return;
    if (outbox.push(adjustmentOf(accountId, deal))) this.#adjusted.set(deal.ticket, true);
  }

  #ask(seat: Seat, why: BrokerBooks["why"]): void {
    const { nowMs, store, accountId, pool, lastCommand } = this.#options;
    const open = pool.oldestOpen(seat);
    const commandSeq = open === undefined ? lastCommand() : open.counter - 1;
    const askedSeq = this.#options.lastSeq();
    const settledSeq = open === undefined ? askedSeq : open.sentSeq - 1;
    const { terminal } = seat;
    const askedMs = nowMs();
    const comparedMs = store.trading(accountId)?.reconciledMs ?? askedMs;
    const sinceMs = comparedMs + terminal.account.brokerTime.offsetMs - DEALS_OVERLAP_MS;
    this.#drawings.set(terminal.session, { why, askedMs, commandSeq, settledSeq, askedSeq, parts: [] });
    terminal.send({ t: "resync", dealsSinceBrokerMs: Math.max(0, Math.floor(sinceMs)) });
  }

  #adjust(parts: readonly SnapshotFrame[], terminal: Terminal): void {
    for (const { deals } of parts)
      for (const deal of deals) if (deal.kind === "other") this.adjustment(deal, terminal);
  }

  #tell({ terminal }: Seat, drawing: Drawing): void {
    const { why, parts, askedMs, commandSeq, settledSeq, askedSeq } = drawing;
    const { accountId, intentTag, instrumentOf, outbox } = this.#options;
    const books = booksOf(parts, {
      accountId,
      intentTag,
      instrumentOf,
      offsetMs: terminal.account.brokerTime.offsetMs,
      why,
      commandSeq,
      settledSeq,
      askedSeq,
    });
    for (const part of books) {
      outbox.push(part, (seq) => {
        if (part.last) this.#told.set(seq, { session: terminal.session, drawnMs: askedMs });
      });
    }
  }
}
