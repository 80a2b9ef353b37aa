// What filled lately, and how much worse than it was decided on.

import type { Instrument } from "../../actors/domain/instrument.ts";
import { MICROS_PER_LOT, MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import type { Execution, OrderIntent } from "../../actors/domain/order.ts";
import type { FillMessage } from "../api/order-schemas.ts";
import { isoTime, priceOf } from "./shapes.ts";

/** @param intent what was ordered; undefined for what is not remembered, or the broker closed by itself */
export function fillMessage(
  instrument: Instrument,
  deal: Execution,
  intent: OrderIntent | undefined,
): FillMessage | undefined {
  if (deal.dealId === null || deal.pricePoints <= 0) return undefined;
  // A deal on the other side of its order is a stop or a target.
  const own = intent?.side === deal.side ? intent : undefined;
  const wanted = own === undefined ? Number.NaN : wantedPoints(own);
  const worse = deal.side === "BUY" ? deal.pricePoints - wanted : wanted - deal.pricePoints;
  const rounded = (points: number): number | null =>
    Number.isNaN(points) ? null : Number(priceOf(instrument, points).toFixed(instrument.digits + 1));
  return {
    dealId: deal.dealId,
    seq: deal.seq,
    time: isoTime(deal.timeMicros),
    symbol: instrument.symbol,
    side: deal.side,
    lots: deal.volumeMicros / MICROS_PER_LOT,
    price: priceOf(instrument, deal.pricePoints),
    wanted: rounded(wanted),
    slippage: rounded(worse),
    cost: deal.commissionMicros / MICROS_PER_UNIT,
    orderId: deal.intentId,
    positionId: deal.positionId,
    purpose: own?.purpose ?? "exit",
    reason: deal.reason,
  };
}

function wantedPoints({ terms, side, askPoints, bidPoints }: OrderIntent): number {
  if (terms !== undefined) return terms.limitPricePoints ?? terms.pricePoints;
  return side === "BUY" ? askPoints : bidPoints;
}
