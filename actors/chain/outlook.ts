// How far the price is likely to go, from the members that foretell ranges: what stops are measured by, what a direction
// has to be worth, and part of what a regime is. Volatility can be foretold, which directions hardly can.

import { exponential, logRatio } from "../base/exponential.ts";
import type { Micros } from "../base/clock.ts";
import { FEATURE } from "../domain/features.ts";
import type { Ballot } from "./ballot.ts";

const BASIS_POINTS = 10_000;

/**
 * Ranges around what was foretold are about log-normal with this standard deviation. A probability p of more than the median
 * then stands for a range of exp(deviation * z(p)) medians, z the normal quantile; z is taken as ln(p / (1 - p)) / 1.702, the
 * logistic curve that is nearest to it.
 */
const LOG_RANGE_DEVIATION = 0.55;
const LOGISTIC_PER_NORMAL = 1.702;
const PACE_EXPONENT = LOG_RANGE_DEVIATION / LOGISTIC_PER_NORMAL;

/** Of a random walk: mean absolute move sqrt(2 t / pi), mean range twice that (Feller 1951). */
const MOVE_PER_RANGE = 0.5;
const MOVE_PER_DEVIATION = Math.sqrt(2 / Math.PI);
const HORIZON_MINUTES = 15;

export class Outlook {
  /** Of the next quarter of an hour and the next hour, bp; NaN where nobody foretells it. */
  range15Bp = Number.NaN;
  range60Bp = Number.NaN;
  /** The next quarter of an hour's range in usual ones; NaN where nobody foretells it. */
  pace = Number.NaN;
  /** How far the mid is likely to be from here in a quarter of an hour, either way, bp; NaN where nothing is known. */
  moveBp = Number.NaN;

  /** Reads the newest votes on ranges; without them the past volatility stands in for the move alone. */
  update(ballot: Ballot, features: Float64Array, timeMicros: Micros): void {
    const median15 = features[FEATURE.range_15m_median] as number;
    const median60 = features[FEATURE.range_60m_median] as number;
    this.pace = paceOf(ballot.latest("range-15m", timeMicros));
    this.range15Bp = median15 * this.pace;
    this.range60Bp = median60 * paceOf(ballot.latest("range-60m", timeMicros));
    const deviation = features[FEATURE.volatility_100] as number;
    this.moveBp = Number.isNaN(this.range15Bp)
      ? deviation * Math.sqrt(HORIZON_MINUTES) * MOVE_PER_DEVIATION
      : this.range15Bp * MOVE_PER_RANGE;
  }

  /** The foretold range of an hour as that of one minute - ranges grow with the root of time -, in points; NaN without one. */
  minuteRangePoints(midPoints: number): number {
    return (this.range60Bp / BASIS_POINTS / Math.sqrt(60)) * midPoints;
  }

  movePoints(midPoints: number): number {
    return (this.moveBp / BASIS_POINTS) * midPoints;
  }
}

/** Medians that a range is likely to be, when it is wider than one with this probability. */
function paceOf(probability: number): number {
  return exponential(PACE_EXPONENT * logRatio(probability, 1 - probability));
}
