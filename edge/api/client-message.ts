// What a client may say on the stream's socket.

import { z } from "@hono/zod-openapi";
import { symbolSchema } from "./queries.ts";
import { barIntervalSchema, marketTickSchema, TOPICS } from "./schemas.ts";

export const clientMessageSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("subscribe"),
    topic: z.enum(TOPICS),
    /** All of them when left out. */
    symbols: z.array(symbolSchema).min(1).max(1_000).optional(),
    /** Only topic `bar`: which sizes; 1m by default. */
    intervals: z.array(barIntervalSchema).min(1).optional(),
    /** Resume after this sequence, of this boot. */
    after: z.strictObject({ boot: z.string(), sequence: z.number().int().nonnegative() }).optional(),
  }),
  z.strictObject({ type: z.literal("unsubscribe"), topic: z.enum(TOPICS) }),
  z.strictObject({ type: z.literal("ping") }),
  z.strictObject({
    type: z.literal("market"),
    /** Comes back in the answer, once durable. */
    id: z.string().max(64),
    ticks: z.array(marketTickSchema).min(1).max(1_000),
  }),
]);
export type ClientMessage = z.infer<typeof clientMessageSchema>;
