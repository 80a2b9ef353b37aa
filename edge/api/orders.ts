// Orders over HTTP: placed, changed, cancelled and looked at one by one. Their list is history's.

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import type { WishVerdict } from "../../actors/account/dry-run.ts";
import type { OrderDesk, OrderDone, OrderFailure } from "../ingest/order-desk.ts";
import type { Result } from "../../actors/base/result.ts";
import { isoTime, priceOf } from "../live/shapes.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { MICROS_PER_LOT } from "../../actors/domain/money.ts";
import { pendingOrders } from "../live/pending.ts";
import { addDeed, answer, said } from "./deed-route.ts";
import {
  byBody,
  type DeedMessage,
  deedSchema,
  idParams,
  modifyOrderBody,
  orderDetailSchema,
  type OrderDetail,
  pendingOrderSchema,
  placeBody,
  validateBody,
  type VerdictMessage,
  verdictSchema,
} from "./order-schemas.ts";
import { Problem, problemAnswer } from "./problem.ts";
import { checkMessage } from "./risk.ts";
import { addStateRoute } from "./routes.ts";
import { pageSchema } from "./schemas.ts";

const STATUS_OF: Readonly<Record<OrderFailure, number>> = {
  "unknown-symbol": 404,
  "unknown-account": 404,
  "unknown-order": 404,
  "unknown-position": 404,
  "no-quote": 409,
  "not-pending": 409,
  "no-limit-price": 400,
  "no-until": 400,
  "bad-stop": 400,
  "bad-target": 400,
  "bad-volume": 400,
  "not-ours": 409,
  refused: 422,
  rejected: 409,
  "key-reused": 422,
  "account-out-of-service": 503,
  busy: 503,
};

export const DEED_ANSWERS = {
  200: answer("Done, or done before under the same key (header idempotent-replayed)", deedSchema),
  202: answer("Its outcome is not known: it is not to be sent again, except with its own key", deedSchema),
  404: problemAnswer("There is no such order, position or symbol"),
  409: problemAnswer("The broker rejected it, or it is too late for it"),
  422: problemAnswer("A risk control refused it, or the key was used for something else"),
} as const;

export function addOrders(app: OpenAPIHono, picture: LivePicture, desk: OrderDesk): void {
  addDeed(app, {
    path: "/orders",
    summary: "Places an order; every control of entries decides on it",
    body: placeBody,
    isKeyed: true,
    responses: {
      ...DEED_ANSWERS,
      201: answer("Filled, or waiting at the broker", deedSchema),
    },
    perform: async (wish, { key }) => deedAnswer(picture, await desk.place(wish, key), 201),
  });
  addStateRoute(app, "/orders/pending", {
    summary: "Orders that wait at the broker, oldest first",
    answer: pageSchema(pendingOrderSchema),
    build: () => ({ items: pendingOrders(picture), cursor: null }),
  });
  addDeed(app, {
    path: "/orders/validate",
    summary:
      "A dry run: what would become of each order, those before it filled; nothing is journaled or sent",
    body: validateBody,
    responses: { 200: answer("A verdict for each, with the figures behind it", pageSchema(verdictSchema)) },
    perform: ({ orders }) => {
      const judged = desk.judge(orders);
      if (!judged.ok) throw new Problem(STATUS_OF[judged.code], judged.code, judged.message);
      return Promise.resolve(said({ items: judged.value.map(verdictMessage), cursor: null }));
    },
  });
  addDetail(app, picture);
  addDeed(app, {
    method: "patch",
    path: "/orders/{id}",
    summary: "Changes an order that waits; what is not named stays as it is",
    params: idParams,
    body: modifyOrderBody,
    isKeyed: true,
    responses: DEED_ANSWERS,
    perform: async (wish, { params, key }) =>
      deedAnswer(picture, await desk.modifyOrder(params["id"] ?? "", wish, key)),
  });
  addDeed(app, {
    method: "delete",
    path: "/orders/{id}",
    summary: "Cancels an order that waits",
    params: idParams,
    body: byBody,
    isKeyed: true,
    responses: DEED_ANSWERS,
    perform: async ({ by }, { params, key }) =>
      deedAnswer(picture, await desk.cancelOrder(params["id"] ?? "", by, key)),
  });
}

function verdictMessage({ approved, code, message, checks, intents }: WishVerdict): VerdictMessage {
  return {
    approved,
    code,
    message,
    checks: checks.map(checkMessage),
    orders: intents.map(({ purpose, side, volumeMicros }) => ({
      purpose,
      side,
      lots: volumeMicros / MICROS_PER_LOT,
    })),
  };
}

function addDetail(app: OpenAPIHono, picture: LivePicture): void {
  app.openapi(
    createRoute({
      method: "get",
      path: "/orders/{id}",
      summary: "One order and the steps of its life",
      request: { params: idParams },
      responses: {
        200: answer("The order", orderDetailSchema),
        404: problemAnswer("It is not among those that are remembered"),
      },
    }),
    (c) => {
      const { id } = c.req.valid("param");
      const steps = picture.stepsOf(id);
      const pending = pendingOrders(picture).find((order) => order.id === id) ?? null;
      const live = picture.engine.account?.view().liveOrders.find(({ intentId }) => intentId === id);
      if (steps.length === 0 && live === undefined) {
        throw new Problem(
          404,
          "unknown-order",
          `${id} is not among the newest orders: /api/v1/explain/${id} looks in the whole journal`,
        );
      }
      const detail: OrderDetail = { id, state: live?.state ?? null, pending, steps };
      return c.json(detail, 200);
    },
  );
}

/** @throws Problem where it was not done */
export function deedAnswer(
  picture: LivePicture,
  done: Result<OrderDone, OrderFailure>,
  status: 200 | 201 = 200,
): Response {
  if (!done.ok) {
    const retry = done.recoverable ? { "retry-after": "1" } : {};
    throw new Problem(STATUS_OF[done.code], done.code, done.message, retry);
  }
  const { isRepeated, status: became } = done.value;
  const message = deedMessage(picture, done.value);
  if (became === "unknown") return said(message, 202);
  return isRepeated ? said(message, 200, { "idempotent-replayed": "true" }) : said(message, status);
}

function deedMessage(picture: LivePicture, done: OrderDone): DeedMessage {
  const instrument = picture.instrument(done.symbol);
  const isPriced = done.pricePoints > 0 && instrument !== undefined;
  return {
    id: done.intent?.intentId ?? null,
    seq: done.commandSeq,
    status: done.status,
    symbol: done.symbol,
    filledLots: done.filledMicros / MICROS_PER_LOT,
    price: isPriced ? Number(priceOf(instrument, done.pricePoints).toFixed(instrument.digits + 2)) : null,
    positionId: done.positionId,
    reason: done.reason,
    time: isoTime(done.timeMicros),
  };
}
