// The HTTP application: guard, routes, errors. It serves no sockets and knows no ports, so that tests ask it directly.

import { OpenAPIHono } from "@hono/zod-openapi";
import packageJson from "../../package.json" with { type: "json" };
import { GraphUnavailable } from "../../actors/ports/graph.ts";
import { JobsUnavailable } from "../../actors/ports/jobs.ts";
import { TimeSeriesUnavailable } from "../../actors/ports/time-series.ts";
import { VectorsUnavailable } from "../../actors/ports/vectors.ts";
import type { AccountDesk } from "../ingest/account-desk.ts";
import type { OrderDesk } from "../ingest/order-desk.ts";
import type { TickDesk } from "../ingest/tick-desk.ts";
import type { KillDesk } from "../ingest/kill-desk.ts";
import type { TradeDesk } from "../ingest/trade-desk.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { addAccountDeeds } from "./account.ts";
import { addAnalogs } from "./analogs.ts";
import { addAliases } from "./aliases.ts";
import { addBackups } from "./backups.ts";
import { docsPage } from "./docs-page.ts";
import { addAccounts, addAccountStates } from "./accounts.ts";
import { addExplain, type Explain } from "./explain.ts";
import { addGraph } from "./graph.ts";
import type { Guard } from "./guard.ts";
import { History } from "./history.ts";
import { addKillSwitch } from "./kill-switch.ts";
import { makeMetrics } from "./metrics.ts";
import { addModels } from "./models.ts";
import { addMt5 } from "./mt5.ts";
import { addModelStanding, type DoModelDeed } from "./model-standing.ts";
import { addOrders } from "./orders.ts";
import { addPositions } from "./positions.ts";
import { Problem, problemResponse } from "./problem.ts";
import { addReconciliation } from "./reconciliation.ts";
import { addReports } from "./reports.ts";
import { addRisk } from "./risk.ts";
import { addRoutes } from "./routes.ts";

export interface AppOptions {
  readonly picture: LivePicture;
  readonly ticks: TickDesk;
  readonly trades: TradeDesk;
  readonly orders: OrderDesk;
  readonly account: AccountDesk;
  readonly kills: KillDesk;
  readonly guard: Guard;
  /** Makes dossiers; left out, none are made. */
  readonly explain?: Explain | undefined;
  /** Promotes, rolls back and retires models; left out, nobody does. */
  readonly models?: DoModelDeed | undefined;
  /** Answers for the page at `/` and its files; undefined for everything else. */
  readonly page: (request: Request) => Response | undefined;
}

export const OPENAPI_PATH = "/api/v1/openapi.json";

export function makeApp(options: AppOptions): OpenAPIHono {
  const { picture, guard } = options;
  const app = new OpenAPIHono({ strict: false });
  app.use((c, next) => {
    // What is no API is the page or one of its files; looking there costs, and the API's clients ask often.
    const page = c.req.path.startsWith("/api/") ? undefined : options.page(c.req.raw);
    guard(c.req.raw, page !== undefined);
    return page === undefined ? next() : Promise.resolve(page);
  });
  const api = new OpenAPIHono({
    strict: false,
    defaultHook: (result) => {
      if (result.success) return undefined;
      return problemResponse({
        status: 400,
        code: "bad-query",
        message: "a value of the query is not valid: see errors",
        errors: result.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
      });
    },
  });
  addRoutes(api, picture, new History(picture));
  addAccounts(api, picture);
  addAccountStates(api, picture);
  addExplain(api, options.explain, picture);
  addAnalogs(api, picture);
  addBackups(api, picture);
  addGraph(api, picture);
  addModels(api, picture);
  addMt5(api, picture);
  addModelStanding(api, options.models);
  addRisk(api, picture);
  addOrders(api, picture, options.orders);
  addPositions(api, picture, options.orders);
  addAccountDeeds(api, picture, options.account);
  addReconciliation(api, picture, options.account);
  addKillSwitch(api, options.kills);
  addReports(api, () => picture.station.reports);
  app.route("/api/v1", api);
  addAliases(app, options);
  app.doc31(OPENAPI_PATH, {
    openapi: "3.1.0",
    info: {
      title: "Tickforge",
      version: packageJson.version,
      description:
        "Prices are decimals, times ISO 8601 in UTC, volumes lots, money units of the account's currency.",
    },
  });
  app.get("/api/docs", () =>
    docsPage(
      app.getOpenAPI31Document({
        openapi: "3.1.0",
        info: { title: "Tickforge", version: packageJson.version },
      }),
    ),
  );
  const metrics = makeMetrics(picture);
  app.get(
    "/metrics",
    async () => new Response(await metrics.metrics(), { headers: { "content-type": metrics.contentType } }),
  );
  app.notFound((c) => missing(app, c.req.method, c.req.path));
  app.onError((error) => answerTo(error, picture));
  return app;
}

/** A path that exists for another method is told so. */
function missing(app: OpenAPIHono, method: string, path: string): Response {
  const allowed = [
    ...new Set(
      app.routes.filter((each) => each.path === path && each.method !== "ALL").map((each) => each.method),
    ),
  ];
  if (allowed.length > 0 && !allowed.includes(method)) {
    return problemResponse({
      status: 405,
      code: "method-not-allowed",
      message: `${path} answers ${allowed.join(", ")}`,
      headers: { allow: allowed.join(", ") },
    });
  }
  return problemResponse({
    status: 404,
    code: "not-found",
    message: `there is nothing at ${path}: see /api/docs`,
  });
}

/** A store that does not answer: it is asked again later. */
function away(code: string, message: string): Response {
  return problemResponse({ status: 503, code, message, headers: { "retry-after": "2" } });
}

function answerTo(error: Error, picture: LivePicture): Response {
  if (error instanceof Problem) return problemResponse(error);
  if (error instanceof TimeSeriesUnavailable) {
    return away("time-series-unavailable", `history cannot be read now: ${error.message}`);
  }
  if (error instanceof GraphUnavailable) {
    return away("graph-unavailable", `the graph cannot be read now: ${error.message}`);
  }
  if (error instanceof VectorsUnavailable) {
    return away("market-states-unavailable", `market states cannot be read now: ${error.message}`);
  }
  if (error instanceof JobsUnavailable) return away("jobs-unavailable", error.message);
  picture.problem(`a request failed: ${error.stack ?? error.message}`);
  return problemResponse({
    status: 500,
    code: "internal",
    message: "something went wrong here; it is in the problems",
  });
}
