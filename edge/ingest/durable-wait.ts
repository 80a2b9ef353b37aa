// Promises that resolve when the journal has reached a record. In order, so that each commit looks only at those it frees.

import { RingQueue } from "../../actors/base/ring.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { WAITING_MAX } from "./limits.ts";

interface Waiter {
  readonly seq: number;
  readonly settle: (durable: boolean) => void;
}

export class DurableWait {
  readonly #journal: Journal;
  readonly #waiting = new RingQueue<Waiter>(WAITING_MAX);

  constructor(journal: Journal) {
    this.#journal = journal;
    journal.onProgress(() => this.#look());
  }

  get full(): boolean {
    return this.#waiting.full;
  }

  /** True once record `seq` survives a crash; false when the journal failed first or too many wait. */
  async reached(seq: number): Promise<boolean> {
    if (this.#journal.durableSeq >= seq) return true;
    if (this.#journal.health === "failed") return false;
    return await new Promise<boolean>((resolve) => {
      if (!this.#waiting.push({ seq, settle: resolve })) resolve(false);
    });
  }

  #look(): void {
    const { durableSeq, health } = this.#journal;
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      const durable = next.seq <= durableSeq;
      if (!durable && health === "ok") return;
      this.#waiting.shift();
      next.settle(durable);
    }
  }
}
