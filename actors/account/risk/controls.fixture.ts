// What the tests of controls begin with: an order, figures and limits under which every control is on and passes.

import { EURUSD, NOON } from "../account.fixture.ts";
import { DEFAULT_ACCOUNT_SETTINGS } from "../settings.ts";
import type { ComplianceFigures } from "../../domain/pretrade.ts";
import type { ComplianceLimits } from "../compliance/settings.ts";
import type { SizedOrder } from "../sizing.ts";
import type { EntryLimits, RiskFigures } from "./check.ts";
import type { ExposureFigures } from "./exposure.ts";
import type { RiskLimits } from "./limits.ts";

const MINUTE = 60_000_000;

export const ORDER: SizedOrder = {
  instrument: EURUSD,
  side: "BUY",
  pricePoints: 110_010,
  stopPoints: 200,
  targetPoints: 400,
  volumeMicros: 1_000_000,
  riskMicros: 200_000_000,
  marginMicros: 3_667_000_000,
};

/** What makes {@link ORDER} a BUY limit order that waits ten points below the market. */
export const WAITING: Pick<SizedOrder, "pending"> = {
  pending: {
    terms: {
      type: "limit",
      pricePoints: 110_000,
      limitPricePoints: null,
      timeInForce: "until",
      untilMicros: NOON + MINUTE,
    },
    bidPoints: 110_000,
    askPoints: 110_010,
  },
};

/** Of {@link ORDER} at a conversion rate of 1: 1.10010 x 100,000. */
export const ORDER_VALUE = 110_010_000_000;

export const EXPOSURE: ExposureFigures = {
  longVolumeMicros: 0,
  shortVolumeMicros: 0,
  grossMicros: 0,
  net: { highMicros: 0, lowMicros: 0 },
  base: { highMicros: 0, lowMicros: 0 },
  quote: null,
  dollar: { highMicros: 0, lowMicros: 0 },
  otherVariance: 0,
  ownMicros: 0,
  unknownMicros: 0,
  correlation: 0.5,
};

export const COMPLIANCE: ComplianceFigures = {
  secondSource: "fresh",
  quoteDeviation: 0.0001,
  fills: 10,
  slippageMean: 0.0001,
  washOrders: 0,
  layeringLevels: 0,
  oppositeOrders: 20,
  oppositeCancelled: 10,
  rampingOrders: 1,
  rampingMoves: 0,
  messages: 1,
  trades: 0,
};

export const COMPLIANCE_LIMITS: ComplianceLimits = {
  quoteDeviationMax: 0.001,
  secondQuoteAgeMaxMicros: 1_000_000,
  secondSourceRequired: false,
  slippageMeanMax: 0.001,
  slippageWindowMicros: 60 * MINUTE,
  slippageFillsMin: 5,
  washOrdersMax: 0,
  washWindowMicros: MINUTE,
  layeringLevelsMax: 3,
  cancelShareMax: 0.9,
  cancelWindowMicros: 5 * MINUTE,
  cancelOrdersMin: 10,
  rampingOrdersMax: 5,
  rampingWindowMicros: 2 * MINUTE,
  rampingMoveShareMin: 0.2,
  orderToTradeMax: 100,
  orderToTradeWindowMicros: 5 * MINUTE,
};

export const FIGURES: RiskFigures = {
  nowMicros: NOON,
  trader: null,
  regime: "quiet-range",
  signalTradable: true,
  signalExpiresAtMicros: NOON + 1_000_000,
  signalPricePoints: 110_000,
  mode: "active",
  killMode: null,
  oppositeVolumeMicros: 1_000_000,
  dayLossMicros: 0,
  dayStartEquityMicros: 100_000_000_000,
  trailingLossMicros: 0,
  absoluteLossMicros: 0,
  consecutiveLosses: 0,
  unknownOrders: 0,
  booksDiffer: 0,
  liveOrders: 0,
  instrumentPositions: 0,
  exposedInstruments: 0,
  accountLiveOrders: 0,
  liveOrdersMax: 256,
  messagesInSecond: 0,
  messagesInMinute: 0,
  executionsInWindow: 0,
  sinceExitMicros: 60 * MINUTE,
  sinceLossMicros: 60 * MINUTE,
  closesInMicros: 60 * MINUTE,
  weekendInMicros: 60 * MINUTE,
  newsEvents: 0,
  quoteTimeMicros: NOON,
  spreadPoints: 10,
  referencePricePoints: 110_000,
  conversionRate: 1,
  equityMicros: 100_000_000_000,
  marginTakenMicros: 0,
  exposure: EXPOSURE,
  compliance: COMPLIANCE,
  volumeBudgetMicros: 200_000_000,
};

export const RISK: RiskLimits = {
  messagesPerSecondMax: 5,
  messagesPerMinuteMax: 50,
  grossExposureMaxMicros: 1_000_000_000_000,
  netExposureMaxMicros: 900_000_000_000,
  currencyExposureMaxMicros: 800_000_000_000,
  correlatedExposureMaxMicros: 700_000_000_000,
  trailingDrawdownMaxMicros: 5_000_000_000,
  trailingDrawdownFrom: "equity",
  absoluteDrawdownMaxMicros: 10_000_000_000,
  consecutiveLossesMax: 4,
  tradersAllowed: ["operator"],
  restrictedSymbols: ["USDRUB"],
  checksInstruments: true,
  quoteAgeMaxMicros: null,
  priceDeviationFraction: null,
  spreadMaxPoints: null,
  priceCollarFraction: 0.01,
  priceCollarWindowMicros: 5 * MINUTE,
  orderVolumeMaxMicros: 10_000_000,
  orderValueMaxMicros: 500_000_000_000,
  longVolumeMaxMicros: 5_000_000,
  shortVolumeMaxMicros: 4_000_000,
  cooldownAfterLossMicros: 10 * MINUTE,
  cooldownAfterExitMicros: 5 * MINUTE,
  executionsMax: 20,
  executionsWindowMicros: 60 * MINUTE,
  sessionCloseGateMicros: 15 * MINUTE,
  weekendGateMicros: 30 * MINUTE,
  newsBeforeMicros: 30 * MINUTE,
  newsAfterMicros: 15 * MINUTE,
  newsImportanceMin: "high",
  regimesVetoed: ["illiquid"],
};

export const LIMITS: EntryLimits = {
  account: DEFAULT_ACCOUNT_SETTINGS,
  risk: RISK,
  compliance: COMPLIANCE_LIMITS,
};
