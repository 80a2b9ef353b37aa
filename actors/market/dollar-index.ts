// A synthetic US dollar index by the formula of ICE Futures U.S., over whichever of its six pairs are quoted:
//   50.14348112 x EURUSD^-0.576 x USDJPY^0.136 x GBPUSD^-0.119 x USDCAD^0.091 x USDSEK^0.042 x USDCHF^0.036

import { exponential, logRatio } from "../base/exponential.ts";
import type { Instrument } from "../domain/instrument.ts";

const ICE_FACTOR = 50.14348112;

const ICE_EXPONENTS: Readonly<Record<string, number>> = {
  EURUSD: -0.576,
  USDJPY: 0.136,
  GBPUSD: -0.119,
  USDCAD: 0.091,
  USDSEK: 0.042,
  USDCHF: 0.036,
};

/**
 * Where pairs are missing, the exponents of those present are scaled so that their absolute values sum to 1 again, as
 * all six do: the index then answers a general move of the dollar in full. Its level is comparable only between times
 * at which the same pairs are present, its returns always.
 */
export class DollarIndex {
  /** By instrument id; 0 for what is not part of the index. */
  readonly #exponents: Float64Array;

  constructor(instruments: readonly Instrument[]) {
    this.#exponents = Float64Array.from(instruments, (instrument) => ICE_EXPONENTS[instrument.symbol] ?? 0);
  }

  /** The index over the pairs whose mid, by instrument id, is a number; NaN when there is none. */
  level(mids: Float64Array): number {
    const logarithm = this.#weightedMean(mids, naturalLog);
    return Number.isNaN(logarithm) ? Number.NaN : ICE_FACTOR * exponential(logarithm);
  }

  /** Log return of the index from the log returns of its pairs, by instrument id, NaN where missing. */
  logReturn(logReturns: Float64Array): number {
    return this.#weightedMean(logReturns, identity);
  }

  #weightedMean(values: Float64Array, map: (value: number) => number): number {
    let sum = 0;
    let weight = 0;
    for (let id = 0; id < values.length; id++) {
      const exponent = this.#exponents[id] as number;
      const value = values[id] as number;
      if (exponent === 0 || Number.isNaN(value)) continue;
      sum += exponent * map(value);
      weight += Math.abs(exponent);
    }
    return weight === 0 ? Number.NaN : sum / weight;
  }
}

function naturalLog(value: number): number {
  return logRatio(value, 1);
}

function identity(value: number): number {
  return value;
}
