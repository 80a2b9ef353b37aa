// The parts that controls are made of: comparisons in which no NaN and no infinity ever passes, and what a control is.

import type { Micros } from "../../base/clock.ts";
import type { KillMode } from "../../domain/kill-switch.ts";
import type { MicroMoney } from "../../domain/money.ts";
import type { RiskCheck } from "../../domain/order.ts";
import type { ComplianceFigures } from "../../domain/pretrade.ts";
import type { Regime } from "../../domain/regime.ts";
import type { ComplianceLimits } from "../compliance/settings.ts";
import type { AccountSettings } from "../settings.ts";
import type { SizedOrder } from "../sizing.ts";
import type { RefusalCode } from "./codes.ts";
import type { ExposureFigures } from "./exposure.ts";
import type { RiskLimits } from "./limits.ts";

/** What an account lets in: everything; only what makes a position smaller; nothing. Exits always leave. */
export const ACCOUNT_MODES = ["active", "reducing", "halted"] as const;
export type AccountMode = (typeof ACCOUNT_MODES)[number];

/** Everything the controls look at besides the order itself. Unknown figures are NaN, and NaN never passes. */
export interface RiskFigures {
  readonly nowMicros: Micros;
  /** Who trades by hand; null where a signal asks. */
  readonly trader: string | null;
  /** Of the signal; null for an order by hand. */
  readonly regime: Regime | null;
  readonly signalTradable: boolean;
  readonly signalExpiresAtMicros: Micros;
  /** The side of the signal's own quote that the order would trade at. */
  readonly signalPricePoints: number;
  readonly mode: AccountMode;
  /** How the kill switch is tripped; null while it is not. */
  readonly killMode: KillMode | null;
  /** Volume of the instrument's position on the other side of the order. */
  readonly oppositeVolumeMicros: number;
  /** The worst loss since the day began, not the present one: a day that reached its limit is over. */
  readonly dayLossMicros: MicroMoney;
  readonly dayStartEquityMicros: MicroMoney;
  /** The deepest fall below the mark that the settings name, and below the starting balance, since they were last reset. */
  readonly trailingLossMicros: MicroMoney;
  readonly absoluteLossMicros: MicroMoney;
  readonly consecutiveLosses: number;
  /** Orders of the instrument whose outcome is unknown. */
  readonly unknownOrders: number;
  /** Differences between our books and the broker's that stand on the instrument or on the account; left out where no terminal trades. */
  readonly booksDiffer?: number | undefined;
  /** Orders of the instrument that may still be filled. */
  readonly liveOrders: number;
  /** Open positions of the instrument. */
  readonly instrumentPositions: number;
  /** Instruments with a position or a live entry, of the whole account. */
  readonly exposedInstruments: number;
  readonly accountLiveOrders: number;
  readonly liveOrdersMax: number;
  /** Sent within the last second and the last minute. */
  readonly messagesInSecond: number;
  readonly messagesInMinute: number;
  /** Entries on signals of the instrument within its window, or what they were when they were stopped; 0 for an order by hand. */
  readonly executionsInWindow: number;
  /** Since the instrument's last position was closed, and closed at a loss. */
  readonly sinceExitMicros: number;
  readonly sinceLossMicros: number;
  /** Until its session closes, and until a market closes for more than a day; 0 while it is closed. */
  readonly closesInMicros: number;
  readonly weekendInMicros: number;
  /** Events of the calendar that keep entries on the instrument away at this moment. */
  readonly newsEvents: number;
  readonly quoteTimeMicros: Micros;
  readonly spreadPoints: number;
  /** Mean price over the window of the collar. */
  readonly referencePricePoints: number;
  readonly conversionRate: number;
  readonly equityMicros: MicroMoney;
  /** Margin of open positions and of live entries. */
  readonly marginTakenMicros: MicroMoney;
  /** What positions and live entries come to before the order. */
  readonly exposure: ExposureFigures;
  /** What compliance judges it by. */
  readonly compliance: ComplianceFigures;
  /** The volume at which the stop costs what one trade may cost. */
  readonly volumeBudgetMicros: number;
}

/** The limits of one instrument in one account. */
export interface EntryLimits {
  readonly account: AccountSettings;
  readonly risk: RiskLimits;
  /** Left out where compliance is off. */
  readonly compliance?: ComplianceLimits | undefined;
}

/** What a figure and its limit are counted in; the times among them are microseconds, money and lots millionths. */
export type ControlUnit = "flag" | "count" | "time" | "points" | "lots" | "money" | "rate";

export interface Control {
  readonly code: RefusalCode;
  readonly unit: ControlUnit;
  /** What the figure is about: of the account, of an instrument, or of the one order. */
  readonly of: "account" | "symbol" | "order";
  /** Whether the limit is the most or the least that passes. */
  readonly bound: "most" | "least";
  /** Undefined where the control is off. */
  readonly check: (order: SizedOrder, figures: RiskFigures, limits: EntryLimits) => RiskCheck | undefined;
  /** What a refusal tells people, and what they can do. */
  readonly advice: string;
  /** What it tells instead while its figure is not known. */
  readonly adviceUnknown?: string;
}

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
