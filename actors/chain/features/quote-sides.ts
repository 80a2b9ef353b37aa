// What bid and ask do apart from each other: a maker moves one side first, and which side moved how long ago says more about
// the next seconds than the mid does.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_SECOND, type Micros } from "../../base/clock.ts";
import { FEATURE } from "../../domain/features.ts";
import type { Quote } from "../../domain/quote.ts";
import { BASIS_POINTS, SAME_SIGN_CHANGES_MIN, SAME_SIGN_WEIGHT } from "./limits.ts";

/** Time constants of the averages; features stand in this order. */
const AVERAGE_MICROS = [300_000, 1_000_000, 3_000_000, 10_000_000, 30_000_000] as const;
const AVERAGES = AVERAGE_MICROS.length;
/** Of those, by position: the ones that the spread is held against, and the first of the ones that rates decay with. */
const SPREAD_FAST = 1;
const SPREAD_SLOW = 4;
const RATES_FROM = 1;
const RATES = 3;
const CHANGES = 3;

/** One side's last changes and its averages over time. */
class Side {
  readonly averages = new Float64Array(AVERAGES);
  /** Points, the newest first; NaN before there were as many. */
  readonly #changes = new Float64Array(CHANGES).fill(Number.NaN);
  readonly #timesMicros = new Float64Array(CHANGES).fill(Number.NaN);
  readonly #changeFeature: number;
  readonly #ageFeature: number;
  readonly #averageFeature: number;
  points = Number.NaN;

  /** Each names the first of features that follow each other. */
  constructor(features: { change: number; age: number; average: number }) {
    this.#changeFeature = features.change;
    this.#ageFeature = features.age;
    this.#averageFeature = features.average;
  }

  /** @param weights of what stood until now, for each average */
  update(points: number, timeMicros: Micros, weights: Float64Array): void {
    const { averages, points: before } = this;
    if (Number.isNaN(before)) {
      averages.fill(points);
    } else {
      for (let i = 0; i < AVERAGES; i++) {
        averages[i] = (averages[i] as number) + (before - (averages[i] as number)) * (weights[i] as number);
      }
      if (points !== before) this.#remember(points - before, timeMicros);
    }
    this.points = points;
  }

  write(vector: Float64Array, timeMicros: Micros, perPoint: number): void {
    for (let i = 0; i < CHANGES; i++) {
      vector[this.#changeFeature + i] = (this.#changes[i] as number) * perPoint;
      vector[this.#ageFeature + i] = (timeMicros - (this.#timesMicros[i] as number)) / MICROS_PER_SECOND;
    }
    for (let i = 0; i < AVERAGES; i++) {
      vector[this.#averageFeature + i] = (this.points - (this.averages[i] as number)) * perPoint;
    }
  }

  persist(archive: Archive): void {
    this.points = archive.number(this.points);
    archive.numbers(this.averages);
    archive.numbers(this.#changes);
    archive.numbers(this.#timesMicros);
  }

  #remember(change: number, timeMicros: Micros): void {
    this.#changes.copyWithin(1, 0, CHANGES - 1);
    this.#timesMicros.copyWithin(1, 0, CHANGES - 1);
    this.#changes[0] = change;
    this.#timesMicros[0] = timeMicros;
  }
}

/**
 * Averages are of the value in force over time, a step of the implicit Euler method for each quote: towards what stood since the
 * last one by elapsed / (elapsed + time constant). That needs no exponential, never overshoots, and takes in all of a long
 * silence. Rates count quotes and forget by the same factor. They are numbers from the first quote on.
 */
export class QuoteSides {
  readonly #bid = new Side({
    change: FEATURE.bid_change_1,
    age: FEATURE.bid_change_1_age,
    average: FEATURE.bid_ema_300ms_distance,
  });
  readonly #ask = new Side({
    change: FEATURE.ask_change_1,
    age: FEATURE.ask_change_1_age,
    average: FEATURE.ask_ema_300ms_distance,
  });
  readonly #weights = new Float64Array(AVERAGES);
  readonly #rates = new Float64Array(RATES);
  #timeMicros: Micros = Number.NaN;
  #midPoints = Number.NaN;
  /** Of the last change of the mid; 0 before there was one. */
  #direction = 0;
  #changes = 0;
  #sameSign = 0.5;
  #wentOn = Number.NaN;

  /** 1 where the last quote moved the mid on in its direction, 0 where it turned it; NaN where it did neither. */
  get wentOn(): number {
    return this.#wentOn;
  }

  /** @param timeMicros the quote's time on the market's clock; never goes backwards */
  update(quote: Quote, timeMicros: Micros, vector: Float64Array): void {
    const { bidPoints, askPoints, midPoints } = quote;
    this.#forget(Number.isNaN(this.#timeMicros) ? 0 : timeMicros - this.#timeMicros);
    this.#timeMicros = timeMicros;
    this.#bid.update(bidPoints, timeMicros, this.#weights);
    this.#ask.update(askPoints, timeMicros, this.#weights);
    this.#follow(midPoints);
    const perPoint = BASIS_POINTS / midPoints;
    this.#bid.write(vector, timeMicros, perPoint);
    this.#ask.write(vector, timeMicros, perPoint);
    vector[FEATURE.spread_ema_1s_distance] = this.#spreadDistance(quote, SPREAD_FAST) * perPoint;
    vector[FEATURE.spread_ema_30s_distance] = this.#spreadDistance(quote, SPREAD_SLOW) * perPoint;
    for (let i = 0; i < RATES; i++) {
      vector[FEATURE.tick_rate_1s + i] = this.#rates[i] as number;
    }
    vector[FEATURE.same_sign_share] = this.#changes < SAME_SIGN_CHANGES_MIN ? Number.NaN : this.#sameSign;
  }

  persist(archive: Archive): void {
    this.#bid.persist(archive);
    this.#ask.persist(archive);
    archive.numbers(this.#rates);
    this.#timeMicros = archive.number(this.#timeMicros);
    this.#midPoints = archive.number(this.#midPoints);
    this.#direction = archive.number(this.#direction);
    this.#changes = archive.number(this.#changes);
    this.#sameSign = archive.number(this.#sameSign);
  }

  #forget(elapsedMicros: number): void {
    for (let i = 0; i < AVERAGES; i++) {
      this.#weights[i] = elapsedMicros / (elapsedMicros + (AVERAGE_MICROS[i] as number));
    }
    for (let i = 0; i < RATES; i++) {
      const kept = 1 - (this.#weights[RATES_FROM + i] as number);
      const seconds = (AVERAGE_MICROS[RATES_FROM + i] as number) / MICROS_PER_SECOND;
      this.#rates[i] = (this.#rates[i] as number) * kept + 1 / seconds;
    }
  }

  #follow(midPoints: number): void {
    const direction = Math.sign(midPoints - this.#midPoints);
    this.#midPoints = midPoints;
    this.#wentOn = Number.NaN;
    // NaN on the first quote, which goes nowhere.
    if (!(Math.abs(direction) === 1)) return;
    if (this.#direction !== 0) {
      const same = direction === this.#direction ? 1 : 0;
      this.#sameSign += (same - this.#sameSign) * SAME_SIGN_WEIGHT;
      this.#changes++;
      this.#wentOn = same;
    }
    this.#direction = direction;
  }

  #spreadDistance({ spreadPoints }: Quote, average: number): number {
    return spreadPoints - ((this.#ask.averages[average] as number) - (this.#bid.averages[average] as number));
  }
}
