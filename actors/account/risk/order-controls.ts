// Controls on the order itself: its price against the market, its stop, its volume and value, and what it would cost.

import type { MicroMoney } from "../../domain/money.ts";
import type { AccountSettings } from "../settings.ts";
import type { SizedOrder } from "../sizing.ts";
import { orderValueMicros } from "../order-value.ts";
import { waitingPoints } from "../pending.ts";
import { atLeast, atMost, below, type Control } from "./check.ts";

/** Below every real exchange rate; what it refuses is zero, a negative rate and NaN. */
const CONVERSION_RATE_MIN = 1e-9;

/** The margin all positions and live entries together may take. */
export function marginLimit(equityMicros: MicroMoney, settings: AccountSettings): MicroMoney {
  return Math.floor(equityMicros * settings.marginUseFraction);
}

/** Where the account nets, one; where it hedges, as many as its settings say. */
export function positionsPerInstrument(settings: AccountSettings): number {
  if (settings.positionMode !== "hedging") return 1;
  return settings.positionsPerInstrumentMax ?? settings.positionsMax;
}

/** What the order would trade at now; that of one that waits is not its own price. */
function marketPricePoints({ side, pricePoints, pending }: SizedOrder): number {
  if (pending === undefined) return pricePoints;
  return side === "BUY" ? pending.askPoints : pending.bidPoints;
}

export const standingOrderControls: readonly Control[] = [
  {
    code: "unknown-order",
    unit: "count",
    of: "symbol",
    bound: "most",
    check: (_order, { unknownOrders }) => atMost("unknown-order", unknownOrders, 0),
    advice: "an order on the symbol has no known outcome; reconcile it or release the symbol",
  },
  {
    code: "books-differ",
    unit: "count",
    of: "symbol",
    bound: "most",
    check: (_order, { booksDiffer }) =>
      booksDiffer === undefined ? undefined : atMost("books-differ", booksDiffer, 0),
    advice:
      "our books and the broker's differ on the symbol or the account; see the reconciliation, then accept it or settle it at the broker",
    adviceUnknown:
      "our books were not compared with the broker's since the start; entries resume with the first reconciliation",
  },
  {
    code: "duplicate-intent",
    unit: "count",
    of: "symbol",
    bound: "most",
    check: (_order, { liveOrders }) => atMost("duplicate-intent", liveOrders, 0),
    advice: "an order on the symbol is still on its way; wait for its outcome",
  },
  {
    code: "position-open",
    unit: "count",
    of: "symbol",
    bound: "most",
    check: (_order, { instrumentPositions }, { account }) =>
      atMost("position-open", instrumentPositions, positionsPerInstrument(account) - 1),
    advice: "the symbol has an open position already; one is the most",
  },
  {
    code: "too-many-positions",
    unit: "count",
    of: "account",
    bound: "most",
    check: (_order, { exposedInstruments }, { account }) =>
      atMost("too-many-positions", exposedInstruments + 1, account.positionsMax),
    advice: "as many positions as allowed are open; close one or raise positionsMax",
  },
  {
    code: "too-many-orders",
    unit: "count",
    of: "account",
    bound: "most",
    check: (_order, { accountLiveOrders, liveOrdersMax }) =>
      atMost("too-many-orders", accountLiveOrders + 1, liveOrdersMax),
    advice: "too many orders are on their way; wait for their outcome",
  },
];

export const priceControls: readonly Control[] = [
  {
    // The price collar of one order: as far from the price it was decided on as it may be.
    code: "price-moved",
    unit: "points",
    of: "order",
    bound: "most",
    check: (order, { signalPricePoints }, { account, risk }) =>
      atMost(
        "price-moved",
        Math.abs(marketPricePoints(order) - signalPricePoints),
        signalPricePoints * (risk.priceDeviationFraction ?? account.priceDeviationFraction),
      ),
    advice: "the price has left the one the signal was made at; the next signal decides anew",
  },
  {
    // The price collar over time: as far from the mean price of a while as it may be.
    code: "price-collar",
    unit: "points",
    of: "symbol",
    bound: "most",
    check: ({ pricePoints }, { referencePricePoints }, { risk: { priceCollarFraction: fraction } }) =>
      fraction === null
        ? undefined
        : atMost(
            "price-collar",
            Math.abs(pricePoints - referencePricePoints),
            referencePricePoints * fraction,
          ),
    advice: "the price is too far from its mean of the last minutes; wait until it settles",
  },
  {
    code: "no-conversion-rate",
    unit: "rate",
    of: "symbol",
    bound: "least",
    check: (_order, { conversionRate }) => atLeast("no-conversion-rate", conversionRate, CONVERSION_RATE_MIN),
    advice: "nothing quoted converts its profits to the account's currency; add such a pair",
  },
  {
    // A stop within the spread would close the position with the quote that opened it.
    code: "no-stop",
    unit: "points",
    of: "order",
    bound: "least",
    check: ({ stopPoints }, { spreadPoints }) => atLeast("no-stop", stopPoints, spreadPoints + 1),
    advice: "the stop is missing or lies within the spread; the signal policy must give one",
  },
  {
    code: "stop-too-far",
    unit: "points",
    of: "order",
    bound: "most",
    check: ({ stopPoints, pricePoints }) => below("stop-too-far", stopPoints, pricePoints),
    advice: "the stop is further away than the price is high; the signal policy must give a nearer one",
  },
];

export const volumeControls: readonly Control[] = [
  {
    code: "volume-too-small",
    unit: "lots",
    of: "order",
    bound: "least",
    check: ({ volumeMicros, instrument }) =>
      atLeast("volume-too-small", volumeMicros, instrument.volumeMinMicros),
    advice: "the risk budget buys less than the smallest volume; more equity or a nearer stop is needed",
  },
  {
    code: "volume-too-large",
    unit: "lots",
    of: "order",
    bound: "most",
    check: ({ volumeMicros, instrument }) =>
      atMost("volume-too-large", volumeMicros, instrument.volumeMaxMicros),
    advice: "the volume is above the instrument's largest; trade less",
  },
  {
    code: "order-volume",
    unit: "lots",
    of: "order",
    bound: "most",
    check: ({ volumeMicros }, _figures, { risk: { orderVolumeMaxMicros: limit } }) =>
      limit === null ? undefined : atMost("order-volume", volumeMicros, limit),
    advice: "the volume is above what one order may have; trade less",
  },
  {
    code: "order-value",
    unit: "money",
    of: "order",
    bound: "most",
    check: (order, { conversionRate }, { risk: { orderValueMaxMicros: limit } }) =>
      limit === null
        ? undefined
        : atMost("order-value", orderValueMicros(order, order.volumeMicros, conversionRate), limit),
    advice: "the order is worth more than one order may be; trade less",
  },
  {
    code: "margin",
    unit: "money",
    of: "account",
    bound: "most",
    check: ({ marginMicros }, { marginTakenMicros, equityMicros }, { account }) =>
      atMost("margin", marginTakenMicros + marginMicros, marginLimit(equityMicros, account)),
    advice: "margin would exceed its share of equity; close positions or lower the risk per trade",
  },
  {
    code: "over-risk-budget",
    unit: "lots",
    of: "order",
    bound: "most",
    check: ({ volumeMicros }, { volumeBudgetMicros }) =>
      atMost("over-risk-budget", volumeMicros, volumeBudgetMicros),
    advice:
      "its stop would cost more than one trade may; trade less or set the stop nearer (the limit is in millionths of a lot)",
  },
];

/** They speak of orders that wait at the broker alone. */
export const pendingControls: readonly Control[] = [
  {
    // At or beyond the market it would not wait: it would be an order at the market that nobody has called one.
    code: "bad-terms",
    unit: "points",
    of: "order",
    bound: "least",
    check: ({ side, pending }) =>
      pending === undefined
        ? undefined
        : atLeast("bad-terms", waitingPoints(side, pending.terms, pending), 1),
    advice:
      "its price is on the wrong side of the market, or its terms do not fit together; a limit waits for a better price, a stop for a worse one",
  },
  {
    code: "pending-expired",
    unit: "time",
    of: "order",
    bound: "most",
    check: ({ pending }, { nowMicros }) =>
      pending === undefined || pending.terms.untilMicros === null
        ? undefined
        : below("pending-expired", nowMicros, pending.terms.untilMicros),
    advice: "the time it was to wait until has passed; give a later one",
  },
];
