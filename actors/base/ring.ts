// The two rings everything bounded is built on: a window of numbers for indicators and a queue of references for
// mailboxes. Both allocate once, in the constructor.

import type { Archive } from "./archive.ts";
import { assert } from "./assert.ts";

/** The last `capacity` numbers, oldest first. Pushing onto a full window drops the oldest. */
export class NumberWindow {
  readonly capacity: number;
  readonly #values: Float64Array;
  #head = 0;
  #size = 0;

  constructor(capacity: number) {
    assert(capacity > 0, "a window needs room for at least one number");
    this.capacity = capacity;
    this.#values = new Float64Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  get full(): boolean {
    return this.#size === this.capacity;
  }

  /** Adds `value` and returns the number that left the window, or NaN when none did. */
  push(value: number): number {
    const values = this.#values;
    let left = Number.NaN;
    if (this.#size === this.capacity) left = values[this.#head] as number;
    else this.#size++;
    values[this.#head] = value;
    this.#head = this.#head + 1 === this.capacity ? 0 : this.#head + 1;
    return left;
  }

  /** The number `age` steps back: 0 is the newest. NaN when the window is not that old. */
  back(age: number): number {
    if (age >= this.#size) return Number.NaN;
    let index = this.#head - 1 - age;
    if (index < 0) index += this.capacity;
    return this.#values[index] as number;
  }

  /** Copies the window into `target`, oldest first, and returns how many numbers it held. */
  copyTo(target: Float64Array): number {
    assert(target.length >= this.#size, "the copy's target is smaller than the window");
    let index = this.#head - this.#size;
    if (index < 0) index += this.capacity;
    for (let i = 0; i < this.#size; i++) {
      target[i] = this.#values[index] as number;
      index = index + 1 === this.capacity ? 0 : index + 1;
    }
    return this.#size;
  }

  clear(): void {
    this.#head = 0;
    this.#size = 0;
  }

  persist(archive: Archive): void {
    archive.numbers(this.#values);
    this.#head = archive.number(this.#head);
    this.#size = archive.number(this.#size);
  }
}

/** A bounded first-in, first-out queue of references. Capacity is rounded up to a power of two. */
export class RingQueue<T> {
  readonly capacity: number;
  readonly #slots: (T | undefined)[];
  readonly #mask: number;
  #head = 0;
  #tail = 0;

  constructor(capacityMin: number) {
    assert(capacityMin > 0, "a queue needs room for at least one entry");
    let capacity = 1;
    while (capacity < capacityMin) capacity *= 2;
    this.capacity = capacity;
    this.#mask = capacity - 1;
    this.#slots = Array.from<T | undefined>({ length: capacity }).fill(undefined);
  }

  get size(): number {
    return (this.#tail - this.#head) | 0;
  }

  get full(): boolean {
    return this.size === this.capacity;
  }

  /** Adds at the end; false when the queue is full. */
  push(entry: T): boolean {
    if (this.size === this.capacity) return false;
    this.#slots[this.#tail & this.#mask] = entry;
    this.#tail = (this.#tail + 1) | 0;
    return true;
  }

  /** Takes the oldest entry, or undefined when the queue is empty. */
  shift(): T | undefined {
    if (this.#head === this.#tail) return undefined;
    const index = this.#head & this.#mask;
    const entry = this.#slots[index];
    this.#slots[index] = undefined;
    this.#head = (this.#head + 1) | 0;
    return entry;
  }

  peek(): T | undefined {
    return this.#slots[this.#head & this.#mask];
  }

  /** The entry `index` places behind the oldest one; undefined beyond the newest. */
  at(index: number): T | undefined {
    return index < this.size ? this.#slots[(this.#head + index) & this.#mask] : undefined;
  }

  clear(): void {
    while (this.#head !== this.#tail) this.shift();
  }
}
