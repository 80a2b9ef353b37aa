// The kill switch over HTTP: how it stands, tripping it, and re-arming it in two steps.

import { createRoute, type OpenAPIHono, type RouteConfig, type z } from "@hono/zod-openapi";
import type { Result } from "../../actors/base/result.ts";
import type { KillDesk, RearmFailure } from "../ingest/kill-desk.ts";
import { readJson } from "./body.ts";
import { invalid } from "./deed-fields.ts";
import {
  changedSchema,
  killSwitchSchema,
  rearmBody,
  rearmCodeSchema,
  tripBody,
} from "./kill-switch-schema.ts";
import { Problem, problemAnswer } from "./problem.ts";
import { addStateRoute } from "./routes.ts";

const STATUS_OF: Readonly<Record<RearmFailure, 403 | 409 | 503>> = {
  "account-out-of-service": 503,
  "journal-failed": 503,
  "ledger-away": 503,
  "not-tripped": 409,
  "tripped-again": 409,
  "no-code": 403,
  "wrong-code": 403,
  "code-expired": 403,
};

export function addKillSwitch(app: OpenAPIHono, desk: KillDesk): void {
  addStateRoute(app, "/killswitch", {
    summary: "How the account's kill switch stands: who tripped it, why and when",
    answer: killSwitchSchema,
    build: () => valueOf(desk.state()),
  });
  addDeed(app, {
    path: "/killswitch",
    summary: "Trips the kill switch, or makes it stricter; exits always leave",
    body: tripBody,
    responses: { 200: answer("Tripped, and obeyed by the account", changedSchema) },
    perform: async (wish) => said(valueOf(await desk.trip(wish))),
  });
  addDeed(app, {
    path: "/killswitch/rearm",
    summary: "Re-arms it in two steps: without a code it shows one, with that code it re-arms",
    body: rearmBody,
    responses: {
      200: answer("Re-armed", changedSchema),
      202: answer("Nothing is changed yet: send this code within its life", rearmCodeSchema),
      403: problemAnswer("The code is wrong, expired, used up, or somebody else's"),
      409: problemAnswer("It is not tripped, or was tripped again since the code was shown"),
    },
    perform: async ({ by, code }) =>
      code === undefined ? said(valueOf(desk.offer(by)), 202) : said(valueOf(await desk.rearm(by, code))),
  });
}

interface Deed<Body extends z.ZodType> {
  readonly path: string;
  readonly summary: string;
  readonly body: Body;
  readonly responses: RouteConfig["responses"];
  readonly perform: (body: z.output<Body>) => Promise<Response>;
}

function addDeed<Body extends z.ZodType>(
  app: OpenAPIHono,
  { path, summary, body: schema, responses, perform }: Deed<Body>,
): void {
  const route = createRoute({
    method: "post",
    path,
    summary,
    request: { body: { required: true, content: { "application/json": { schema } } } },
    responses: {
      ...responses,
      400: problemAnswer("A value is wrong"),
      415: problemAnswer("The body is no JSON"),
      503: problemAnswer("The account is out of service, or the journal takes nothing more"),
    },
  } satisfies RouteConfig);
  app.openAPIRegistry.registerPath(route);
  // The body goes through the bounds of every other one, which the framework's own reading has not.
  app.post(route.getRoutingPath(), async (c) => {
    const body = schema.safeParse(await readJson(c.req.raw));
    return body.success ? await perform(body.data) : invalid(body.error);
  });
}

function answer(description: string, schema: z.ZodType) {
  return { description, content: { "application/json": { schema } } };
}

function said(body: object, status = 200): Response {
  return Response.json(body, {
    status,
    headers: { "cache-control": "no-store", "x-content-type-options": "nosniff" },
  });
}

/** @throws Problem where there is none */
function valueOf<T>(result: Result<T, RearmFailure>): T {
  if (result.ok) return result.value;
  throw new Problem(STATUS_OF[result.code], result.code, result.message);
}
