// Orders, positions and what is done with them, as people and scripts say it: prices as decimals, volumes in lots, times ISO 8601.

import { z } from "@hono/zod-openapi";
import { whoField, wordsField } from "./deed-fields.ts";
import { timeSchema } from "./queries.ts";
import { ORDER_PURPOSES } from "../../actors/domain/order.ts";
import { controlUnitSchema, orderSchema, pageSchema } from "./schemas.ts";

const LOTS_MAX = 10_000;
/** Of one dry run. */
const VALIDATE_ORDERS_MAX = 100;

const price = z.number().positive().max(1e9);
const lots = z.number().positive().max(LOTS_MAX);
const by = whoField("Who wants it: journaled");

export const idParams = z.object({ id: z.string().regex(/^[\w.:-]{1,64}$/, "an id as it was given out") });

const TIMES_IN_FORCE = ["gtc", "day", "until"] as const;

const ordered = {
  symbol: z.string().min(1).max(32),
  side: z.enum(["BUY", "SELL"]),
  lots,
  stopLoss: price.openapi({ description: "Every order has one: what it may lose follows from it" }),
  takeProfit: price.optional(),
  group: z
    .string()
    .regex(/^[\w.:-]{1,64}$/, "1 to 64 letters, digits and .:_-")
    .optional()
    .openapi({ description: "One cancels the other: what fills of a group ends the rest of it" }),
  comment: wordsField.optional(),
  accountId: z
    .string()
    .max(32)
    .optional()
    .openapi({ description: "Which account trades; left out, the first. See /accounts" }),
  by,
};

const waiting = {
  ...ordered,
  price: price.openapi({ description: "The limit, or the price that triggers a stop" }),
  timeInForce: z.enum(TIMES_IN_FORCE).default("gtc"),
  until: timeSchema.optional().openapi({ description: "With timeInForce `until`" }),
};

const untilIsThere = {
  error: "timeInForce `until` needs until, and no other has it",
  path: ["until"],
};

const hasItsUntil = ({ timeInForce, until }: { timeInForce: string; until?: number | undefined }): boolean =>
  (timeInForce === "until") === (until !== undefined);

export const placeBody = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("market"), ...ordered }),
  z.strictObject({ type: z.literal("limit"), ...waiting }).refine(hasItsUntil, untilIsThere),
  z.strictObject({ type: z.literal("stop"), ...waiting }).refine(hasItsUntil, untilIsThere),
  z
    .strictObject({
      type: z.literal("stop-limit"),
      ...waiting,
      limitPrice: price.openapi({ description: "Of the order that the trigger places" }),
    })
    .refine(hasItsUntil, untilIsThere),
]);
export type PlaceRequest = z.output<typeof placeBody>;

const CHANGES_SOMETHING = "name at least one thing to change";

export const modifyOrderBody = z
  .strictObject({
    price: price.optional(),
    limitPrice: price.optional(),
    stopLoss: price.optional(),
    takeProfit: price.nullable().optional().openapi({ description: "null takes it away" }),
    timeInForce: z.enum(TIMES_IN_FORCE).optional(),
    until: timeSchema.optional(),
    by,
  })
  .refine(({ by: _by, ...changes }) => Object.keys(changes).length > 0, CHANGES_SOMETHING)
  .refine(
    ({ timeInForce, until }) =>
      timeInForce === undefined || (timeInForce === "until") === (until !== undefined),
    untilIsThere,
  );
export type ModifyOrderRequest = z.output<typeof modifyOrderBody>;

export const modifyPositionBody = z
  .strictObject({
    stopLoss: price.nullable().optional().openapi({ description: "null takes it away" }),
    takeProfit: price.nullable().optional().openapi({ description: "null takes it away" }),
    by,
  })
  .refine(
    ({ stopLoss, takeProfit }) => stopLoss !== undefined || takeProfit !== undefined,
    CHANGES_SOMETHING,
  );
export type ModifyPositionRequest = z.output<typeof modifyPositionBody>;

export const byBody = z.strictObject({ by });
export const closeBody = z.strictObject({
  lots: lots.optional().openapi({ description: "Left out, all of it" }),
  by,
});
export const closeByBody = z.strictObject({
  with: z
    .string()
    .regex(/^[\w.:-]{1,64}$/, "an id as it was given out")
    .openapi({ description: "The opposite position on the same instrument" }),
  by,
});

export const deedSchema = z
  .object({
    /** The order or what changes it, as the journal names it; null while the account has not decided. */
    id: z.string().nullable(),
    /** Of the command in the journal. */
    seq: z.number().int(),
    /**
     * filled, partially-filled: done at the market. working: it waits at the broker. done: a change was carried out. unknown: nobody
     * knows yet; it is not to be sent again, except with its own key.
     */
    status: z.enum(["filled", "partially-filled", "working", "done", "unknown"]),
    symbol: z.string(),
    filledLots: z.number(),
    /** Average of what filled. */
    price: z.number().nullable(),
    positionId: z.string().nullable(),
    /** What the broker said; of an unknown outcome, what to do. */
    reason: z.string(),
    time: z.iso.datetime(),
  })
  .openapi("Deed");
export type DeedMessage = z.infer<typeof deedSchema>;

export const pendingOrderSchema = z
  .object({
    id: z.string(),
    symbol: z.string(),
    side: z.enum(["BUY", "SELL"]),
    type: z.enum(["limit", "stop", "stop-limit"]),
    lots: z.number(),
    price: z.number(),
    limitPrice: z.number().nullable(),
    stopLoss: z.number().nullable(),
    takeProfit: z.number().nullable(),
    timeInForce: z.enum(TIMES_IN_FORCE),
    until: z.iso.datetime().nullable(),
    group: z.string().nullable(),
    filledLots: z.number(),
    /** As the account has it: sent, acknowledged, unknown, ... */
    state: z.string(),
    /** When it was ordered; null for what is older than what the process remembers. */
    time: z.iso.datetime().nullable(),
  })
  .openapi("PendingOrder");
export type PendingOrderMessage = z.infer<typeof pendingOrderSchema>;

export const orderDetailSchema = z.object({
  id: z.string(),
  /** While it waits or is on its way; null once it is over. */
  state: z.string().nullable(),
  pending: pendingOrderSchema.nullable(),
  /** Oldest first. */
  steps: z.array(orderSchema),
});
export type OrderDetail = z.infer<typeof orderDetailSchema>;

const fillSchema = z
  .object({
    dealId: z.string(),
    time: z.iso.datetime(),
    symbol: z.string(),
    side: z.enum(["BUY", "SELL"]),
    lots: z.number(),
    price: z.number(),
    /** The quote it was decided on, its limit or its stop; null where that is not known. */
    wanted: z.number().nullable(),
    /** By how much it was worse than that, as a price difference; below zero when better. */
    slippage: z.number().nullable(),
    /** The same in the account's currency. */
    slippageCost: z.number().nullable(),
    /** Of a deal of the broker's own the order that opened the position. */
    orderId: z.string(),
    purpose: z.enum([...ORDER_PURPOSES, "broker"]),
    /** From the decision to the sending, and from there to the fill. */
    sendingMillis: z.number().nullable(),
    fillingMillis: z.number().nullable(),
  })
  .openapi("Fill");
export type FillMessage = z.infer<typeof fillSchema>;

export const fillsSchema = pageSchema(fillSchema).extend({
  bySymbol: z.array(
    z.object({
      symbol: z.string(),
      /** Of which the price that was wanted is known. */
      fills: z.number().int(),
      averageSlippage: z.number().nullable(),
      worstSlippage: z.number().nullable(),
      slippageCost: z.number().nullable(),
    }),
  ),
});
export type FillsMessage = z.infer<typeof fillsSchema>;

export const validateBody = z.strictObject({ orders: z.array(placeBody).min(1).max(VALIDATE_ORDERS_MAX) });

const checkSchema = z.object({
  control: z.string(),
  /** Of both figures: seconds, lots, units of the account's currency, points, or plain numbers. */
  unit: controlUnitSchema,
  passed: z.boolean(),
  /** Null for what cannot be computed. */
  value: z.number().nullable(),
  limit: z.number().nullable(),
});

export const verdictSchema = z
  .object({
    approved: z.boolean(),
    /** Of the refusal; empty where it is approved. */
    code: z.string(),
    message: z.string(),
    checks: z.array(checkSchema),
    /** What would go out, volumes as they would be. */
    orders: z.array(
      z.object({ purpose: z.enum(ORDER_PURPOSES), side: z.enum(["BUY", "SELL"]), lots: z.number() }),
    ),
  })
  .openapi("Verdict");
export type VerdictMessage = z.infer<typeof verdictSchema>;
