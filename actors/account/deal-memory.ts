// Which deals were booked, so that a report that comes twice moves money once.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { StateHash } from "../base/hash.ts";
import { DEALS_REMEMBERED_MAX } from "./limits.ts";

/**
 * Remembers the newest {@link DEALS_REMEMBERED_MAX} deals of an account; the oldest is forgotten first. Kept are
 * 52-bit fingerprints of the ids, not the ids, so that a snapshot stays small: the chance that a new deal is taken for
 * an old one is below 1 in 10^11.
 */
export class DealMemory {
  readonly #known = new Set<number>();
  readonly #capacity: number;

  constructor(capacity: number = DEALS_REMEMBERED_MAX) {
    assert(capacity > 0, "a deal memory needs room for at least one deal");
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#known.size;
  }

  has(dealId: string): boolean {
    return this.#known.has(fingerprint(dealId));
  }

  /** True when the deal is new, and known from here on. */
  add(dealId: string): boolean {
    const print = fingerprint(dealId);
    if (this.#known.has(print)) return false;
    if (this.#known.size === this.#capacity) {
      // A Set hands out its entries in the order they were added.
      for (const oldest of this.#known) {
        this.#known.delete(oldest);
        break;
      }
    }
    this.#known.add(print);
    return true;
  }

  persist(archive: Archive): void {
    const count = archive.number(this.#known.size);
    if (!archive.loading) {
      for (const print of this.#known) archive.number(print);
      return;
    }
    this.#known.clear();
    for (let i = 0; i < count; i++) this.#known.add(archive.number(0));
  }
}

function fingerprint(dealId: string): number {
  const hash = new StateHash();
  hash.text(dealId);
  return Number.parseInt(hash.hex().slice(0, 13), 16);
}
