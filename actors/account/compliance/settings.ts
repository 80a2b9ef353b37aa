// What compliance holds an account to before an order leaves, and what a pre-trade record says of who trades for whom. Limits
// lie in the same layers as those of risk. Where a limit is null its check is off, and says nothing.

import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../../base/clock.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { TradingCapacity } from "../../domain/pretrade.ts";
import { type LimitLayers, resolveLayers } from "../risk/limits.ts";

/** Times are microseconds, shares parts of one. A symbol may have each of them for itself. */
export interface ComplianceLimits {
  /** How much worse than the second source's the own quote may be, as a share of the price. */
  readonly quoteDeviationMax: number | null;
  /** An older quote of the second source is not compared with. */
  readonly secondQuoteAgeMaxMicros: number;
  /** Whether entries wait for a second source; else a comparison that cannot be made is recorded as not made. */
  readonly secondSourceRequired: boolean;
  /** Mean of how much worse than the quote at the decision own fills of the window were, as a share of the price. */
  readonly slippageMeanMax: number | null;
  readonly slippageWindowMicros: number;
  /** Fewer fills are no mean. */
  readonly slippageFillsMin: number;
  /**
   * Own orders on the other side that the order could trade with: live ones, those of other own accounts too, and what those did within the
   * window; 0 for none of that.
   */
  readonly washOrdersMax: number | null;
  readonly washWindowMicros: number;
  /** Price levels of own resting orders on the other side of which nothing was executed. */
  readonly layeringLevelsMax: number | null;
  /** Share of the window's own orders on the other side that were cancelled before anything of them was executed. */
  readonly cancelShareMax: number | null;
  readonly cancelWindowMicros: number;
  /** Fewer orders have no share. */
  readonly cancelOrdersMin: number;
  /** Own aggressive orders of one side within the window, each at a worse price than the one before it. */
  readonly rampingOrdersMax: number | null;
  readonly rampingWindowMicros: number;
  /** They count while there was at least this share of one of them for each move of the market their way. */
  readonly rampingMoveShareMin: number;
  /** Messages of the window for each trade, less one, with one trade at least (RTS 9, article 3: ratio in numbers). */
  readonly orderToTradeMax: number | null;
  readonly orderToTradeWindowMicros: number;
}

/** What the record cites that no market says. */
export interface RecordIdentity {
  readonly capacity: TradingCapacity;
  readonly tenantId: string;
  /** Legal entity identifiers of the client and of the firm that executes; null where there is none. */
  readonly clientLei: string | null;
  readonly firmLei: string | null;
  /** Where orders are executed: a market identifier code, or the broker's name. */
  readonly venue: string;
  /** Names the program that turns decisions into orders. */
  readonly executionAlgorithm: string;
  /** International securities identification numbers, by symbol. */
  readonly isins: Readonly<Record<string, string>>;
}

export interface ComplianceSettings extends LimitLayers<ComplianceLimits, ComplianceLimits> {
  readonly identity: RecordIdentity;
}

/** Every check off; the windows are those of the defaults. */
export const NO_COMPLIANCE_LIMITS: ComplianceLimits = {
  quoteDeviationMax: null,
  secondQuoteAgeMaxMicros: 5 * MICROS_PER_SECOND,
  secondSourceRequired: false,
  slippageMeanMax: null,
  slippageWindowMicros: MICROS_PER_HOUR,
  slippageFillsMin: 5,
  washOrdersMax: null,
  washWindowMicros: 0,
  layeringLevelsMax: null,
  cancelShareMax: null,
  cancelWindowMicros: 5 * MICROS_PER_MINUTE,
  cancelOrdersMin: 10,
  rampingOrdersMax: null,
  rampingWindowMicros: 2 * MICROS_PER_MINUTE,
  rampingMoveShareMin: 0.2,
  orderToTradeMax: null,
  orderToTradeWindowMicros: 5 * MICROS_PER_MINUTE,
};

/**
 * Generous, as those of risk: a quote or a mean slippage 10 basis points worse, three levels of untouched orders against the own
 * side, nine of ten orders cancelled, five orders in a row that each pay more, or 100 messages for a trade are no trading.
 */
export const DEFAULT_COMPLIANCE_SETTINGS: ComplianceSettings = {
  tenant: {
    quoteDeviationMax: 0.001,
    slippageMeanMax: 0.001,
    washOrdersMax: 0,
    layeringLevelsMax: 3,
    cancelShareMax: 0.9,
    rampingOrdersMax: 5,
    orderToTradeMax: 100,
  },
  account: {},
  symbols: {},
  identity: {
    capacity: "DEAL",
    tenantId: "default",
    clientLei: null,
    firmLei: null,
    venue: "paper",
    executionAlgorithm: "tickforge",
    isins: {},
  },
};

/** The limits of `instrument`; undefined where compliance is off, as in journals of before. */
export function resolveCompliance(
  settings: ComplianceSettings | undefined,
  instrument: Instrument,
): ComplianceLimits | undefined {
  return settings === undefined ? undefined : resolveLayers(NO_COMPLIANCE_LIMITS, settings, instrument);
}
