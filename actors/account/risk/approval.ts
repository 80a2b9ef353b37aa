// The gate between a signal and an order: only this file can make a RiskApproved, so whatever reaches a broker has been
// through every control.

import { type Failure, failure, type Ok, ok } from "../../base/result.ts";
import type { Micros } from "../../base/clock.ts";
import type { RiskCheck } from "../../domain/order.ts";
import type { AccountSettings } from "../settings.ts";
import type { SizedOrder } from "../sizing.ts";
import { atMost, type EntryLimits, type RiskFigures } from "./check.ts";
import type { RefusalCode } from "./codes.ts";
import { adviceFor, entryChecks } from "./controls.ts";

/** Not exported: without it nobody else can build an approval. */
const APPROVAL: unique symbol = Symbol("risk approval");

/** An order that passed, with every check and the figures it saw. */
export interface RiskApproved<Order> {
  readonly [APPROVAL]: true;
  readonly order: Order;
  readonly checks: readonly RiskCheck[];
}

export interface RiskRefused extends Failure<RefusalCode> {
  readonly checks: readonly RiskCheck[];
}

export function approveEntry(
  order: SizedOrder,
  figures: RiskFigures,
  limits: EntryLimits,
): Ok<RiskApproved<SizedOrder>> | RiskRefused {
  const checks = entryChecks(order, figures, limits);
  const failed = checks.find((check) => !check.passed);
  if (failed === undefined) return ok({ [APPROVAL]: true, order, checks });
  const code = failed.control as RefusalCode;
  const subject = `${order.side} ${order.instrument.symbol}`;
  const figure = `value ${failed.value}, limit ${failed.limit}`;
  return {
    ...failure(code, `${subject} refused: ${adviceFor(code, failed.value)} (${figure}).`, {
      recoverable: true,
    }),
    checks,
  };
}

/** What closes a position: as much as is open, at the market. */
export interface ExitOrder {
  readonly volumeMicros: number;
  readonly positionVolumeMicros: number;
}

/** Exits are never blocked: the figures are recorded, no control can refuse. */
export function approveExit<Order extends ExitOrder>(
  order: Order,
  figures: { nowMicros: Micros; quoteTimeMicros: Micros; spreadPoints: number; spreadMaxPoints: number },
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
  };
}
