// Every account of the process in one list; and how routes about one account are asked for another than the first.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { AccountView } from "../../actors/account/account-view.ts";
import { accountsOf } from "../../actors/engine-config.ts";
import { MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { tripMessage } from "../live/shapes.ts";
import { tripSchema } from "./kill-switch-schema.ts";
import { outOfService, Problem, problemAnswer, QUERY_PROBLEMS } from "./problem.ts";
import { addStateRoute } from "./routes.ts";
import { accountSchema, pageSchema, positionSchema } from "./schemas.ts";
import { StateAnswer } from "./state-answers.ts";

const listedSchema = z.object({
  accountId: z.string(),
  /** Where its orders go. */
  broker: z.enum(["paper", "terminal"]),
  currency: z.string(),
  balance: z.number(),
  equity: z.number(),
  mode: z.enum(["active", "reducing", "halted"]),
  openPositions: z.number().int(),
  /** What tripped its kill switch; null while that is armed. */
  trip: tripSchema.nullable(),
});

const accountQuery = z.object({
  account: z
    .string()
    .max(32)
    .optional()
    .openapi({ description: "Which account; left out, the first. See /accounts" }),
});

export function addAccounts(app: OpenAPIHono, picture: LivePicture): void {
  addStateRoute(app, "/accounts", {
    summary: "Every account, the first one first",
    answer: pageSchema(listedSchema),
    build: () => {
      const { config } = picture.engine;
      const items = accountsOf(config).flatMap(({ account }) => {
        const view = picture.engine.accountOf(account.accountId)?.view();
        return view === undefined
          ? []
          : [listed(view, account.terminal === undefined ? "paper" : "terminal")];
      });
      return { items, cursor: null };
    },
  });
}

/** What is known of one account: its money and its positions. */
export function addAccountStates(app: OpenAPIHono, picture: LivePicture): void {
  addAccountRoute(app, picture, {
    path: "/account",
    summary: "An account's money, and what it lets in",
    answer: accountSchema,
    build: (accountId) => {
      const account = picture.account(accountId);
      if (account !== undefined) return account;
      throw outOfService();
    },
  });
  addAccountRoute(app, picture, {
    path: "/positions",
    summary: "Open positions",
    answer: pageSchema(positionSchema),
    build: (accountId) => ({ items: picture.positions(accountId), cursor: null }),
  });
}

function listed(view: AccountView, broker: "paper" | "terminal"): z.infer<typeof listedSchema> {
  return {
    accountId: view.accountId,
    broker,
    currency: view.currency,
    balance: view.balanceMicros / MICROS_PER_UNIT,
    equity: view.equityMicros / MICROS_PER_UNIT,
    mode: view.mode,
    openPositions: view.positions.length,
    trip: view.trip === null ? null : tripMessage(view.trip),
  };
}

/** A route about the state of one account: the first, or the one that the query names. */
export function addAccountRoute<Answer extends z.ZodType>(
  app: OpenAPIHono,
  picture: LivePicture,
  what: {
    path: string;
    summary: string;
    answer: Answer;
    build: (accountId: string) => z.input<Answer>;
  },
): void {
  const { path, summary, answer, build } = what;
  const firstId = (): string => picture.engine.config.account.accountId;
  const state = new StateAnswer(() => build(firstId()));
  app.openapi(
    createRoute({
      method: "get",
      path,
      summary,
      request: { query: accountQuery },
      responses: {
        200: { description: summary, content: { "application/json": { schema: answer } } },
        ...QUERY_PROBLEMS,
        404: problemAnswer("There is no such account"),
      },
    }),
    (c) => {
      const { account = firstId() } = c.req.valid("query");
      if (account === firstId()) return state.respond();
      if (picture.engine.accountOf(account) !== undefined)
        return new StateAnswer(() => build(account)).respond();
      throw new Problem(
        404,
        "unknown-account",
        `there is no account ${account} here: look at /api/v1/accounts`,
      );
    },
  );
}
