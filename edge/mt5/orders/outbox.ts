// What terminals said, on its way into the journal: in the order in which it came, each once there is room for it.

import type { Clock } from "../../../actors/base/clock.ts";
import { RingQueue } from "../../../actors/base/ring.ts";
import type { BrokerDraft, TickRouter } from "../../../actors/router.ts";
import { BUSY_MILLIS } from "../limits.ts";
import { OUTBOX_MAX } from "./limits.ts";

interface Letter {
  readonly draft: BrokerDraft;
  /** Told the record's place. */
  readonly onTaken: ((seq: number) => void) | undefined;
}

export class Outbox {
  readonly #router: Pick<TickRouter, "report" | "lastSeq">;
  readonly #clock: Clock;
  readonly #letters = new RingQueue<Letter>(OUTBOX_MAX);
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;
  /** Left to the next picture, because there was no room. */
  dropped = 0;

  constructor(options: { router: Pick<TickRouter, "report" | "lastSeq">; clock: Clock }) {
    this.#router = options.router;
    this.#clock = options.clock;
  }

  get waiting(): number {
    return this.#letters.size;
  }

  /** @returns false where there was no room: whoever says it must not take it for said */
  push(draft: BrokerDraft, onTaken?: (seq: number) => void): boolean {
    const taken = this.#letters.push({ draft, onTaken });
    if (!taken) this.dropped++;
    if (this.#retry === undefined) this.#flush();
    return taken;
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
  }

  #flush(): void {
    this.#retry = undefined;
    for (let next = this.#letters.peek(); next !== undefined; next = this.#letters.peek()) {
      if (!this.#router.report(next.draft, this.#clock.nowMicros())) {
        if (!this.#isStopped) this.#retry = setTimeout(() => this.#flush(), BUSY_MILLIS);
        return;
      }
      this.#letters.shift();
      next.onTaken?.(this.#router.lastSeq);
    }
  }
}
