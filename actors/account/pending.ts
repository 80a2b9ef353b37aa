// What the terms of a pending order mean: where it is expected to fill, and whether the market can reach it from where it stands.

import type { Archive } from "../base/archive.ts";
import type { PendingTerms, Side } from "../domain/order.ts";

/** Position is the number in the state: append, never reorder. */
const TYPES = ["limit", "stop", "stop-limit"] as const;
const TIMES_IN_FORCE = ["gtc", "day", "until"] as const;

/** The price it fills at or better, or, of a stop, about. */
export function entryPricePoints(terms: PendingTerms): number {
  return terms.limitPricePoints ?? terms.pricePoints;
}

/**
 * How far the market is from the order on the side it has to come from, in points: a limit waits for a better price, a stop for a
 * worse one. Zero or less where it would trade at once; NaN for terms that do not fit together. As MetaTrader 5 has it, the limit
 * of a stop-limit is no worse than its trigger.
 */
export function waitingPoints(
  side: Side,
  terms: PendingTerms,
  quote: { readonly bidPoints: number; readonly askPoints: number },
): number {
  const { type, pricePoints, limitPricePoints, timeInForce, untilMicros } = terms;
  const isStopLimit = type === "stop-limit";
  if (!isPrice(pricePoints) || (timeInForce === "until") !== (untilMicros !== null)) return Number.NaN;
  if (isStopLimit !== (limitPricePoints !== null)) return Number.NaN;
  const away = side === "BUY" ? 1 : -1;
  if (limitPricePoints !== null) {
    if (!isPrice(limitPricePoints) || away * (limitPricePoints - pricePoints) > 0) return Number.NaN;
  }
  const market = side === "BUY" ? quote.askPoints : quote.bidPoints;
  return (type === "limit" ? -away : away) * (pricePoints - market);
}

export function persistTerms(terms: PendingTerms | null, archive: Archive): PendingTerms | null {
  if (!archive.boolean(terms !== null)) return null;
  const limitPoints = archive.number(terms?.limitPricePoints ?? Number.NaN);
  const untilMicros = archive.number(terms?.untilMicros ?? Number.NaN);
  return {
    type: TYPES[archive.number(TYPES.indexOf(terms?.type ?? "limit"))] ?? "limit",
    pricePoints: archive.number(terms?.pricePoints ?? 0),
    limitPricePoints: Number.isNaN(limitPoints) ? null : limitPoints,
    timeInForce: TIMES_IN_FORCE[archive.number(TIMES_IN_FORCE.indexOf(terms?.timeInForce ?? "gtc"))] ?? "gtc",
    untilMicros: Number.isNaN(untilMicros) ? null : untilMicros,
  };
}

function isPrice(points: number): boolean {
  return Number.isSafeInteger(points) && points > 0;
}
