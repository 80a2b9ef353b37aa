// The paths and shapes that simple bridges and older clients speak: market data in, signals out, health, a paper trade.

import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { IngestFailure, TickDesk } from "../ingest/tick-desk.ts";
import { TICKS_PER_REQUEST_MAX } from "../ingest/limits.ts";
import type { TradeDesk } from "../ingest/trade-desk.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { readJson } from "./body.ts";
import { aliasSignalsQuery } from "./queries.ts";
import { marketTickSchema, tradeSchema } from "./schemas.ts";

const STATUS_OF: Readonly<Record<IngestFailure, 404 | 409 | 429 | 503 | 400>> = {
  "unknown-symbol": 404,
  "fed-otherwise": 409,
  "rate-limited": 429,
  "too-many-at-once": 400,
  busy: 503,
  "journal-failed": 503,
  "time-out-of-range": 400,
};

const marketBody = z.union([marketTickSchema, z.array(marketTickSchema).min(1).max(TICKS_PER_REQUEST_MAX)]);

export interface AliasOptions {
  readonly picture: LivePicture;
  readonly ticks: TickDesk;
  readonly trades: TradeDesk;
}

export function addAliases(app: OpenAPIHono, { picture, ticks, trades }: AliasOptions): void {
  app.post("/api/market", async (c) => {
    const body = marketBody.safeParse(await readJson(c.req.raw));
    if (!body.success) return c.json({ error: `Invalid data: ${z.prettifyError(body.error)}` }, 400);
    const taken = await ticks.take(Array.isArray(body.data) ? body.data : [body.data]);
    if (taken.ok) return c.json({ status: "received", timestamp: Date.now() });
    if (taken.code === "rate-limited") c.header("retry-after", "1");
    return c.json({ error: taken.message, code: taken.code }, STATUS_OF[taken.code]);
  });
  app.get("/api/signals", (c) => {
    const query = aliasSignalsQuery.safeParse(c.req.query());
    if (!query.success) return c.json({ error: z.prettifyError(query.error) }, 400);
    const signals = picture.signals({
      limit: SIGNALS_SERVED,
      beforeSeq: Number.POSITIVE_INFINITY,
      symbol: undefined,
      confidenceMin: query.data.min_confidence,
    });
    return c.json({ signals, count: signals.length, timestamp: new Date().toISOString() });
  });
  app.get("/api/health", (c) => c.json(aliasHealth(picture)));
  app.post("/api/trade", async (c) => {
    const body = tradeSchema.safeParse(await readJson(c.req.raw));
    if (!body.success) return c.json({ success: false, error: z.prettifyError(body.error) }, 400);
    const traded = await trades.trade(body.data);
    if (traded.ok)
      return c.json({ success: true, ticket: traded.value.ticket, message: "Trade executed successfully" });
    return c.json({ success: false, error: traded.message, code: traded.code }, 400);
  });
}

/** The source documents keep the last hundred. */
const SIGNALS_SERVED = 100;

function aliasHealth(picture: LivePicture): object {
  const health = picture.health();
  const [signal] = picture.signals({
    limit: 1,
    beforeSeq: Number.POSITIVE_INFINITY,
    symbol: undefined,
    confidenceMin: 0,
  });
  return {
    status: health.status === "ok" ? "healthy" : health.status,
    uptime: health.uptimeSeconds,
    connections: {
      mt4: health.ticksPerSecond > 0,
      ml: health.status !== "failed",
      websocket_clients: health.clients,
    },
    data_flow: {
      last_market_update: health.ticks === 0 ? null : health.time,
      last_signal: signal?.timestamp ?? null,
      pending_trades: picture.engine.account?.view().liveOrders.length ?? 0,
    },
    memory: process.memoryUsage(),
    timestamp: new Date().toISOString(),
  };
}
