// Failures that wait for an actor's next turn, because they happened outside one: those its children escalated, and one of
// its own. Judged there, a failure never unwinds through an actor that is in the middle of a message.

import type { Cell } from "./cell.ts";

export interface Failure {
  readonly error: Error;
  /** The child that escalated it; undefined when it is the actor's own. */
  readonly child: Cell | undefined;
}

/** At most one of each child, which is suspended until it is judged, and one of the actor itself. */
export class PendingFailures {
  readonly #queue: Failure[] = [];

  get size(): number {
    return this.#queue.length;
  }

  add(failure: Failure): void {
    if (!this.#queue.some((pending) => pending.child === failure.child)) this.#queue.push(failure);
  }

  /** The oldest that still matters: there is nothing to decide about a child that stopped in the meantime. */
  take(): Failure | undefined {
    let failure = this.#queue.shift();
    while (failure?.child !== undefined && failure.child.state !== "suspended") failure = this.#queue.shift();
    return failure;
  }

  clear(): void {
    this.#queue.length = 0;
  }
}
