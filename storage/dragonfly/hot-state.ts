// The hot state on Dragonfly: a batch is one pipeline, or one for each slot it touches in a cluster, and what is newer
// stays.

import { Cluster } from "ioredis";
import type { HotEntry, HotKind, HotRows, HotState } from "../../actors/ports/hot-state.ts";
import { ask } from "./ask.ts";
import { scriptsIn, scriptsOf } from "./commands.ts";
import type { DragonflyClient, DragonflyConnection } from "./connect.ts";
import { hotRowOf } from "./hot-rows.ts";
import { hotSlotOf, Keys } from "./keys.ts";
import { SCANNED_KEYS } from "./limits.ts";

export class DragonflyHotState implements HotState {
  readonly #connection: DragonflyConnection;
  readonly #keys: Keys;

  /** The connection stays the caller's to close. */
  constructor(connection: DragonflyConnection, keys = new Keys()) {
    this.#connection = connection;
    this.#keys = keys;
    scriptsOf(connection.client);
  }

  async setMany(
    entries: readonly HotEntry[],
    options: { ttlMillis: number; cursorSeq?: number },
  ): Promise<void> {
    const { ttlMillis, cursorSeq } = options;
    await ask(this.#connection, async (client) => {
      await Promise.all(
        together(client, entries, ({ row }) => row.symbol).map(
          async (group) => await this.#set(client, group, ttlMillis),
        ),
      );
      if (cursorSeq !== undefined)
        await scriptsOf(client).setNewest(this.#keys.hotCursor(), cursorSeq, "", 0);
    });
  }

  async get<Kind extends HotKind>(kind: Kind, symbol: string): Promise<HotRows[Kind] | undefined> {
    const entry = await ask(
      this.#connection,
      async (client) => await client.get(this.#keys.hot(kind, symbol)),
    );
    return hotRowOf(kind, entry);
  }

  async getMany<Kind extends HotKind>(
    kind: Kind,
    symbols: readonly string[],
  ): Promise<readonly (HotRows[Kind] | undefined)[]> {
    const found = new Map<string, HotRows[Kind] | undefined>();
    await ask(this.#connection, async (client) => {
      const groups = together(client, symbols, (symbol) => symbol);
      await Promise.all(
        groups.map(async (group) => {
          const entries = await client.mget(group.map((symbol) => this.#keys.hot(kind, symbol)));
          for (const [index, symbol] of group.entries()) {
            found.set(symbol, hotRowOf(kind, entries[index] ?? null));
          }
        }),
      );
    });
    return symbols.map((symbol) => found.get(symbol));
  }

  async cursor(): Promise<number> {
    const entry = await ask(this.#connection, async (client) => await client.get(this.#keys.hotCursor()));
    return entry === null ? 0 : Number.parseInt(entry, 10) || 0;
  }

  async clear(): Promise<void> {
    await ask(this.#connection, async (client) => {
      for (const node of client instanceof Cluster ? client.nodes("master") : [client]) {
        let place = "0";
        do {
          const [next, keys] = await node.scan(
            place,
            "MATCH",
            this.#keys.hotPattern(),
            "COUNT",
            SCANNED_KEYS,
          );
          await Promise.all(keys.map(async (key) => await node.unlink(key)));
          place = next;
        } while (place !== "0");
      }
    });
  }

  async ping(): Promise<void> {
    await ask(this.#connection, async (client) => await client.ping());
  }

  async #set(client: DragonflyClient, entries: readonly HotEntry[], ttlMillis: number): Promise<void> {
    const pipeline = client.pipeline();
    const scripts = scriptsIn(pipeline);
    for (const { kind, row } of entries) {
      scripts.setNewest(this.#keys.hot(kind, row.symbol), row.seq, JSON.stringify(row), ttlMillis);
    }
    for (const [error] of (await pipeline.exec()) ?? []) if (error !== null) throw error;
  }
}

/** What may go in one command or pipeline: everything, or what shares a slot of a cluster. */
function together<T>(
  client: DragonflyClient,
  list: readonly T[],
  symbolOf: (each: T) => string,
): (readonly T[])[] {
  if (list.length === 0) return [];
  if (!client.isCluster) return [list];
  const groups = new Map<number, T[]>();
  for (const each of list) {
    const slot = hotSlotOf(symbolOf(each));
    const group = groups.get(slot);
    if (group === undefined) groups.set(slot, [each]);
    else group.push(each);
  }
  return [...groups.values()];
}
