// Which deals can be booked at all: whatever a broker sends, what is booked has an id and exact figures.

import type { Execution } from "../domain/order.ts";

/** A deal needs an id to be booked once, and figures that are exact integers. Its instrument may be one that is not traded here. */
export function hasUsableFigures(deal: Execution, instruments: number): boolean {
  return (
    deal.dealId !== null &&
    deal.dealId !== "" &&
    deal.instrumentId < instruments &&
    Number.isSafeInteger(deal.volumeMicros) &&
    deal.volumeMicros > 0 &&
    Number.isSafeInteger(deal.pricePoints) &&
    deal.pricePoints > 0 &&
    Number.isSafeInteger(deal.commissionMicros) &&
    Number.isSafeInteger(deal.profitMicros ?? 0)
  );
}
