// Reads the records that people want to see from the journal, once they are durable. It polls a cursor: nothing is added
// to the path of a tick, and what is shown will still be true after a crash.

import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import type { Execution, OrderIntent, OrderSent, RiskRefusal } from "../../actors/domain/order.ts";
import type { Fault } from "../../actors/domain/records.ts";
import type { Signal } from "../../actors/domain/signal.ts";
import type { Journal, JournalCursor } from "../../actors/ports/journal.ts";

export type ShownRecord = Signal | OrderIntent | OrderSent | RiskRefusal | Execution | Fault;

/** Records looked at in one turn: what is behind waits for the next. */
const TURN_RECORDS_MAX = 5_000;

const SHOWN = new Set([
  KIND_NUMBER.signal,
  KIND_NUMBER.intent,
  KIND_NUMBER.sent,
  KIND_NUMBER.refusal,
  KIND_NUMBER.execution,
  KIND_NUMBER.fault,
]);

export class JournalTap {
  readonly #cursor: JournalCursor;
  readonly #hear: (record: ShownRecord) => void;

  /** @param options.fromSeq the first record looked at */
  constructor(options: { journal: Journal; fromSeq: number; hear: (record: ShownRecord) => void }) {
    this.#cursor = options.journal.cursor(options.fromSeq);
    this.#hear = options.hear;
  }

  /** Hands over what has become durable since the last call; false when there is more. */
  poll(): boolean {
    for (let i = 0; i < TURN_RECORDS_MAX; i++) {
      const raw = this.#cursor.next();
      if (raw === undefined) return true;
      if (SHOWN.has(raw.kind)) this.#hear(decodeRecord(raw) as ShownRecord);
    }
    return false;
  }

  close(): void {
    this.#cursor.close();
  }
}
