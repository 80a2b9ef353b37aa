// The hot state for whoever only reads it: while the store is away there is nothing, and readers go without.

import type { HotKind, HotReader, HotRows } from "../../actors/ports/hot-state.ts";
import { AWAY, type Guard } from "./guard.ts";

export class GuardedHotReader implements HotReader {
  readonly #shared: HotReader;
  readonly #guard: Guard;

  constructor(shared: HotReader, guard: Guard) {
    this.#shared = shared;
    this.#guard = guard;
  }

  async get<Kind extends HotKind>(kind: Kind, symbol: string): Promise<HotRows[Kind] | undefined> {
    const row = await this.#guard.ask(async () => await this.#shared.get(kind, symbol));
    return row === AWAY ? undefined : row;
  }

  async getMany<Kind extends HotKind>(
    kind: Kind,
    symbols: readonly string[],
  ): Promise<readonly (HotRows[Kind] | undefined)[]> {
    const rows = await this.#guard.ask(async () => await this.#shared.getMany(kind, symbols));
    return rows === AWAY ? symbols.map(() => undefined) : rows;
  }
}
