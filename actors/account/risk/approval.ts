// The gate between a signal and an order: only this file can make a RiskApproved, so whatever reaches a broker has been
// through every control, and has a verdict of compliance.

import { type Failure, failure, type Ok, ok } from "../../base/result.ts";
import type { Micros } from "../../base/clock.ts";
import type { KillMode } from "../../domain/kill-switch.ts";
import type { RiskCheck } from "../../domain/order.ts";
import type { ComplianceFigures } from "../../domain/pretrade.ts";
import { isComplianceCheck } from "../compliance/checks.ts";
import type { AccountSettings } from "../settings.ts";
import type { SizedOrder } from "../sizing.ts";
import { type AccountMode, atMost, type EntryLimits, type RiskFigures } from "./check.ts";
import type { RefusalCode } from "./codes.ts";
import { adviceFor, entryChecks } from "./controls.ts";

/** Not exported: without it nobody else can build an approval. */
const APPROVAL: unique symbol = Symbol("risk approval");

/**
 * What compliance says of an order, and the figures it saw. Without checks where it is off. Of whatever makes a position smaller or
 * ends an order it is evidence, and blocks nothing.
 */
export interface ComplianceVerdict {
  readonly figures: ComplianceFigures;
  readonly checks: readonly RiskCheck[];
}

/** An order that passed, with every check and the figures it saw. */
export interface RiskApproved<Order> {
  readonly [APPROVAL]: true;
  readonly order: Order;
  readonly checks: readonly RiskCheck[];
  readonly compliance: ComplianceVerdict;
}

export interface RiskRefused extends Failure<RefusalCode> {
  readonly checks: readonly RiskCheck[];
  readonly compliance: ComplianceVerdict;
}

export function approveEntry(
  order: SizedOrder,
  figures: RiskFigures,
  limits: EntryLimits,
): Ok<RiskApproved<SizedOrder>> | RiskRefused {
  const subject = `${order.side} ${order.instrument.symbol}`;
  const checks = entryChecks(order, figures, limits);
  const compliance = { figures: figures.compliance, checks: checks.filter(isComplianceCheck) };
  return verdictOf(order, subject, { checks, compliance });
}

function verdictOf<Order>(
  order: Order,
  subject: string,
  { checks, compliance }: { checks: readonly RiskCheck[]; compliance: ComplianceVerdict },
): Ok<RiskApproved<Order>> | RiskRefused {
  const failed = checks.find((check) => !check.passed);
  if (failed === undefined) return ok({ [APPROVAL]: true, order, checks, compliance });
  const code = failed.control as RefusalCode;
  const figure = `value ${failed.value}, limit ${failed.limit}`;
  return {
    ...failure(code, `${subject} refused: ${adviceFor(code, failed.value)} (${figure}).`, {
      recoverable: true,
    }),
    checks,
    compliance,
  };
}

/** What closes a position: as much as is open, at the market. */
export interface ExitOrder {
  readonly volumeMicros: number;
  readonly positionVolumeMicros: number;
}

interface ExitFigures {
  readonly nowMicros: Micros;
  readonly quoteTimeMicros: Micros;
  readonly spreadPoints: number;
  readonly spreadMaxPoints: number;
  readonly compliance: ComplianceVerdict;
}

/** Exits are never blocked: the figures are recorded, no control can refuse. */
export function approveExit<Order extends ExitOrder>(
  order: Order,
  figures: ExitFigures,
  settings: AccountSettings,
): RiskApproved<Order> {
  return {
    [APPROVAL]: true,
    order,
    checks: [
      atMost("volume-too-large", order.volumeMicros, order.positionVolumeMicros),
      atMost("stale-quote", figures.nowMicros - figures.quoteTimeMicros, settings.quoteAgeMaxMicros),
      atMost("spread-too-wide", figures.spreadPoints, figures.spreadMaxPoints),
    ],
    compliance: figures.compliance,
  };
}

/** Other levels of a position, as the controls see them. */
export interface LevelsOrder {
  readonly symbol: string;
  readonly volumeMicros: number;
  /** The new stop is further from the price than the old one. */
  readonly loosens: boolean;
}

/**
 * A stop that comes nearer, and a target, are never blocked. One that moves away risks more money: as for an entry the account must let
 * something in, and what the stop would cost must be within the budget of one trade.
 */
export function approveLevels<Order extends LevelsOrder>(
  order: Order,
  figures: {
    killMode: KillMode | null;
    mode: AccountMode;
    /** See lossChecks. */
    losses: readonly RiskCheck[];
    volumeBudgetMicros: number;
    compliance: ComplianceVerdict;
  },
): Ok<RiskApproved<Order>> | RiskRefused {
  const checks = order.loosens
    ? [
        atMost("kill-switch", figures.killMode === null ? 0 : 1, 0),
        atMost("entries-halted", figures.mode === "halted" ? 1 : 0, 0),
        atMost("reduce-only", figures.mode === "reducing" ? order.volumeMicros : 0, 0),
        ...figures.losses,
        atMost("over-risk-budget", order.volumeMicros, figures.volumeBudgetMicros),
      ]
    : [];
  return verdictOf(order, `The levels of ${order.symbol}`, { checks, compliance: figures.compliance });
}

/** Ending an order that waits is never blocked, and there is nothing to check. */
export function approveCancel<Order>(order: Order, compliance: ComplianceVerdict): RiskApproved<Order> {
  return { [APPROVAL]: true, order, checks: [], compliance };
}
