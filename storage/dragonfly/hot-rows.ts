// Rows of the hot state as text, and back: what another version of the program wrote is not believed, but left out.

import { z } from "zod";
import type { HotKind, HotRows } from "../../actors/ports/hot-state.ts";

const seq = z.number().int().nonnegative();
const timeMicros = z.number().int();

const schemas: { readonly [Kind in HotKind]: z.ZodType<HotRows[Kind]> } = {
  tick: z.strictObject({
    seq,
    timeMicros,
    sourceTimeMicros: timeMicros,
    symbol: z.string(),
    source: z.string(),
    sourceSeq: z.number().int(),
    bid: z.number(),
    ask: z.number(),
    bidVolume: z.number(),
    askVolume: z.number(),
    flags: z.number().int(),
  }),
  features: z.strictObject({
    seq,
    timeMicros,
    symbol: z.string(),
    schemaHash: z.string(),
    values: z.array(z.number().nullable()),
  }),
  signal: z.strictObject({
    seq,
    timeMicros,
    symbol: z.string(),
    causeSeq: seq,
    tickSeq: seq,
    action: z.enum(["BUY", "SELL"]),
    probabilityUp: z.number(),
    confidence: z.number(),
    regime: z.string(),
    components: z.array(
      z.strictObject({
        member: z.string(),
        probabilityUp: z.number(),
        weight: z.number(),
        ageMicros: z.number(),
      }),
    ),
    reasons: z.array(z.string()),
    bid: z.number(),
    ask: z.number(),
    stopDistance: z.number(),
    targetDistance: z.number(),
    expiresAtMicros: timeMicros,
    tradable: z.boolean(),
  }),
};

/** @param entry as held: its sequence, a space, JSON */
export function hotRowOf<Kind extends HotKind>(kind: Kind, entry: string | null): HotRows[Kind] | undefined {
  if (entry === null) return undefined;
  try {
    return schemas[kind].safeParse(JSON.parse(entry.slice(entry.indexOf(" ") + 1))).data;
  } catch {
    return undefined;
  }
}
