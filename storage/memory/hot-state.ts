// The hot state of a deployment that is one process.

import type { Clock } from "../../actors/base/clock.ts";
import { LruMap } from "../../actors/base/lru-map.ts";
import type { HotEntry, HotKind, HotRows, HotState } from "../../actors/ports/hot-state.ts";

import { HOT_ENTRIES_MAX } from "./limits.ts";

export class MemoryHotState implements HotState {
  readonly #entries: LruMap<HotEntry>;
  #cursorSeq = 0;

  constructor(clock: Clock) {
    this.#entries = new LruMap(clock, HOT_ENTRIES_MAX);
  }

  setMany(entries: readonly HotEntry[], options: { ttlMillis: number; cursorSeq?: number }): Promise<void> {
    for (const entry of entries) {
      const key = keyOf(entry.kind, entry.row.symbol);
      const held = this.#entries.get(key);
      if (held === undefined || held.row.seq <= entry.row.seq)
        this.#entries.set(key, entry, options.ttlMillis);
    }
    this.#cursorSeq = Math.max(this.#cursorSeq, options.cursorSeq ?? 0);
    return Promise.resolve();
  }

  get<Kind extends HotKind>(kind: Kind, symbol: string): Promise<HotRows[Kind] | undefined> {
    return Promise.resolve(this.#row(kind, symbol));
  }

  getMany<Kind extends HotKind>(
    kind: Kind,
    symbols: readonly string[],
  ): Promise<readonly (HotRows[Kind] | undefined)[]> {
    return Promise.resolve(symbols.map((symbol) => this.#row(kind, symbol)));
  }

  cursor(): Promise<number> {
    return Promise.resolve(this.#cursorSeq);
  }

  clear(): Promise<void> {
    this.#entries.clear();
    this.#cursorSeq = 0;
    return Promise.resolve();
  }

  ping(): Promise<void> {
    return Promise.resolve();
  }

  #row<Kind extends HotKind>(kind: Kind, symbol: string): HotRows[Kind] | undefined {
    return this.#entries.get(keyOf(kind, symbol))?.row as HotRows[Kind] | undefined;
  }
}

function keyOf(kind: HotKind, symbol: string): string {
  return `${kind}:${symbol}`;
}
