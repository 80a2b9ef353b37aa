// The figures that compliance judges an order by, computed from quotes and from the account's own order flow. Pure: what cannot be
// computed is null where there is nothing to compute from, and NaN, which no check lets pass, where a figure is broken.

import type { Micros } from "../../base/clock.ts";
import type { Side } from "../../domain/order.ts";
import type { ArrivalQuote, ComplianceFigures, SecondSource } from "../../domain/pretrade.ts";
import type { FlowFill, FlowOrder, OrderFlow } from "./order-flow.ts";
import type { ComplianceLimits } from "./settings.ts";

/** The order that is about to be placed. */
export interface Proposal {
  readonly side: Side;
  readonly pricePoints: number;
  /** A stop: it can trade with nobody until the market triggers it. */
  readonly dormant: boolean;
  readonly nowMicros: Micros;
}

/** What an own account wants or did: a live order, or one that was executed. */
export interface OwnInterest {
  readonly side: Side;
  readonly pricePoints: number;
  readonly timeMicros: Micros;
  readonly live: boolean;
  readonly dormant: boolean;
}

type Quote = Omit<ArrivalQuote, "sourceId">;

export interface ComplianceInputs {
  readonly proposal: Proposal;
  readonly flow: Pick<OrderFlow, "orders" | "changes" | "fills" | "moves">;
  readonly quote: Quote;
  /** The newest of a second source; null without one. */
  readonly secondQuote: Quote | null;
  /** Live orders and recent executions of the owner's other accounts on the instrument. */
  readonly others: readonly OwnInterest[];
}

export function complianceFigures(inputs: ComplianceInputs, limits: ComplianceLimits): ComplianceFigures {
  const { proposal, flow, quote, secondQuote, others } = inputs;
  const { nowMicros, side } = proposal;
  const secondSource = secondSourceAt(secondQuote, nowMicros, limits);
  const fresh = secondSource === "fresh" ? secondQuote : null;
  const ramp = rampOf(proposal, flow, limits.rampingWindowMicros);
  const messagesAfter = nowMicros - limits.orderToTradeWindowMicros;
  return {
    secondSource,
    quoteDeviation: fresh === null ? null : deviation(side, quote, fresh),
    ...slippageOf(flow.fills, nowMicros, limits),
    ...oppositeOf(proposal, flow.orders, limits),
    washOrders:
      crossing(proposal, flow.orders, nowMicros) +
      crossing(proposal, others, nowMicros - limits.washWindowMicros),
    rampingOrders: ramp.orders,
    rampingMoves: ramp.moves,
    messages: countAfter(flow.orders, messagesAfter) + countAfter(flow.changes, messagesAfter) + 1,
    trades: countAfter(flow.fills, messagesAfter),
  };
}

/** Of entries in the order of their times, found by halving. */
function countAfter(entries: readonly { readonly timeMicros: Micros }[], afterMicros: Micros): number {
  let first = 0;
  let end = entries.length;
  while (first < end) {
    const middle = (first + end) >> 1;
    if ((entries[middle]?.timeMicros ?? 0) > afterMicros) end = middle;
    else first = middle + 1;
  }
  return entries.length - first;
}

function secondSourceAt(
  second: Quote | null,
  nowMicros: Micros,
  { secondQuoteAgeMaxMicros }: ComplianceLimits,
): SecondSource {
  if (second === null) return "none";
  return nowMicros - second.timeMicros <= secondQuoteAgeMaxMicros ? "fresh" : "stale";
}

/** How much worse one trades on the own quote, as a share of the other one's price; below zero where it is better. */
function deviation(side: Side, own: Quote, second: Quote): number {
  return side === "BUY"
    ? (own.askPoints - second.askPoints) / second.askPoints
    : (second.bidPoints - own.bidPoints) / second.bidPoints;
}

function slippageOf(
  fills: readonly FlowFill[],
  nowMicros: Micros,
  { slippageWindowMicros, slippageFillsMin }: ComplianceLimits,
): Pick<ComplianceFigures, "fills" | "slippageMean"> {
  let count = 0;
  let sum = 0;
  for (const { timeMicros, side, pricePoints, arrivalPoints } of fills) {
    // A fill whose order was decided on no quote has nothing to be held against.
    if (nowMicros - timeMicros >= slippageWindowMicros || Number.isNaN(arrivalPoints)) continue;
    const worse = side === "BUY" ? pricePoints - arrivalPoints : arrivalPoints - pricePoints;
    count++;
    sum += worse / arrivalPoints;
  }
  return { fills: count, slippageMean: count < Math.max(1, slippageFillsMin) ? null : sum / count };
}

/**
 * How many of them the proposal could trade with, unless either is dormant: live or later than `afterMicros`, on the other side, at its price or a better
 * one. NaN without a price.
 */
function crossing(
  { side, pricePoints, dormant }: Proposal,
  interests: readonly OwnInterest[],
  afterMicros: Micros,
): number {
  if (dormant) return 0;
  if (!Number.isFinite(pricePoints)) return Number.NaN;
  let count = 0;
  for (const interest of interests) {
    if (interest.side === side || interest.dormant || !(interest.live || interest.timeMicros > afterMicros))
      continue;
    const apart = side === "BUY" ? interest.pricePoints - pricePoints : pricePoints - interest.pricePoints;
    // What has no price is taken as one that crosses.
    if (!(apart > 0)) count++;
  }
  return count;
}

/** What own orders on the other side look like: levels of those that wait untouched, and how many were cancelled. */
function oppositeOf(
  { side, nowMicros }: Proposal,
  orders: readonly FlowOrder[],
  { cancelWindowMicros }: ComplianceLimits,
): Pick<ComplianceFigures, "layeringLevels" | "oppositeOrders" | "oppositeCancelled"> {
  const levels: number[] = [];
  let oppositeOrders = 0;
  let oppositeCancelled = 0;
  for (const order of orders) {
    if (order.side === side) continue;
    const untouched = order.filledMicros === 0;
    if (untouched && order.live && order.resting && !levels.includes(order.pricePoints)) {
      levels.push(order.pricePoints);
    }
    if (nowMicros - order.timeMicros >= cancelWindowMicros) continue;
    oppositeOrders++;
    if (untouched && order.cancelled) oppositeCancelled++;
  }
  return { layeringLevels: levels.length, oppositeOrders, oppositeCancelled };
}

/** A stop that nothing has triggered yet moves no price. */
function sleeps({ dormant, filledMicros }: FlowOrder): boolean {
  return dormant && filledMicros === 0;
}

/** Own aggressive orders of the proposal's side that lead up to it, each at a worse price than the one before. */
function rampOf(
  { side, pricePoints, dormant, nowMicros }: Proposal,
  flow: Pick<OrderFlow, "orders" | "moves">,
  windowMicros: number,
): { readonly orders: number; readonly moves: number } {
  if (!Number.isFinite(pricePoints)) return { orders: Number.NaN, moves: 0 };
  if (dormant) return { orders: 1, moves: 0 };
  let count = 1;
  let lastPoints = pricePoints;
  let movesBefore = Number.NaN;
  const { orders } = flow;
  for (let i = orders.length - 1; i >= 0; i--) {
    const order = orders[i] as FlowOrder;
    if (nowMicros - order.timeMicros >= windowMicros) break;
    if (order.side !== side || order.resting || sleeps(order)) continue;
    const better = side === "BUY" ? lastPoints - order.pricePoints : order.pricePoints - lastPoints;
    if (!(better > 0)) break;
    count++;
    lastPoints = order.pricePoints;
    movesBefore = order.movesBefore;
  }
  return { orders: count, moves: count === 1 ? 0 : flow.moves(side) - movesBefore };
}
