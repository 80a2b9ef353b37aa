// The report of an evaluation, for machines: what was judged on which data, and what came of it. Numbers that are not known are null.

import { z } from "zod";
import { REGIMES } from "../../actors/domain/regime.ts";
import { MODEL_EVENTS, MODEL_STATUSES } from "../../actors/ports/models.ts";

/** Bump it when a field changes its meaning or goes. */
export const REPORT_VERSION = 1;

const number = z.number();
const orNull = z.number().nullable();
const around = z.strictObject({ value: number, low: orNull, high: orNull });

const naiveSchema = z.strictObject({
  /** `always` and `never` say the more frequent outcome of the period itself, which flatters them. */
  rule: z.enum(["always", "never", "repeat", "reversal", "past range"]),
  accuracy: number,
  auc: orNull,
});
export type Naive = z.infer<typeof naiveSchema>;

const partSchema = z.strictObject({ rows: number, accuracy: number, auc: orNull });
export type Part = z.infer<typeof partSchema>;

const scoresSchema = z.strictObject({
  rows: number,
  /** Rows whose outcomes do not overlap. */
  rowsApart: number,
  days: number,
  baseRate: number,
  auc: around,
  accuracy: around,
  /** Wilson's interval as if the rows that do not overlap were all there is. */
  accuracyApart: z.strictObject({ low: number, high: number }),
  /** Accuracy of the tenth of rows that are surest. */
  topDecile: around,
  brier: number,
  /** Against the base rate of the period itself. */
  brierSkill: around,
  logLoss: number,
  ece: number,
  calibration: z.array(z.strictObject({ count: number, said: number, happened: number })),
  coverage: z.array(
    z.strictObject({
      coverage: number,
      count: number,
      accuracy: number,
      accuracyWithin: number,
      confidence: number,
    }),
  ),
  naive: z.array(naiveSchema),
  bestNaive: z.string(),
  /** Accuracy above the best naive rule's, on the same rows. */
  gain: around,
  /** Area above that of the naive rule that has most, on rows where that is known; null where there are none. */
  aucGain: around.nullable(),
  /** Of the UTC day; those with rows enough. */
  hours: z.array(partSchema.extend({ hour: number })),
  /** As the chain saw them. */
  regimes: z.array(partSchema.extend({ regime: z.enum(REGIMES) })),
  /** Quote flicker, a diagnostic and no profit: how often the very next change of the mid went the way that was said. */
  nextChange: orNull,
});
export type Scores = z.infer<typeof scoresSchema>;

const tradesSchema = z.strictObject({
  trades: number,
  /** Distance from one half at which it traded; of several symbols the least. */
  confidence: number,
  /** Basis points a trade, before costs and after them. */
  before: around,
  after: around,
  cost: number,
  won: number,
});
export type Trades = z.infer<typeof tradesSchema>;

const resultSchema = z.strictObject({
  subject: z.string(),
  kind: z.enum(["rule", "vote", "model"]),
  member: z.string().nullable(),
  event: z.enum(MODEL_EVENTS),
  target: z.string(),
  rows: z.enum(["tick", "minute"]),
  horizonSeconds: number,
  delaySeconds: number,
  data: z.enum(["ticks", "bars"]),
  /** "all" for the symbols together. */
  symbol: z.string(),
  scores: scoresSchema,
  /** Null for ranges, and where there was no trade. */
  trades: tradesSchema.nullable(),
});
export type EvaluationResult = z.infer<typeof resultSchema>;

const modelSchema = z.strictObject({
  name: z.string(),
  member: z.string(),
  status: z.enum(MODEL_STATUSES),
  target: z.string(),
  symbols: z.array(z.string()).nullable(),
  trainedAt: z.string(),
  sha256: z.string(),
  /** Null where its card does not say. */
  training: z.strictObject({ from: z.string(), until: z.string() }).nullable(),
  /** Rows of the judged period that lie within its training period. */
  rowsSeen: number,
  rows: number,
});

const goalSchema = z.strictObject({
  goal: z.string(),
  subject: z.string(),
  target: z.string(),
  data: z.string(),
  symbol: z.string(),
  wanted: number,
  value: number,
  isReached: z.boolean(),
});
export type Goal = z.infer<typeof goalSchema>;

const marketSchema = z.strictObject({
  kind: z.enum(["ticks", "bars"]),
  symbols: z.array(z.string()),
  /** Of the judged rows. */
  from: z.string(),
  until: z.string(),
  ticks: number,
  rows: z.record(z.string(), z.strictObject({ tick: number, minute: number })),
  isBidOnly: z.boolean(),
  spread: z.enum(["quoted", "modelled"]),
  /** Of each symbol, how far each feature moved between the halves of the period. */
  stability: z.array(
    z.strictObject({
      symbol: z.string(),
      features: z.array(z.strictObject({ feature: z.string(), psi: orNull })),
    }),
  ),
});
export type EvaluatedMarket = z.infer<typeof marketSchema>;

export const reportSchema = z.strictObject({
  report: z.literal("tickforge-evaluation"),
  version: z.literal(REPORT_VERSION),
  made: z.string(),
  featureSchema: z.string(),
  preset: z.string(),
  /** As it was asked for; null for all there is. */
  from: z.string().nullable(),
  until: z.string().nullable(),
  every: number,
  slippage: number,
  seconds: number,
  warnings: z.array(z.string()),
  notes: z.array(z.string()),
  markets: z.array(marketSchema),
  passedOver: z.array(z.string()),
  models: z.array(modelSchema),
  unusable: z.array(z.strictObject({ name: z.string(), reason: z.string() })),
  goals: z.array(goalSchema),
  results: z.array(resultSchema),
});
export type EvaluationReport = z.infer<typeof reportSchema>;
