// How far each outside source has been taken in: a source that sends again what was answered too late is known by its number.

import type { Result } from "../base/result.ts";
import type { Scope } from "./fence.ts";

export interface SourceCursor {
  readonly source: string;
  /** Which life of the source: rises with each of its starts, where its numbers may begin again. */
  readonly boot: number;
  /** The last number of that life that was taken in. */
  readonly seq: number;
}

export type SourceCursorFailure = "stale-epoch" | "unreachable";

export interface SourceCursors {
  /**
   * Moves cursors forward, all in one transaction: to a later number, or a later life. What would move one back moves
   * nothing. Returns where the named sources stand, each once, by name.
   */
  advance(
    scope: Scope,
    epoch: number,
    cursors: readonly SourceCursor[],
  ): Promise<Result<readonly SourceCursor[], SourceCursorFailure>>;
  /** Undefined before the first. Throws where the store does not answer. */
  cursor(scope: Scope, source: string): Promise<SourceCursor | undefined>;
}

/** Whether `next` is further than `last`. */
export function isAhead(next: SourceCursor, last: SourceCursor): boolean {
  return next.boot > last.boot || (next.boot === last.boot && next.seq > last.seq);
}
