// How much: the volume at which the stop costs what one trade may cost, cut to what margin and the instrument allow, rounded
// down to the volume step. Never rounds up: a limit met exactly is met. Methods and further limits only make it smaller.

import { type Instrument, pointsPerUnit } from "../domain/instrument.ts";
import { type MicroMoney, MICROS_PER_LOT, moveValueMicros, roundHalfAway } from "../domain/money.ts";
import type { PendingTerms, Side } from "../domain/order.ts";
import { convertMicros } from "./conversion.ts";

/** What a signal asks for, priced from the account's own quote. */
export interface ProposedOrder {
  readonly instrument: Instrument;
  readonly side: Side;
  /** Where a fill is expected: at the market the ask of a BUY, the bid of a SELL. NaN without a quote. */
  readonly pricePoints: number;
  readonly stopPoints: number;
  /** 0 for none. */
  readonly targetPoints: number;
  /** Of an order that waits at the broker: what for, and the market it was judged in. Its price is its own then. */
  readonly pending?: {
    readonly terms: PendingTerms;
    readonly bidPoints: number;
    readonly askPoints: number;
  };
}

/** What sizing looks at besides the order. */
export interface SizingFigures {
  readonly equityMicros: MicroMoney;
  /** Margin that may still be taken before the account's limit. */
  readonly freeMarginMicros: MicroMoney;
  readonly leverage: number;
  readonly riskFraction: number;
  /** Account currency per quote currency; NaN when unknown. */
  readonly conversionRate: number;
}

export interface SizedOrder extends ProposedOrder {
  /** A multiple of the volume step, at most the instrument's maximum; 0 when nothing fits, NaN when not computable. */
  readonly volumeMicros: number;
  /** What the stop would cost, in the account's currency, without slippage. */
  readonly riskMicros: MicroMoney;
  readonly marginMicros: MicroMoney;
}

/** Margin of `volumeMicros` at `pricePoints` in the account's currency. */
export function marginOf(
  instrument: Instrument,
  position: { pricePoints: number; volumeMicros: number },
  figures: { leverage: number; conversionRate: number },
): MicroMoney {
  const notional = moveValueMicros(instrument, position.pricePoints, position.volumeMicros);
  return roundHalfAway((notional * figures.conversionRate) / figures.leverage);
}

/** What a point of one lot is worth in the account's currency, not rounded: a tiny one would be off by half of itself. */
export function pointValuePerLot(instrument: Instrument, conversionRate: number): number {
  return (instrument.contractSize * MICROS_PER_LOT * conversionRate) / pointsPerUnit(instrument);
}

/** The volumes at which the stop costs the risk budget, and at which free margin is used up. */
export function budgetVolumes(
  order: ProposedOrder,
  figures: SizingFigures,
): { readonly byRisk: number; readonly byMargin: number } {
  const unitsPerLot = pointValuePerLot(order.instrument, figures.conversionRate);
  const stopPerLot = order.stopPoints * unitsPerLot;
  const marginPerLot = (order.pricePoints * unitsPerLot) / figures.leverage;
  return {
    byRisk: (figures.equityMicros * figures.riskFraction * MICROS_PER_LOT) / stopPerLot,
    byMargin: (figures.freeMarginMicros * MICROS_PER_LOT) / marginPerLot,
  };
}

export function sizeOrder(order: ProposedOrder, figures: SizingFigures): SizedOrder {
  const { instrument } = order;
  const rate = figures.conversionRate;
  const { byRisk, byMargin } = budgetVolumes(order, figures);
  const wanted = Math.min(byRisk, byMargin, instrument.volumeMaxMicros);
  // NaN and Infinity stay visible: a control refuses them.
  let volumeMicros = Math.max(0, floorTo(wanted, instrument.volumeStepMicros));
  let marginMicros = marginAt(order, figures, volumeMicros);
  // The margin of the whole order is rounded: at the very edge it may be one millionth too much.
  if (marginMicros > figures.freeMarginMicros && volumeMicros > 0) {
    volumeMicros -= instrument.volumeStepMicros;
    marginMicros = marginAt(order, figures, volumeMicros);
  }
  const riskMicros = convertMicros(moveValueMicros(instrument, order.stopPoints, volumeMicros), rate);
  return { ...order, volumeMicros, riskMicros, marginMicros };
}

/** The same order at a volume somebody asked for, down to whole steps. Whether it is allowed is for the controls to say. */
export function resizeOrder(order: SizedOrder, volumeMicros: number, figures: SizingFigures): SizedOrder {
  const { instrument } = order;
  const whole = floorTo(volumeMicros, instrument.volumeStepMicros);
  const riskMicros = convertMicros(
    moveValueMicros(instrument, order.stopPoints, whole),
    figures.conversionRate,
  );
  return { ...order, volumeMicros: whole, riskMicros, marginMicros: marginAt(order, figures, whole) };
}

function marginAt(order: ProposedOrder, figures: SizingFigures, volumeMicros: number): MicroMoney {
  return marginOf(order.instrument, { pricePoints: order.pricePoints, volumeMicros }, figures);
}

/** Down to whole steps; a whole number that float arithmetic left a hair short is whole. */
function floorTo(value: number, step: number): number {
  return Math.floor((value / step) * (1 + Number.EPSILON * 4)) * step;
}
