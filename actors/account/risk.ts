// The controls between a signal and an order. Every control is a pure function of figures that returns what it saw,
// and only this file can make a RiskApproved: whatever reaches a broker has been through here.

import { type Failure, failure, type Ok, ok } from "../base/result.ts";
import type { Micros } from "../base/clock.ts";
import { type MicroMoney, roundHalfAway } from "../domain/money.ts";
import type { RiskCheck } from "../domain/order.ts";
import type { AccountSettings } from "./settings.ts";
import type { SizedOrder } from "./sizing.ts";

/** Not exported: without it nobody else can build an approval. */
const APPROVAL: unique symbol = Symbol("risk approval");

/** An order that passed, with every check and the figures it saw. */
export interface RiskApproved<Order> {
  readonly [APPROVAL]: true;
  readonly order: Order;
  readonly checks: readonly RiskCheck[];
}

/** Stable: journaled with refusals, counted and shown. Position is the number of its counter: append, never reorder. */
export const REFUSAL_CODES = [
  "signal-not-tradable",
  "signal-expired",
  "entries-halted",
  "daily-loss-limit",
  "unknown-order",
  "duplicate-intent",
  "position-open",
  "too-many-positions",
  "too-many-orders",
  "stale-quote",
  "spread-too-wide",
  "price-moved",
  "no-conversion-rate",
  "no-stop",
  "stop-too-far",
  "volume-too-small",
  "volume-too-large",
  "margin",
  "over-risk-budget",
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

export interface RiskRefused extends Failure<RefusalCode> {
  readonly checks: readonly RiskCheck[];
}

/** Everything the controls look at besides the order itself. Unknown figures are NaN, and NaN never passes. */
export interface RiskFigures {
  readonly nowMicros: Micros;
  readonly signalTradable: boolean;
  readonly signalExpiresAtMicros: Micros;
  /** The side of the signal's own quote that the order would trade at. */
  readonly signalPricePoints: number;
  readonly entriesHalted: boolean;
  /** The worst loss since the day began, not the present one: a day that reached its limit is over. */
  readonly dayLossMicros: MicroMoney;
  readonly dayStartEquityMicros: MicroMoney;
  /** Orders of the instrument whose outcome is unknown. */
  readonly unknownOrders: number;
  /** Orders of the instrument that may still be filled. */
  readonly liveOrders: number;
  /** Open positions of the instrument. */
  readonly instrumentPositions: number;
  /** Instruments with a position or a live entry, of the whole account. */
  readonly exposedInstruments: number;
  readonly accountLiveOrders: number;
  readonly liveOrdersMax: number;
  readonly quoteTimeMicros: Micros;
  readonly spreadPoints: number;
  readonly conversionRate: number;
  readonly equityMicros: MicroMoney;
  /** Margin of open positions and of live entries. */
  readonly marginTakenMicros: MicroMoney;
  /** The volume at which the stop costs what one trade may cost. */
  readonly volumeBudgetMicros: number;
}

/** Below every real exchange rate; what it refuses is zero, a negative rate and NaN. */
const CONVERSION_RATE_MIN = 1e-9;

/** Passes while `value <= limit`. */
export function atMost(control: RefusalCode, value: number, limit: number): RiskCheck {
  return { control, passed: finite(value, limit) && value <= limit, value, limit };
}

/** Passes while `value < limit`: reaching the limit fails. */
export function below(control: RefusalCode, value: number, limit: number): RiskCheck {
  return { control, passed: finite(value, limit) && value < limit, value, limit };
}

/** Passes while `value >= limit`. */
export function atLeast(control: RefusalCode, value: number, limit: number): RiskCheck {
  return { control, passed: finite(value, limit) && value >= limit, value, limit };
}

function finite(value: number, limit: number): boolean {
  return Number.isFinite(value) && Number.isFinite(limit);
}

/** Every control of an entry, in the order in which a refusal names the first that failed. */
export function entryChecks(
  order: SizedOrder,
  figures: RiskFigures,
  settings: AccountSettings,
): readonly RiskCheck[] {
  const { instrument } = order;
  return [
    atLeast("signal-not-tradable", figures.signalTradable ? 1 : 0, 1),
    below("signal-expired", figures.nowMicros, figures.signalExpiresAtMicros),
    atMost("entries-halted", figures.entriesHalted ? 1 : 0, 0),
    below("daily-loss-limit", figures.dayLossMicros, dailyLossLimit(figures.dayStartEquityMicros, settings)),
    atMost("unknown-order", figures.unknownOrders, 0),
    atMost("duplicate-intent", figures.liveOrders, 0),
    atMost("position-open", figures.instrumentPositions, 0),
    atMost("too-many-positions", figures.exposedInstruments + 1, settings.positionsMax),
    atMost("too-many-orders", figures.accountLiveOrders + 1, figures.liveOrdersMax),
    atMost("stale-quote", figures.nowMicros - figures.quoteTimeMicros, settings.quoteAgeMaxMicros),
    atMost("spread-too-wide", figures.spreadPoints, instrument.spreadMaxPoints),
    atMost(
      "price-moved",
      Math.abs(order.pricePoints - figures.signalPricePoints),
      figures.signalPricePoints * settings.priceDeviationFraction,
    ),
    atLeast("no-conversion-rate", figures.conversionRate, CONVERSION_RATE_MIN),
    // A stop within the spread would close the position with the quote that opened it.
    atLeast("no-stop", order.stopPoints, figures.spreadPoints + 1),
    below("stop-too-far", order.stopPoints, order.pricePoints),
    atLeast("volume-too-small", order.volumeMicros, instrument.volumeMinMicros),
    atMost("volume-too-large", order.volumeMicros, instrument.volumeMaxMicros),
    atMost(
      "margin",
      figures.marginTakenMicros + order.marginMicros,
      marginLimit(figures.equityMicros, settings),
    ),
    atMost("over-risk-budget", order.volumeMicros, figures.volumeBudgetMicros),
  ];
}

/** The loss at which the day is over. */
export function dailyLossLimit(dayStartEquityMicros: MicroMoney, settings: AccountSettings): MicroMoney {
  return roundHalfAway(dayStartEquityMicros * settings.dailyLossFraction);
}

/** The margin all positions and live entries together may take. */
export function marginLimit(equityMicros: MicroMoney, settings: AccountSettings): MicroMoney {
  return Math.floor(equityMicros * settings.marginUseFraction);
}

/** Runs every control, also after one failed, so that a refusal shows the whole picture. */
export function approveEntry(
  order: SizedOrder,
  figures: RiskFigures,
  settings: AccountSettings,
): Ok<RiskApproved<SizedOrder>> | RiskRefused {
  const checks = entryChecks(order, figures, settings);
  const failed = checks.find((check) => !check.passed);
  if (failed === undefined) return ok({ [APPROVAL]: true, order, checks });
  const code = failed.control as RefusalCode;
  const subject = `${order.side} ${order.instrument.symbol}`;
  const figure = `value ${failed.value}, limit ${failed.limit}`;
  return {
    ...failure(code, `${subject} refused: ${ADVICE[code]} (${figure}).`, { recoverable: true }),
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

const ADVICE: Readonly<Record<RefusalCode, string>> = {
  "signal-not-tradable": "the signal rests on backfilled or stale data; wait for live quotes",
  "signal-expired": "the signal expired before it was acted on; the next one decides anew",
  "entries-halted": "entries are halted; resume them when the reason is settled",
  "daily-loss-limit": "the day's loss has reached its limit; entries resume with the next trading day",
  "unknown-order": "an order on the symbol has no known outcome; reconcile it or release the symbol",
  "duplicate-intent": "an order on the symbol is still on its way; wait for its outcome",
  "position-open": "the symbol has an open position already; one is the most",
  "too-many-positions": "as many positions as allowed are open; close one or raise positionsMax",
  "too-many-orders": "too many orders are on their way; wait for their outcome",
  "stale-quote": "there is no recent quote to price from; check the symbol's feed",
  "spread-too-wide": "the spread is wider than the instrument's limit; wait for it to narrow",
  "price-moved": "the price has left the one the signal was made at; the next signal decides anew",
  "no-conversion-rate": "nothing quoted converts its profits to the account's currency; add such a pair",
  "no-stop": "the stop is missing or lies within the spread; the signal policy must give one",
  "stop-too-far": "the stop is further away than the price is high; the signal policy must give a nearer one",
  "volume-too-small":
    "the risk budget buys less than the smallest volume; more equity or a nearer stop is needed",
  "volume-too-large": "the volume is above the instrument's largest; trade less",
  "over-risk-budget":
    "its stop would cost more than one trade may; trade less or set the stop nearer (the limit is in millionths of a lot)",
  margin: "margin would exceed its share of equity; close positions or lower the risk per trade",
};
