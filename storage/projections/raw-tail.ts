// The journal's records as they lie in it, for sinks that need no actors: nothing is decoded that nobody wants.

import type { JournalCursor, RawRecord } from "../../actors/ports/journal.ts";
import type { Tail } from "./sink.ts";

export class RawTail implements Tail<RawRecord> {
  readonly fallenAt = "";
  readonly #cursor: JournalCursor;
  readonly fromSeq: number;
  #seq: number;
  #ahead: RawRecord | undefined;

  /** @param cursor opened at `fromSeq`; it begins later where those records have left the journal */
  constructor(cursor: JournalCursor, fromSeq: number) {
    this.#cursor = cursor;
    this.#ahead = cursor.next();
    this.fromSeq = Math.max(fromSeq, this.#ahead?.seq ?? fromSeq);
    this.#seq = this.fromSeq - 1;
  }

  get seq(): number {
    return this.#seq;
  }

  get soundSeq(): number {
    return this.fromSeq;
  }

  /** The object is reused: copy what must outlive the next call. */
  next(): RawRecord | undefined {
    const raw = this.#ahead ?? this.#cursor.next();
    this.#ahead = undefined;
    if (raw !== undefined) this.#seq = raw.seq;
    return raw;
  }

  close(): void {
    this.#cursor.close();
  }
}
