// What training wrote into a card's details, as far as it is there: details are for people, and whoever trained elsewhere may have
// written others.

import { z } from "zod";
import type { Micros } from "../../actors/base/clock.ts";
import type { HoldoutFigures, ModelCard } from "../../actors/ports/models.ts";

/** In ISO 8601. */
const trainingSchema = z.object({
  training: z.object({ from: z.string(), until: z.string() }).optional(),
  splits: z.array(z.object({ trainFrom: z.string().nullish() })).optional(),
  shippedLearnedUntil: z.string().optional(),
});

/**
 * From the first row that it was trained on to the end of the last label, where its card's details say so: as `training` with `from`
 * and `until`, or by its splits and `shippedLearnedUntil`.
 */
export function trainingPeriod({
  details,
  horizonMicros,
}: ModelCard): { fromMicros: Micros; untilMicros: Micros } | undefined {
  const parsed = trainingSchema.safeParse(details);
  if (!parsed.success) return undefined;
  const { training, splits, shippedLearnedUntil } = parsed.data;
  const begins = training === undefined ? (splits ?? []).map(({ trainFrom }) => trainFrom) : [training.from];
  const fromMicros = Math.min(...begins.map(microsOf).filter((micros) => !Number.isNaN(micros)));
  const untilMicros = microsOf(training?.until ?? shippedLearnedUntil) + horizonMicros;
  return fromMicros <= untilMicros ? { fromMicros, untilMicros } : undefined;
}

function microsOf(iso: string | null | undefined): Micros {
  return Date.parse(iso ?? "") * 1_000;
}

const figure = z.number().nullable().catch(null).default(null);
const holdoutSchema = z.object({
  holdout: z.object({
    rows: figure,
    baseRate: figure,
    accuracy: figure,
    auc: figure,
    brier: figure,
    brierSkill: figure,
    ece: figure,
    logLoss: figure,
  }),
});

/** On rows it was not trained on, as its card's `holdout` says; undefined where it does not. */
export function holdoutFigures({ details }: ModelCard): HoldoutFigures | undefined {
  const parsed = holdoutSchema.safeParse(details);
  return parsed.success ? parsed.data.holdout : undefined;
}
