// The kill switch over HTTP: how it stands, tripping it, and re-arming it in two steps.

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Result } from "../../actors/base/result.ts";
import type { KillDesk, RearmFailure } from "../ingest/kill-desk.ts";
import { addDeed, answer, said } from "./deed-route.ts";
import {
  changedSchema,
  killSwitchSchema,
  rearmBody,
  rearmCodeSchema,
  tripBody,
} from "./kill-switch-schema.ts";
import { Problem, problemAnswer } from "./problem.ts";
import { addStateRoute } from "./routes.ts";

const STATUS_OF: Readonly<Record<RearmFailure, 403 | 404 | 409 | 503>> = {
  "account-out-of-service": 503,
  "unknown-account": 404,
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
    responses: {
      200: answer("Tripped, and obeyed by the account", changedSchema),
      404: problemAnswer("There is no such account"),
    },
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
      404: problemAnswer("There is no such account"),
      409: problemAnswer("It is not tripped, or was tripped again since the code was shown"),
    },
    perform: async ({ by, code, accountId }) =>
      code === undefined
        ? said(valueOf(desk.offer(by, accountId)), 202)
        : said(valueOf(await desk.rearm(by, code, accountId))),
  });
}

/** @throws Problem where there is none */
function valueOf<T>(result: Result<T, RearmFailure>): T {
  if (result.ok) return result.value;
  throw new Problem(STATUS_OF[result.code], result.code, result.message);
}
