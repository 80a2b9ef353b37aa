// Keeps the ledger at the journal's side: reads trading records by cursor and applies them in batches. It may lag, fail
// and start over; the journal is the truth and the ledger skips what it has.

import type { Clock, Micros } from "../../actors/base/clock.ts";
import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import type { Journal, JournalCursor } from "../../actors/ports/journal.ts";
import type { Ledger, LedgerRecord } from "../../actors/ports/ledger.ts";

/** Records applied in one transaction. */
const BATCH_RECORDS_MAX = 500;

/** Journal records looked at before the caller's thread is given back: half a millisecond's worth, as ticks are waiting. */
const SCAN_RECORDS_MAX = 1_000;

const TRADING_KINDS = new Set([
  KIND_NUMBER.intent,
  KIND_NUMBER.sent,
  KIND_NUMBER.execution,
  KIND_NUMBER.refusal,
]);

export interface ProjectionStatus {
  readonly appliedSeq: number;
  /** Records between the ledger and the durable end of the journal. */
  readonly lagRecords: number;
  readonly failures: number;
  readonly lastError: string;
  readonly lastAppliedMicros: Micros;
}

export class LedgerProjection {
  readonly #journal: Journal;
  readonly #ledger: Ledger;
  readonly #scope: string;
  readonly #epoch: number;
  readonly #clock: Clock;
  #cursor: JournalCursor | undefined;
  #batch: LedgerRecord[] = [];
  #scannedSeq = 0;
  #failures = 0;
  #lastError = "";
  #lastAppliedMicros = 0;
  #running = false;

  /** @param options.epoch the ledger refuses writes once a newer one was issued for `scope` */
  constructor(options: { journal: Journal; ledger: Ledger; scope: string; epoch: number; clock: Clock }) {
    this.#journal = options.journal;
    this.#ledger = options.ledger;
    this.#scope = options.scope;
    this.#epoch = options.epoch;
    this.#clock = options.clock;
  }

  get status(): ProjectionStatus {
    return {
      appliedSeq: this.#scannedSeq,
      lagRecords: Math.max(0, this.#journal.durableSeq - this.#scannedSeq),
      failures: this.#failures,
      lastError: this.#lastError,
      lastAppliedMicros: this.#lastAppliedMicros,
    };
  }

  /**
   * Applies what is durable and not yet in the ledger, a bounded portion of it. Call it again and again; a call that finds
   * another one running does nothing.
   * @returns false when the ledger refused: the same records are offered again at the next call
   */
  async advance(): Promise<boolean> {
    if (this.#running) return true;
    this.#running = true;
    try {
      this.#cursor ??= this.#journal.cursor((await this.#ledger.cursor(this.#scope)) + 1);
      this.#collect(this.#cursor);
      return await this.#apply();
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
      return false;
    } finally {
      this.#running = false;
    }
  }

  /** Applies everything that is durable now; gives up at the first refusal. */
  async catchUp(): Promise<boolean> {
    while (this.status.lagRecords > 0) {
      if (!(await this.advance())) return false;
    }
    return true;
  }

  close(): void {
    this.#cursor?.close();
    this.#cursor = undefined;
  }

  #collect(cursor: JournalCursor): void {
    for (let i = 0; i < SCAN_RECORDS_MAX && this.#batch.length < BATCH_RECORDS_MAX; i++) {
      const raw = cursor.next();
      if (raw === undefined) return;
      this.#scannedSeq = raw.seq;
      if (TRADING_KINDS.has(raw.kind)) this.#batch.push(decodeRecord(raw) as LedgerRecord);
    }
  }

  async #apply(): Promise<boolean> {
    if (this.#batch.length === 0) return true;
    const applied = await this.#ledger.apply(this.#scope, this.#epoch, this.#batch);
    if (!applied.ok) {
      this.#failed(`${applied.code}: ${applied.message}`);
      return false;
    }
    this.#batch = [];
    this.#lastAppliedMicros = this.#clock.nowMicros();
    return true;
  }

  #failed(message: string): void {
    this.#failures++;
    this.#lastError = message;
  }
}
