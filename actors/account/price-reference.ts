// The mean price of the last while, for the price collar: the last mid of each eighth of a window. It is fed with every
// quote, so it costs a division and two writes.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import { PRICE_BUCKETS } from "./limits.ts";

export class PriceReference {
  readonly #bucketMicros: Float64Array;
  /** By instrument and bucket: which bucket of time it holds, and twice the last mid in it, in points. */
  readonly #numbers: Float64Array;
  readonly #doubleMids: Float64Array;

  /** @param windowsMicros by instrument id */
  constructor(windowsMicros: readonly number[]) {
    this.#bucketMicros = Float64Array.from(windowsMicros, (micros) => Math.max(1, micros / PRICE_BUCKETS));
    this.#numbers = new Float64Array(windowsMicros.length * PRICE_BUCKETS).fill(Number.NEGATIVE_INFINITY);
    this.#doubleMids = new Float64Array(windowsMicros.length * PRICE_BUCKETS);
  }

  take(id: number, doubleMidPoints: number, timeMicros: Micros): void {
    const number = Math.floor(timeMicros / (this.#bucketMicros[id] as number));
    const at = id * PRICE_BUCKETS + (number % PRICE_BUCKETS);
    this.#numbers[at] = number;
    this.#doubleMids[at] = doubleMidPoints;
  }

  /**
   * Mean of the last mids of the buckets before the present one, in points; of the present one where there are no others.
   * NaN where the window has no quote.
   */
  points(id: number, nowMicros: Micros): number {
    const present = Math.floor(nowMicros / (this.#bucketMicros[id] as number));
    let sum = 0;
    let count = 0;
    let newest = Number.NaN;
    for (let at = id * PRICE_BUCKETS; at < (id + 1) * PRICE_BUCKETS; at++) {
      const age = present - (this.#numbers[at] as number);
      const doubleMid = this.#doubleMids[at] as number;
      // Numbers that lie ahead are of a window of before, whose parts were shorter.
      if (age === 0) newest = doubleMid;
      else if (age > 0 && age < PRICE_BUCKETS) {
        sum += doubleMid;
        count++;
      }
    }
    return (count === 0 ? newest : sum / count) / 2;
  }

  persist(archive: Archive): void {
    archive.growing(this.#numbers);
    archive.growing(this.#doubleMids);
  }
}
