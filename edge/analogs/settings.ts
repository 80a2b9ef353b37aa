// How the vote of similar market states is configured: off until somebody turns it on, and without a weight it is heard in vain.

import { z } from "zod";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import { OUTCOME_HORIZONS_MICROS } from "../../actors/ports/vectors.ts";
import { ANALOGS_MAX, COMPARED_BY } from "../explain/analogs.ts";
import { NEIGHBOURS_MIN } from "./limits.ts";

const whole = z.number().int().nonnegative();
const minutes = whole.gte(1).lte(24 * 60);

const HORIZONS = OUTCOME_HORIZONS_MICROS.map((micros) => micros / MICROS_PER_MINUTE);

export const analogsSchema = z.strictObject({
  enabled: z.boolean(),
  /** Of the vote, beside the preset's weights, which sum to 1. */
  weight: z.number().gte(0).lte(1),
  /** How often a symbol is asked about, on the clock. */
  everyMinutes: minutes,
  /** The time ahead it is about: one of those whose outcomes are stored. */
  horizonMinutes: z
    .number()
    .refine((value) => HORIZONS.includes(value), `is one of the stored horizons: ${HORIZONS.join(", ")}`),
  /** Neighbours that are looked for. */
  k: whole.gte(NEIGHBOURS_MIN).lte(ANALOGS_MAX),
  /** How long a vote counts. */
  voteLifeMinutes: minutes,
  timeoutSeconds: whole.gte(1).lte(60),
  /** What states are compared by: their indicators, or what the champion network makes of their minutes. */
  embedding: z.enum(COMPARED_BY),
});

export type AnalogSettings = Readonly<z.infer<typeof analogsSchema>>;

export const ANALOG_DEFAULTS: AnalogSettings = {
  enabled: false,
  weight: 0,
  everyMinutes: 5,
  horizonMinutes: 15,
  k: 50,
  voteLifeMinutes: 10,
  timeoutSeconds: 5,
  embedding: "indicators",
};
