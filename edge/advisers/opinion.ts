// What an adviser may answer: one JSON object with a bounded probability. Anything else is nonsense, and is not repaired: what
// has to be guessed at was not said.

import { z } from "zod";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Opinion } from "../../actors/ports/adviser.ts";
import { REASON_CHARACTERS_MAX, REASONS_MAX } from "./limits.ts";
import { plainText } from "./plain-text.ts";

const answerSchema = z.strictObject({
  probability_up: z.number().gte(0.01).lte(0.99),
  confidence: z.number().gte(0).lte(1),
  reasons: z.array(z.string().max(REASON_CHARACTERS_MAX)).max(REASONS_MAX),
});

/** The same for the server. Bounds are in words: not every server takes them, and they are checked here in any case. */
export const ANSWER_JSON_SCHEMA = {
  type: "object",
  properties: {
    probability_up: { type: "number", description: "from 0.01 to 0.99" },
    confidence: { type: "number", description: "from 0 to 1" },
    reasons: { type: "array", items: { type: "string" }, description: `at most ${REASONS_MAX}` },
  },
  required: ["probability_up", "confidence", "reasons"],
  additionalProperties: false,
} as const;

export function readOpinion(text: string): Result<Opinion, "nonsense"> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return failure("nonsense", "the answer is not one JSON object");
  }
  const parsed = answerSchema.safeParse(value);
  if (!parsed.success) {
    const at = parsed.error.issues.map(({ path, code }) => `${path.join(".") || "the whole"}: ${code}`);
    return failure("nonsense", `the answer is not as it was asked for (${at.join(", ")})`);
  }
  const { probability_up: probabilityUp, confidence, reasons } = parsed.data;
  return ok({
    probabilityUp,
    confidence,
    reasons: reasons
      .map((reason) => plainText(reason, REASON_CHARACTERS_MAX))
      .filter((reason) => reason !== ""),
  });
}

/** As {@link readOpinion} reads it: how an opinion is remembered. */
export function writeOpinion({ probabilityUp, confidence, reasons }: Opinion): string {
  return JSON.stringify({ probability_up: probabilityUp, confidence, reasons });
}
