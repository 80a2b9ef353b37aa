// The past's moments that were most like now, or like a moment that is named, and what followed them.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { embedState, WINDOW_EMBEDDING } from "../../actors/chain/embedding.ts";
import { REGIMES } from "../../actors/domain/regime.ts";
import type { ModelEmbedding } from "../../actors/ports/vectors.ts";
import { ANALOG_DEFAULTS } from "../analogs/settings.ts";
import { ANALOGS_MAX, analogsSchema, COMPARED_BY, findAnalogs } from "../explain/analogs.ts";
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
  /** Of a vector that a model made. */
  readonly model?: string;
  readonly timeMicros: number;
  readonly regime: (typeof REGIMES)[number];
}

type Seen = Asked & { readonly modelEmbedding?: ModelEmbedding };

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
        /** What is compared: the indicators, or what the champion network made of the symbol's newest state until then. */
        embedding: z.enum(COMPARED_BY).default(ANALOG_DEFAULTS.embedding),
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
    const { limit, at, among, embedding } = c.req.valid("query");
    const vectors = picture.station.vectors;
    if (vectors === undefined) {
      throw new Problem(
        503,
        "no-market-states",
        "no market states are kept: start without --no-time-series, or name a Weaviate server",
      );
    }
    const now = at === undefined && embedding === "indicators" ? stateNow(picture, symbol) : undefined;
    const state: Seen | undefined =
      now ?? (await vectors.latest(WINDOW_EMBEDDING, symbol, at ?? Date.now() * 1_000));
    if (state === undefined) {
      throw new Problem(
        404,
        "no-market-state",
        `there is no market state of ${symbol} then: it takes about two hours of closed 1-minute bars in which its price moved`,
      );
    }
    const asked = embedding === "model" ? seenByModel(state) : state;
    if (asked === undefined) {
      throw new Problem(
        404,
        "no-model-embedding",
        `no network made anything of the market state of ${symbol} then: promote an lstm, transformer or cnn with an embedding ` +
          "(tickforge models), and let older states be told anew (tickforge projections)",
      );
    }
    const { vector, model, timeMicros, regime } = asked;
    const allSymbols = among === "all";
    const analogs = await findAnalogs(vectors, {
      embedding: WINDOW_EMBEDDING,
      vector,
      ...(model === undefined ? {} : { model }),
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

/** Undefined where a state has no model's embedding. */
function seenByModel({ modelEmbedding, timeMicros, regime }: Seen): Asked | undefined {
  return modelEmbedding === undefined ? undefined : { ...modelEmbedding, timeMicros, regime };
}
