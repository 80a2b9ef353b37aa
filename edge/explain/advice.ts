// What was said of a symbol before a decision by those who are asked beside the tick path, and why: external advisers in their
// own words, the past's most similar market states by what followed them.

import { z } from "zod";
import { MICROS_PER_MINUTE, type Micros } from "../../actors/base/clock.ts";
import { type Advice, adviceMember } from "../../actors/domain/advice.ts";
import { ADVISER, ANALOGS, type AsynchronousMember } from "../../actors/domain/prediction.ts";
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

const headSchema = z.object({
  seq: z.number().int().nonnegative(),
  time: z.iso.datetime(),
  askedAt: z.iso.datetime(),
  /** It is about so many minutes from then. */
  horizonMinutes: z.number(),
  status: z.string(),
  /** Of the member's vote; null unless it voted. */
  probabilityUp: z.number().nullable(),
});

export const adviceSchema = headSchema.extend({ answers: z.array(answerSchema) });

export type ShownAdvice = z.infer<typeof adviceSchema>;

/** Moves in basis points, over the horizon. */
export const analogVoteSchema = headSchema.extend({
  /** Why none were found; empty where some were. */
  failure: z.string(),
  /** Whose embedding was compared; null where the indicators were. */
  model: z.string().nullable(),
  neighbours: z.number().int(),
  rose: z.number().int(),
  unmoved: z.number().int(),
  mean: z.number().nullable(),
  spread: z.number().nullable(),
  /** Of the most alike, 1 - cosine. */
  nearestDistance: z.number().nullable(),
  /** When the most alike that count were. */
  nearest: z.array(z.iso.datetime()),
});

type ShownAnalogVote = z.infer<typeof analogVoteSchema>;

interface Decided {
  readonly instrumentId: number;
  readonly seq: number;
  readonly timeMicros: Micros;
}

/** The last of the advisers' that was heard by a decision; null where there was none, or the time it was about had passed. */
export function adviceAt(advices: readonly Advice[], decided: Decided): ShownAdvice | null {
  const last = lastOf(ADVISER, advices, decided);
  if (last === undefined) return null;
  return { ...headOf(last), answers: last.answers.map((answer) => answerSchema.parse(answer)) };
}

/** The same of the vote of similar market states. */
export function analogVoteAt(advices: readonly Advice[], decided: Decided): ShownAnalogVote | null {
  const last = lastOf(ANALOGS, advices, decided);
  if (last?.analogs === undefined) return null;
  const { failure, neighbours, rose, unmoved, meanBasisPoints, spreadBasisPoints } = last.analogs;
  return {
    ...headOf(last),
    failure,
    model: last.analogs.model ?? null,
    neighbours,
    rose,
    unmoved,
    mean: meanBasisPoints,
    spread: spreadBasisPoints,
    nearestDistance: last.analogs.nearestDistance,
    nearest: last.analogs.nearestMicros.map(isoTime),
  };
}

function lastOf(
  member: AsynchronousMember,
  advices: readonly Advice[],
  decided: Decided,
): Advice | undefined {
  const last = advices.findLast(
    (advice) =>
      adviceMember(advice) === member &&
      advice.seq <= decided.seq &&
      advice.instrumentId === decided.instrumentId,
  );
  const isOver = last !== undefined && last.askedMicros + last.horizonMicros < decided.timeMicros;
  return isOver ? undefined : last;
}

function headOf(last: Advice): z.infer<typeof headSchema> {
  return {
    seq: last.seq,
    time: isoTime(last.timeMicros),
    askedAt: isoTime(last.askedMicros),
    horizonMinutes: last.horizonMicros / MICROS_PER_MINUTE,
    status: last.status,
    probabilityUp: Number.isFinite(last.probabilityUp) ? last.probabilityUp : null,
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

/** For a terminal. */
export function analogVoteLines(vote: ShownAnalogVote | null): string[] {
  if (vote === null) return [];
  const { askedAt, horizonMinutes, status, probabilityUp, nearest } = vote;
  const line = `asked ${askedAt} about ${horizonMinutes} minutes: ${status} ${probabilityUp?.toFixed(4) ?? ""}`;
  const lines = [line.trimEnd(), foundText(vote)];
  return nearest.length === 0 ? lines : [...lines, `most alike: ${nearest.join(", ")}`];
}

/** What the vote is based on, in one sentence. */
export function foundText(vote: ShownAnalogVote): string {
  const { failure, model, neighbours, rose, unmoved, mean, spread, nearestDistance } = vote;
  if (failure !== "") return failure;
  const nearest = nearestDistance === null ? "nothing to compare with" : nearestDistance.toFixed(3);
  return (
    `${neighbours} similar states, ${rose} rose and ${unmoved} stayed; mean ${mean?.toFixed(1) ?? "none"} bp, ` +
    `spread ${spread?.toFixed(1) ?? "none"} bp, nearest at distance ${nearest}${model === null ? "" : `, compared by ${model}`}`
  );
}

function saidOf({ failure, probabilityUp, confidence, cached }: ShownAdvice["answers"][number]): string {
  if (probabilityUp === null) return failure;
  const said = `${probabilityUp.toFixed(4)}, confidence ${confidence?.toFixed(2) ?? "none"}`;
  return cached ? `${said}, said before of a market that looked the same` : said;
}
