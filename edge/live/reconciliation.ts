// How an account's books stand against its broker's, as far as the journal tells it: the last comparison, and what stands until it is
// gone or a person accepts it.

import type { BookedPosition, BrokerBooks, Finding, Reconciled } from "../../actors/domain/broker-books.ts";

export interface LastLook {
  readonly seq: number;
  readonly timeMicros: number;
  readonly agrees: boolean;
  readonly findings: readonly Finding[];
}

export class ReconciliationPicture {
  #last: LastLook | undefined;
  #standing: readonly Finding[] = [];
  #external: readonly BookedPosition[] = [];
  readonly #coming: BookedPosition[] = [];
  #looks = 0;

  /** Undefined before the first. */
  get last(): LastLook | undefined {
    return this.#last;
  }

  /** Unresolved, and nobody has accepted them. */
  get standing(): readonly Finding[] {
    return this.#standing;
  }

  /** Positions at the broker that are not ours. */
  get external(): readonly BookedPosition[] {
    return this.#external;
  }

  get looks(): number {
    return this.#looks;
  }

  hear(record: Reconciled): void {
    const { seq, timeMicros, agrees, findings } = record;
    this.#last = { seq, timeMicros, agrees, findings };
    this.#standing = findings.filter(({ resolved }) => !resolved);
    this.#looks++;
  }

  /** Books come in parts. */
  hearBooks({ part, last, positions }: BrokerBooks): void {
    if (part === 1) this.#coming.length = 0;
    this.#coming.push(...positions.filter(({ intentId }) => intentId === ""));
    if (last) this.#external = this.#coming.splice(0);
  }

  accepted(instrumentId: number): void {
    this.#standing = this.#standing.filter((finding) => finding.instrumentId !== instrumentId);
  }
}
