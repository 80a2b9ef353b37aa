// A bounded map whose entries end with time; the one that was read longest ago leaves when it is full.

import { assert } from "./assert.ts";
import { type Clock, MICROS_PER_MILLISECOND, type Micros } from "./clock.ts";

export class LruMap<Value> {
  readonly #clock: Clock;
  readonly #entriesMax: number;
  /** In the order they were last read or written. */
  readonly #entries = new Map<string, { readonly value: Value; readonly endsAtMicros: Micros }>();

  constructor(clock: Clock, entriesMax: number) {
    assert(entriesMax > 0, "a map needs room for at least one entry");
    this.#clock = clock;
    this.#entriesMax = entriesMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(key: string): boolean {
    const entry = this.#entries.get(key);
    if (entry === undefined) return false;
    if (entry.endsAtMicros > this.#clock.nowMicros()) return true;
    this.#entries.delete(key);
    return false;
  }

  get(key: string): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined || !this.has(key)) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  set(key: string, value: Value, ttlMillis: number): void {
    this.#entries.delete(key);
    const endsAtMicros = this.#clock.nowMicros() + ttlMillis * MICROS_PER_MILLISECOND;
    this.#entries.set(key, { value, endsAtMicros });
    if (this.#entries.size <= this.#entriesMax) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  clear(): void {
    this.#entries.clear();
  }
}
