// How lists grow from the stream: pure, bounded, newest first, and quiet about what they know already.

import type { EquityPoint, OrderMessage, PositionMessage, PositionUpdate } from "../../api/schemas.ts";
import { EQUITY_POINTS_MAX, EQUITY_STEP_MILLIS, ORDERS_MAX } from "./limits.ts";

/**
 * `list` with `incoming` put in its place, newest (highest `key`) first, at most `max`. One that is known already is replaced.
 */
export function withNewest<T>(
  list: readonly T[],
  incoming: readonly T[],
  options: { key: (item: T) => number; max: number },
): readonly T[] {
  if (incoming.length === 0) return list;
  const { key, max } = options;
  const byKey = new Map(list.map((item) => [key(item), item]));
  for (const item of incoming) byKey.set(key(item), item);
  return [...byKey.values()].sort((a, b) => key(b) - key(a)).slice(0, max);
}

/** An order and the steps of its life so far. */
export interface Order {
  readonly id: string;
  /** Oldest first. */
  readonly steps: readonly OrderMessage[];
  /** Of the newest step. */
  readonly seq: number;
}

/** Orders with the steps in `incoming` added, newest first. */
export function withSteps(orders: readonly Order[], incoming: readonly OrderMessage[]): readonly Order[] {
  if (incoming.length === 0) return orders;
  const byId = new Map(orders.map((order) => [order.id, order]));
  for (const step of incoming) {
    // A refusal names no order: it stands for itself.
    const id = step.id === "" ? `#${step.seq}` : step.id;
    const steps = (byId.get(id)?.steps ?? []).filter(({ seq }) => seq !== step.seq);
    const grown = [...steps, step].sort((a, b) => a.seq - b.seq);
    byId.set(id, { id, steps: grown, seq: grown.at(-1)?.seq ?? step.seq });
  }
  return [...byId.values()].sort((a, b) => b.seq - a.seq).slice(0, ORDERS_MAX);
}

/** Positions after an update: a closed one leaves, one that is only mentioned in part waits for the account's next word. */
export function withPosition(
  positions: readonly PositionMessage[],
  update: PositionUpdate,
): readonly PositionMessage[] {
  const { status, reason: _reason, ...changed } = update;
  const others = positions.filter(({ ticket }) => ticket !== update.ticket);
  if (status === "closed") return others;
  const before = positions.find(({ ticket }) => ticket === update.ticket);
  const { lots, openPrice, openTime, stopLoss = null, takeProfit = null } = { ...before, ...changed };
  if (lots === undefined || openPrice === undefined || openTime === undefined) return positions;
  const after: PositionMessage = { ...changed, lots, openPrice, openTime, stopLoss, takeProfit };
  return before === undefined
    ? [...others, after]
    : positions.map((held) => (held === before ? after : held));
}

/** The curve with one more point; points closer than a second replace the last. Long curves lose every other older point. */
export function withEquity(curve: readonly EquityPoint[], point: EquityPoint): readonly EquityPoint[] {
  const last = curve.at(-1);
  if (last === undefined) return [point];
  const stepMillis = Date.parse(point.time) - Date.parse(last.time);
  if (stepMillis < 0) return curve;
  const before = curve.at(-2);
  const isSameStep =
    before !== undefined && Date.parse(point.time) - Date.parse(before.time) < EQUITY_STEP_MILLIS;
  if (stepMillis === 0 || isSameStep) return [...curve.slice(0, -1), point];
  return thinned([...curve, point]);
}

/** At most the allowed number of points: every other one of the older half goes. */
export function thinned(curve: readonly EquityPoint[]): readonly EquityPoint[] {
  let points = curve;
  while (points.length > EQUITY_POINTS_MAX) {
    const half = Math.floor(points.length / 2);
    points = points.filter((_, index) => index >= half || index % 2 === 0);
  }
  return points;
}
