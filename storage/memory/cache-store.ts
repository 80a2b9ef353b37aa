// The shared level of a cache where one process is the deployment.

import type { Clock } from "../../actors/base/clock.ts";
import { LruMap } from "../../actors/base/lru-map.ts";
import type { CacheStore } from "../../actors/ports/cache-store.ts";

import { CACHED_TEXTS_MAX } from "./limits.ts";

export class MemoryCacheStore implements CacheStore {
  readonly #texts: LruMap<string>;

  constructor(clock: Clock) {
    this.#texts = new LruMap(clock, CACHED_TEXTS_MAX);
  }

  get(key: string): Promise<string | undefined> {
    return Promise.resolve(this.#texts.get(key));
  }

  set(key: string, text: string, ttlMillis: number): Promise<void> {
    this.#texts.set(key, text, ttlMillis);
    return Promise.resolve();
  }

  remove(keys: readonly string[]): Promise<void> {
    for (const key of keys) this.#texts.delete(key);
    return Promise.resolve();
  }
}
