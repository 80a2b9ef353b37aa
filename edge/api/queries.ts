// What a request may ask: symbols, ranges, limits and cursors, checked once here.

import { z } from "@hono/zod-openapi";
import type { TimeSeriesPlace } from "../../actors/ports/time-series.ts";
import { Problem } from "./problem.ts";
import { barSizeSchema } from "./schemas.ts";

export const LIMIT_DEFAULT = 100;
export const LIMIT_MAX = 1_000;
export const BARS_LIMIT_MAX = 5_000;

const YEAR_MIN = 1970;
const YEAR_MAX = 2100;

export const timeSchema = z.iso
  .datetime({ offset: true })
  .refine(
    (text) => {
      const year = new Date(text).getUTCFullYear();
      return year >= YEAR_MIN && year < YEAR_MAX;
    },
    `a year from ${YEAR_MIN} to ${YEAR_MAX - 1}`,
  )
  .transform((text) => Date.parse(text) * 1_000);

export const symbolSchema = z.string().regex(/^[A-Z0-9._]{2,16}$/, "2 to 16 capitals and digits");

export function limitOf(max: number) {
  return z.coerce.number().int().min(1).max(max).default(Math.min(LIMIT_DEFAULT, max));
}

const cursor = z
  .string()
  .max(64)
  .regex(/^\d{1,17}-\d{1,17}$/, "a cursor as it was given out");

export const pageQuery = z.object({
  symbol: symbolSchema.optional(),
  /** Inclusive, ISO 8601. */
  from: timeSchema.optional(),
  /** Exclusive, ISO 8601. */
  to: timeSchema.optional(),
  limit: limitOf(LIMIT_MAX),
  cursor: cursor.optional(),
});
export type PageQuery = z.infer<typeof pageQuery>;

export const signalsQuery = pageQuery.extend({
  min_confidence: z.coerce.number().min(0).max(1).default(0),
});

export const aliasSignalsQuery = z.object({
  min_confidence: z.coerce.number().min(0).max(1).default(0.7),
});

export const barsQuery = z.object({
  symbol: symbolSchema,
  interval: barSizeSchema.default("1m"),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
  limit: limitOf(BARS_LIMIT_MAX).default(500),
  source: z
    .string()
    .regex(/^[a-zA-Z0-9_-]{1,32}$/)
    .optional(),
  /** Of the page that was newer. */
  cursor: cursor.optional(),
});

/** The end of a range and the place a cursor names, whichever comes first; exclusive. */
export function untilOf(query: { to?: number | undefined; cursor?: string | undefined }): number | undefined {
  const place = placeOf(query.cursor);
  if (place === undefined) return query.to;
  return Math.min(query.to ?? Number.POSITIVE_INFINITY, place.timeMicros);
}

/** A place in time as an opaque word. */
export function cursorOf(place: TimeSeriesPlace): string {
  return `${place.timeMicros}-${place.seq}`;
}

export function placeOf(text: string | undefined): TimeSeriesPlace | undefined {
  if (text === undefined) return undefined;
  const [timeMicros = 0, seq = 0] = text.split("-").map(Number);
  if (!Number.isSafeInteger(timeMicros) || !Number.isSafeInteger(seq)) {
    throw new Problem(400, "bad-cursor", "the cursor is not one that was given out: begin without it");
  }
  return { timeMicros, seq };
}
