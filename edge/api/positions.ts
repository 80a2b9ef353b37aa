// What is done with open positions over HTTP: levels changed, closed in whole or in part, closed by an opposite one.

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { OrderDesk } from "../ingest/order-desk.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { addDeed } from "./deed-route.ts";
import { byBody, closeBody, closeByBody, idParams, modifyPositionBody } from "./order-schemas.ts";
import { DEED_ANSWERS, deedAnswer } from "./orders.ts";

export function addPositions(app: OpenAPIHono, picture: LivePicture, desk: OrderDesk): void {
  const shared = { params: idParams, isKeyed: true, responses: DEED_ANSWERS } as const;
  addDeed(app, {
    ...shared,
    method: "patch",
    path: "/positions/{id}",
    summary: "Sets stop and target of a position; what is not named stays as it is",
    body: modifyPositionBody,
    perform: async (wish, { params, key }) =>
      deedAnswer(picture, await desk.modifyPosition(params["id"] ?? "", wish, key)),
  });
  addDeed(app, {
    ...shared,
    method: "delete",
    path: "/positions/{id}",
    summary: "Closes a position at the market",
    body: byBody,
    perform: async (wish, { params, key }) =>
      deedAnswer(picture, await desk.closePosition(params["id"] ?? "", wish, key)),
  });
  addDeed(app, {
    ...shared,
    path: "/positions/{id}/close",
    summary: "Closes a position, or some lots of it, at the market",
    body: closeBody,
    perform: async (wish, { params, key }) =>
      deedAnswer(picture, await desk.closePosition(params["id"] ?? "", wish, key)),
  });
  addDeed(app, {
    ...shared,
    path: "/positions/{id}/close-by",
    summary: "Closes a position by an opposite one on the same instrument",
    body: closeByBody,
    perform: async (wish, { params, key }) =>
      deedAnswer(picture, await desk.closeBy(params["id"] ?? "", wish, key)),
  });
}
