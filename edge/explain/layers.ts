// What each of the four layers made of the votes, as dossiers show it.

import { z } from "zod";
import type { Signal } from "../../actors/domain/signal.ts";

const recalibrationSchema = z.object({
  isActive: z.boolean(),
  /** What the layer said by itself. */
  before: z.number(),
  slope: z.number(),
  shift: z.number(),
  blocks: z.number().int(),
  gain: z.number(),
  certainty: z.number(),
});

/** Probabilities, then points. */
export const layersSchema = z.object({
  technical: z.number().nullable(),
  vote: z.number(),
  meta: z.number().nullable(),
  validated: z.number(),
  calibrated: z.number(),
  /** How the last layer was re-calibrated by what became of earlier votes; null where it was not, and in journals of before. */
  recalibration: recalibrationSchema.nullable(),
  movePoints: z.number().nullable(),
  costPoints: z.number(),
});

/** Null in journals of before there were layers to show. */
export function shownLayers({ confirmations }: Signal): z.infer<typeof layersSchema> | null {
  if (confirmations === undefined) return null;
  return { ...confirmations, recalibration: confirmations.recalibration ?? null };
}

/** Whether it was applied and why, in words. */
export function recalibrationText(recalibration: z.infer<typeof recalibrationSchema>): string {
  const { isActive, before, slope, shift, blocks, gain, certainty } = recalibration;
  const learned =
    `slope ${slope.toFixed(3)} and shift ${shift.toFixed(3)} of log odds, learned from ${blocks} blocks; on answers held back it ` +
    `${gain < 0 ? "raised" : "lowered"} the Brier score by ${Math.abs(gain).toFixed(6)}, ${Math.abs(certainty).toFixed(1)} standard errors`;
  return isActive
    ? `re-calibrated from ${before.toFixed(4)}: ${learned}`
    : `not re-calibrated, since that has not been worth it by more than chance: ${learned}`;
}
