// A cache of two levels before a loader: this process's memory, then a store the deployment shares. What one process drops,
// all drop; many readers of one key load it once; and without the store, readers go to the loader.

import type { Clock } from "../../actors/base/clock.ts";
import type { CacheStore } from "../../actors/ports/cache-store.ts";
import type { PubSub, Subscription } from "../../actors/ports/pub-sub.ts";
import { AWAY, type Guard } from "./guard.ts";
import { LruMap } from "../../actors/base/lru-map.ts";
import { LOADS_MAX, OWED_MAX } from "./limits.ts";

export interface TwoLevelCacheOptions<T> {
  /** Names its keys and its topic: caches of one name share what they hold. */
  readonly name: string;
  readonly clock: Clock;
  /** Undefined where no process shares it: then memory is all there is. */
  readonly store: CacheStore | undefined;
  readonly guard: Guard;
  readonly pubSub: PubSub;
  /** Entries in memory. */
  readonly entriesMax: number;
  /** How long the store keeps a value; memory keeps it for `freshMillis`, which bounds what a lost message can do. */
  readonly ttlMillis: number;
  readonly freshMillis: number;
  /** How long it is remembered, in both, that there is nothing. */
  readonly nothingMillis: number;
  readonly encode: (value: T) => string;
  /** Undefined for a text that is not (or no longer) a value: it is loaded again. */
  readonly decode: (text: string) => T | undefined;
}

export interface CacheCounts {
  /** Reads answered by memory; the rest went on to the store. */
  readonly memoryHits: number;
  readonly storeHits: number;
  /** Reads that waited for a load somebody else had begun. */
  readonly shared: number;
  readonly loads: number;
  /** Loads that failed: their readers got the failure. */
  readonly loadFailures: number;
  /** Questions to the store that it did not answer. */
  readonly storeAway: number;
}

/** Before a text in the store, so that "nothing" is not a value. */
const VALUE = "+";
const NOTHING = "-";

interface Load<T> {
  readonly value: Promise<T | undefined>;
  /** Something was dropped meanwhile: what it brings goes to its readers and nowhere else. */
  stale: boolean;
}

export class TwoLevelCache<T> {
  readonly #options: TwoLevelCacheOptions<T>;
  readonly #memory: LruMap<T | undefined>;
  readonly #loads = new Map<string, Load<T>>();
  readonly #counts = { memoryHits: 0, storeHits: 0, shared: 0, loads: 0, loadFailures: 0, storeAway: 0 };
  /** Dropped while the store was away: what it holds of them is old. */
  readonly #owed = new Set<string>();
  #subscription: Subscription | undefined;

  constructor(options: TwoLevelCacheOptions<T>) {
    this.#options = options;
    this.#memory = new LruMap(options.clock, options.entriesMax);
  }

  get counts(): CacheCounts {
    return { ...this.#counts };
  }

  /** Begins to hear what others drop. Until then, what they drop is found out when it is no longer fresh. */
  async listen(): Promise<void> {
    const { pubSub, name } = this.#options;
    this.#subscription ??= await pubSub.subscribe(topicOf(name), {
      message: (text) => this.#forget(text),
      missed: () => this.#forgetAll(),
    });
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
    this.#subscription = undefined;
  }

  /** @param load the truth: undefined where there is nothing. Its failure is the reader's, and is not remembered. */
  async read(key: string, load: () => Promise<T | undefined>): Promise<T | undefined> {
    if (this.#memory.has(key)) {
      this.#counts.memoryHits++;
      return this.#memory.get(key);
    }
    const underWay = this.#loads.get(key);
    if (underWay !== undefined) {
      this.#counts.shared++;
      return await underWay.value;
    }
    const entry: Load<T> = {
      value: Promise.resolve().then(async () => await this.#find(key, load, entry)),
      stale: false,
    };
    if (this.#loads.size < LOADS_MAX) this.#loads.set(key, entry);
    try {
      return await entry.value;
    } finally {
      if (this.#loads.get(key) === entry) this.#loads.delete(key);
    }
  }

  /**
   * Drops `key` here, in the store, and in every process that listens. Call it after the truth has changed. A load that began
   * before, elsewhere, may still bring the old value back into the store, for `ttlMillis` at most.
   */
  async drop(key: string): Promise<void> {
    this.#forget(key);
    if (this.#options.store === undefined) return;
    this.#owed.add(key);
    for (const oldest of this.#owed) {
      if (this.#owed.size <= OWED_MAX) break;
      this.#owed.delete(oldest);
    }
    await this.#settle();
    // What a load that had begun before brought meanwhile may be old.
    this.#forget(key);
  }

  /** Tells the store what was dropped: now, or when it is back. */
  async #settle(): Promise<void> {
    const { guard, store, pubSub, name } = this.#options;
    if (store === undefined) return;
    let settled: readonly string[] = [];
    const told = await guard.ask(async () => {
      settled = [...this.#owed];
      await store.remove(settled.map((key) => storeKeyOf(name, key)));
      for (const key of settled) await pubSub.publish(topicOf(name), key);
    });
    if (told === AWAY) this.#counts.storeAway++;
    else for (const key of settled) this.#owed.delete(key);
  }

  async #find(key: string, load: () => Promise<T | undefined>, entry: Load<T>): Promise<T | undefined> {
    const { guard, store, name } = this.#options;
    if (store === undefined) return await this.#load(key, load, entry);
    if (this.#owed.size > 0) await this.#settle();
    if (this.#owed.has(key)) return await this.#load(key, load, entry);
    const held = await guard.ask(async () => await store.get(storeKeyOf(name, key)));
    if (held === AWAY) this.#counts.storeAway++;
    else if (held === NOTHING) return this.#found(key, undefined, entry);
    else if (held?.startsWith(VALUE) === true) {
      const value = this.#options.decode(held.slice(VALUE.length));
      if (value !== undefined) return this.#found(key, value, entry);
    }
    return await this.#load(key, load, entry);
  }

  #found(key: string, value: T | undefined, entry: Load<T>): T | undefined {
    this.#counts.storeHits++;
    this.#remember(key, value, entry);
    return value;
  }

  async #load(key: string, load: () => Promise<T | undefined>, entry: Load<T>): Promise<T | undefined> {
    this.#counts.loads++;
    let value: T | undefined;
    try {
      value = await load();
    } catch (error) {
      this.#counts.loadFailures++;
      throw error;
    }
    this.#remember(key, value, entry);
    if (!entry.stale) await this.#store(key, value);
    return value;
  }

  #remember(key: string, value: T | undefined, entry: Load<T>): void {
    const { freshMillis, nothingMillis } = this.#options;
    if (!entry.stale) this.#memory.set(key, value, value === undefined ? nothingMillis : freshMillis);
  }

  async #store(key: string, value: T | undefined): Promise<void> {
    const { guard, store, name, encode, ttlMillis, nothingMillis } = this.#options;
    if (store === undefined) return;
    const text = value === undefined ? NOTHING : `${VALUE}${encode(value)}`;
    const kept = await guard.ask(
      async () =>
        await store.set(storeKeyOf(name, key), text, value === undefined ? nothingMillis : ttlMillis),
    );
    if (kept === AWAY) this.#counts.storeAway++;
  }

  #forget(key: string): void {
    this.#memory.delete(key);
    const load = this.#loads.get(key);
    if (load === undefined) return;
    load.stale = true;
    this.#loads.delete(key);
  }

  #forgetAll(): void {
    this.#memory.clear();
    for (const load of this.#loads.values()) load.stale = true;
    this.#loads.clear();
  }
}

function storeKeyOf(name: string, key: string): string {
  return `${name}:${key}`;
}

function topicOf(name: string): string {
  return `cache:${name}`;
}
