// When it is the turn of answers that are taken once a minute: at the first votes after a close, unless those come so late that they
// are of another moment.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_MINUTE, type Micros } from "../../base/clock.ts";

export class MinuteTurn {
  #closedMicros: Micros = Number.NaN;
  #isNew = false;

  close(closeMicros: Micros): void {
    this.#closedMicros = closeMicros;
    this.#isNew = true;
  }

  /** Whether votes of now are the first since the minute closed, and within a minute of that. */
  take(timeMicros: Micros): boolean {
    if (!this.#isNew || !(timeMicros >= this.#closedMicros)) return false;
    this.#isNew = false;
    return timeMicros < this.#closedMicros + MICROS_PER_MINUTE;
  }

  persist(archive: Archive): void {
    this.#closedMicros = archive.number(this.#closedMicros);
    this.#isNew = archive.boolean(this.#isNew);
  }
}
