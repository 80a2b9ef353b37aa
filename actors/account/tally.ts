// What an account has done, in counts, and what went oddly. Counts are state and survive; the texts of anomalies are
// for people and start anew after a restart.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import { RingQueue } from "../base/ring.ts";
import { ANOMALIES_KEPT_MAX } from "./limits.ts";
import { REFUSAL_CODES, type RefusalCode } from "./risk/codes.ts";

/** Position is the code's counter: append, never reorder. */
export const ANOMALY_CODES = [
  "illegal-transition",
  "unknown-intent",
  "unknown-instrument",
  "bad-fill",
  "overfilled",
  "unconverted-profit",
  "duplicate-deal",
  "books-out-of-order",
  "duplicate-adjustment",
  "bad-fill-terms",
  "unprotected-position",
  "follow-up-failed",
  "group-filled-twice",
] as const;
export type AnomalyCode = (typeof ANOMALY_CODES)[number];

/** Something that should not happen and was survived. */
export interface Anomaly {
  readonly code: AnomalyCode;
  readonly timeMicros: Micros;
  readonly message: string;
}

export class Tally {
  readonly #refusals = new Float64Array(REFUSAL_CODES.length);
  readonly #anomalies = new Float64Array(ANOMALY_CODES.length);
  readonly #recent = new RingQueue<Anomaly>(ANOMALIES_KEPT_MAX);
  entries = 0;
  exits = 0;
  fills = 0;

  refused(code: RefusalCode): void {
    const index = REFUSAL_CODES.indexOf(code);
    this.#refusals[index] = (this.#refusals[index] as number) + 1;
  }

  odd(anomaly: Anomaly): void {
    const index = ANOMALY_CODES.indexOf(anomaly.code);
    this.#anomalies[index] = (this.#anomalies[index] as number) + 1;
    if (this.#recent.full) this.#recent.shift();
    this.#recent.push(anomaly);
  }

  refusals(): Readonly<Record<RefusalCode, number>> {
    return countsByCode(REFUSAL_CODES, this.#refusals);
  }

  anomalies(): Readonly<Record<AnomalyCode, number>> {
    return countsByCode(ANOMALY_CODES, this.#anomalies);
  }

  /** The newest anomalies, oldest first. */
  recentAnomalies(): readonly Anomaly[] {
    const recent: Anomaly[] = [];
    for (let left = this.#recent.size; left > 0; left--) {
      const anomaly = this.#recent.shift();
      if (anomaly === undefined) break;
      recent.push(anomaly);
      this.#recent.push(anomaly);
    }
    return recent;
  }

  persist(archive: Archive): void {
    archive.growing(this.#refusals);
    archive.growing(this.#anomalies);
    this.entries = archive.number(this.entries);
    this.exits = archive.number(this.exits);
    this.fills = archive.number(this.fills);
  }
}

function countsByCode<Code extends string>(
  codes: readonly Code[],
  counts: Float64Array,
): Readonly<Record<Code, number>> {
  return Object.fromEntries(codes.map((code, index) => [code, counts[index] as number])) as Record<
    Code,
    number
  >;
}
