// What people set on the account over HTTP: its mode, symbols that may trade again, drawdowns; and what filled lately.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Result } from "../../actors/base/result.ts";
import type { AccountChanged, AccountDesk, AccountFailure } from "../ingest/account-desk.ts";
import { fillsMessage } from "../live/fills.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { addDeed, answer, said } from "./deed-route.ts";
import { whoField } from "./deed-fields.ts";
import { fillsSchema } from "./order-schemas.ts";
import { outOfService, Problem, problemAnswer } from "./problem.ts";
import { limitOf } from "./queries.ts";

const by = whoField("Who wants it: journaled");
const symbol = z.string().min(1).max(32);

export const changedSchema = z.object({
  accountId: z.string(),
  command: z.string(),
  /** Of the command in the journal. */
  seq: z.number().int(),
  /** Whether it survives a crash already. */
  durable: z.boolean(),
  /** What the account lets in now, as the kill switch leaves it. */
  mode: z.enum(["active", "reducing", "halted"]),
});
export type AccountChangedMessage = z.infer<typeof changedSchema>;

const STATUS_OF: Readonly<Record<AccountFailure, number>> = {
  "account-out-of-service": 503,
  "unknown-symbol": 404,
  "nothing-stands": 409,
  "no-terminal": 409,
};

const fillsQuery = z.object({ limit: limitOf(500) });

export function addAccountDeeds(app: OpenAPIHono, picture: LivePicture, desk: AccountDesk): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/account/fills",
      summary: "What filled lately, newest first, and how much worse than it was decided on",
      request: { query: fillsQuery },
      responses: {
        200: answer("Fills", fillsSchema),
        400: problemAnswer("A value is wrong"),
      },
    }),
    (c) => {
      const view = picture.engine.account?.view();
      if (view === undefined) throw outOfService();
      return c.json(fillsMessage(view, picture.instruments, c.req.valid("query").limit), 200);
    },
  );
  const changed = answer("Done", changedSchema);
  addDeed(app, {
    path: "/account/mode",
    summary: "Sets what the account lets in: everything, what makes positions smaller, or nothing but exits",
    body: z.strictObject({ mode: z.enum(["active", "reducing", "halted"]), by }),
    responses: { 200: changed },
    perform: async (wish) => saidOf(picture, await desk.setMode(wish.mode, wish.by)),
  });
  addDeed(app, {
    path: "/account/re-enable",
    summary: "Lets signals on a symbol be executed again after there were too many",
    body: z.strictObject({ symbol, by }),
    responses: { 200: changed, 404: problemAnswer("The symbol is not traded here") },
    perform: async (wish) => saidOf(picture, await desk.reEnable(wish.symbol, wish.by)),
  });
  addDeed(app, {
    path: "/account/reset-drawdown",
    summary: "Measures drawdowns from the present equity on; losses in a row begin anew",
    body: z.strictObject({ by }),
    responses: { 200: changed },
    perform: async (wish) => saidOf(picture, await desk.resetDrawdown(wish.by)),
  });
}

/** @throws Problem where it was not done */
export function saidOf(picture: LivePicture, done: Result<AccountChanged, AccountFailure>): Response {
  const changed = settled(done);
  const message: AccountChangedMessage = {
    ...changed,
    mode: picture.engine.account?.view().mode ?? "halted",
  };
  return said(message);
}

/** @throws Problem */
export function settled<T>(result: Result<T, AccountFailure>): T {
  if (result.ok) return result.value;
  throw new Problem(STATUS_OF[result.code], result.code, result.message);
}
