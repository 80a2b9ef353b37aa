// Collects what the stream brings and hands it on as one batch at most every 100 ms, so that a burst costs one render. Prices,
// states and bars are conflated to the newest; signals and orders are kept, each of them.

import type { StreamMessage } from "../../api/schemas.ts";
import { BATCH_MILLIS } from "./limits.ts";

export class Inbox {
  readonly #after: (millis: number, task: () => void) => () => void;
  readonly #take: (batch: readonly StreamMessage[]) => void;
  readonly #pending = new Map<string, StreamMessage>();
  #isScheduled = false;

  constructor(
    after: (millis: number, task: () => void) => () => void,
    take: (batch: readonly StreamMessage[]) => void,
  ) {
    this.#after = after;
    this.#take = take;
  }

  add(message: StreamMessage): void {
    const key = placeOf(message);
    // Deleted first: the newest of a place takes its turn at the end, in the order of arrival.
    this.#pending.delete(key);
    this.#pending.set(key, message);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#after(BATCH_MILLIS, () => this.#flush());
  }

  #flush(): void {
    this.#isScheduled = false;
    const batch = [...this.#pending.values()];
    this.#pending.clear();
    this.#take(batch);
  }
}

/** Messages of one place replace each other. */
function placeOf(message: StreamMessage): string {
  switch (message.type) {
    case "price_update":
    case "regime":
      return `${message.type} ${message.data.symbol}`;
    case "bar":
      return `bar ${message.data.symbol} ${message.data.interval} ${message.data.time}`;
    case "heartbeat":
    case "account":
      return message.type;
    case "signal":
    case "order":
    case "position_update":
      return `${message.type} ${message.sequence}`;
  }
}
