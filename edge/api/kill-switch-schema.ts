// How a kill switch stands, as people see it, and what they may ask of it.

import { z } from "@hono/zod-openapi";
import { KILL_LEVELS, KILL_MODES } from "../../actors/domain/kill-switch.ts";
import { whoField, wordsField } from "./deed-fields.ts";

/** Of a trip. */
export const tripSchema = z.object({
  /** How far it reaches: this account, all of its tenant's, everything. */
  level: z.enum(KILL_LEVELS),
  mode: z.enum(KILL_MODES),
  by: z.string(),
  reason: z.string(),
  time: z.iso.datetime(),
});
export type TripMessage = z.infer<typeof tripSchema>;

export const killSwitchSchema = z.object({
  accountId: z.string(),
  /** Null while it is armed and everything may go in. */
  trip: tripSchema.nullable(),
  /** All that hold, this account's own first; the one above is the strictest of them. */
  trips: z.array(tripSchema),
});
export type KillSwitchMessage = z.infer<typeof killSwitchSchema>;

export const changedSchema = killSwitchSchema.extend({
  /** Whether this change survives a crash already; without a journal it stands until the process ends. */
  durable: z.boolean(),
  /** False where it reaches further than this account and the ledger could not be told yet: other processes hear of it once it can. */
  shared: z.boolean(),
});
export type KillSwitchChanged = z.infer<typeof changedSchema>;

const accountId = z
  .string()
  .max(32)
  .optional()
  .openapi({ description: "Whose switch; left out, the first account's" });

export const tripBody = z.strictObject({
  mode: z.enum(KILL_MODES).openapi({
    description: "A switch that is tripped gets stricter and never milder, in this order",
  }),
  level: z.enum(KILL_LEVELS).default("account").openapi({
    description: "How far it reaches: this account, all of its tenant's, everything on the ledger",
  }),
  reason: wordsField,
  by: whoField("Who trips it: journaled"),
  accountId,
});

export const rearmBody = z.strictObject({
  by: whoField("Who re-arms it: journaled, and the only one whom the code serves"),
  code: z
    .string()
    .max(32)
    .optional()
    .openapi({ description: "From the answer to the request without one; left out, a new one is made" }),
  accountId,
});

export const rearmCodeSchema = z.object({
  accountId: z.string(),
  trip: tripSchema,
  /** To be sent again, once, by the same person, while the same trip stands. */
  code: z.string(),
  expiresInSeconds: z.number(),
});
export type RearmCode = z.infer<typeof rearmCodeSchema>;
