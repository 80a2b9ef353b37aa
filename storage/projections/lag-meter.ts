// For how long something has been waiting to be stored, by the looks of those who asked before.

import type { Micros } from "../../actors/base/clock.ts";
import { RingQueue } from "../../actors/base/ring.ts";
import { LOOKS_MAX } from "./limits.ts";

export class LagMeter {
  /** How far the journal was durable when somebody looked, oldest first; what is stored meanwhile is forgotten. */
  readonly #looks = new RingQueue<{ readonly seq: number; readonly atMicros: Micros }>(LOOKS_MAX);

  /** @returns microseconds; 0 when everything durable is stored */
  look(durableSeq: number, appliedSeq: number, atMicros: Micros): Micros {
    for (let oldest = this.#looks.peek(); oldest !== undefined; oldest = this.#looks.peek()) {
      if (oldest.seq > appliedSeq) break;
      this.#looks.shift();
    }
    // Full, it keeps what has waited longest.
    if (durableSeq > appliedSeq) this.#looks.push({ seq: durableSeq, atMicros });
    const oldest = this.#looks.peek();
    return oldest === undefined ? 0 : atMicros - oldest.atMicros;
  }
}
