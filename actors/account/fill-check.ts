// Looks at every fill after the fact: at which price it was meant to be made, what it cost more, how long it took, and whether it is what
// was ordered. The newest fills are kept for people, and what they came to for each instrument.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import type { MicroMoney } from "../domain/money.ts";
import type { Execution, OrderPurpose, Side } from "../domain/order.ts";
import { FILLS_KEPT_MAX } from "./limits.ts";
import type { TrackedOrder } from "./orders.ts";
import { persistList } from "./persist-list.ts";
import { sideOf, type TrackedPosition } from "./positions.ts";

export interface CheckedFill {
  readonly dealId: string;
  /** The order it belongs to; of a deal of the broker's own the one that opened the position. */
  readonly intentId: string;
  readonly instrumentId: number;
  /** "broker" where a stop or a target filled, or nobody knows the order any more. */
  readonly by: OrderPurpose | "broker";
  readonly side: Side;
  readonly volumeMicros: number;
  readonly pricePoints: number;
  /** The quote it was decided on, its limit or its stop; NaN where that is unknown. */
  readonly expectedPoints: number;
  /** Worse than expected by so much; negative when better. */
  readonly slippagePoints: number;
  readonly slippageMicros: MicroMoney;
  readonly timeMicros: Micros;
  /** From the decision to the sending, and from there to the fill; NaN where either is unknown. */
  readonly sendingMicros: number;
  readonly fillingMicros: number;
}

export interface FillSummary {
  readonly instrumentId: number;
  /** Fills of which the expected price is known. */
  readonly fills: number;
  readonly averageSlippagePoints: number;
  readonly worstSlippagePoints: number;
  readonly slippageMicros: MicroMoney;
}

/** At which price `deal` was meant to be made; NaN where nobody said. */
export function expectedPricePoints(
  deal: Execution,
  order: TrackedOrder | undefined,
  position: TrackedPosition | undefined,
): number {
  if (order === undefined) return triggerPrice(deal, position);
  // Two positions close each other at prices of their own.
  return order.byPositionId === "" ? order.pricePoints : Number.NaN;
}

export function adversePoints(deal: Execution, expectedPoints: number): number {
  return deal.side === "BUY" ? deal.pricePoints - expectedPoints : expectedPoints - deal.pricePoints;
}

/** Why a fill is not what its order allows; empty where it is. */
export function violationOf(deal: Execution, order: TrackedOrder | undefined): string {
  if (order === undefined) return "";
  if (deal.instrumentId !== order.instrumentId) {
    return `order ${order.intentId} is on instrument ${order.instrumentId}, its fill on ${deal.instrumentId}`;
  }
  const isLimit = order.terms !== null && order.terms.type !== "stop";
  const limitPoints = worstLimit(order);
  if (isLimit && adversePoints(deal, limitPoints) > 0) {
    return `order ${order.intentId} filled at ${deal.pricePoints}, worse than its limit ${limitPoints}`;
  }
  return "";
}

/** While its price is being changed either one may be the broker's. */
function worstLimit({ side, pricePoints, changePricePoints }: TrackedOrder): number {
  if (changePricePoints === 0) return pricePoints;
  return side === "BUY" ? Math.max(pricePoints, changePricePoints) : Math.min(pricePoints, changePricePoints);
}

export class FillLog {
  readonly #recent: Writable<CheckedFill>[] = [];
  /** By instrument id. */
  readonly #counts: Float64Array;
  readonly #points: Float64Array;
  readonly #worst: Float64Array;
  readonly #micros: Float64Array;

  constructor(instruments: number) {
    this.#counts = new Float64Array(instruments);
    this.#points = new Float64Array(instruments);
    this.#worst = new Float64Array(instruments).fill(Number.NaN);
    this.#micros = new Float64Array(instruments);
  }

  /** The newest fills, oldest first. */
  recent(): readonly CheckedFill[] {
    return this.#recent.map((fill) => ({ ...fill }));
  }

  /** Of instruments that something was filled on. */
  summaries(): readonly FillSummary[] {
    const ids = [...this.#counts.keys()].filter((id) => (this.#counts[id] as number) > 0);
    return ids.map((instrumentId) => {
      const fills = this.#counts[instrumentId] as number;
      return {
        instrumentId,
        fills,
        averageSlippagePoints: (this.#points[instrumentId] as number) / fills,
        worstSlippagePoints: this.#worst[instrumentId] as number,
        slippageMicros: this.#micros[instrumentId] as number,
      };
    });
  }

  take(
    deal: Execution,
    order: TrackedOrder | undefined,
    price: { readonly expectedPoints: number; readonly slippageMicros: MicroMoney },
  ): void {
    const slippagePoints = adversePoints(deal, price.expectedPoints);
    this.#recent.push({
      dealId: deal.dealId ?? "",
      intentId: deal.intentId,
      instrumentId: deal.instrumentId,
      by: order?.purpose ?? "broker",
      side: deal.side,
      volumeMicros: deal.volumeMicros,
      pricePoints: deal.pricePoints,
      ...price,
      slippagePoints,
      timeMicros: deal.timeMicros,
      sendingMicros: order === undefined ? Number.NaN : order.sentMicros - order.decidedMicros,
      fillingMicros: order === undefined ? Number.NaN : deal.timeMicros - order.sentMicros,
    });
    if (this.#recent.length > FILLS_KEPT_MAX) this.#recent.shift();
    if (!Number.isNaN(slippagePoints)) this.#count(deal.instrumentId, slippagePoints, price.slippageMicros);
  }

  persist(archive: Archive): void {
    persistList(archive, this.#recent, emptyFill, persistFill);
    archive.growing(this.#counts);
    archive.growing(this.#points);
    archive.growing(this.#worst);
    archive.growing(this.#micros);
  }

  #count(id: number, points: number, micros: MicroMoney): void {
    const worst = this.#worst[id] as number;
    this.#counts[id] = (this.#counts[id] as number) + 1;
    this.#points[id] = (this.#points[id] as number) + points;
    this.#worst[id] = Number.isNaN(worst) ? points : Math.max(worst, points);
    if (!Number.isNaN(micros)) this.#micros[id] = (this.#micros[id] as number) + micros;
  }
}

/** The price a deal of the broker's own was meant to be made at: the stop, the target, or unknown. */
function triggerPrice(deal: Execution, position: TrackedPosition | undefined): number {
  if (position === undefined || sideOf(position) === deal.side) return Number.NaN;
  if (deal.reason === "stop") return position.stopPricePoints;
  return deal.reason === "target" ? position.targetPricePoints : Number.NaN;
}

type Writable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

/** Position is the number in the state: append, never reorder. */
const BY = ["broker", "entry", "exit", "modify", "cancel"] as const;

function emptyFill(): Writable<CheckedFill> {
  return {
    dealId: "",
    intentId: "",
    instrumentId: 0,
    by: "broker",
    side: "BUY",
    volumeMicros: 0,
    pricePoints: 0,
    expectedPoints: 0,
    slippagePoints: 0,
    slippageMicros: 0,
    timeMicros: 0,
    sendingMicros: 0,
    fillingMicros: 0,
  };
}

function persistFill(fill: Writable<CheckedFill>, archive: Archive): void {
  fill.dealId = archive.text(fill.dealId);
  fill.intentId = archive.text(fill.intentId);
  fill.instrumentId = archive.number(fill.instrumentId);
  fill.by = BY[archive.number(BY.indexOf(fill.by))] ?? "broker";
  fill.side = archive.boolean(fill.side === "SELL") ? "SELL" : "BUY";
  fill.volumeMicros = archive.number(fill.volumeMicros);
  fill.pricePoints = archive.number(fill.pricePoints);
  fill.expectedPoints = archive.number(fill.expectedPoints);
  fill.slippagePoints = archive.number(fill.slippagePoints);
  fill.slippageMicros = archive.number(fill.slippageMicros);
  fill.timeMicros = archive.number(fill.timeMicros);
  fill.sendingMicros = archive.number(fill.sendingMicros);
  fill.fillingMicros = archive.number(fill.fillingMicros);
}
