// A forecaster whose probabilities are known to be right, a minute at a time, of outcomes that overlap as real ones do; and what a
// recalibrator makes of them when they are told otherwise than they are.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from "../../base/clock.ts";
import { normalCdf } from "../../base/normal.ts";
import type { SeededRandom } from "../../base/random.ts";
import type { Bar } from "../../domain/bar.ts";
import type { Quote } from "../../domain/quote.ts";
import type { Recalibrator } from "./recalibrator.ts";

export const HORIZON_MINUTES = 15;
export const BLOCKS_A_WEEK = 480;
const START_MICROS = 1_400_000_040 * MICROS_PER_SECOND;

/** The drift of a minute goes on with this share; what is known of it fades over about two horizons. */
const PERSISTENCE = 0.97;

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

export function logit(probability: number): number {
  return Math.log(probability / (1 - probability));
}

/** Over a horizon: what a drift of 1 now comes to on average, and the variance of what follows besides. */
const { expected: EXPECTED, variance: VARIANCE } = aheadOf();

function aheadOf(): { expected: number; variance: number } {
  const weights: number[] = [];
  for (let left = 1; left <= HORIZON_MINUTES; left++)
    weights.push((1 - PERSISTENCE ** left) / (1 - PERSISTENCE));
  const innovation = 1 - PERSISTENCE ** 2;
  const squares = weights.slice(0, -1).reduce((sum, weight) => sum + weight ** 2, 0);
  return { expected: PERSISTENCE * (weights.at(-1) ?? 0), variance: innovation * squares };
}

/** Minutes of a walk that drifts, and the true probability that it is higher a horizon later. */
export class DriftingMarket {
  readonly #random: SeededRandom;
  readonly #skill: number;
  #drift = 0;
  #price = 1e6;
  #minute = 0;

  /** @param skill the larger, the surer one can be: the drift in deviations of a minute */
  constructor(random: SeededRandom, skill: number) {
    this.#random = random;
    this.#skill = skill;
  }

  get price(): number {
    return this.#price;
  }

  get closeMicros(): Micros {
    return START_MICROS + this.#minute * MICROS_PER_MINUTE;
  }

  get probabilityUp(): number {
    const mean = this.#skill * EXPECTED * this.#drift;
    return normalCdf(mean / Math.sqrt(HORIZON_MINUTES + this.#skill ** 2 * VARIANCE));
  }

  next(): void {
    const random = this.#random;
    this.#drift = PERSISTENCE * this.#drift + Math.sqrt(1 - PERSISTENCE ** 2) * random.normal();
    this.#price += this.#skill * this.#drift + random.normal();
    this.#minute++;
  }
}

export interface Told {
  readonly said: number;
  readonly applied: number;
  readonly isActive: boolean;
}

/** Plays minutes to a recalibrator: `tell` makes of the true probability what is said. */
export function play(
  recalibrator: Recalibrator,
  market: DriftingMarket,
  { minutes, tell }: { minutes: number; tell: (probabilityUp: number) => number },
): Told[] {
  const told: Told[] = [];
  for (let i = 0; i < minutes; i++) {
    market.next();
    const { closeMicros, price } = market;
    recalibrator.onMinute({
      openTimeMicros: closeMicros - MICROS_PER_MINUTE,
      high: price,
      low: price,
      close: price,
    } as Bar);
    recalibrator.onQuote({ timeMicros: closeMicros, midPoints: price, spreadPoints: 1 } as Quote);
    const said = tell(market.probabilityUp);
    const applied = recalibrator.apply(said, closeMicros + MICROS_PER_SECOND);
    told.push({ said, applied, isActive: recalibrator.isActive });
  }
  return told;
}
