// What an account and the paper broker are set up with. The configuration is parsed once, elsewhere; these are the
// shapes it fills and the defaults it starts from.

import { MICROS_PER_HOUR, MICROS_PER_MILLISECOND, MICROS_PER_SECOND } from "../base/clock.ts";
import { type MicroMoney, MICROS_PER_LOT, MICROS_PER_UNIT } from "../domain/money.ts";
import { type ComplianceSettings, DEFAULT_COMPLIANCE_SETTINGS } from "./compliance/settings.ts";
import type { ExitSettings } from "./exit-settings.ts";
import type { KillTriggerSettings } from "./kill-triggers.ts";
import { DEFAULT_RISK_SETTINGS, type RiskSettings } from "./risk/limits.ts";
import { DEFAULT_SIZING_SETTINGS, type SizingSettings } from "./sizing-settings.ts";

export interface AccountSettings {
  readonly accountId: string;
  /** The currency balance and profits are kept in. */
  readonly currency: string;
  readonly startingBalanceMicros: MicroMoney;
  /** Notional value per unit of margin. */
  readonly leverage: number;
  /** Share of equity lost when an entry's stop is hit. */
  readonly riskFraction: number;
  /** Share of the equity at the start of the day; once lost, entries stop until the next day. */
  readonly dailyLossFraction: number;
  /** When a trading day begins, in minutes after 00:00 UTC. */
  readonly dayResetMinuteUtc: number;
  readonly positionsMax: number;
  /** Share of equity that margin, reserved margin included, may take. */
  readonly marginUseFraction: number;
  readonly quoteAgeMaxMicros: number;
  /** How far the price may have moved since the signal, as a share of the price. */
  readonly priceDeviationFraction: number;
  /** A position older than this is closed. */
  readonly positionAgeMaxMicros: number;
  readonly entryLifeMicros: number;
  readonly exitLifeMicros: number;
  /** Silence of the broker after which the outcome of an order counts as unknown. */
  readonly reportTimeoutMicros: number;
  /** Left out in journals of before: none of its controls is on, and volumes are fixed fractions. */
  readonly risk?: RiskSettings | undefined;
  readonly sizing?: SizingSettings | undefined;
  /** Orders go to a MetaTrader terminal; left out, to the paper broker. */
  readonly terminal?: TerminalSettings | undefined;
  /** What trips the kill switch by itself; left out, nothing does. */
  readonly killSwitch?: KillTriggerSettings | undefined;
  /** Left out, as in journals of before, nothing is checked and no pre-trade records are kept. */
  readonly compliance?: ComplianceSettings | undefined;
  /** How positions leave besides stop, target, age and a signal against them; left out, in no other way. */
  readonly exits?: ExitSettings | undefined;
  /**
   * `netting`: one position an instrument; the default. `hedging`: several, on both sides, each with its own stop; then `positionsMax` and
   * {@link positionsPerInstrumentMax} count positions and the orders that may become some.
   */
  readonly positionMode?: "netting" | "hedging" | undefined;
  /** Where the account hedges; left out, as many as the account may have. */
  readonly positionsPerInstrumentMax?: number | undefined;
  /** Which signals the account hears; left out, all. */
  readonly signals?: SignalPolicy | undefined;
}

export interface SignalPolicy {
  /** Those of other symbols are not for this account, nor against what it holds in them. Left out, every symbol's. */
  readonly symbols?: readonly string[] | undefined;
  /** Least confidence of a signal that may open a position; one against a position closes it all the same. */
  readonly confidenceMin?: number | undefined;
}

export interface TerminalSettings {
  /**
   * From 1 to 2^21 - 1, drawn once for a data folder. Intents are named by it and their magic numbers begin with it, so that one folder's
   * intents are never taken for another's where both have traded at the same terminal.
   */
  readonly intentTag: number;
}

export const DEFAULT_ACCOUNT_SETTINGS: AccountSettings = {
  accountId: "paper",
  currency: "USD",
  startingBalanceMicros: 100_000 * MICROS_PER_UNIT,
  leverage: 30,
  riskFraction: 0.005,
  dailyLossFraction: 0.03,
  dayResetMinuteUtc: 22 * 60,
  positionsMax: 5,
  marginUseFraction: 0.5,
  quoteAgeMaxMicros: 5 * MICROS_PER_SECOND,
  priceDeviationFraction: 0.002,
  positionAgeMaxMicros: 4 * MICROS_PER_HOUR,
  entryLifeMicros: 5 * MICROS_PER_SECOND,
  exitLifeMicros: 30 * MICROS_PER_SECOND,
  reportTimeoutMicros: 15 * MICROS_PER_SECOND,
  risk: DEFAULT_RISK_SETTINGS,
  sizing: DEFAULT_SIZING_SETTINGS,
  compliance: DEFAULT_COMPLIANCE_SETTINGS,
};

export interface PaperBrokerSettings {
  readonly accountId: string;
  /** From an order's sending to its place in the market: `latencyMicros` give or take `latencyJitterMicros`. */
  readonly latencyMicros: number;
  readonly latencyJitterMicros: number;
  /** A beat fills at the last quote only when that is younger than this. */
  readonly quoteAgeMaxMicros: number;
  /** An order that finds no quote for this long is rejected. */
  readonly noQuoteTimeoutMicros: number;
  /** Adverse slippage: this share of the spread ... */
  readonly slippageSpreadShare: number;
  /** ... and up to this multiple of the average move between two quotes. */
  readonly slippageVolatilityShare: number;
  /** In the account's currency for one lot, on every fill. */
  readonly commissionPerLotMicros: MicroMoney;
  /** What one quote can fill; the rest waits for the next quote. */
  readonly volumePerQuoteMicros: number;
  // What follows is left out in journals of before, and is then as if it did not exist.
  /**
   * `hedging`, also where left out: every entry has a position of its own. `netting`: an instrument has one position at most, which
   * entries add to, reduce or turn.
   */
  readonly positionMode?: PositionMode | undefined;
  /** Least distance of pending orders, stops and targets from the price they are held against. Left out, entries at the market are not held to it. */
  readonly stopsLevelPoints?: number | undefined;
  /** When the broker's day ends, in minutes after 00:00 UTC: day orders end and swap is charged. Left out, when the account's day begins. */
  readonly rolloverMinuteUtc?: number | undefined;
  /** Left out, positions may stay open for nothing. */
  readonly swap?: SwapSettings | undefined;
  /** Left out, the broker lends without end. */
  readonly margin?: MarginSettings | undefined;
  /** Share of the notional value, on every fill, beside what a lot costs. */
  readonly commissionFraction?: number | undefined;
  /** Whether positions that close each other pay commission. */
  readonly closeByCommission?: boolean | undefined;
  /** Latencies are then log-normal with `latencyMicros` as median and this deviation of their logarithm, and have no jitter. */
  readonly latencyLogDeviation?: number | undefined;
  /** Slippage by volatility then helps as often as it harms; the spread's share always harms. */
  readonly slippageSymmetric?: boolean | undefined;
  /** Share of all requests that the broker turns down for no reason. */
  readonly rejectionProbability?: number | undefined;
  /** An order at the market is turned down when the price has become worse by more than this since it was sent. */
  readonly requoteDeviationPoints?: number | undefined;
  readonly silence?: SilenceSettings | undefined;
}

export const POSITION_MODES = ["hedging", "netting"] as const;
export type PositionMode = (typeof POSITION_MODES)[number];

/** Interest on positions held over the end of the broker's day, Mondays to Fridays. */
export interface SwapSettings {
  /** `points`: of the price, a day. `percent-a-year`: of the value at the last mid price, by a year of 360 days. */
  readonly unit: "points" | "percent-a-year";
  /** By symbol; above zero is earned, below is paid. A symbol that is not here has no swap. */
  readonly rates: Readonly<Record<string, { readonly long: number; readonly short: number }>>;
  /** The weekday that counts three times, for the weekend: 1 is Monday, 5 is Friday; 0 for none. */
  readonly tripleWeekday: number;
}

export interface MarginSettings {
  /** Equity as a share of the margin in use; from here down the account is under margin call, which is shown and does nothing else. */
  readonly callLevel: number;
  /** The same; from here down the broker closes what loses most until the level is above it. */
  readonly stopOutLevel: number;
  /** What is owed after the last position is forgiven. */
  readonly negativeBalanceProtection: boolean;
}

/** Requests that nobody hears of again for a while: their outcome is unknown, though the broker may have filled them. */
export interface SilenceSettings {
  readonly probability: number;
  /** Share of them that never reached the broker. */
  readonly lostShare: number;
  /** From sending until the truth comes out. */
  readonly revealMicros: number;
}

export const DEFAULT_PAPER_BROKER_SETTINGS: PaperBrokerSettings = {
  accountId: "paper",
  latencyMicros: 50 * MICROS_PER_MILLISECOND,
  latencyJitterMicros: 20 * MICROS_PER_MILLISECOND,
  quoteAgeMaxMicros: 2 * MICROS_PER_SECOND,
  noQuoteTimeoutMicros: 5 * MICROS_PER_SECOND,
  slippageSpreadShare: 0.1,
  slippageVolatilityShare: 0.5,
  commissionPerLotMicros: 3.5 * MICROS_PER_UNIT,
  volumePerQuoteMicros: 50 * MICROS_PER_LOT,
  margin: { callLevel: 1, stopOutLevel: 0.5, negativeBalanceProtection: true },
};
