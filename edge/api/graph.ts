// What the graph knows: which currencies open positions come to, and how symbols have moved together.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { MICROS_PER_DAY } from "../../actors/base/clock.ts";
import { MICROS_PER_LOT } from "../../actors/domain/money.ts";
import type { CorrelationPoint, Graph, OpenLeg } from "../../actors/ports/graph.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { isoTime } from "../live/shapes.ts";
import { Problem, QUERY_PROBLEMS } from "./problem.ts";
import { symbolSchema, timeSchema } from "./queries.ts";

/** Longer stretches are asked for in pieces. */
const RANGE_MICROS_MAX = 31 * MICROS_PER_DAY;

const exposuresSchema = z.object({
  account: z.string(),
  /** Records up to this one are in it. */
  appliedSeq: z.number().int(),
  /** The largest first. */
  items: z.array(
    z.object({
      currency: z.string(),
      /** In units of it, at the prices that were paid; negative for what is owed. */
      amount: z.number(),
      through: z.array(z.object({ position: z.string(), symbol: z.string(), amount: z.number() })),
    }),
  ),
});

const correlationsSchema = z.object({
  symbol: z.string(),
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  /** By how far they moved together, in whichever direction: those that did most first. */
  items: z.array(
    z.object({
      symbol: z.string(),
      latest: z.number(),
      mean: z.number(),
      halfLifeMinutes: z.number(),
      points: z.array(z.object({ time: z.iso.datetime(), correlation: z.number() })),
    }),
  ),
});

export function addGraph(app: OpenAPIHono, picture: LivePicture): void {
  const ask = (): Graph => {
    const { graph } = picture.station;
    if (graph !== undefined) return graph;
    throw new Problem(
      503,
      "no-graph",
      "no graph is kept: start without --no-time-series, or name an ArangoDB",
    );
  };
  const exposures = createRoute({
    method: "get",
    path: "/exposures",
    summary: "What open positions come to in each currency, through their pairs",
    responses: {
      200: { description: "By currency", content: { "application/json": { schema: exposuresSchema } } },
      ...QUERY_PROBLEMS,
    },
  });
  app.openapi(exposures, async (c) => {
    const graph = ask();
    const account = picture.engine.config.account.accountId;
    const [appliedSeq, legs] = await Promise.all([graph.cursor(), graph.openLegs(account)]);
    return c.json({ account, appliedSeq, items: currencyExposures(legs) }, 200);
  });
  const correlations = createRoute({
    method: "get",
    path: "/correlations/{symbol}",
    summary: "How a symbol moved together with others, by the hour; of each the strongest partners are kept",
    request: {
      params: z.object({ symbol: symbolSchema }),
      query: z.object({
        /** Inclusive, ISO 8601; a day before `to` when left out. */
        from: timeSchema.optional(),
        /** Exclusive, ISO 8601; now, in the market's time, when left out. */
        to: timeSchema.optional(),
      }),
    },
    responses: {
      200: { description: "By partner", content: { "application/json": { schema: correlationsSchema } } },
      ...QUERY_PROBLEMS,
    },
  });
  app.openapi(correlations, async (c) => {
    const { symbol } = c.req.valid("param");
    const { from, to } = c.req.valid("query");
    const toMicros = to ?? picture.station.live.router.timeMicros + 1;
    const fromMicros = from ?? toMicros - MICROS_PER_DAY;
    if (!(fromMicros < toMicros && toMicros - fromMicros <= RANGE_MICROS_MAX)) {
      throw new Problem(
        400,
        "bad-range",
        `from must be before to, and no more than ${RANGE_MICROS_MAX / MICROS_PER_DAY} days: ask in pieces`,
      );
    }
    const points = await ask().correlations(symbol, { fromMicros, toMicros });
    return c.json(
      { symbol, from: isoTime(fromMicros), to: isoTime(toMicros), items: byPartner(points) },
      200,
    );
  });
}

type Exposure = z.infer<typeof exposuresSchema>["items"][number];

/** A position's quote currency counts at the mean price of the deals that opened it. */
export function currencyExposures(legs: readonly OpenLeg[]): Exposure[] {
  const parts = legs.map((leg) => {
    const lots = (leg.bought - leg.sold) / MICROS_PER_LOT;
    const openPrice = lots > 0 ? leg.boughtCost / leg.bought : leg.soldCost / leg.sold;
    const { position, symbol, currency, perLot } = leg;
    return { position, symbol, currency, amount: lots * perLot * (perLot < 0 ? openPrice : 1) };
  });
  return [...Map.groupBy(parts, ({ currency }) => currency)]
    .map(([currency, through]) => ({
      currency,
      amount: through.reduce((sum, { amount }) => sum + amount, 0),
      through: through.map(({ position, symbol, amount }) => ({ position, symbol, amount })),
    }))
    .toSorted((a, b) => Math.abs(b.amount) - Math.abs(a.amount));
}

function byPartner(points: readonly CorrelationPoint[]): z.infer<typeof correlationsSchema>["items"] {
  return [...Map.groupBy(points, ({ symbol }) => symbol)]
    .map(([symbol, series]) => ({
      symbol,
      latest: series.at(-1)?.correlation ?? 0,
      mean: series.reduce((sum, { correlation }) => sum + correlation, 0) / series.length,
      halfLifeMinutes: series.at(-1)?.halfLifeMinutes ?? 0,
      points: series.map(({ timeMicros, correlation }) => ({ time: isoTime(timeMicros), correlation })),
    }))
    .toSorted((a, b) => Math.abs(b.mean) - Math.abs(a.mean));
}
