// How the paper broker differs from a perfect one: latency, slippage, commission, and the moods of a broker. What looks
// random is derived from a seed and the order's id, so that it is the same in every replay and needs no state.

import { exponential } from "../../base/exponential.ts";
import { StateHash } from "../../base/hash.ts";
import { SeededRandom } from "../../base/random.ts";
import { type MicroMoney, MICROS_PER_LOT, roundHalfAway } from "../../domain/money.ts";
import { LATENCY_MICROS_MAX } from "../limits.ts";
import type { PaperBrokerSettings } from "../settings.ts";

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
  const word = Number.parseInt(digits.slice(0, 8), 16);
  return {
    latencyMicros: latencyOf(word, settings),
    slippage: Number.parseInt(digits.slice(8), 16) / UINT32_RANGE,
  };
}

/** A mood that befalls some requests: each is drawn by itself. */
export type Mood = "rejection" | "silence" | "loss";

/** Whether `mood` befalls the order `id`, which it does with `probability`; left out, never. */
export function befalls(
  mood: Mood,
  order: { readonly id: string; readonly seed: number },
  probability: number | undefined,
): boolean {
  if (probability === undefined || probability === 0) return false;
  const hash = new StateHash();
  hash.number(order.seed);
  hash.text(order.id);
  hash.text(mood);
  return Number.parseInt(hash.hex().slice(0, 8), 16) / UINT32_RANGE < probability;
}

/** Slippage in whole points, adverse above zero: a share of the spread, and a lucky or unlucky share of the recent moves. */
export function slippagePoints(
  market: { spreadPoints: number; volatilityPoints: number },
  luck: number,
  settings: PaperBrokerSettings,
): number {
  const bySpread = settings.slippageSpreadShare * market.spreadPoints;
  const swing = settings.slippageSymmetric === true ? 2 * luck - 1 : luck;
  const byVolatility = settings.slippageVolatilityShare * market.volatilityPoints * swing;
  return Math.round(bySpread + byVolatility);
}

/** @param notionalMicros of the fill, in the account's currency; NaN, where it is unknown, costs nothing by value */
export function commissionMicros(
  volumeMicros: number,
  notionalMicros: MicroMoney,
  settings: PaperBrokerSettings,
): MicroMoney {
  const byVolume = roundHalfAway((settings.commissionPerLotMicros * volumeMicros) / MICROS_PER_LOT);
  const byValue = roundHalfAway((settings.commissionFraction ?? 0) * notionalMicros);
  return Number.isNaN(byValue) ? byVolume : byVolume + byValue;
}

function latencyOf(word: number, settings: PaperBrokerSettings): number {
  const { latencyMicros, latencyJitterMicros, latencyLogDeviation = 0 } = settings;
  if (latencyLogDeviation > 0) {
    const factor = exponential(latencyLogDeviation * new SeededRandom(word).normal());
    return Math.min(LATENCY_MICROS_MAX, Math.round(latencyMicros * factor));
  }
  const latency = latencyMicros + latencyJitterMicros * (2 * (word / UINT32_RANGE) - 1);
  return Math.max(0, Math.round(latency));
}
