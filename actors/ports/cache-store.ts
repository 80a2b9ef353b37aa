// A shared place for texts that expire, as the second level of a cache.

/** Throws HotStateUnavailable where the store cannot be reached. */
export interface CacheStore {
  get(key: string): Promise<string | undefined>;
  set(key: string, text: string, ttlMillis: number): Promise<void>;
  remove(keys: readonly string[]): Promise<void>;
}
