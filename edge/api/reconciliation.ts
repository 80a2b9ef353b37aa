// How the account stands with its broker, over HTTP: the last comparison of their books, what stands until it is gone or a person
// accepts it, and what is at the broker that is not ours.

import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { FINDINGS } from "../../actors/domain/broker-books.ts";
import { MICROS_PER_LOT, MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import type { AccountDesk } from "../ingest/account-desk.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { isoTime, known, priceOf } from "../live/shapes.ts";
import { changedSchema, saidOf, settled } from "./account.ts";
import { addDeed, answer, said } from "./deed-route.ts";
import { whoField } from "./deed-fields.ts";
import { outOfService, problemAnswer } from "./problem.ts";
import { addStateRoute } from "./routes.ts";

const by = whoField("Who wants it: journaled");
const time = z.iso.datetime();
/** Null where it is about no instrument, or one that is not traded here. */
const symbolOrNull = z.string().nullable();

const differenceSchema = z.object({
  what: z.enum(FINDINGS),
  symbol: symbolOrNull,
  /** The intent, position, order or deal. */
  subject: z.string(),
  /** What was found, what was done, what a person has to do. */
  message: z.string(),
});

export const reconciliationSchema = z.object({
  accountId: z.string(),
  /** Whether orders go to a terminal: the paper broker has no books of its own. */
  enabled: z.boolean(),
  /** Whether books were compared, or accepted, since the start: entries wait for it. */
  reconciled: z.boolean(),
  /** Nothing stands: entries may go on. */
  agrees: z.boolean(),
  /** The last comparison; null before the first. */
  last: z
    .object({
      time,
      why: z.enum(["joined", "interval", "asked"]),
      /** False where a list was too long: what is missing proves nothing. */
      complete: z.boolean(),
      agrees: z.boolean(),
      findings: z.array(differenceSchema.extend({ resolved: z.boolean() })),
    })
    .nullable(),
  /** What keeps entries off until it is gone or accepted. */
  standing: z.array(differenceSchema.extend({ since: time })),
  /** At the broker and not ours: shown, counted as exposure, never closed by us. */
  external: z.array(
    z.object({
      positionId: z.string(),
      symbol: z.string(),
      side: z.enum(["BUY", "SELL"]),
      lots: z.number(),
      openPrice: z.number().nullable(),
      profit: z.number().nullable(),
      openTime: time,
      /** A person has taken it for one that is not ours, although it carries one of our numbers. */
      accepted: z.boolean(),
    }),
  ),
  externalOrders: z.number().int(),
  /** Who accepted what; newest first. */
  accepted: z.array(z.object({ symbol: symbolOrNull, by: z.string(), time })),
});
export type ReconciliationMessage = z.infer<typeof reconciliationSchema>;

export function addReconciliation(app: OpenAPIHono, picture: LivePicture, desk: AccountDesk): void {
  addStateRoute(app, "/reconciliation", {
    summary: "How the account's books stand against the broker's",
    answer: reconciliationSchema,
    build: () => reconciliationMessage(picture),
  });
  addDeed(app, {
    path: "/reconciliation/accept",
    summary: "Takes what stands as it is, after a look: entries go on",
    body: z.strictObject({
      symbol: z
        .string()
        .min(1)
        .max(32)
        .nullable()
        .openapi({ description: "null for what is about the account as a whole" }),
      by,
    }),
    responses: {
      200: answer("Accepted", changedSchema),
      404: problemAnswer("The symbol is not traded here"),
      409: problemAnswer("Nothing stands there, or there is no broker"),
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
    perform: () => {
      settled(desk.look());
      return Promise.resolve(said({ asked: true }, 202));
    },
  });
}

/** @throws Problem while the account is out of service */
function reconciliationMessage(picture: LivePicture): ReconciliationMessage {
  const view = picture.engine.account?.view();
  if (view === undefined) throw outOfService();
  const { accountId, reconciliation: books } = view;
  if (books === null) return { accountId, ...NO_BOOKS };
  const { reconciled, agrees, last, standing, externalPositions, externalOrders, accepted } = books;
  const symbolOf = (instrumentId: number): string | null => picture.instruments[instrumentId]?.symbol ?? null;
  return {
    accountId,
    enabled: true,
    reconciled,
    agrees,
    last:
      last === null
        ? null
        : {
            time: isoTime(last.timeMicros),
            why: last.why,
            complete: last.complete,
            agrees: last.agrees,
            findings: last.findings.map(({ what, instrumentId, subject, resolved, message }) => ({
              what,
              symbol: symbolOf(instrumentId),
              subject,
              resolved,
              message,
            })),
          },
    standing: standing.map(({ what, instrumentId, subject, message, sinceMicros }) => ({
      what,
      symbol: symbolOf(instrumentId),
      subject,
      message,
      since: isoTime(sinceMicros),
    })),
    external: externalPositions.map((position) => {
      const instrument = picture.instruments[position.instrumentId];
      return {
        positionId: position.positionId,
        symbol: instrument?.symbol ?? position.symbol,
        side: position.side,
        lots: position.volumeMicros / MICROS_PER_LOT,
        openPrice: instrument === undefined ? null : known(priceOf(instrument, position.openPricePoints)),
        profit: known(position.unrealisedMicros / MICROS_PER_UNIT),
        openTime: isoTime(position.openTimeMicros),
        accepted: position.accepted,
      };
    }),
    externalOrders: externalOrders.length,
    accepted: accepted
      .map(({ instrumentId, by: who, timeMicros }) => ({
        symbol: symbolOf(instrumentId),
        by: who,
        time: isoTime(timeMicros),
      }))
      .reverse(),
  };
}

/** The paper broker's fills are the account's: there is nothing to compare. */
const NO_BOOKS: Omit<ReconciliationMessage, "accountId"> = {
  enabled: false,
  reconciled: true,
  agrees: true,
  last: null,
  standing: [],
  external: [],
  externalOrders: 0,
  accepted: [],
};
