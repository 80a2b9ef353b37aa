// What a person types to trade, read into what the server takes: figures are parsed here and judged there.

import { failure, ok, type Result } from "../../../actors/base/result.ts";
import type { OrderType } from "../../../actors/domain/order.ts";

export interface PlaceWish {
  readonly type: OrderType;
  readonly symbol: string;
  readonly side: "BUY" | "SELL";
  readonly lots: number;
  readonly stopLoss: number;
  readonly takeProfit?: number;
  readonly price?: number;
  readonly limitPrice?: number;
  readonly timeInForce?: "gtc" | "day";
}

/** null takes a level away. */
export interface Levels {
  readonly stopLoss: number | null;
  readonly takeProfit: number | null;
}

export interface OrderChange {
  readonly price: number;
  readonly limitPrice?: number;
  readonly stopLoss?: number;
  readonly takeProfit: number | null;
}

export const ORDER_TYPES: readonly { readonly type: OrderType; readonly name: string }[] = [
  { type: "market", name: "Market" },
  { type: "limit", name: "Limit" },
  { type: "stop", name: "Stop" },
  { type: "stop-limit", name: "Stop-limit" },
];

type Given = Readonly<Record<string, string>>;

/** What a form holds, by the names of its fields. */
export function givenOf(form: HTMLFormElement): Given {
  return Object.fromEntries(
    [...new FormData(form)].map(([name, value]) => [name, typeof value === "string" ? value.trim() : ""]),
  );
}

/** Null where the field is empty. Commas are decimal marks, too. */
function figure(given: Given, name: string): Result<number | null, "bad-figure"> {
  const text = (given[name] ?? "").replace(",", ".");
  if (text === "") return ok(null);
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return ok(value);
  return failure("bad-figure", `“${given[name] ?? ""}” is no ${NAMES[name] ?? name}`);
}

const NAMES: Readonly<Record<string, string>> = {
  lots: "number of lots",
  price: "price",
  limitPrice: "limit price",
  stopLoss: "stop",
  takeProfit: "target",
};

/** The fields that are there, or the first that is wrong. */
function figures<Name extends string>(
  given: Given,
  names: readonly Name[],
): Result<Readonly<Record<Name, number | null>>, "bad-figure"> {
  const read: Partial<Record<Name, number | null>> = {};
  for (const name of names) {
    const one = figure(given, name);
    if (!one.ok) return one;
    read[name] = one.value;
  }
  return ok(read as Record<Name, number | null>);
}

function missing(name: string): Result<never, "bad-figure"> {
  return failure("bad-figure", `a ${NAMES[name] ?? name} is needed`);
}

export function placeWishOf(given: Given): Result<PlaceWish, "bad-figure"> {
  const read = figures(given, ["lots", "price", "limitPrice", "stopLoss", "takeProfit"]);
  if (!read.ok) return read;
  const { lots, price, limitPrice, stopLoss, takeProfit } = read.value;
  const type = (given["type"] ?? "market") as OrderType;
  if (lots === null) return missing("lots");
  if (stopLoss === null) return missing("stopLoss");
  if (type !== "market" && price === null) return missing("price");
  if (type === "stop-limit" && limitPrice === null) return missing("limitPrice");
  return ok({
    type,
    symbol: given["symbol"] ?? "",
    side: given["side"] === "SELL" ? "SELL" : "BUY",
    lots,
    stopLoss,
    ...(takeProfit === null ? {} : { takeProfit }),
    ...(type === "market" || price === null ? {} : { price }),
    ...(type !== "stop-limit" || limitPrice === null ? {} : { limitPrice }),
    ...(type === "market" ? {} : { timeInForce: given["timeInForce"] === "day" ? "day" : "gtc" }),
  });
}

export function levelsOf(given: Given): Result<Levels, "bad-figure"> {
  return figures(given, ["stopLoss", "takeProfit"]);
}

export function orderChangeOf(given: Given): Result<OrderChange, "bad-figure"> {
  const read = figures(given, ["price", "limitPrice", "stopLoss", "takeProfit"]);
  if (!read.ok) return read;
  const { price, limitPrice, stopLoss, takeProfit } = read.value;
  if (price === null) return missing("price");
  return ok({
    price,
    ...(limitPrice === null ? {} : { limitPrice }),
    ...(stopLoss === null ? {} : { stopLoss }),
    takeProfit,
  });
}

/** @returns undefined for all of the position */
export function closeLotsOf(given: Given, held: number): Result<number | undefined, "bad-figure"> {
  const lots = figure(given, "lots");
  if (!lots.ok) return lots;
  return ok(lots.value === null || lots.value === held ? undefined : lots.value);
}
