// What a broker asks of an order before it takes it, and when an order that waits is due: the rules of MetaTrader for
// prices and levels, as pure functions. Buyers trade at the ask, sellers at the bid.

import type { Side } from "../../domain/order.ts";
import type { BrokerOrder } from "./broker-tables.ts";

export interface Prices {
  readonly bidPoints: number;
  readonly askPoints: number;
}

type Terms = Pick<BrokerOrder, "side" | "type" | "pricePoints" | "limitPricePoints">;

interface Levels {
  readonly stopPricePoints: number;
  readonly targetPricePoints: number;
}

/**
 * Whether a pending order may wait at its price: a limit on the better side of the market, a stop on the worse one, each
 * by the stops level and at least a point. The limit of a stop-limit may lie anywhere.
 */
export function priceWaits(terms: Terms, prices: Prices, stopsLevelPoints: number): boolean {
  const buys = terms.side === "BUY";
  const market = buys ? prices.askPoints : prices.bidPoints;
  const above = buys === (terms.type !== "limit");
  const distance = above ? terms.pricePoints - market : market - terms.pricePoints;
  const priced =
    isPrice(terms.pricePoints) && (terms.type !== "stop-limit" || isPrice(terms.limitPricePoints));
  return priced && distance >= Math.max(1, stopsLevelPoints);
}

/** Where a pending order will be filled, by its terms: its stop and target are held against that. */
export function entryPricePoints({ type, pricePoints, limitPricePoints }: Terms): number {
  return type === "stop-limit" ? limitPricePoints : pricePoints;
}

/**
 * Whether stop and target lie on their sides of where a position on `side` could be closed, by the stops level and at
 * least a point.
 */
export function levelsStand(
  side: Side,
  levels: Levels,
  options: { readonly closePoints: number; readonly stopsLevelPoints: number },
): boolean {
  const away = side === "BUY" ? 1 : -1;
  const least = Math.max(1, options.stopsLevelPoints);
  const { stopPricePoints: stop, targetPricePoints: target } = levels;
  const stopStands = Number.isNaN(stop) || (isPrice(stop) && away * (options.closePoints - stop) >= least);
  return (
    stopStands &&
    (Number.isNaN(target) || (isPrice(target) && away * (target - options.closePoints) >= least))
  );
}

/** The price that a position on `side` is closed at. */
export function closePoints(side: Side, prices: Prices): number {
  return side === "BUY" ? prices.bidPoints : prices.askPoints;
}

/** Whether the market has come to the price of a pending order: to a limit from its worse side, to a stop from the better. */
export function isReached({ side, type, pricePoints }: Terms, prices: Prices): boolean {
  const buys = side === "BUY";
  const market = buys ? prices.askPoints : prices.bidPoints;
  return buys === (type !== "limit") ? market >= pricePoints : market <= pricePoints;
}

/** NaN, which is no level, equals itself here. */
export function samePoints(a: number, b: number): boolean {
  return a === b || (Number.isNaN(a) && Number.isNaN(b));
}

function isPrice(points: number): boolean {
  return Number.isSafeInteger(points) && points > 0;
}
