// Orders that wait at the broker, as people see them.

import type { LiveOrderView } from "../../actors/account/account-view.ts";
import { MICROS_PER_LOT } from "../../actors/domain/money.ts";
import type { PendingOrderMessage } from "../api/order-schemas.ts";
import type { LivePicture } from "./live-picture.ts";
import { isoTime, knownPrice } from "./shapes.ts";

/** Oldest first. */
export function pendingOrders(picture: LivePicture): PendingOrderMessage[] {
  return (picture.engine.account?.view().liveOrders ?? [])
    .map((order) => pendingOrder(picture, order))
    .filter((order) => order !== undefined);
}

function pendingOrder(picture: LivePicture, order: LiveOrderView): PendingOrderMessage | undefined {
  const instrument = picture.instruments[order.instrumentId];
  const { terms, purpose } = order;
  if (terms === null || purpose !== "entry" || instrument === undefined) return undefined;
  const intent = picture.intent(order.intentId);
  return {
    id: order.intentId,
    symbol: instrument.symbol,
    side: order.side,
    type: terms.type,
    lots: order.volumeMicros / MICROS_PER_LOT,
    filledLots: order.filledMicros / MICROS_PER_LOT,
    price: knownPrice(instrument, terms.pricePoints) ?? 0,
    limitPrice: knownPrice(instrument, terms.limitPricePoints),
    stopLoss: knownPrice(instrument, order.stopPricePoints),
    takeProfit: knownPrice(instrument, order.targetPricePoints),
    timeInForce: terms.timeInForce,
    until: terms.untilMicros === null ? null : isoTime(terms.untilMicros),
    group: order.group === "" ? null : order.group,
    state: order.state,
    time: intent === undefined ? null : isoTime(intent.timeMicros),
  };
}
