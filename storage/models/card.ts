// A model's card, checked where it comes in.

import { z } from "zod";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { MEMBERS } from "../../actors/domain/prediction.ts";
import {
  MODEL_EVENTS,
  MODEL_NAME,
  MODEL_VERSION,
  MODEL_WINDOW_MAX,
  type ModelCard,
} from "../../actors/ports/models.ts";

const tensorSchema = z.strictObject({
  name: z.string().min(1).max(64),
  shape: z.array(z.number().int().positive().nullable()).min(1).max(4),
});

export const cardSchema = z.strictObject({
  model: z.string().regex(MODEL_NAME, "a small letter, then small letters, digits and dashes"),
  version: z.string().regex(MODEL_VERSION, "letters, digits, dots and dashes"),
  trainedAt: z.iso.datetime(),
  member: z.enum(MEMBERS),
  event: z.enum(MODEL_EVENTS),
  symbols: z
    .array(z.string().regex(/^[A-Z0-9._-]{2,32}$/))
    .min(1)
    .nullable(),
  featureSchema: z.string().regex(/^[0-9a-f]{16}$/, "the hash of a feature schema"),
  features: z.array(z.string().min(1).max(64)).min(1).max(1_024),
  window: z.number().int().min(1).max(MODEL_WINDOW_MAX),
  inputs: z.array(tensorSchema).min(1).max(4),
  outputs: z.array(tensorSchema).min(1).max(8),
  cadence: z.enum(["tick", "bar-close", "asynchronous"]),
  horizonMicros: z.number().int().positive(),
  deadlineMicros: z.number().int().positive(),
  voteLifeMicros: z.number().int().positive(),
  acceptsMissing: z.boolean(),
  expiresAfterMicros: z.number().int().positive().nullable(),
  details: z.record(z.string(), z.unknown()),
});

export function parseCard(card: unknown): Result<ModelCard, "card-invalid"> {
  const parsed = cardSchema.safeParse(card);
  if (parsed.success) return ok(parsed.data);
  return failure("card-invalid", `the model's card is not valid:\n${z.prettifyError(parsed.error)}`);
}
