// Orders that wait at the broker, as people see them: what was ordered, and how it stands with the account.

import { MICROS_PER_LOT } from "../../actors/domain/money.ts";
import type { OrderIntent } from "../../actors/domain/order.ts";
import type { PendingOrderMessage } from "../api/order-schemas.ts";
import type { LivePicture } from "./live-picture.ts";
import { isoTime, knownPrice } from "./shapes.ts";

/** Oldest first. */
export function pendingOrders(picture: LivePicture): PendingOrderMessage[] {
  return (picture.engine.account?.view().liveOrders ?? [])
    .map(({ intentId, state }) => pendingOrder(picture, picture.intent(intentId), state))
    .filter((order) => order !== undefined);
}

function pendingOrder(
  picture: LivePicture,
  intent: OrderIntent | undefined,
  state: string,
): PendingOrderMessage | undefined {
  const instrument = intent === undefined ? undefined : picture.instruments[intent.instrumentId];
  const { terms } = intent ?? {};
  if (intent === undefined || terms === undefined || instrument === undefined) return undefined;
  if (intent.purpose !== "entry") return undefined;
  return {
    id: intent.intentId,
    symbol: instrument.symbol,
    side: intent.side,
    type: terms.type,
    lots: intent.volumeMicros / MICROS_PER_LOT,
    price: knownPrice(instrument, terms.pricePoints) ?? 0,
    limitPrice: knownPrice(instrument, terms.limitPricePoints),
    stopLoss: knownPrice(instrument, intent.stopPricePoints),
    takeProfit: knownPrice(instrument, intent.targetPricePoints),
    timeInForce: terms.timeInForce,
    until: terms.untilMicros === null ? null : isoTime(terms.untilMicros),
    group: intent.group ?? null,
    state,
    time: isoTime(intent.timeMicros),
  };
}
