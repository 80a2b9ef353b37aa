// Differences between an account's books and its broker's: those that stand keep entries off until a later picture shows none or a
// person accepts them. What a person would accept is kept as a difference, so that deals booked in between are not undone by it.

import type { Micros } from "../../base/clock.ts";
import type { Finding, FindingKind } from "../../domain/broker-books.ts";
import { STANDING_MAX } from "./limits.ts";

/** Plain data: part of the account's state. */
export interface StandingDifference {
  readonly what: FindingKind;
  readonly instrumentId: number;
  readonly subject: string;
  readonly message: string;
  /** When it was first found. */
  readonly sinceMicros: Micros;
  /** What the broker has more than we: signed volume of a position, money of a balance; else 0. */
  readonly difference: number;
  /** The broker's opening price of a position; else 0. */
  readonly pricePoints: number;
}

/** What a comparison says, before it is known whether it stood already. */
export type Difference = Omit<StandingDifference, "sinceMicros">;

export class Findings {
  readonly all: Finding[] = [];
  readonly standing: Difference[] = [];

  resolved(what: FindingKind, instrumentId: number, subject: string, message: string): void {
    this.all.push({ what, instrumentId, subject, resolved: true, message });
  }

  stands(
    difference: Pick<Difference, "what" | "instrumentId" | "subject" | "message"> & Partial<Difference>,
  ): void {
    const { what, instrumentId, subject, message } = difference;
    this.all.push({ what, instrumentId, subject, resolved: false, message });
    this.standing.push({ difference: 0, pricePoints: 0, ...difference });
  }
}

/**
 * What stands after a picture.
 * @param before what stood; an incomplete picture shows no difference gone
 */
export function standingAfter(
  before: readonly StandingDifference[],
  found: readonly Difference[],
  { complete, nowMicros }: { complete: boolean; nowMicros: Micros },
): StandingDifference[] {
  const next = found.map((difference) => ({
    ...difference,
    sinceMicros: before.find((old) => isSame(old, difference))?.sinceMicros ?? nowMicros,
  }));
  if (!complete) next.push(...before.filter((old) => !found.some((difference) => isSame(old, difference))));
  if (next.length <= STANDING_MAX) return next;
  const kept = next.slice(0, STANDING_MAX - 1);
  return [...kept, manyMore(next.length - kept.length, nowMicros)];
}

function isSame(a: Difference, b: Difference): boolean {
  return a.what === b.what && a.subject === b.subject && a.instrumentId === b.instrumentId;
}

function manyMore(count: number, nowMicros: Micros): StandingDifference {
  return {
    what: "incomplete",
    instrumentId: -1,
    subject: "",
    message: `${count} more differences were found than are kept: settle those that are listed, the next picture shows the rest`,
    sinceMicros: nowMicros,
    difference: 0,
    pricePoints: 0,
  };
}
