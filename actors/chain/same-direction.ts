// Whether the mid goes on in the direction it last took. How often it does is a feed's manner of quoting, and what fast models
// rest on most.

import type { Archive } from "../base/archive.ts";

export class SameDirection {
  #midPoints = Number.NaN;
  /** Of the last change of the mid; 0 before there was one. */
  #direction = 0;

  /** @returns 1 where it goes on, 0 where it turns; NaN where it stays, or there is no change before to compare with */
  follow(midPoints: number): number {
    const direction = Math.sign(midPoints - this.#midPoints);
    this.#midPoints = midPoints;
    // NaN on the first quote, which goes nowhere.
    if (!(Math.abs(direction) === 1)) return Number.NaN;
    const before = this.#direction;
    this.#direction = direction;
    if (before === 0) return Number.NaN;
    return direction === before ? 1 : 0;
  }

  persist(archive: Archive): void {
    this.#midPoints = archive.number(this.#midPoints);
    this.#direction = archive.number(this.#direction);
  }
}
