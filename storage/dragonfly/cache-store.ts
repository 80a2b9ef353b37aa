// The shared level of a cache on Dragonfly: texts under keys that expire.

import type { CacheStore } from "../../actors/ports/cache-store.ts";
import { ask } from "./ask.ts";
import type { DragonflyConnection } from "./connect.ts";
import { Keys } from "./keys.ts";

export class DragonflyCacheStore implements CacheStore {
  readonly #connection: DragonflyConnection;
  readonly #keys: Keys;

  /** The connection stays the caller's to close. */
  constructor(connection: DragonflyConnection, keys = new Keys()) {
    this.#connection = connection;
    this.#keys = keys;
  }

  async get(key: string): Promise<string | undefined> {
    const text = await ask(this.#connection, async (client) => await client.get(this.#keys.cached(key)));
    return text ?? undefined;
  }

  async set(key: string, text: string, ttlMillis: number): Promise<void> {
    await ask(
      this.#connection,
      async (client) => await client.set(this.#keys.cached(key), text, "PX", ttlMillis),
    );
  }

  async remove(keys: readonly string[]): Promise<void> {
    // One by one: in a cluster they lie in different slots. They still go out together.
    await ask(
      this.#connection,
      async (client) =>
        await Promise.all(keys.map(async (key) => await client.unlink(this.#keys.cached(key)))),
    );
  }
}
