// Controls on what the account would hold with the order in it, live entries counted as if they were filled.

import type { SizedOrder } from "../sizing.ts";
import { orderValueMicros } from "../order-value.ts";
import { atMost, type Control, type RiskFigures } from "./check.ts";
import { type Addition, correlatedWith, currencyWith, grossWith, netWith } from "./exposure.ts";

function additionOf(order: SizedOrder, { conversionRate }: RiskFigures): Addition {
  return {
    side: order.side,
    valueMicros: orderValueMicros(order, order.volumeMicros, conversionRate),
  };
}

export const exposureControls: readonly Control[] = [
  {
    code: "long-position",
    unit: "lots",
    of: "symbol",
    bound: "most",
    check: ({ side, volumeMicros }, { exposure }, { risk: { longVolumeMaxMicros: limit } }) => {
      if (limit === null) return undefined;
      return atMost("long-position", exposure.longVolumeMicros + (side === "BUY" ? volumeMicros : 0), limit);
    },
    advice: "the long position would be larger than the symbol's may be; trade less",
  },
  {
    code: "short-position",
    unit: "lots",
    of: "symbol",
    bound: "most",
    check: ({ side, volumeMicros }, { exposure }, { risk: { shortVolumeMaxMicros: limit } }) => {
      if (limit === null) return undefined;
      return atMost(
        "short-position",
        exposure.shortVolumeMicros + (side === "SELL" ? volumeMicros : 0),
        limit,
      );
    },
    advice: "the short position would be larger than the symbol's may be; trade less",
  },
  {
    code: "gross-exposure",
    unit: "money",
    of: "account",
    bound: "most",
    check: (order, figures, { risk: { grossExposureMaxMicros: limit } }) =>
      limit === null
        ? undefined
        : atMost("gross-exposure", grossWith(figures.exposure, additionOf(order, figures)), limit),
    advice: "positions would be worth more than they may be together; close some",
  },
  {
    code: "net-exposure",
    unit: "money",
    of: "account",
    bound: "most",
    check: (order, figures, { risk: { netExposureMaxMicros: limit } }) =>
      limit === null
        ? undefined
        : atMost("net-exposure", netWith(figures.exposure, additionOf(order, figures)), limit),
    advice: "long and short positions would differ by more than they may; close some of the larger side",
  },
  {
    code: "currency-exposure",
    unit: "money",
    of: "symbol",
    bound: "most",
    check: (order, figures, { risk: { currencyExposureMaxMicros: limit } }) =>
      limit === null
        ? undefined
        : atMost("currency-exposure", currencyWith(figures.exposure, additionOf(order, figures)), limit),
    advice: "too much would depend on one of its currencies; close positions in it",
  },
  {
    code: "correlated-exposure",
    unit: "money",
    of: "account",
    bound: "most",
    check: (order, figures, { risk: { correlatedExposureMaxMicros: limit } }) =>
      limit === null
        ? undefined
        : atMost("correlated-exposure", correlatedWith(figures.exposure, additionOf(order, figures)), limit),
    advice: "too much would move together with the dollar; close positions that do",
  },
];
