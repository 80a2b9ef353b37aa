// What filled lately and how much worse than it was decided on, as people see it.

import type { AccountView } from "../../actors/account/account-view.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import { MICROS_PER_MILLISECOND } from "../../actors/base/clock.ts";
import { MICROS_PER_LOT, MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import type { FillMessage, FillsMessage } from "../api/order-schemas.ts";
import { isoTime, known, priceOf } from "./shapes.ts";

/** Newest first. */
export function fillsMessage(
  { recentFills, fillSummaries }: AccountView,
  instruments: readonly Instrument[],
  limit: number,
): FillsMessage {
  const items: FillMessage[] = [];
  for (const fill of recentFills.slice(-limit).reverse()) {
    const instrument = instruments[fill.instrumentId];
    if (instrument === undefined) continue;
    items.push({
      dealId: fill.dealId,
      time: isoTime(fill.timeMicros),
      symbol: instrument.symbol,
      side: fill.side,
      lots: fill.volumeMicros / MICROS_PER_LOT,
      price: priceOf(instrument, fill.pricePoints),
      wanted: difference(instrument, fill.expectedPoints),
      slippage: difference(instrument, fill.slippagePoints),
      slippageCost: known(fill.slippageMicros / MICROS_PER_UNIT),
      orderId: fill.intentId,
      purpose: fill.by,
      sendingMillis: known(fill.sendingMicros / MICROS_PER_MILLISECOND),
      fillingMillis: known(fill.fillingMicros / MICROS_PER_MILLISECOND),
    });
  }
  return {
    items,
    cursor: null,
    bySymbol: fillSummaries.flatMap((summary) => {
      const instrument = instruments[summary.instrumentId];
      if (instrument === undefined) return [];
      return [
        {
          symbol: instrument.symbol,
          fills: summary.fills,
          averageSlippage: difference(instrument, summary.averageSlippagePoints),
          worstSlippage: difference(instrument, summary.worstSlippagePoints),
          slippageCost: known(summary.slippageMicros / MICROS_PER_UNIT),
        },
      ];
    }),
  };
}

/** A price or a difference of prices without the dust of binary fractions. */
function difference(instrument: Instrument, points: number): number | null {
  return known(Number(priceOf(instrument, points).toFixed(instrument.digits + 1)));
}
