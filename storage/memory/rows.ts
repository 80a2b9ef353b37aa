// Rows by their key, as many as there may be. Nothing is dropped: what they say about permission must not be forgotten.

import { assert } from "../../actors/base/assert.ts";
import { ROWS_MAX } from "./limits.ts";

export class Rows<T> {
  readonly #rows = new Map<string, T>();

  get(key: string): T | undefined {
    return this.#rows.get(key);
  }

  has(key: string): boolean {
    return this.#rows.has(key);
  }

  set(key: string, row: T): void {
    assert(this.#rows.size < ROWS_MAX || this.#rows.has(key), `more than ${ROWS_MAX} rows in memory`);
    this.#rows.set(key, row);
  }

  delete(key: string): boolean {
    return this.#rows.delete(key);
  }

  /** A copy. */
  all(): T[] {
    return [...this.#rows.values()];
  }
}
