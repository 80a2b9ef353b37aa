// What an account and the paper broker are set up with. The configuration is parsed once, elsewhere; these are the
// shapes it fills and the defaults it starts from.

import { MICROS_PER_HOUR, MICROS_PER_MILLISECOND, MICROS_PER_SECOND } from "../base/clock.ts";
import { type MicroMoney, MICROS_PER_LOT, MICROS_PER_UNIT } from "../domain/money.ts";
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
  /** How positions leave besides stop, target, age and a signal against them; left out, in no other way. */
  readonly exits?: ExitSettings | undefined;
  /**
   * `netting`: one position an instrument; the default. `hedging`: several, on both sides, each with its own stop; then `positionsMax` and
   * {@link positionsPerInstrumentMax} count positions and the orders that may become some.
   */
  readonly positionMode?: "netting" | "hedging" | undefined;
  /** Where the account hedges; left out, as many as the account may have. */
  readonly positionsPerInstrumentMax?: number | undefined;
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
};
