// What people say of orders and positions in prices and lots, as commands in points and micro-lots; and what a command means, so that
// one that is said again under the same key is known from another.

import type { LiveOrderView } from "../../actors/account/account-view.ts";
import { entryPricePoints } from "../../actors/account/pending.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Micros } from "../../actors/base/clock.ts";
import { type Instrument, pointsPerUnit } from "../../actors/domain/instrument.ts";
import { MICROS_PER_LOT } from "../../actors/domain/money.ts";
import type { PendingTerms, Position } from "../../actors/domain/order.ts";
import type { OrderCommand, TradeCommand } from "../../actors/domain/records.ts";
import type { ModifyOrderRequest, ModifyPositionRequest, PlaceRequest } from "../api/order-schemas.ts";

export type CommandFailure =
  | "no-quote"
  | "bad-stop"
  | "bad-target"
  | "not-pending"
  | "no-limit-price"
  | "no-until";

/** What a command says, by name. Two that say the same mean the same. */
export type Meaning = Readonly<Record<string, string | number | null>>;

/** How long a trade may wait for its place in the market. */
const LIFE_MICROS = 5_000_000;

/** Where and when an order is placed. */
export interface Place {
  readonly instrument: Instrument;
  readonly accountId: string;
  readonly bidPoints: number;
  readonly askPoints: number;
  readonly nowMicros: Micros;
}

/** To the nearest point. */
function pointsOf(instrument: Instrument, price: number): number {
  return Math.round(price * pointsPerUnit(instrument));
}

function pointsOrNull(instrument: Instrument, price: number | null | undefined): number | null {
  return price === undefined || price === null ? null : pointsOf(instrument, price);
}

export function volumeOf(lots: number): number {
  return Math.round(lots * MICROS_PER_LOT);
}

/** Left out for an order at the market. */
function termsOf(request: PlaceRequest, instrument: Instrument): PendingTerms | undefined {
  if (request.type === "market") return undefined;
  return {
    type: request.type,
    pricePoints: pointsOf(instrument, request.price),
    limitPricePoints: request.type === "stop-limit" ? pointsOf(instrument, request.limitPrice) : null,
    timeInForce: request.timeInForce,
    untilMicros: request.until ?? null,
  };
}

export function tradeCommand(request: PlaceRequest, place: Place): Result<TradeCommand, CommandFailure> {
  const { instrument, bidPoints, askPoints } = place;
  const scale = pointsPerUnit(instrument);
  const isBuy = request.side === "BUY";
  const away = isBuy ? 1 : -1;
  const terms = termsOf(request, instrument);
  const market = isBuy ? askPoints : bidPoints;
  const entryPoints = terms === undefined ? market : entryPricePoints(terms);
  if (!(bidPoints > 0 && askPoints > 0)) {
    return failure("no-quote", `${request.symbol} has no price yet: wait for its first tick`);
  }
  const stopPoints = away * (entryPoints - pointsOf(instrument, request.stopLoss));
  if (stopPoints <= 0) {
    return failure(
      "bad-stop",
      `a ${request.side} needs a stopLoss ${isBuy ? "below" : "above"} ${entryPoints / scale}`,
    );
  }
  const target = pointsOrNull(instrument, request.takeProfit);
  const targetPoints = target === null ? 0 : away * (target - entryPoints);
  if (target !== null && targetPoints <= 0) {
    return failure(
      "bad-target",
      `the takeProfit of a ${request.side} lies ${isBuy ? "above" : "below"} ${entryPoints / scale}`,
    );
  }
  return ok({
    command: "trade",
    accountId: place.accountId,
    by: request.by,
    instrumentId: instrument.id,
    side: request.side,
    volumeMicros: volumeOf(request.lots),
    bidPoints,
    askPoints,
    stopPoints,
    targetPoints,
    expiresAtMicros: place.nowMicros + LIFE_MICROS,
    ...(terms === undefined ? {} : { terms }),
    ...(request.group === undefined ? {} : { group: request.group }),
    ...(request.comment === undefined ? {} : { comment: request.comment }),
  });
}

/** What is not named stays as it is. */
export function modifyOrderCommand(
  request: ModifyOrderRequest,
  order: LiveOrderView,
  { instrument, accountId }: { instrument: Instrument; accountId: string },
): Result<OrderCommand, CommandFailure> {
  const { terms } = order;
  if (terms === null) {
    return failure(
      "not-pending",
      `${order.intentId} does not wait at the broker: there is nothing to change`,
    );
  }
  if (request.limitPrice !== undefined && terms.type !== "stop-limit") {
    return failure(
      "no-limit-price",
      `${order.intentId} is a ${terms.type}: only a stop-limit has a limitPrice`,
    );
  }
  if (request.until !== undefined && (request.timeInForce ?? terms.timeInForce) !== "until") {
    return failure(
      "no-until",
      `${order.intentId} is ${terms.timeInForce} and has no end: name timeInForce \`until\` with it`,
    );
  }
  const changed = <T>(points: T, price: number | null | undefined): T | number | null =>
    price === undefined ? points : pointsOrNull(instrument, price);
  const { timeInForce = terms.timeInForce } = request;
  return ok({
    command: "modify-order",
    accountId,
    by: request.by,
    intentId: order.intentId,
    terms: {
      type: terms.type,
      pricePoints: changed(terms.pricePoints, request.price) ?? terms.pricePoints,
      limitPricePoints: changed(terms.limitPricePoints, request.limitPrice),
      timeInForce,
      untilMicros: timeInForce === "until" ? (request.until ?? terms.untilMicros) : null,
    },
    stopPricePoints: changed(order.stopPricePoints, request.stopLoss),
    targetPricePoints: changed(order.targetPricePoints, request.takeProfit),
  });
}

export function modifyPositionCommand(
  request: ModifyPositionRequest,
  { position, instrument, accountId }: { position: Position; instrument: Instrument; accountId: string },
): OrderCommand {
  const { stopLoss, takeProfit, by } = request;
  return {
    command: "modify-position",
    accountId,
    by,
    positionId: position.positionId,
    stopPricePoints: stopLoss === undefined ? position.stopPricePoints : pointsOrNull(instrument, stopLoss),
    targetPricePoints:
      takeProfit === undefined ? position.targetPricePoints : pointsOrNull(instrument, takeProfit),
  };
}

/** Of a request to place an order: what its command would say, whatever the price is now. */
export function placeMeaning(
  request: PlaceRequest,
  { instrument, accountId }: Pick<Place, "instrument" | "accountId">,
): Meaning {
  return {
    command: "trade",
    accountId,
    by: request.by,
    instrumentId: instrument.id,
    side: request.side,
    volumeMicros: volumeOf(request.lots),
    stop: pointsOf(instrument, request.stopLoss),
    target: pointsOrNull(instrument, request.takeProfit),
    ...termsMeaning(termsOf(request, instrument)),
    group: request.group ?? null,
    comment: request.comment ?? null,
  };
}

/** Of a request to change an order: what it names, since the rest may have changed meanwhile. */
export function modifyOrderMeaning(
  intentId: string,
  request: ModifyOrderRequest,
  instrument: Instrument,
): Meaning {
  const { price, limitPrice, stopLoss, takeProfit, timeInForce, until, by } = request;
  return named({
    command: "modify-order",
    by,
    intentId,
    price: price === undefined ? undefined : pointsOf(instrument, price),
    limitPrice: limitPrice === undefined ? undefined : pointsOf(instrument, limitPrice),
    stop: stopLoss === undefined ? undefined : pointsOf(instrument, stopLoss),
    target: takeProfit === undefined ? undefined : pointsOrNull(instrument, takeProfit),
    timeInForce,
    until,
  });
}

export function modifyPositionMeaning(
  positionId: string,
  { stopLoss, takeProfit, by }: ModifyPositionRequest,
  instrument: Instrument,
): Meaning {
  return named({
    command: "modify-position",
    by,
    positionId,
    stop: stopLoss === undefined ? undefined : pointsOrNull(instrument, stopLoss),
    target: takeProfit === undefined ? undefined : pointsOrNull(instrument, takeProfit),
  });
}

function named(said: Readonly<Record<string, string | number | null | undefined>>): Meaning {
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined)) as Meaning;
}

export function meaningOf(command: TradeCommand | OrderCommand): Meaning {
  const { command: what, by } = command;
  switch (command.command) {
    case "trade": {
      const isBuy = command.side === "BUY";
      const away = isBuy ? 1 : -1;
      const market = isBuy ? command.askPoints : command.bidPoints;
      const entry = command.terms === undefined ? market : entryPricePoints(command.terms);
      return {
        command: what,
        accountId: command.accountId,
        by,
        instrumentId: command.instrumentId,
        side: command.side,
        volumeMicros: command.volumeMicros,
        stop: entry - away * command.stopPoints,
        target: command.targetPoints > 0 ? entry + away * command.targetPoints : null,
        ...termsMeaning(command.terms),
        group: command.group ?? null,
        comment: command.comment ?? null,
      };
    }
    case "modify-order": {
      const { intentId, terms, stopPricePoints: stop, targetPricePoints: target } = command;
      return { command: what, by, intentId, stop, target, ...termsMeaning(terms) };
    }
    case "modify-position": {
      const { positionId, stopPricePoints: stop, targetPricePoints: target } = command;
      return { command: what, by, positionId, stop, target };
    }
    case "cancel-order":
      return { command: what, by, intentId: command.intentId };
    case "close-position":
      return { command: what, by, positionId: command.positionId, volumeMicros: command.volumeMicros };
    case "close-by":
      return { command: what, by, positionId: command.positionId, byPositionId: command.byPositionId };
  }
}

function termsMeaning(terms: PendingTerms | undefined): Meaning {
  return {
    type: terms?.type ?? "market",
    price: terms?.pricePoints ?? null,
    limitPrice: terms?.limitPricePoints ?? null,
    timeInForce: terms?.timeInForce ?? null,
    until: terms?.untilMicros ?? null,
  };
}

/** Whether everything that is asked for now was said by the command. */
export function saysSame(asked: Meaning, said: Meaning): boolean {
  return Object.entries(asked).every(([name, value]) => said[name] === value);
}
