// How an account and the paper broker are configured: the shapes that settings must have.

import { z } from "zod";
import { OPEN_POSITIONS_MAX } from "../actors/account/limits.ts";
import { POSITION_MODES } from "../actors/account/settings.ts";
import { INTENT_TAG_MAX } from "../actors/domain/intent-name.ts";
import {
  complianceSchema,
  exitsSchema,
  killTriggersSchema,
  riskSchema,
  sizingSchema,
} from "./risk-settings.ts";

const whole = z.number().int().nonnegative();
const fraction = z.number().gt(0).lte(1);

export const accountSchema = z.strictObject({
  accountId: z.string().regex(/^[a-z0-9-]{1,32}$/),
  currency: z.string().regex(/^[A-Z]{3}$/),
  startingBalanceMicros: whole,
  leverage: z.number().gte(1).lte(2_000),
  riskFraction: fraction,
  dailyLossFraction: fraction,
  dayResetMinuteUtc: whole.lt(24 * 60),
  positionsMax: whole.gte(1).lte(1_000),
  marginUseFraction: fraction,
  quoteAgeMaxMicros: whole,
  priceDeviationFraction: fraction,
  positionAgeMaxMicros: whole,
  entryLifeMicros: whole,
  exitLifeMicros: whole,
  reportTimeoutMicros: whole,
  /** Limits of the controls in layers, and how volumes are chosen. */
  risk: riskSchema.optional(),
  sizing: sizingSchema.optional(),
  terminal: z
    .strictObject({
      intentTag: whole.gte(1).lte(INTENT_TAG_MAX),
    })
    .optional(),
  killSwitch: killTriggersSchema.optional(),
  /** Checks of compliance in layers, and what its records say of who trades. */
  compliance: complianceSchema.optional(),
  exits: exitsSchema.optional(),
  positionMode: z.enum(POSITION_MODES).optional(),
  positionsPerInstrumentMax: whole.gte(1).lte(OPEN_POSITIONS_MAX).optional(),
  signals: z
    .strictObject({
      symbols: z.array(z.string().min(1).max(32)).max(1_000).readonly().optional(),
      confidenceMin: z.number().gte(0).lt(1).optional(),
    })
    .optional(),
});

/** Points a day or percent a year that no instrument's swap comes near. */
const SWAP_RATE_MAX = 100_000;

export const brokerSchema = z.strictObject({
  accountId: z.string(),
  latencyMicros: whole,
  latencyJitterMicros: whole,
  quoteAgeMaxMicros: whole,
  noQuoteTimeoutMicros: whole,
  slippageSpreadShare: z.number().gte(0),
  slippageVolatilityShare: z.number().gte(0),
  commissionPerLotMicros: whole,
  volumePerQuoteMicros: whole.gt(0),
  positionMode: z.enum(POSITION_MODES).optional(),
  stopsLevelPoints: whole.optional(),
  rolloverMinuteUtc: whole.lt(24 * 60).optional(),
  swap: z
    .strictObject({
      unit: z.enum(["points", "percent-a-year"]),
      rates: z.record(
        z.string(),
        z.strictObject({
          long: z.number().gte(-SWAP_RATE_MAX).lte(SWAP_RATE_MAX),
          short: z.number().gte(-SWAP_RATE_MAX).lte(SWAP_RATE_MAX),
        }),
      ),
      tripleWeekday: whole.lte(5),
    })
    .optional(),
  margin: z
    .strictObject({
      callLevel: z.number().gte(0).lte(100),
      stopOutLevel: z.number().gte(0).lte(100),
      negativeBalanceProtection: z.boolean(),
    })
    .optional(),
  commissionFraction: z.number().gte(0).lte(1).optional(),
  closeByCommission: z.boolean().optional(),
  latencyLogDeviation: z.number().gte(0).lte(2).optional(),
  slippageSymmetric: z.boolean().optional(),
  rejectionProbability: z.number().gte(0).lte(1).optional(),
  requoteDeviationPoints: whole.optional(),
  silence: z
    .strictObject({
      probability: z.number().gte(0).lte(1),
      lostShare: z.number().gte(0).lte(1),
      revealMicros: whole,
    })
    .optional(),
});
