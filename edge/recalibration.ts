// How online re-calibration is configured: on where the preset wants it, and its bounds. What is decided here is journaled with the
// engine's configuration.

import { z } from "zod";
import { PRESETS, type PresetName } from "../actors/chain/presets.ts";
import { type RecalibrationSettings } from "../actors/chain/recalibration/settings.ts";

/** A window of so many quarter-hours is longer than any vote lives. */
const BLOCKS_MAX = 100_000;

const blocks = z.number().int().gte(16).lte(BLOCKS_MAX);
const certainty = z.number().gte(0).lte(100);

export const recalibrationSchema = z
  .strictObject({
    /** Left out, as the preset has it. */
    enabled: z.boolean().optional(),
    windowBlocks: blocks,
    windowBlocksMin: blocks,
    trialBlocks: blocks,
    trialBlocksMin: blocks,
    /** Below 1: a slope of 0 would make every probability the same. */
    slopeChangeMax: z.number().gte(0).lt(1),
    shiftMax: z.number().gte(0).lte(1),
    slopeDeviation: z.number().gt(0).lte(1),
    shiftDeviation: z.number().gt(0).lte(1),
    changeMax: z.number().gte(0).lte(0.5),
    onAt: certainty,
    offAt: certainty,
  })
  .refine(
    ({ windowBlocks, windowBlocksMin }) => windowBlocksMin <= windowBlocks,
    "windowBlocksMin is at most windowBlocks",
  )
  .refine(
    ({ trialBlocks, trialBlocksMin }) => trialBlocksMin <= trialBlocks,
    "trialBlocksMin is at most trialBlocks",
  )
  .refine(({ onAt, offAt }) => offAt <= onAt, "offAt is at most onAt");

type Recalibrated = Readonly<z.infer<typeof recalibrationSchema>>;

/** What an engine is built with: nothing where its vote is not re-calibrated. */
export function recalibrationOf(settings: {
  readonly preset: PresetName;
  readonly recalibration: Recalibrated;
}): { readonly recalibration?: RecalibrationSettings } {
  const { enabled = PRESETS[settings.preset].wantsRecalibration === true, ...recalibration } =
    settings.recalibration;
  return enabled ? { recalibration } : {};
}
