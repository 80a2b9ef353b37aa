// How the paper broker differs from a perfect one: latency, slippage, commission. What looks random is derived from
// a seed and the order's id, so that it is the same in every replay and needs no state.

import { StateHash } from "../base/hash.ts";
import { type MicroMoney, MICROS_PER_LOT, roundHalfAway } from "../domain/money.ts";
import type { PaperBrokerSettings } from "./settings.ts";

/** What the paper broker draws for one order. */
export interface Luck {
  /** Time from sending to the market, whole microseconds. */
  readonly latencyMicros: number;
  /** Uniform in [0, 1): how much of the recent volatility works against the order. */
  readonly slippage: number;
}

const UINT32_RANGE = 4_294_967_296;

/** @param id of the order, or of the position whose stop is filled */
export function luckOf(id: string, seed: number, settings: PaperBrokerSettings): Luck {
  const hash = new StateHash();
  hash.number(seed);
  hash.text(id);
  const digits = hash.hex();
  const jitter = Number.parseInt(digits.slice(0, 8), 16) / UINT32_RANGE;
  const latency = settings.latencyMicros + settings.latencyJitterMicros * (2 * jitter - 1);
  return {
    latencyMicros: Math.max(0, Math.round(latency)),
    slippage: Number.parseInt(digits.slice(8), 16) / UINT32_RANGE,
  };
}

/** Adverse slippage in whole points: a share of the spread, and a lucky or unlucky share of the recent moves. */
export function slippagePoints(
  market: { spreadPoints: number; volatilityPoints: number },
  luck: number,
  settings: PaperBrokerSettings,
): number {
  const bySpread = settings.slippageSpreadShare * market.spreadPoints;
  const byVolatility = settings.slippageVolatilityShare * market.volatilityPoints * luck;
  return Math.round(bySpread + byVolatility);
}

export function commissionMicros(volumeMicros: number, settings: PaperBrokerSettings): MicroMoney {
  return roundHalfAway((settings.commissionPerLotMicros * volumeMicros) / MICROS_PER_LOT);
}
