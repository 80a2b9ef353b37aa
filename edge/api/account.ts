// What people set on the account over HTTP: its mode, symbols that may trade again, drawdowns, and how it stands with its broker.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Result } from "../../actors/base/result.ts";
import type { Finding } from "../../actors/domain/broker-books.ts";
import { FINDINGS } from "../../actors/domain/broker-books.ts";
import { MICROS_PER_LOT, MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import type { AccountChanged, AccountDesk, AccountFailure } from "../ingest/account-desk.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { isoTime, priceOf } from "../live/shapes.ts";
import { addDeed, answer, said } from "./deed-route.ts";
import { whoField } from "./deed-fields.ts";
import { fillSchema } from "./order-schemas.ts";
import { Problem, problemAnswer } from "./problem.ts";
import { limitOf } from "./queries.ts";
import { addStateRoute } from "./routes.ts";
import { pageSchema } from "./schemas.ts";

const by = whoField("Who wants it: journaled");
const symbol = z.string().min(1).max(32);
const time = z.iso.datetime();

const changedSchema = z.object({
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

const findingSchema = z.object({
  what: z.enum(FINDINGS),
  /** Null where it is about no instrument, or one that is not traded here. */
  symbol: z.string().nullable(),
  /** The intent, position, order or deal. */
  subject: z.string(),
  resolved: z.boolean(),
  message: z.string(),
});

export const reconciliationSchema = z.object({
  accountId: z.string(),
  /** Whether orders go to a terminal: the paper broker has no books of its own. */
  enabled: z.boolean(),
  /** The last comparison; null before the first. */
  last: z
    .object({ seq: z.number().int(), time, agrees: z.boolean(), findings: z.array(findingSchema) })
    .nullable(),
  /** What keeps entries out until it is gone or accepted. */
  standing: z.array(findingSchema),
  /** At the broker and not ours: shown, counted as exposure, never closed by us. */
  external: z.array(
    z.object({
      positionId: z.string(),
      symbol: z.string(),
      side: z.enum(["BUY", "SELL"]),
      lots: z.number(),
      openPrice: z.number().nullable(),
      profit: z.number(),
      openTime: time,
    }),
  ),
});
export type ReconciliationMessage = z.infer<typeof reconciliationSchema>;

const STATUS_OF: Readonly<Record<AccountFailure, number>> = {
  "account-out-of-service": 503,
  "unknown-symbol": 404,
  "nothing-stands": 409,
  "no-terminal": 409,
  "not-asked": 503,
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
        200: answer("Fills", pageSchema(fillSchema)),
        400: problemAnswer("A value is wrong"),
      },
    }),
    (c) => c.json({ items: picture.fills(c.req.valid("query").limit), cursor: null }, 200),
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
  addReconciliation(app, picture, desk);
}

function addReconciliation(app: OpenAPIHono, picture: LivePicture, desk: AccountDesk): void {
  addStateRoute(app, "/reconciliation", {
    summary: "How the account's books stand against the broker's",
    answer: reconciliationSchema,
    build: () => reconciliationMessage(picture),
  });
  addDeed(app, {
    path: "/reconciliation/accept",
    summary: "Takes what stands as it is, after a look: entries go on",
    body: z.strictObject({
      symbol: symbol.nullable().openapi({ description: "null for what is about the account as a whole" }),
      by,
    }),
    responses: {
      200: answer("Accepted", changedSchema),
      404: problemAnswer("The symbol is not traded here"),
      409: problemAnswer("Nothing stands there"),
    },
    perform: async (wish) => saidOf(picture, await desk.acceptBooks(wish.symbol, wish.by)),
  });
  addDeed(app, {
    path: "/reconciliation/look",
    summary: "Asks the terminal for its books now",
    body: z.strictObject({ by }),
    responses: {
      202: answer("Asked: the comparison follows when they come", z.object({ asked: z.literal(true) })),
      409: problemAnswer("There is no terminal to ask"),
    },
    perform: (wish) => {
      valueOf(desk.look(wish.by));
      return Promise.resolve(said({ asked: true }, 202));
    },
  });
}

function reconciliationMessage(picture: LivePicture): ReconciliationMessage {
  const { last, standing, external } = picture.reconciliation;
  const { account } = picture.engine.config;
  const shown = (findings: readonly Finding[]): ReconciliationMessage["standing"] =>
    findings.map(({ instrumentId, ...finding }) => ({
      ...finding,
      symbol: picture.instruments[instrumentId]?.symbol ?? null,
    }));
  return {
    accountId: account.accountId,
    enabled: account.terminal !== undefined,
    last:
      last === undefined
        ? null
        : {
            seq: last.seq,
            time: isoTime(last.timeMicros),
            agrees: last.agrees,
            findings: shown(last.findings),
          },
    standing: shown(standing),
    external: external.map((position) => {
      const instrument = picture.instruments[position.instrumentId];
      return {
        positionId: position.positionId,
        symbol: instrument?.symbol ?? position.symbol,
        side: position.side,
        lots: position.volumeMicros / MICROS_PER_LOT,
        openPrice: instrument === undefined ? null : priceOf(instrument, position.openPricePoints),
        profit: position.profitMicros / MICROS_PER_UNIT,
        openTime: isoTime(position.openTimeMicros),
      };
    }),
  };
}

/** @throws Problem where it was not done */
function saidOf(picture: LivePicture, done: Result<AccountChanged, AccountFailure>): Response {
  const changed = valueOf(done);
  const message: AccountChangedMessage = {
    ...changed,
    mode: picture.engine.account?.view().mode ?? "halted",
  };
  return said(message);
}

function valueOf<T>(result: Result<T, AccountFailure>): T {
  if (result.ok) return result.value;
  throw new Problem(STATUS_OF[result.code], result.code, result.message);
}
