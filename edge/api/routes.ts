// The versioned API: every route with its schema, from which the OpenAPI document is made.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { LivePicture } from "../live/live-picture.ts";
import { isoTime } from "../live/shapes.ts";
import type { History } from "./history.ts";
import { Problem, QUERY_PROBLEMS } from "./problem.ts";
import { barsQuery, pageQuery, signalsQuery } from "./queries.ts";
import {
  actorSchema,
  barSchema,
  equityPointSchema,
  healthSchema,
  instrumentSchema,
  latencySchema,
  orderSchema,
  pageSchema,
  predictionSchema,
  qualitySchema,
  featuresSchema,
  signalSchema,
  symbolStateSchema,
  tickSchema,
} from "./schemas.ts";
import { StateAnswer } from "./state-answers.ts";
import { topologyOf } from "./topology.ts";
import { FEATURE_NAMES } from "../../actors/domain/features.ts";
import { type Instrument, pointsPerUnit } from "../../actors/domain/instrument.ts";
import { MICROS_PER_LOT } from "../../actors/domain/money.ts";

/** A GET route that answers one schema. */
function route<Path extends string, Answer extends z.ZodType, Query extends z.ZodObject>(
  path: Path,
  what: { summary: string; answer: Answer; query: Query },
) {
  return createRoute({
    method: "get",
    path,
    summary: what.summary,
    request: { query: what.query },
    responses: {
      200: { description: what.summary, content: { "application/json": { schema: what.answer } } },
      ...QUERY_PROBLEMS,
    },
  });
}

const all = <T>(items: T[]) => ({ items, cursor: null });

export function addRoutes(app: OpenAPIHono, picture: LivePicture, history: History): void {
  addState(app, picture);
  addAccount(app, history);
  addHistory(app, history);
}

function addState(app: OpenAPIHono, picture: LivePicture): void {
  addStateRoute(app, "/health", {
    summary: "How the system is",
    answer: healthSchema,
    build: () => picture.health(),
  });
  addStateRoute(app, "/ready", {
    summary: "Whether ticks are taken",
    answer: z.object({ ready: z.literal(true) }),
    build: () => {
      if (picture.health().status !== "failed") return { ready: true as const };
      throw new Problem(503, "not-ready", "the journal takes nothing more: look at /api/v1/health");
    },
  });
  addStateRoute(app, "/symbols", {
    summary: "Every symbol as it is now",
    answer: pageSchema(symbolStateSchema),
    build: () => all(picture.symbols()),
  });
  addStateRoute(app, "/instruments", {
    summary: "What is traded and its terms",
    answer: pageSchema(instrumentSchema),
    build: () => all(picture.instruments.map(termsOf)),
  });
  addStateRoute(app, "/actors", {
    summary: "The actor tree",
    answer: pageSchema(actorSchema),
    build: () => all(picture.actors()),
  });
  addStateRoute(app, "/latency", {
    summary: "How long decisions and their stages take",
    answer: pageSchema(latencySchema),
    build: () => all(picture.latency()),
  });
  addStateRoute(app, "/topology", {
    summary: "The running parts as a Mermaid diagram",
    answer: z.object({ mermaid: z.string() }),
    build: () => ({ mermaid: topologyOf(picture) }),
  });
}

/** A route about the state of now, which asks nothing. */
export function addStateRoute<Answer extends z.ZodType>(
  app: OpenAPIHono,
  path: string,
  what: { summary: string; answer: Answer; build: () => z.input<Answer> },
): void {
  const { summary, answer, build } = what;
  const state = new StateAnswer(build);
  app.openapi(
    createRoute({
      method: "get",
      path,
      summary,
      responses: {
        200: { description: summary, content: { "application/json": { schema: answer } } },
        503: QUERY_PROBLEMS[503],
      },
    }),
    () => state.respond(),
  );
}

function termsOf(instrument: Instrument): z.infer<typeof instrumentSchema> {
  return {
    symbol: instrument.symbol,
    baseCurrency: instrument.baseCurrency,
    quoteCurrency: instrument.quoteCurrency,
    digits: instrument.digits,
    contractSize: instrument.contractSize,
    lotStep: instrument.volumeStepMicros / MICROS_PER_LOT,
    lotMin: instrument.volumeMinMicros / MICROS_PER_LOT,
    lotMax: instrument.volumeMaxMicros / MICROS_PER_LOT,
    spreadMax: instrument.spreadMaxPoints / pointsPerUnit(instrument),
  };
}

function addAccount(app: OpenAPIHono, history: History): void {
  app.openapi(
    route("/account/equity", {
      summary: "Balance and equity over time, oldest first",
      answer: pageSchema(equityPointSchema),
      query: pageQuery,
    }),
    async (c) => c.json(await history.equity(c.req.valid("query")), 200),
  );
  app.openapi(
    route("/orders", {
      summary: "Steps of orders, newest first",
      answer: pageSchema(orderSchema),
      query: pageQuery,
    }),
    async (c) => c.json(await history.orders(c.req.valid("query")), 200),
  );
  app.openapi(
    route("/signals", {
      summary: "Signals with reasons and votes, newest first",
      answer: pageSchema(signalSchema),
      query: signalsQuery,
    }),
    async (c) => c.json(await history.signals(c.req.valid("query")), 200),
  );
}

function addHistory(app: OpenAPIHono, history: History): void {
  app.openapi(
    route("/bars", {
      summary: "Bars of any size, oldest first; the cursor leads to older ones",
      answer: pageSchema(barSchema),
      query: barsQuery,
    }),
    async (c) => c.json(await history.bars(c.req.valid("query")), 200),
  );
  app.openapi(
    route("/ticks", { summary: "Ticks, newest first", answer: pageSchema(tickSchema), query: pageQuery }),
    async (c) => {
      const { items, cursor } = await history.page("ticks", c.req.valid("query"));
      const shaped = items.map(({ timeMicros, sourceTimeMicros, ...row }) =>
        Object.assign(row, { time: isoTime(timeMicros), sourceTime: isoTime(sourceTimeMicros) }),
      );
      return c.json({ items: shaped, cursor }, 200);
    },
  );
  app.openapi(
    route("/features", {
      summary: "Feature vectors at the close of each minute, newest first",
      answer: pageSchema(featuresSchema),
      query: pageQuery,
    }),
    async (c) => {
      const { items, cursor } = await history.page("features", c.req.valid("query"));
      const shaped = items.map(({ seq, symbol, timeMicros, schemaHash, values }) => ({
        seq,
        symbol,
        time: isoTime(timeMicros),
        schemaHash,
        features: Object.fromEntries(FEATURE_NAMES.map((name, index) => [name, values[index] ?? null])),
      }));
      return c.json({ items: shaped, cursor }, 200);
    },
  );
  app.openapi(
    route("/predictions", {
      summary: "Every member's votes, newest first",
      answer: pageSchema(predictionSchema),
      query: pageQuery,
    }),
    async (c) => {
      const { items, cursor } = await history.page("predictions", c.req.valid("query"));
      const shaped = items.map(({ timeMicros, ...row }) => Object.assign(row, { time: isoTime(timeMicros) }));
      return c.json({ items: shaped, cursor }, 200);
    },
  );
  app.openapi(
    route("/quality", {
      summary: "Quarantined ticks and gaps, newest first",
      answer: pageSchema(qualitySchema),
      query: pageQuery,
    }),
    async (c) => {
      const { items, cursor } = await history.page("quality", c.req.valid("query"));
      const shaped = items.map(({ timeMicros, ...row }) => Object.assign(row, { time: isoTime(timeMicros) }));
      return c.json({ items: shaped, cursor }, 200);
    },
  );
}
