// The dossier of a decision: everything that led to an order and everything that became of it, as it lies in the journal.
// Terminal, JSON and page show the same one.

import { z } from "zod";
import { checkSchema } from "./checks.ts";
import { adviceSchema, analogVoteSchema } from "./advice.ts";
import { analogsSchema } from "./analogs.ts";
import { complianceSchema } from "./compliance.ts";
import { layersSchema } from "./layers.ts";

export const DOSSIER_VERSION = 6;

const seq = z.number().int().nonnegative();
const time = z.iso.datetime();
const side = z.enum(["BUY", "SELL"]);

const tickSchema = z.object({
  seq,
  time,
  sourceTime: time,
  bid: z.number(),
  ask: z.number(),
  source: z.string(),
  /** Why it was put aside; empty when it was not. */
  quarantined: z.string(),
});

const voteSchema = z.object({
  member: z.string(),
  status: z.string(),
  /** Null unless it voted. */
  probabilityUp: z.number().nullable(),
  /** Share of the vote; null where it had none. */
  weight: z.number().nullable(),
  ageMillis: z.number().nullable(),
  /** Which trained model it was; null for a member that is a rule. */
  model: z.object({ name: z.string(), version: z.string(), sha256: z.string() }).nullable(),
});

const signalSchema = z.object({
  seq,
  time,
  action: side,
  probabilityUp: z.number(),
  confidence: z.number(),
  regime: z.string(),
  reasons: z.array(z.string()),
  /** What each layer made of the votes; null in journals of before. */
  confirmations: layersSchema.nullable(),
  bid: z.number(),
  ask: z.number(),
  stopLoss: z.number(),
  takeProfit: z.number(),
  expiresAt: time,
  tradable: z.boolean(),
});

const orderSchema = z.object({
  intentId: z.string(),
  seq,
  time,
  purpose: z.string(),
  side,
  lots: z.number(),
  bid: z.number(),
  ask: z.number(),
  stopLoss: z.number().nullable(),
  takeProfit: z.number().nullable(),
  positionId: z.string().nullable(),
  epoch: z.number(),
  reason: z.string(),
  checks: z.array(checkSchema),
  /** Its pre-trade record; null where compliance was off. */
  compliance: complianceSchema.nullable(),
  /** Null where it never left. */
  sentAt: time.nullable(),
});

const fillSchema = z.object({
  seq,
  time,
  intentId: z.string(),
  status: z.string(),
  dealId: z.string().nullable(),
  positionId: z.string().nullable(),
  side,
  lots: z.number(),
  price: z.number().nullable(),
  commission: z.number(),
  reason: z.string(),
  /** Against the quote the order was priced from; positive is worse. Null where no order priced it. */
  slippagePoints: z.number().nullable(),
});

const refusalSchema = z.object({
  seq,
  time,
  code: z.string(),
  message: z.string(),
  checks: z.array(checkSchema),
  compliance: complianceSchema.nullable(),
});

export const dossierSchema = z.object({
  version: z.literal(DOSSIER_VERSION),
  /** What was asked for. */
  id: z.string(),
  symbol: z.string(),
  /** Digits of its prices. */
  digits: z.number().int(),
  /** The newest ticks up to the one that was decided on, oldest first. */
  ticks: z.array(tickSchema),
  /** As they stood at that tick, by name; null where one was not warm, empty where they could not be brought back. */
  features: z.record(z.string(), z.number().nullable()),
  featureSchema: z.string(),
  /** The market at that tick as a vector, by which its analogs are found; null where it could not be brought back. */
  state: z.object({ embedding: z.string(), time, vector: z.array(z.number()) }).nullable(),
  /** What was most like it, as far as was known then; null where market states were not asked or did not answer. */
  analogs: analogsSchema.nullable(),
  votes: z.array(voteSchema),
  /** What external advisers had said last of that symbol, if what they spoke about was not over. */
  advice: adviceSchema.nullable(),
  /** What the vote of similar market states was based on then, under the same condition. */
  analogVote: analogVoteSchema.nullable(),
  signal: signalSchema.nullable(),
  /** Refusals by risk of what the signal asked for. */
  refusals: z.array(refusalSchema),
  orders: z.array(orderSchema),
  fills: z.array(fillSchema),
  /** Of the position, once it was closed: before commission, in the quote currency. */
  profit: z.number().nullable(),
  profitCurrency: z.string(),
  /** What the decision was made under. */
  configuration: z.object({ seq, preset: z.string(), sha256: z.string() }).nullable(),
  /** The seal of the journal that covers the last record shown: by topic, its hash chain up to there. Null while it is open. */
  seal: z.object({ seq, heads: z.record(z.string(), z.string()) }).nullable(),
});

export type Dossier = z.infer<typeof dossierSchema>;
