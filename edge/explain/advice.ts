// What external advisers had said of a symbol before a decision, and why, in their own words.

import { z } from "zod";
import { MICROS_PER_MINUTE, type Micros } from "../../actors/base/clock.ts";
import type { Advice } from "../../actors/domain/advice.ts";
import { isoTime } from "../live/shapes.ts";

const answerSchema = z.object({
  adviser: z.string(),
  model: z.string(),
  /** Why it has no opinion; empty where it has one. */
  failure: z.string(),
  probabilityUp: z.number().nullable(),
  confidence: z.number().nullable(),
  reasons: z.array(z.string()),
  /** Given before, to a market that looked the same. */
  cached: z.boolean(),
  latencyMillis: z.number(),
});

export const adviceSchema = z.object({
  seq: z.number().int().nonnegative(),
  time: z.iso.datetime(),
  askedAt: z.iso.datetime(),
  /** They were asked about so many minutes from then. */
  horizonMinutes: z.number(),
  status: z.string(),
  /** Of the member's vote; null unless it voted. */
  probabilityUp: z.number().nullable(),
  answers: z.array(answerSchema),
});

export type ShownAdvice = z.infer<typeof adviceSchema>;

/** The last that was heard by a decision; null where there was none, or the time it was about had passed. */
export function adviceAt(
  advices: readonly Advice[],
  decided: { readonly instrumentId: number; readonly seq: number; readonly timeMicros: Micros },
): ShownAdvice | null {
  const last = advices.findLast(
    ({ seq, instrumentId }) => seq <= decided.seq && instrumentId === decided.instrumentId,
  );
  if (last === undefined || last.askedMicros + last.horizonMicros < decided.timeMicros) return null;
  return {
    seq: last.seq,
    time: isoTime(last.timeMicros),
    askedAt: isoTime(last.askedMicros),
    horizonMinutes: last.horizonMicros / MICROS_PER_MINUTE,
    status: last.status,
    probabilityUp: Number.isFinite(last.probabilityUp) ? last.probabilityUp : null,
    answers: last.answers.map((answer) => answerSchema.parse(answer)),
  };
}

/** For a terminal. */
export function adviceLines(advice: ShownAdvice | null): string[] {
  if (advice === null) return [];
  const { askedAt, horizonMinutes, status, probabilityUp, answers } = advice;
  const lines = [
    `asked ${askedAt} about ${horizonMinutes} minutes: ${status} ${probabilityUp?.toFixed(4) ?? ""}`,
  ];
  for (const answer of answers) {
    lines.push(`${answer.adviser} (${answer.model}): ${saidOf(answer)}`);
    for (const reason of answer.reasons) lines.push(`  - ${reason}`);
  }
  return lines.map((line) => line.trimEnd());
}

function saidOf({ failure, probabilityUp, confidence, cached }: ShownAdvice["answers"][number]): string {
  if (probabilityUp === null) return failure;
  const said = `${probabilityUp.toFixed(4)}, confidence ${confidence?.toFixed(2) ?? "none"}`;
  return cached ? `${said}, said before of a market that looked the same` : said;
}
