// Until when the time series has everything: what lies before is complete and changes no more, whatever clock the journal
// follows and however far its store is behind.

import type { Micros } from "../actors/base/clock.ts";

export interface StoredTimeOptions {
  readonly lastSeq: () => number;
  /** The records up to the last one have closed every bar that ended by then. */
  readonly closedMicros: () => Micros;
  /** Up to here records are stored now; it goes back when a store begins anew. */
  readonly storedSeq: () => number;
}

interface Mark {
  readonly seq: number;
  readonly closedMicros: Micros;
}

const NEVER: Mark = { seq: 0, closedMicros: Number.NEGATIVE_INFINITY };

export class StoredTime {
  readonly #options: StoredTimeOptions;
  #stored = NEVER;
  /** Stored once the store has come so far. */
  #next: Mark | undefined;

  constructor(options: StoredTimeOptions) {
    this.#options = options;
  }

  /** Every bar that ended by then is stored. It moves on as it is asked. */
  get micros(): Micros {
    const { lastSeq, closedMicros, storedSeq } = this.#options;
    const reachedSeq = storedSeq();
    if (reachedSeq < this.#stored.seq) this.#stored = NEVER;
    if (this.#next !== undefined && reachedSeq >= this.#next.seq) {
      this.#stored = this.#next;
      this.#next = undefined;
    }
    this.#next ??= { seq: lastSeq(), closedMicros: closedMicros() };
    return this.#stored.closedMicros;
  }
}
