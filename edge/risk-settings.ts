// How limits and volumes of an account are configured: the shapes that a configuration file is held to, with their bounds.

import { z } from "zod";
import { FLOW_ORDERS_MAX } from "../actors/account/compliance/bounds.ts";
import { EXECUTIONS_KEPT_MAX, MESSAGES_KEPT_MAX } from "../actors/account/limits.ts";
import { DRAWDOWN_MARKS } from "../actors/account/risk/limits.ts";
import { SIZING_METHODS } from "../actors/account/sizing-settings.ts";
import { IMPORTANCES } from "../actors/domain/calendar.ts";
import { KILL_MODES } from "../actors/domain/kill-switch.ts";
import { TRADING_CAPACITIES } from "../actors/domain/pretrade.ts";
import { REGIMES } from "../actors/domain/regime.ts";

const whole = z.number().int().nonnegative();
const fraction = z.number().gt(0).lte(1);
const share = z.number().gte(0).lte(1);
const symbol = z.string().min(1).max(32);

/** Of money, lots, time or counts: null switches the control off. */
const limit = whole.nullable();

const symbolLimits = {
  /** Microseconds, share of the price, points: null for what the account or the instrument says. */
  quoteAgeMaxMicros: limit,
  priceDeviationFraction: fraction.nullable(),
  spreadMaxPoints: limit,
  priceCollarFraction: fraction.nullable(),
  priceCollarWindowMicros: whole.gte(1_000_000),
  orderVolumeMaxMicros: limit,
  orderValueMaxMicros: limit,
  longVolumeMaxMicros: limit,
  shortVolumeMaxMicros: limit,
  cooldownAfterLossMicros: limit,
  cooldownAfterExitMicros: limit,
  executionsMax: whole.gte(1).lte(EXECUTIONS_KEPT_MAX).nullable(),
  executionsWindowMicros: whole.gte(1),
  sessionCloseGateMicros: limit,
  weekendGateMicros: limit,
  newsBeforeMicros: limit,
  newsAfterMicros: limit,
  newsImportanceMin: z.enum(IMPORTANCES),
  regimesVetoed: z.array(z.enum(REGIMES)).readonly(),
};

const accountLimits = {
  messagesPerSecondMax: whole.gte(1).lte(MESSAGES_KEPT_MAX).nullable(),
  messagesPerMinuteMax: whole.gte(1).lte(MESSAGES_KEPT_MAX).nullable(),
  grossExposureMaxMicros: limit,
  netExposureMaxMicros: limit,
  currencyExposureMaxMicros: limit,
  correlatedExposureMaxMicros: limit,
  trailingDrawdownMaxMicros: limit,
  trailingDrawdownFrom: z.enum(DRAWDOWN_MARKS),
  absoluteDrawdownMaxMicros: limit,
  consecutiveLossesMax: whole.gte(1).nullable(),
  tradersAllowed: z.array(z.string().min(1).max(64)).max(1_000).readonly().nullable(),
  restrictedSymbols: z.array(symbol).max(10_000).readonly(),
  checksInstruments: z.boolean(),
};

const layer = z.strictObject({ ...accountLimits, ...symbolLimits }).partial();

export const riskSchema = z.strictObject({
  /** Beneath the account's: what all accounts of a tenant begin with. */
  tenant: layer,
  account: layer,
  /** By symbol, over the account's. */
  symbols: z.record(symbol, z.strictObject(symbolLimits).partial()),
});

export const sizingSchema = z.strictObject({
  method: z.enum(SIZING_METHODS),
  volatilityFraction: fraction,
  volatilityPeriod: z.enum(["trade", "year"]),
  volatilityHorizonMicros: whole.gte(1_000_000),
  kellyFraction: fraction,
  confidenceShare: share,
  uncertaintyShare: share,
});

const killMode = z.enum(KILL_MODES).optional();

/** What trips the kill switch by itself, and in which mode; what is left out does not. */
export const killTriggersSchema = z.strictObject({
  /** At the limits of the controls of these names. */
  onDailyLoss: killMode,
  onTrailingDrawdown: killMode,
  onAbsoluteDrawdown: killMode,
  /** Our books and the broker's differ. */
  onMismatch: killMode,
  /** A symbol with an open position was not quoted for so long while its market is open. */
  onStall: z.strictObject({ mode: z.enum(KILL_MODES), afterMicros: whole.gte(1_000_000) }).optional(),
});

const windowMicros = whole.gte(1_000_000);
/** ISO 17442. */
const lei = z.string().regex(/^[A-Z0-9]{18}[0-9]{2}$/);

const complianceLimits = z
  .strictObject({
    /** Shares of the price, and parts of one; null switches a check off. */
    quoteDeviationMax: share.nullable(),
    secondQuoteAgeMaxMicros: whole,
    secondSourceRequired: z.boolean(),
    slippageMeanMax: share.nullable(),
    slippageWindowMicros: windowMicros,
    slippageFillsMin: whole.gte(1),
    washOrdersMax: limit,
    washWindowMicros: whole,
    layeringLevelsMax: limit,
    cancelShareMax: share.nullable(),
    cancelWindowMicros: windowMicros,
    cancelOrdersMin: whole.gte(1),
    /** An order is the first of its own run. */
    rampingOrdersMax: whole.gte(1).lte(FLOW_ORDERS_MAX).nullable(),
    rampingWindowMicros: windowMicros,
    rampingMoveShareMin: share,
    orderToTradeMax: z.number().gte(0).lte(FLOW_ORDERS_MAX).nullable(),
    orderToTradeWindowMicros: windowMicros,
  })
  .partial();

export const complianceSchema = z.strictObject({
  /** In the same layers as limits of risk. */
  tenant: complianceLimits,
  account: complianceLimits,
  symbols: z.record(symbol, complianceLimits),
  /** What pre-trade records say of who trades for whom, and where. */
  identity: z.strictObject({
    capacity: z.enum(TRADING_CAPACITIES),
    tenantId: z.string().min(1).max(64),
    clientLei: lei.nullable(),
    firmLei: lei.nullable(),
    venue: z.string().min(1).max(64),
    executionAlgorithm: z.string().min(1).max(50),
    isins: z.record(symbol, z.string().regex(/^[A-Z]{2}[A-Z0-9]{9}[0-9]$/)),
  }),
});

/** How positions leave besides stop, target and age: a stop that follows the price, and a part that is closed on the way. */
export const exitsSchema = z.strictObject({
  trailing: z
    .strictObject({
      distancePoints: whole.gte(1).optional(),
      moveMultiple: z.number().gt(0).lte(100).optional(),
      stepFraction: fraction,
    })
    .refine(
      ({ distancePoints, moveMultiple }) => distancePoints !== undefined || moveMultiple !== undefined,
      {
        message: "a trailing stop needs distancePoints or moveMultiple",
      },
    )
    .optional(),
  partial: z.strictObject({ atTargetFraction: fraction, volumeFraction: z.number().gt(0).lt(1) }).optional(),
});
