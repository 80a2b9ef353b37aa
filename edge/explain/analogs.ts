// The past's market states that were most like one of now, and what followed them.

import { z } from "zod";
import { MICROS_PER_MINUTE, type Micros } from "../../actors/base/clock.ts";
import { EMBEDDING_RETURNS } from "../../actors/chain/embedding.ts";
import { REGIMES } from "../../actors/domain/regime.ts";
import { type Neighbour, OUTCOME_HORIZONS_MICROS, type Vectors } from "../../actors/ports/vectors.ts";
import { isoTime } from "../live/shapes.ts";

/** What of two states is compared: where path and indicators stand, or what a trained model makes of their minutes. */
export const COMPARED_BY = ["indicators", "model"] as const;
export type ComparedBy = (typeof COMPARED_BY)[number];

export const ANALOGS_MAX = 100;
/** States of one symbol that are nearer in time than this share minutes: of such only the most alike counts. */
export const APART_MICROS: number = EMBEDDING_RETURNS * MICROS_PER_MINUTE;
/** Neighbours asked for by wanted analog: a good stretch of the past comes with all its five minutes. */
export const ASKED_PER_ANALOG = 12;

const analogSchema = z.object({
  symbol: z.string(),
  time: z.iso.datetime(),
  regime: z.enum(REGIMES),
  /** Cosine of the two states' vectors: 1 is the same, 0 has nothing in common. */
  similarity: z.number(),
  /** By horizon in minutes, log return of the mid in basis points; null where the market was closed. */
  outcomes: z.record(z.string(), z.number().nullable()),
});

const followedSchema = z.object({
  horizonMinutes: z.number(),
  /** Analogs whose outcome is known. */
  known: z.number().int(),
  upShare: z.number().nullable(),
  /** In basis points. */
  mean: z.number().nullable(),
  median: z.number().nullable(),
  /** A tenth of them was below, a tenth above. */
  low: z.number().nullable(),
  high: z.number().nullable(),
});

export const analogsSchema = z.object({
  /** What was compared: the embedding of the indicators by its name, or the model by its name, version and SHA-256. */
  embedding: z.string(),
  /** Nothing that was not known by then is in it. */
  asOf: z.iso.datetime(),
  summary: z.array(followedSchema),
  /** The most alike first. */
  items: z.array(analogSchema),
});
export type Analogs = z.infer<typeof analogsSchema>;

export interface AnalogsQuestion {
  readonly embedding: string;
  readonly vector: readonly number[];
  /** The model that made the vector; left out for one of the indicators. */
  readonly model?: string;
  readonly symbol: string;
  /** Of the state that is asked about. */
  readonly timeMicros: Micros;
  readonly limit: number;
  /** Look at the other symbols' past as well. */
  readonly allSymbols: boolean;
}

/** Throws VectorsUnavailable. */
export async function findAnalogs(vectors: Vectors, question: AnalogsQuestion): Promise<Analogs> {
  const { embedding, vector, model, symbol, timeMicros, limit, allSymbols } = question;
  const neighbours = await vectors.nearest({
    embedding,
    vector,
    asOfMicros: timeMicros,
    limit: limit * ASKED_PER_ANALOG,
    ...(model === undefined ? {} : { model }),
    ...(allSymbols ? {} : { symbol }),
  });
  const apart = farApart(neighbours, question);
  return {
    embedding: model ?? embedding,
    asOf: isoTime(timeMicros),
    summary: OUTCOME_HORIZONS_MICROS.map((horizon, index) =>
      followed(
        horizon / MICROS_PER_MINUTE,
        apart.map(({ state }) => state.outcomes[index] ?? null),
      ),
    ),
    items: apart.map(({ state, distance }) => ({
      symbol: state.symbol,
      time: isoTime(state.timeMicros),
      regime: state.regime,
      similarity: 1 - distance,
      outcomes: Object.fromEntries(
        OUTCOME_HORIZONS_MICROS.map((horizon, index) => [
          String(horizon / MICROS_PER_MINUTE),
          state.outcomes[index] ?? null,
        ]),
      ),
    })),
  };
}

/** The nearest of which no two share minutes, nor one with the state that is asked about. */
export function farApart(
  neighbours: readonly Neighbour[],
  { symbol, timeMicros, limit }: Pick<AnalogsQuestion, "symbol" | "timeMicros" | "limit">,
): readonly Neighbour[] {
  const taken = new Map<string, Micros[]>([[symbol, [timeMicros]]]);
  const apart: Neighbour[] = [];
  for (const neighbour of neighbours) {
    if (apart.length === limit) break;
    const { state } = neighbour;
    const times = taken.get(state.symbol) ?? [];
    if (times.some((time) => Math.abs(time - state.timeMicros) < APART_MICROS)) continue;
    taken.set(state.symbol, [...times, state.timeMicros]);
    apart.push(neighbour);
  }
  return apart;
}

function followed(
  horizonMinutes: number,
  outcomes: readonly (number | null)[],
): z.infer<typeof followedSchema> {
  const sorted = outcomes.filter((outcome) => outcome !== null).sort((a, b) => a - b);
  const known = sorted.length;
  if (known === 0) {
    return { horizonMinutes, known, upShare: null, mean: null, median: null, low: null, high: null };
  }
  return {
    horizonMinutes,
    known,
    upShare: sorted.filter((outcome) => outcome > 0).length / known,
    mean: sorted.reduce((sum, outcome) => sum + outcome, 0) / known,
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.1),
    high: quantile(sorted, 0.9),
  };
}

/** Between the two nearest ranks, in proportion. */
function quantile(sorted: readonly number[], share: number): number {
  const rank = share * (sorted.length - 1);
  const below = sorted[Math.floor(rank)] ?? Number.NaN;
  const above = sorted[Math.ceil(rank)] ?? Number.NaN;
  return below + (rank - Math.floor(rank)) * (above - below);
}
