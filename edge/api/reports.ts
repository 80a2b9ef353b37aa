// Questions over history: what came after signals, how late ticks and stages were, how good the data is, and tables to take
// along.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  EXPORT_FORMATS,
  type ExportFormat,
  HISTORY_TABLES,
  type ReportRange,
  type TimeSeriesReports,
} from "../../actors/ports/time-series-reports.ts";
import { isoTime } from "../live/shapes.ts";
import { summaryOfOutcomes } from "./outcome-summary.ts";
import { Problem, QUERY_PROBLEMS } from "./problem.ts";
import { limitOf, symbolSchema, timeSchema } from "./queries.ts";

const MICROS_PER_SECOND = 1_000_000;
const DAY_MICROS = 86_400 * MICROS_PER_SECOND;
/** Longer ranges are asked for in pieces, or exported. */
const RANGE_MICROS_MAX = 100 * DAY_MICROS;
const HORIZONS_MAX = 8;
const HORIZON_SECONDS_MAX = 7 * 86_400;
const SIGNALS_MAX = 5_000;

const rangeQuery = z.object({
  symbol: symbolSchema.optional(),
  /** Inclusive, ISO 8601; a day before `to` when left out. */
  from: timeSchema.optional(),
  /** Exclusive, ISO 8601; now when left out. */
  to: timeSchema.optional(),
});

const outcomesQuery = rangeQuery.extend({
  /** Seconds after the signal, separated by commas. */
  horizons: z
    .string()
    .default("60,300,900,3600")
    .transform((text) => text.split(",").map(Number))
    .pipe(z.array(z.number().int().min(1).max(HORIZON_SECONDS_MAX)).min(1).max(HORIZONS_MAX)),
  limit: limitOf(SIGNALS_MAX).default(1_000),
});

const exportQuery = rangeQuery.extend({ format: z.enum(EXPORT_FORMATS).default("parquet") });

const outcomeSchema = z.object({
  signalId: z.number().int(),
  symbol: z.string(),
  timestamp: z.iso.datetime(),
  prediction: z.enum(["BUY", "SELL"]),
  confidence: z.number(),
  regime: z.string(),
  horizonSeconds: z.number(),
  entryPrice: z.number(),
  /** Null where it is not known yet, or the market was closed. */
  exitPrice: z.number().nullable(),
  /** Fraction of the entry price after the spread, before commission. */
  returnAfterSpread: z.number().nullable(),
});

const outcomesSchema = z.object({
  /** By horizon, over the signals whose outcome is known. */
  summary: z.array(
    z.object({
      horizonSeconds: z.number(),
      known: z.number().int(),
      /** Share of them that made more than nothing. */
      wonShare: z.number().nullable(),
      meanReturn: z.number().nullable(),
      medianReturn: z.number().nullable(),
    }),
  ),
  items: z.array(outcomeSchema),
});

const latencyReportSchema = z.object({
  stages: z.array(
    z.object({
      stage: z.string(),
      count: z.number(),
      p50Micros: z.number(),
      p99Micros: z.number(),
      worstMicros: z.number(),
    }),
  ),
  /** From the source's clock to this machine's: clocks that differ show as such. */
  feeds: z.array(
    z.object({
      symbol: z.string(),
      source: z.string(),
      ticks: z.number(),
      p50Micros: z.number(),
      p95Micros: z.number(),
      p99Micros: z.number(),
    }),
  ),
});

const qualityReportSchema = z.object({
  items: z.array(
    z.object({
      symbol: z.string(),
      source: z.string(),
      ticks: z.number(),
      first: z.iso.datetime(),
      last: z.iso.datetime(),
      quarantined: z.record(z.string(), z.number()),
      missing: z.number(),
      longestSilenceSeconds: z.number(),
    }),
  ),
});

const CONTENT_TYPES: Readonly<Record<ExportFormat, string>> = {
  parquet: "application/vnd.apache.parquet",
  csv: "text/csv; charset=utf-8",
  jsonl: "application/jsonl",
};

export function addReports(app: OpenAPIHono, reports: () => TimeSeriesReports | undefined): void {
  const ask = (): TimeSeriesReports => {
    const store = reports();
    if (store !== undefined) return store;
    throw new Problem(
      503,
      "no-time-series",
      "no time series is kept: start without --no-time-series to have history",
    );
  };
  app.openapi(
    route("/reports/outcomes", "What the market did after signals", outcomesQuery, outcomesSchema),
    async (c) => {
      const { horizons, limit, ...range } = c.req.valid("query");
      const horizonsMicros = horizons.map((seconds) => seconds * MICROS_PER_SECOND);
      const outcomes = await ask().outcomes({ ...rangeOf(range), horizonsMicros, limit });
      const items = outcomes.map(({ seq, timeMicros, action, horizonMicros, ...rest }) =>
        Object.assign(rest, {
          signalId: seq,
          timestamp: isoTime(timeMicros),
          prediction: action,
          horizonSeconds: horizonMicros / MICROS_PER_SECOND,
        }),
      );
      return c.json({ summary: summaryOfOutcomes(horizons, items), items }, 200);
    },
  );
  app.openapi(
    route("/reports/latency", "How late stages and feeds were", rangeQuery, latencyReportSchema),
    async (c) => {
      const range = rangeOf(c.req.valid("query"));
      const [stages, feeds] = await Promise.all([ask().stageLatency(range), ask().feedLatency(range)]);
      return c.json({ stages: [...stages], feeds: [...feeds] }, 200);
    },
  );
  app.openapi(
    route(
      "/reports/quality",
      "What was bad, missing or silent, by symbol and source",
      rangeQuery,
      qualityReportSchema,
    ),
    async (c) => {
      const found = await ask().quality(rangeOf(c.req.valid("query")));
      const items = found.map(({ firstMicros, lastMicros, longestSilenceMicros, ...rest }) =>
        Object.assign(rest, {
          first: isoTime(firstMicros),
          last: isoTime(lastMicros),
          longestSilenceSeconds: longestSilenceMicros / MICROS_PER_SECOND,
        }),
      );
      return c.json({ items }, 200);
    },
  );
  addExport(app, ask);
}

function addExport(app: OpenAPIHono, ask: () => TimeSeriesReports): void {
  const path = createRoute({
    method: "get",
    path: "/export/{table}",
    summary: "A table's rows as a file",
    request: { params: z.object({ table: z.enum(HISTORY_TABLES) }), query: exportQuery },
    responses: {
      200: { description: "The file", content: { "application/octet-stream": { schema: z.unknown() } } },
      ...QUERY_PROBLEMS,
    },
  });
  app.openapi(path, async (c) => {
    const { table } = c.req.valid("param");
    const { format, symbol, from, to } = c.req.valid("query");
    const rows = await ask().export({
      table,
      format,
      ...(symbol === undefined ? {} : { symbol }),
      ...(from === undefined ? {} : { fromMicros: from }),
      ...(to === undefined ? {} : { toMicros: to }),
    });
    return new Response(streamOf(rows), {
      headers: {
        "content-type": CONTENT_TYPES[format],
        "content-disposition": `attachment; filename="tickforge-${table}.${format}"`,
        "x-content-type-options": "nosniff",
      },
    });
  });
}

function streamOf(rows: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const chunks = rows[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: async () => {
      await chunks.return?.();
    },
  });
}

function route<Query extends z.ZodObject, Answer extends z.ZodType>(
  path: string,
  summary: string,
  query: Query,
  answer: Answer,
) {
  return createRoute({
    method: "get",
    path,
    summary,
    request: { query },
    responses: {
      200: { description: summary, content: { "application/json": { schema: answer } } },
      ...QUERY_PROBLEMS,
    },
  });
}

function rangeOf({ symbol, from, to }: z.infer<typeof rangeQuery>): ReportRange {
  const toMicros = to ?? (Date.now() + 1) * 1_000;
  const fromMicros = from ?? toMicros - DAY_MICROS;
  if (!(fromMicros < toMicros && toMicros - fromMicros <= RANGE_MICROS_MAX)) {
    throw new Problem(
      400,
      "bad-range",
      `from must be before to, and no more than ${RANGE_MICROS_MAX / DAY_MICROS} days: ask in pieces, or export`,
    );
  }
  return { fromMicros, toMicros, ...(symbol === undefined ? {} : { symbol }) };
}
