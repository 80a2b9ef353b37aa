// The checks of compliance, the last stage before an order is approved: best execution, and whether the account's own orders would
// look like market abuse. They judge figures and nothing else; for exits they are recorded and decide nothing.

import type { RiskCheck } from "../../domain/order.ts";
import type { ComplianceFigures } from "../../domain/pretrade.ts";
import type { ComplianceVerdict } from "../risk/approval.ts";
import { atMost, type Control } from "../risk/check.ts";
import type { ComplianceLimits } from "./settings.ts";

interface ComplianceControl extends Omit<Control, "check"> {
  /** Undefined where it is off, or where there is nothing to judge: the figures in the record then say why. */
  readonly check: (figures: ComplianceFigures, limits: ComplianceLimits) => RiskCheck | undefined;
}

const COMPLIANCE_CHECKS: readonly ComplianceControl[] = [
  {
    code: "best-execution",
    unit: "rate",
    of: "order",
    bound: "most",
    check: ({ quoteDeviation }, { quoteDeviationMax: limit, secondSourceRequired }) => {
      if (limit === null || (quoteDeviation === null && !secondSourceRequired)) return undefined;
      return atMost("best-execution", quoteDeviation ?? Number.NaN, limit);
    },
    advice: "a second source quotes a better price, or a required one is silent; compare the feeds",
  },
  {
    code: "execution-slippage",
    unit: "rate",
    of: "symbol",
    bound: "most",
    check: ({ slippageMean }, { slippageMeanMax: limit }) =>
      limit === null || slippageMean === null ? undefined : atMost("execution-slippage", slippageMean, limit),
    advice: "recent fills were too far from the quotes they were decided on; look at the broker's executions",
  },
  {
    code: "wash-trade",
    unit: "count",
    of: "order",
    bound: "most",
    check: ({ washOrders }, { washOrdersMax: limit }) =>
      limit === null ? undefined : atMost("wash-trade", washOrders, limit),
    advice: "it could trade with an own order on the other side; cancel that one first",
  },
  {
    code: "layering",
    unit: "count",
    of: "order",
    bound: "most",
    check: ({ layeringLevels }, { layeringLevelsMax: limit }) =>
      limit === null ? undefined : atMost("layering", layeringLevels, limit),
    advice:
      "own orders wait untouched at several prices of the other side; cancel them or let them trade first",
  },
  {
    code: "cancel-share",
    unit: "rate",
    of: "order",
    bound: "most",
    check: ({ oppositeOrders, oppositeCancelled }, { cancelShareMax: limit, cancelOrdersMin }) =>
      limit === null || oppositeOrders < Math.max(1, cancelOrdersMin)
        ? undefined
        : atMost("cancel-share", oppositeCancelled / oppositeOrders, limit),
    advice: "too many own orders of the other side were cancelled before they traded; wait, and find out why",
  },
  {
    code: "ramping",
    unit: "count",
    of: "order",
    bound: "most",
    check: (figures, { rampingOrdersMax: limit, rampingMoveShareMin }) =>
      limit === null ? undefined : atMost("ramping", countedRamp(figures, rampingMoveShareMin), limit),
    advice: "own orders have chased the price in a row and made up much of its move; wait",
  },
  {
    code: "quote-stuffing",
    unit: "rate",
    of: "symbol",
    bound: "most",
    check: ({ messages, trades }, { orderToTradeMax: limit }) =>
      limit === null ? undefined : atMost("quote-stuffing", messages / Math.max(1, trades) - 1, limit),
    advice: "too many orders and changes were sent for what was traded; wait, and find out why so few trade",
  },
];

/** As controls of an entry, at the end of their table. */
export const complianceControls: readonly Control[] = COMPLIANCE_CHECKS.map((control) => ({
  code: control.code,
  unit: control.unit,
  of: control.of,
  bound: control.bound,
  advice: control.advice,
  check: (_order, figures, limits) =>
    limits.compliance === undefined ? undefined : control.check(figures.compliance, limits.compliance),
}));

export const COMPLIANCE_CODES: ReadonlySet<string> = new Set(COMPLIANCE_CHECKS.map(({ code }) => code));

export function isComplianceCheck({ control }: RiskCheck): boolean {
  return COMPLIANCE_CODES.has(control);
}

/** All that are on, for an order that no check can stop. */
export function evidenceOf(
  figures: ComplianceFigures,
  limits: ComplianceLimits | undefined,
): ComplianceVerdict {
  if (limits === undefined) return { figures, checks: [] };
  return { figures, checks: COMPLIANCE_CHECKS.flatMap((control) => control.check(figures, limits) ?? []) };
}

/** The orders of a run while they make up so much of the market's moves; else this one alone. */
function countedRamp({ rampingOrders, rampingMoves }: ComplianceFigures, shareMin: number): number {
  if (!(rampingOrders > 1)) return rampingOrders;
  return (rampingOrders - 1) / Math.max(1, rampingMoves) < shareMin ? 1 : rampingOrders;
}
