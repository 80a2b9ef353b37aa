// The causality rule: no order leaves before its intent is durable. Intents wait here until the journal has reached
// them; then they are marked sent, and only then does a broker hear of them.

import type { Archive } from "./base/archive.ts";
import type { Micros } from "./base/clock.ts";
import { RingQueue } from "./base/ring.ts";
import type { OrderIntent } from "./domain/order.ts";
import { GATED_INTENTS_MAX } from "./limits.ts";
import type { Emitter } from "./ports/emitter.ts";
import type { IntentHolder } from "./switchboard.ts";

export class OrderGate implements IntentHolder {
  /** Intents up to here are in the gate's state already. */
  appliedSeq = 0;
  readonly #waiting = new RingQueue<OrderIntent>(GATED_INTENTS_MAX);
  #dropped = 0;

  /** Intents that are not yet sent. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Intents dropped because the queue was full: their accounts see them expire. */
  get dropped(): number {
    return this.#dropped;
  }

  hold(intent: OrderIntent): void {
    if (intent.seq <= this.appliedSeq) return;
    if (!this.#waiting.push(intent)) this.#dropped++;
  }

  /** During recovery: the journal shows that this intent left, so it is not sent again. */
  markSent(intentId: string): void {
    for (let i = this.#waiting.size; i > 0; i--) {
      const intent = this.#waiting.shift();
      if (intent !== undefined && intent.intentId !== intentId) this.#waiting.push(intent);
    }
  }

  /**
   * Sends every intent that may leave, in order, and returns how many did.
   * @param durableSeq everything up to here is durable
   * @param exitsOnly the journal has failed: entries are dropped, exits leave without waiting for it
   * @param onSent hears of each intent that left, right after its mark
   */
  release(
    emitter: Emitter,
    options: {
      durableSeq: number;
      timeMicros: Micros;
      exitsOnly: boolean;
      onSent?: ((intent: OrderIntent) => void) | undefined;
    },
  ): number {
    let released = 0;
    for (;;) {
      const intent = this.#waiting.peek();
      if (intent === undefined) return released;
      const stranded = options.exitsOnly && intent.seq > options.durableSeq;
      if (!stranded && intent.seq > options.durableSeq) return released;
      this.#waiting.shift();
      // Other terms of an order that waits are an entry, too.
      if (stranded && (intent.purpose === "entry" || intent.terms !== undefined)) {
        this.#dropped++;
        continue;
      }
      emitter.emit({
        kind: "sent",
        seq: 0,
        timeMicros: Math.max(options.timeMicros, intent.timeMicros),
        accountId: intent.accountId,
        intentId: intent.intentId,
      });
      options.onSent?.(intent);
      released++;
    }
  }

  persist(archive: Archive): void {
    const waiting: OrderIntent[] = [];
    for (let intent = this.#waiting.shift(); intent !== undefined; intent = this.#waiting.shift()) {
      waiting.push(intent);
    }
    const count = archive.number(waiting.length);
    for (let i = 0; i < count; i++) {
      const text = archive.text(JSON.stringify(waiting[i] ?? null));
      this.#waiting.push(JSON.parse(text) as OrderIntent);
    }
  }
}
