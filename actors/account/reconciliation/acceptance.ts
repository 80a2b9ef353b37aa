// What it means that a person takes the broker's books as they are: our own follow, by the difference that was found, so that what was
// booked in between stays.

import type { Desk } from "../desk.ts";
import type { TrackedOrder } from "../orders.ts";
import type { StandingDifference } from "./standing.ts";

export interface Acceptor {
  readonly desk: Desk;
  /** Declares an order dead whose outcome nobody knows. */
  readonly release: (order: TrackedOrder) => void;
}

/** @returns false where nothing stands there */
export function accept(acceptor: Acceptor, instrumentId: number, by: string): boolean {
  const { desk } = acceptor;
  const { reconciliation, nowMicros: timeMicros } = desk;
  const { memory } = reconciliation;
  const isMeant = (difference: StandingDifference): boolean =>
    difference.instrumentId === instrumentId || (difference.instrumentId < 0 && instrumentId < 0);
  const accepted = memory.standing.filter(isMeant);
  if (accepted.length === 0) return false;
  memory.standing = memory.standing.filter((difference) => !isMeant(difference));
  for (const difference of accepted) follow(acceptor, difference);
  reconciliation.noteAcceptance({ instrumentId, by, timeMicros });
  return true;
}

function follow(
  { desk, release }: Acceptor,
  { what, subject, difference, pricePoints }: StandingDifference,
): void {
  const { books, reconciliation } = desk;
  const { memory } = reconciliation;
  switch (what) {
    case "missing-position":
    case "position-differs": {
      const position = books.positions.find(subject);
      if (position === undefined) return;
      const { signedVolumeMicros: held, signedCost } = position;
      books.positions.restate(position, held + difference, pricePoints > 0 ? pricePoints : signedCost / held);
      return;
    }
    case "unexpected-position": {
      const position = books.external.find(subject);
      if (position !== undefined) position.accepted = true;
      return;
    }
    case "unexpected-order":
      memory.acceptedOrders.push(subject);
      return;
    case "outcome-open":
    case "missing-order": {
      const order = books.orders.find(subject);
      if (order?.state === "unknown") release(order);
      return;
    }
    case "balance-differs":
      books.adjust(difference, false);
      return;
    case "incomplete":
      memory.reconciledEpoch = desk.epoch;
      return;
    default:
  }
}
