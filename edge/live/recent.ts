// The newest so many of something, newest first on request. Bounded.

import { RingQueue } from "../../actors/base/ring.ts";

export class Recent<T extends { readonly seq: number }> {
  readonly #ring: RingQueue<T>;
  #forgotten = false;

  constructor(max: number) {
    this.#ring = new RingQueue<T>(max);
  }

  /** Whether something was dropped: older ones are elsewhere. */
  get forgotten(): boolean {
    return this.#forgotten;
  }

  add(item: T): void {
    if (this.#ring.full) {
      this.#ring.shift();
      this.#forgotten = true;
    }
    this.#ring.push(item);
  }

  /** Those before `beforeSeq` that `wanted` takes, newest first. */
  newest(limit: number, beforeSeq: number, wanted: (item: T) => boolean = () => true): T[] {
    const found: T[] = [];
    for (let i = this.#ring.size - 1; i >= 0 && found.length < limit; i--) {
      const item = this.#ring.at(i);
      if (item !== undefined && item.seq < beforeSeq && wanted(item)) found.push(item);
    }
    return found;
  }
}
