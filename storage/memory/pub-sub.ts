// Messages by topic within one process. Listeners hear them after whoever published is done, as they would from afar.

import type { PubSub, Subscription, TopicListener } from "../../actors/ports/pub-sub.ts";

export class MemoryPubSub implements PubSub {
  readonly #listeners = new Map<string, Set<TopicListener>>();

  publish(topic: string, text: string): Promise<void> {
    queueMicrotask(() => {
      for (const listener of this.#listeners.get(topic) ?? []) listener.message(text);
    });
    return Promise.resolve();
  }

  subscribe(topic: string, listener: TopicListener): Promise<Subscription> {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return Promise.resolve({
      close: () => {
        listeners.delete(listener);
        if (listeners.size === 0) this.#listeners.delete(topic);
        return Promise.resolve();
      },
    });
  }

  close(): Promise<void> {
    this.#listeners.clear();
    return Promise.resolve();
  }
}
