// What an order is worth: its notional in the account's currency. Limits and sizing have to mean the same by it.

import type { Instrument } from "../domain/instrument.ts";
import { type MicroMoney, moveValueMicros } from "../domain/money.ts";
import { convertMicros } from "./conversion.ts";

/** Price x volume x contract size, in millionths of the account's currency; NaN with an unknown price or rate. */
export function orderValueMicros(
  order: { readonly instrument: Instrument; readonly pricePoints: number },
  volumeMicros: number,
  conversionRate: number,
): MicroMoney {
  return convertMicros(moveValueMicros(order.instrument, order.pricePoints, volumeMicros), conversionRate);
}
