// Source cursors of a deployment that is one process.

import { byText } from "../../actors/base/order.ts";
import { ok, type Result } from "../../actors/base/result.ts";
import { epochScopeOf, type Scope } from "../../actors/ports/fence.ts";
import {
  isAhead,
  type SourceCursor,
  type SourceCursorFailure,
  type SourceCursors,
} from "../../actors/ports/source-cursors.ts";
import type { MemoryEpochs } from "./epochs.ts";
import { Rows } from "./rows.ts";

export class MemorySourceCursors implements SourceCursors {
  readonly #epochs: MemoryEpochs;
  readonly #cursors = new Rows<SourceCursor>();

  constructor(epochs: MemoryEpochs) {
    this.#epochs = epochs;
  }

  advance(
    scope: Scope,
    epoch: number,
    cursors: readonly SourceCursor[],
  ): Promise<Result<readonly SourceCursor[], SourceCursorFailure>> {
    const stale = this.#epochs.stale(scope, epoch);
    if (stale !== undefined) return Promise.resolve(stale);
    const stand = new Map<string, SourceCursor>();
    for (const next of cursors) {
      const key = keyOf(scope, next.source);
      const last = this.#cursors.get(key);
      const now = last === undefined || isAhead(next, last) ? next : last;
      this.#cursors.set(key, now);
      stand.set(next.source, now);
    }
    return Promise.resolve(ok([...stand.values()].toSorted(byText(({ source }) => source))));
  }

  cursor(scope: Scope, source: string): Promise<SourceCursor | undefined> {
    return Promise.resolve(this.#cursors.get(keyOf(scope, source)));
  }
}

function keyOf(scope: Scope, source: string): string {
  return `${epochScopeOf(scope)}\u0000${source}`;
}
