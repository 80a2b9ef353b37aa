// What an account may do, beyond its basic settings: the limits of its controls, in layers. A tenant's defaults lie beneath
// those of the account, and a symbol may have its own. Where a limit is null its control is off, and says nothing.

import { MICROS_PER_MINUTE } from "../../base/clock.ts";
import type { Importance } from "../../domain/calendar.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { MicroMoney } from "../../domain/money.ts";
import type { Regime } from "../../domain/regime.ts";

/** Where a trailing drawdown is measured from: the highest equity, balance, or equity at the start of a trading day. */
export const DRAWDOWN_MARKS = ["equity", "balance", "day-start"] as const;
export type DrawdownMark = (typeof DRAWDOWN_MARKS)[number];

/** Limits of the account as a whole. Money is in millionths of the account's currency. */
export interface AccountRiskLimits {
  /** Orders, changes and cancellations sent within any second, and within any minute. */
  readonly messagesPerSecondMax: number | null;
  readonly messagesPerMinuteMax: number | null;
  /** Notional of all positions and live entries, whatever their side. */
  readonly grossExposureMaxMicros: MicroMoney | null;
  /** Notional of long ones less that of short ones, either way, whichever of the live entries fill. */
  readonly netExposureMaxMicros: MicroMoney | null;
  /** Net notional in any one currency but the account's own, through the pairs that hold it. */
  readonly currencyExposureMaxMicros: MicroMoney | null;
  /** Notional by how instruments move with the dollar: what one standard deviation of it is like in one instrument. */
  readonly correlatedExposureMaxMicros: MicroMoney | null;
  /** At this fall below the mark entries stop until a person resets it. */
  readonly trailingDrawdownMaxMicros: MicroMoney | null;
  readonly trailingDrawdownFrom: DrawdownMark;
  /** At this fall below the starting balance entries stop until a person resets it. */
  readonly absoluteDrawdownMaxMicros: MicroMoney | null;
  /** Positions closed at a loss one after the other; the next trading day, or a person, begins anew. */
  readonly consecutiveLossesMax: number | null;
  /** Who may trade by hand; null for everybody whom the API lets in. */
  readonly tradersAllowed: readonly string[] | null;
  readonly restrictedSymbols: readonly string[];
  /** Whether terms of instruments that nothing can be computed with are refused by name. */
  readonly checksInstruments: boolean;
}

/** Limits that a symbol may have for itself. Volumes are in millionths of a lot, times in microseconds. */
export interface SymbolRiskLimits {
  /** Null for what the account or the instrument says. */
  readonly quoteAgeMaxMicros: number | null;
  readonly priceDeviationFraction: number | null;
  readonly spreadMaxPoints: number | null;
  /** How far the price may be from its mean over the window, as a share of that. */
  readonly priceCollarFraction: number | null;
  readonly priceCollarWindowMicros: number;
  readonly orderVolumeMaxMicros: number | null;
  /** Notional of one order. */
  readonly orderValueMaxMicros: MicroMoney | null;
  /** Volume of the position and live entries on one side. */
  readonly longVolumeMaxMicros: number | null;
  readonly shortVolumeMaxMicros: number | null;
  /** No entry for this long after a position was closed at a loss, or at all. */
  readonly cooldownAfterLossMicros: number | null;
  readonly cooldownAfterExitMicros: number | null;
  /**
   * Entries on signals that were executed within the window; at so many they stop until a person allows them again
   * (RTS 6, article 15: repeated automated execution throttle).
   */
  readonly executionsMax: number | null;
  readonly executionsWindowMicros: number;
  /** No entry for this long before a session closes, and before the market closes for more than a day. */
  readonly sessionCloseGateMicros: number | null;
  readonly weekendGateMicros: number | null;
  /** No entry from so long before to so long after news of this importance or a higher one in one of its currencies. */
  readonly newsBeforeMicros: number | null;
  readonly newsAfterMicros: number | null;
  readonly newsImportanceMin: Importance;
  readonly regimesVetoed: readonly Regime[];
}

export type RiskLimits = AccountRiskLimits & SymbolRiskLimits;

/** Some of the limits; what is left out or undefined is as the layer beneath has it. */
type Layer<Limits> = { readonly [Name in keyof Limits]?: Limits[Name] | undefined };

/** The layers of one account: each says what it wants otherwise than the one before it. */
export interface LimitLayers<Limits, SymbolLimits> {
  readonly tenant: Layer<Limits>;
  readonly account: Layer<Limits>;
  /** By symbol. */
  readonly symbols: Readonly<Record<string, Layer<SymbolLimits>>>;
}

export type RiskSettings = LimitLayers<RiskLimits, SymbolRiskLimits>;

/** Every control off: what an account is held to whose configuration knows no layers, as journals of before have them. */
export const NO_RISK_LIMITS: RiskLimits = {
  messagesPerSecondMax: null,
  messagesPerMinuteMax: null,
  grossExposureMaxMicros: null,
  netExposureMaxMicros: null,
  currencyExposureMaxMicros: null,
  correlatedExposureMaxMicros: null,
  trailingDrawdownMaxMicros: null,
  trailingDrawdownFrom: "equity",
  absoluteDrawdownMaxMicros: null,
  consecutiveLossesMax: null,
  tradersAllowed: null,
  restrictedSymbols: [],
  checksInstruments: false,
  quoteAgeMaxMicros: null,
  priceDeviationFraction: null,
  spreadMaxPoints: null,
  priceCollarFraction: null,
  priceCollarWindowMicros: 5 * MICROS_PER_MINUTE,
  orderVolumeMaxMicros: null,
  orderValueMaxMicros: null,
  longVolumeMaxMicros: null,
  shortVolumeMaxMicros: null,
  cooldownAfterLossMicros: null,
  cooldownAfterExitMicros: null,
  executionsMax: null,
  executionsWindowMicros: 60 * MICROS_PER_MINUTE,
  sessionCloseGateMicros: null,
  weekendGateMicros: null,
  newsBeforeMicros: null,
  newsAfterMicros: null,
  newsImportanceMin: "high",
  regimesVetoed: [],
};

/**
 * Generous: they stop what has gone wrong and nothing else. A price 5 % off its mean of five minutes, 100 messages a second, a
 * thousand a minute, or 500 executions on one symbol in an hour are no trading. Amounts of money and news depend on the
 * account, and are off.
 */
export const DEFAULT_RISK_SETTINGS: RiskSettings = {
  tenant: {
    messagesPerSecondMax: 100,
    messagesPerMinuteMax: 1_000,
    checksInstruments: true,
    priceCollarFraction: 0.05,
    executionsMax: 500,
  },
  account: {},
  symbols: {},
};

/** The limits of `instrument`: its own over those of the account over those of the tenant. */
export function resolveLimits(settings: RiskSettings | undefined, instrument: Instrument): RiskLimits {
  return settings === undefined ? NO_RISK_LIMITS : resolveLayers(NO_RISK_LIMITS, settings, instrument);
}

/** `beneath`, with what each layer that concerns `instrument` wants otherwise. */
export function resolveLayers<Limits extends object>(
  beneath: Limits,
  { tenant, account, symbols }: LimitLayers<Limits, Partial<Limits>>,
  instrument: Instrument,
): Limits {
  const own = Object.entries(symbols).find(([symbol]) => symbol === instrument.symbol)?.[1];
  return [tenant, account, own ?? {}].reduce(overlay<Limits>, beneath);
}

function overlay<Limits extends object>(beneath: Limits, layer: Layer<Partial<Limits>>): Limits {
  const given = Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined));
  return { ...beneath, ...given };
}
