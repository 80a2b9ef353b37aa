// From a message's key to its place in a mailbox. A hash table of plain numbers in typed arrays, because a Map grows and
// rehashes under steady insertion and removal, and a mailbox must not allocate per message.

import { assert } from "../base/assert.ts";

const EMPTY = -1;

/** Open addressing with linear probing; removal shifts later entries back, so there are no tombstones. */
export class KeyTable {
  readonly #keys: Float64Array;
  readonly #slots: Int32Array;
  readonly #mask: number;

  /** @param entriesMax entries it will hold at most; the table has at least twice as many cells */
  constructor(entriesMax: number) {
    let cells = 4;
    while (cells < entriesMax * 2) cells *= 2;
    this.#keys = new Float64Array(cells);
    this.#slots = new Int32Array(cells).fill(EMPTY);
    this.#mask = cells - 1;
  }

  /** The slot stored under `key`, or -1. */
  get(key: number): number {
    return this.#slots[this.#cellOf(key)] as number;
  }

  set(key: number, slot: number): void {
    assert(Number.isSafeInteger(key), `a conflation key is an integer, not ${key}`);
    const cell = this.#cellOf(key);
    this.#keys[cell] = key;
    this.#slots[cell] = slot;
  }

  delete(key: number): void {
    const keys = this.#keys;
    const slots = this.#slots;
    const mask = this.#mask;
    let hole = this.#cellOf(key);
    if (slots[hole] === EMPTY) return;
    for (let cell = (hole + 1) & mask; slots[cell] !== EMPTY; cell = (cell + 1) & mask) {
      // An entry moves into the hole unless its home lies between the hole and itself.
      const home = hash(keys[cell] as number) & mask;
      if (((cell - home) & mask) < ((cell - hole) & mask)) continue;
      keys[hole] = keys[cell] as number;
      slots[hole] = slots[cell] as number;
      hole = cell;
    }
    slots[hole] = EMPTY;
  }

  /** The cell that holds `key`, or the empty one where it would go. */
  #cellOf(key: number): number {
    const keys = this.#keys;
    const slots = this.#slots;
    const mask = this.#mask;
    let cell = hash(key) & mask;
    while (slots[cell] !== EMPTY && keys[cell] !== key) cell = (cell + 1) & mask;
    return cell;
  }
}

/** Multiplicative hashing (Knuth) over both halves of the integer. */
function hash(key: number): number {
  const mixed = Math.imul(key | 0, 0x9e3779b1) ^ Math.imul((key / 4_294_967_296) | 0, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
