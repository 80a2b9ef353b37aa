// Which numbers of a stream are missing: a sorted list of ranges with a bound. Nothing is allocated while ticks arrive
// in order; a new hole may grow the list.

import { type Archive, ArchiveMismatch } from "../base/archive.ts";
import { assert } from "../base/assert.ts";

/** Holes remembered per stream. There is room for one more, so that the owner can add first and then give up the oldest. */
export const MISSING_RANGES_MAX = 1_024;

const INITIAL_RANGES = 8;

/** Closed ranges of whole numbers, ascending, with at least one number that is not missing between two of them. */
export class MissingRanges {
  #from = new Float64Array(INITIAL_RANGES);
  #to = new Float64Array(INITIAL_RANGES);
  #size = 0;
  #missing = 0;

  get size(): number {
    return this.#size;
  }

  /** How many numbers all ranges hold. */
  get missing(): number {
    return this.#missing;
  }

  from(index: number): number {
    assert(index >= 0 && index < this.#size, "no such range");
    return this.#from[index] as number;
  }

  to(index: number): number {
    assert(index >= 0 && index < this.#size, "no such range");
    return this.#to[index] as number;
  }

  /** Adds a range above all others. */
  append(from: number, to: number): void {
    assert(
      from <= to && (this.#size === 0 || from > this.to(this.#size - 1) + 1),
      "ranges ascend and do not touch",
    );
    this.#makeRoom();
    this.#from[this.#size] = from;
    this.#to[this.#size] = to;
    this.#size++;
    this.#missing += to - from + 1;
  }

  /** Takes `number` out and returns whether it was missing. It may split a range in two. */
  remove(number: number): boolean {
    const index = this.#find(number);
    if (index < 0) return false;
    const from = this.#from[index] as number;
    const to = this.#to[index] as number;
    this.#missing--;
    if (from === to) this.#drop(index);
    else if (number === from) this.#from[index] = from + 1;
    else if (number === to) this.#to[index] = to - 1;
    else this.#split(index, number);
    return true;
  }

  /** Whether there are more ranges than {@link MISSING_RANGES_MAX}: the owner has to give one up. */
  get overfull(): boolean {
    return this.#size > MISSING_RANGES_MAX;
  }

  /** Gives up the oldest range and returns how many numbers it held. */
  dropOldest(): number {
    assert(this.#size > 0, "there is no range to give up");
    const count = (this.#to[0] as number) - (this.#from[0] as number) + 1;
    this.#missing -= count;
    this.#drop(0);
    return count;
  }

  clear(): void {
    this.#size = 0;
    this.#missing = 0;
  }

  persist(archive: Archive): void {
    const size = archive.number(this.#size);
    if (!(size >= 0 && size <= MISSING_RANGES_MAX)) {
      throw new ArchiveMismatch(
        `snapshot holds ${size} missing ranges, at most ${MISSING_RANGES_MAX} are kept`,
      );
    }
    this.#missing = archive.number(this.#missing);
    this.#size = 0;
    while (this.#from.length < size) this.#resize();
    for (let index = 0; index < size; index++) {
      this.#from[index] = archive.number(this.#from[index] as number);
      this.#to[index] = archive.number(this.#to[index] as number);
    }
    this.#size = size;
  }

  /** Index of the range that holds `number`, or -1. */
  #find(number: number): number {
    let low = 0;
    let high = this.#size - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      if ((this.#to[middle] as number) < number) low = middle + 1;
      else if ((this.#from[middle] as number) > number) high = middle - 1;
      else return middle;
    }
    return -1;
  }

  #split(index: number, number: number): void {
    this.#makeRoom();
    this.#from.copyWithin(index + 1, index, this.#size);
    this.#to.copyWithin(index + 1, index, this.#size);
    this.#to[index] = number - 1;
    this.#from[index + 1] = number + 1;
    this.#size++;
  }

  #drop(index: number): void {
    this.#from.copyWithin(index, index + 1, this.#size);
    this.#to.copyWithin(index, index + 1, this.#size);
    this.#size--;
  }

  #makeRoom(): void {
    assert(!this.overfull, "the owner gives up the oldest range before it adds another");
    if (this.#size === this.#from.length) this.#resize();
  }

  #resize(): void {
    const length = Math.min(this.#from.length * 2, MISSING_RANGES_MAX + 1);
    const from = new Float64Array(length);
    const to = new Float64Array(length);
    from.set(this.#from);
    to.set(this.#to);
    this.#from = from;
    this.#to = to;
  }
}
