// The past's moments that were most like now, or like a moment that is named, and what followed them.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { embedState, WINDOW_EMBEDDING } from "../../actors/chain/embedding.ts";
import { REGIMES } from "../../actors/domain/regime.ts";
import type { Vectors } from "../../actors/ports/vectors.ts";
import { ANALOGS_MAX, analogsSchema, findAnalogs } from "../explain/analogs.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { isoTime } from "../live/shapes.ts";
import { Problem, problemAnswer, QUERY_PROBLEMS } from "./problem.ts";
import { symbolSchema, timeSchema } from "./queries.ts";

const answerSchema = analogsSchema.extend({
  symbol: z.string(),
  /** What was compared: the market as it stood then. */
  state: z.object({ time: z.iso.datetime(), regime: z.enum(REGIMES) }),
});

/** A state of a symbol, as it is asked about. */
interface Asked {
  readonly vector: readonly number[];
  readonly timeMicros: number;
  readonly regime: (typeof REGIMES)[number];
}

export function addAnalogs(app: OpenAPIHono, picture: LivePicture): void {
  const route = createRoute({
    method: "get",
    path: "/analogs/{symbol}",
    summary: "The moments of the past most like now, or like a moment that is named, and what followed them",
    request: {
      params: z.object({ symbol: symbolSchema }),
      query: z.object({
        /** How many; those of one symbol are at least two hours apart. */
        limit: z.coerce.number().int().min(1).max(ANALOGS_MAX).default(20),
        /** The moment, ISO 8601; now when left out. Nothing is in the answer that was not known by then. */
        at: timeSchema.optional(),
        /** Whose past: this symbol's own, or all symbols'. */
        among: z.enum(["own", "all"]).default("own"),
      }),
    },
    responses: {
      200: {
        description: "Moments and what followed",
        content: { "application/json": { schema: answerSchema } },
      },
      ...QUERY_PROBLEMS,
      404: problemAnswer("Nothing is known of the symbol then"),
    },
  });
  app.openapi(route, async (c) => {
    const { symbol } = c.req.valid("param");
    const { limit, at, among } = c.req.valid("query");
    const vectors = picture.station.vectors;
    if (vectors === undefined) {
      throw new Problem(
        503,
        "no-market-states",
        "no market states are kept: start without --no-time-series, or name a Weaviate server",
      );
    }
    const asked =
      (at === undefined ? stateNow(picture, symbol) : undefined) ?? (await stored(vectors, symbol, at));
    if (asked === undefined) {
      throw new Problem(
        404,
        "no-market-state",
        `there is no market state of ${symbol} then: it takes about two hours of closed 1-minute bars in which its price moved`,
      );
    }
    const { vector, timeMicros, regime } = asked;
    const allSymbols = among === "all";
    const analogs = await findAnalogs(vectors, {
      embedding: WINDOW_EMBEDDING,
      vector,
      symbol,
      timeMicros,
      limit,
      allSymbols,
    });
    return c.json({ symbol, state: { time: isoTime(timeMicros), regime }, ...analogs }, 200);
  });
}

/** Undefined for a symbol that is not traded here or has not seen enough yet. */
function stateNow(picture: LivePicture, symbol: string): Asked | undefined {
  const instrument = picture.instrument(symbol);
  const chain = instrument === undefined ? undefined : picture.engine.symbol(instrument.id)?.chain;
  const vector = chain === undefined ? undefined : embedState(chain.features);
  if (chain === undefined || vector === undefined) return undefined;
  return { vector, timeMicros: picture.station.live.router.timeMicros, regime: chain.regime };
}

async function stored(vectors: Vectors, symbol: string, at: number | undefined): Promise<Asked | undefined> {
  return await vectors.latest(WINDOW_EMBEDDING, symbol, at ?? Date.now() * 1_000);
}
