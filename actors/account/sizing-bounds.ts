// The volume of an entry on a signal: what its method asks for and what every limit leaves room for. The smallest wins, and
// the order's figures say which it was.

import type { Component } from "../domain/signal.ts";
import { MICROS_PER_DAY } from "../base/clock.ts";
import { MICROS_PER_LOT } from "../domain/money.ts";
import type { RiskCheck } from "../domain/order.ts";
import { orderValueMicros } from "./order-value.ts";
import { correlatedWith, type ExposureFigures } from "./risk/exposure.ts";
import type { RiskLimits } from "./risk/limits.ts";
import {
  budgetVolumes,
  pointValuePerLot,
  resizeOrder,
  type SizedOrder,
  type SizingFigures,
} from "./sizing.ts";
import type { SizingSettings } from "./sizing-settings.ts";

/** What a signal foretells. */
export interface Forecast {
  /** Calibrated probability of the chosen side, in [0.5, 1). */
  readonly confidence: number;
  readonly components: readonly Component[];
  /** How far the mid is likely to be from here at the horizon, either way; null where nobody foretells it. */
  readonly movePoints: number | null;
}

export interface Bounds {
  readonly figures: SizingFigures;
  readonly forecast: Forecast;
  readonly settings: SizingSettings;
  readonly exposure: ExposureFigures;
  readonly limits: RiskLimits;
}

interface Bound {
  readonly name: string;
  readonly volumeMicros: number;
}

/** Days of trading in a year, each of 24 hours. */
const YEAR_MICROS = 252 * MICROS_PER_DAY;

/** A normal deviate is sqrt(2 / pi) deviations away from its mean, on average. */
const DEVIATIONS_PER_MOVE = Math.sqrt(Math.PI / 2);

/**
 * Cuts `budget`, the order at the risk budget, to the smallest of all bounds.
 * @returns the order, and the bound as a figure of it: value is its volume, limit the volume that the bound leaves
 */
export function cutToBounds(
  budget: SizedOrder,
  bounds: Bounds,
): { readonly order: SizedOrder; readonly figure: RiskCheck } {
  const all = boundsOf(budget, bounds);
  let tightest = all[0] as Bound;
  for (const bound of all) {
    if (Number.isNaN(tightest.volumeMicros)) break;
    // What cannot be computed leaves nothing.
    if (!(bound.volumeMicros >= tightest.volumeMicros)) tightest = bound;
  }
  let order = budget;
  if (!(tightest.volumeMicros >= budget.volumeMicros)) {
    order = resizeOrder(budget, Math.max(0, tightest.volumeMicros), bounds.figures);
  }
  return { order, figure: figureOf(tightest, order) };
}

function figureOf({ name, volumeMicros }: Bound, order: SizedOrder): RiskCheck {
  return { control: `sized-by:${name}`, passed: true, value: order.volumeMicros, limit: volumeMicros };
}

function boundsOf(budget: SizedOrder, { figures, forecast, settings, exposure, limits }: Bounds): Bound[] {
  const { byRisk, byMargin } = budgetVolumes(budget, figures);
  const bounds: Bound[] = [
    { name: "risk-budget", volumeMicros: byRisk },
    { name: settings.method, volumeMicros: methodVolume(budget, figures, forecast, settings) },
    { name: "margin", volumeMicros: byMargin },
    { name: "instrument-volume", volumeMicros: budget.instrument.volumeMaxMicros },
  ];
  const add = (name: string, volumeMicros: number): void => {
    bounds.push({ name, volumeMicros });
  };
  const isBuy = budget.side === "BUY";
  const held = isBuy ? exposure.longVolumeMicros : exposure.shortVolumeMicros;
  const heldMax = isBuy ? limits.longVolumeMaxMicros : limits.shortVolumeMaxMicros;
  if (heldMax !== null) add(isBuy ? "long-position" : "short-position", heldMax - held);
  if (limits.orderVolumeMaxMicros !== null) add("order-volume", limits.orderVolumeMaxMicros);
  const room = (name: string, valueMicros: number): void => {
    add(name, volumeOfValue(budget, figures, valueMicros));
  };
  if (limits.orderValueMaxMicros !== null) room("order-value", limits.orderValueMaxMicros);
  const { grossExposureMaxMicros, netExposureMaxMicros, currencyExposureMaxMicros } = limits;
  if (grossExposureMaxMicros !== null) room("gross-exposure", grossExposureMaxMicros - exposure.grossMicros);
  if (netExposureMaxMicros !== null) {
    room("net-exposure", roomIn(exposure.net, netExposureMaxMicros, isBuy));
  }
  if (currencyExposureMaxMicros !== null) {
    if (exposure.base !== null) {
      room("currency-exposure", roomIn(exposure.base, currencyExposureMaxMicros, isBuy));
    }
    if (exposure.quote !== null) {
      room("currency-exposure", roomIn(exposure.quote, currencyExposureMaxMicros, !isBuy));
    }
  }
  const { correlatedExposureMaxMicros } = limits;
  if (correlatedExposureMaxMicros !== null) {
    add("correlated-exposure", correlatedVolume(budget, figures, exposure, correlatedExposureMaxMicros));
  }
  return bounds;
}

/** How much more a net amount may rise, or fall, before it reaches the limit on its way. */
function roomIn(net: ExposureFigures["net"], limitMicros: number, rises: boolean): number {
  return rises ? limitMicros - net.highMicros : limitMicros + net.lowMicros;
}

/** The largest volume worth no more than `valueMicros`: a step less where rounding would take it a millionth too far. */
function volumeOfValue(order: SizedOrder, figures: SizingFigures, valueMicros: number): number {
  const perLot = order.pricePoints * pointValuePerLot(order.instrument, figures.conversionRate);
  const step = order.instrument.volumeStepMicros;
  const volumeMicros = Math.floor((valueMicros * MICROS_PER_LOT) / perLot / step) * step;
  const value = orderValueMicros(order, volumeMicros, figures.conversionRate);
  return value > valueMicros ? volumeMicros - step : volumeMicros;
}

/** The most whole steps within the budget that keep the limit: the exposure grows with the volume, so halving finds them. */
function correlatedVolume(
  order: SizedOrder,
  { conversionRate }: SizingFigures,
  exposure: ExposureFigures,
  limitMicros: number,
): number {
  const { side, instrument } = order;
  const step = instrument.volumeStepMicros;
  const keeps = (steps: number): boolean => {
    const valueMicros = orderValueMicros(order, steps * step, conversionRate);
    return correlatedWith(exposure, { side, valueMicros }) <= limitMicros;
  };
  let most = Math.floor(instrument.volumeMaxMicros / step);
  if (keeps(most)) return most * step;
  let kept = 0;
  while (most - kept > 1) {
    const middle = Math.floor((kept + most) / 2);
    if (keeps(middle)) kept = middle;
    else most = middle;
  }
  return kept * step;
}

/** What the method asks for, scaled by confidence and by how far members agree. NaN where it cannot be computed. */
function methodVolume(
  order: SizedOrder,
  figures: SizingFigures,
  forecast: Forecast,
  settings: SizingSettings,
): number {
  const { equityMicros, riskFraction, conversionRate } = figures;
  const perLot = pointValuePerLot(order.instrument, conversionRate);
  const scale = sizeScale(forecast, settings);
  switch (settings.method) {
    case "fixed-fraction":
      return (scale * equityMicros * riskFraction * MICROS_PER_LOT) / (order.stopPoints * perLot);
    case "volatility-target": {
      const points = deviationPoints(order, forecast, settings);
      return (scale * equityMicros * settings.volatilityFraction * MICROS_PER_LOT) / (points * perLot);
    }
    case "fractional-kelly": {
      const stake = settings.kellyFraction * kellyStake(forecast.confidence, order);
      return (scale * equityMicros * stake * MICROS_PER_LOT) / (order.stopPoints * perLot);
    }
  }
}

/** Standard deviation of the price over a trade or a year. A stop is wider than the move it is measured by: it stands in. */
function deviationPoints(order: SizedOrder, { movePoints }: Forecast, settings: SizingSettings): number {
  const points = movePoints === null ? order.stopPoints : movePoints * DEVIATIONS_PER_MOVE;
  if (settings.volatilityPeriod === "trade") return points;
  return points * Math.sqrt(YEAR_MICROS / settings.volatilityHorizonMicros);
}

/**
 * Share of equity that Kelly's criterion stakes (Kelly 1956): (p b - q) / b at odds b of target to stop; 0 without an edge,
 * NaN without a target, since the odds are then not known.
 */
export function kellyStake(
  probability: number,
  { stopPoints, targetPoints }: Pick<SizedOrder, "stopPoints" | "targetPoints">,
): number {
  if (targetPoints === 0) return Number.NaN;
  const odds = targetPoints / stopPoints;
  return Math.max(0, (probability * odds - (1 - probability)) / odds);
}

/** In [0, 1]: what is left of a volume at this confidence, and at this disagreement of members. What has no share is not asked. */
export function sizeScale({ confidence, components }: Forecast, settings: SizingSettings): number {
  const { confidenceShare, uncertaintyShare } = settings;
  const doubt = confidenceShare === 0 ? 0 : confidenceShare * (2 - 2 * confidence);
  const discord = uncertaintyShare === 0 ? 0 : uncertaintyShare * uncertaintyOf(components);
  return Math.max(0, 1 - doubt) * (1 - discord);
}

/** Twice the weighted standard deviation of the members' probabilities, in [0, 1]; 1 where nothing is known of them. */
export function uncertaintyOf(components: readonly Component[]): number {
  let weights = 0;
  let sum = 0;
  for (const { probabilityUp, weight } of components) {
    weights += weight;
    sum += weight * probabilityUp;
  }
  if (!(weights > 0)) return 1;
  const mean = sum / weights;
  let variance = 0;
  for (const { probabilityUp, weight } of components) variance += weight * (probabilityUp - mean) ** 2;
  return Math.min(1, 2 * Math.sqrt(variance / weights));
}
