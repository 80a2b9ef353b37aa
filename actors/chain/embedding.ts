// A market state as a vector: the shape of the last two hours and where the indicators stand, both freed of the symbol's
// price and volatility, so that states of different symbols and years can be compared. Additions, multiplications,
// divisions and square roots alone: the same to the bit on every machine.

import { FEATURE, type FeatureName } from "../domain/features.ts";
import { CHAOS_WINDOW } from "./chaos.ts";

/** Bump when a dimension, its order or its meaning changes. */
export const WINDOW_EMBEDDING = "window-v1";

/** Closed 1-minute log returns an embedding needs. */
export const EMBEDDING_RETURNS: number = CHAOS_WINDOW;

const PATH_POINTS = 40;
const MINUTES_A_POINT = 3;
const PATH_MINUTES = PATH_POINTS * MINUTES_A_POINT;

interface Indicator {
  readonly name: FeatureName;
  /** What is neither here nor there. */
  readonly centre: number;
  /** Distance from the centre that counts half. */
  readonly scale: number;
  /** In basis points, to be measured by the symbol's own volatility over so many minutes. */
  readonly minutes?: number;
}

const INDICATORS: readonly Indicator[] = [
  { name: "rsi_14", centre: 50, scale: 20 },
  { name: "stochastic_k", centre: 50, scale: 30 },
  { name: "cci_20", centre: 0, scale: 100 },
  { name: "bollinger_percent_b", centre: 0.5, scale: 0.5 },
  { name: "adx_14", centre: 25, scale: 15 },
  { name: "plus_di_14", centre: 25, scale: 15 },
  { name: "minus_di_14", centre: 25, scale: 15 },
  { name: "macd_histogram", centre: 0, scale: 1, minutes: 1 },
  { name: "sma_20_distance", centre: 0, scale: 1, minutes: 10 },
  { name: "sma_100_distance", centre: 0, scale: 1, minutes: 50 },
  { name: "ema_200_distance", centre: 0, scale: 1, minutes: 100 },
  { name: "vwap_deviation", centre: 0, scale: 1, minutes: 240 },
  { name: "day_range_position", centre: 0.5, scale: 0.5 },
  { name: "donchian_position", centre: 0.5, scale: 0.5 },
  { name: "volatility_ratio", centre: 1, scale: 0.5 },
  { name: "spread_percentile", centre: 0.5, scale: 0.5 },
  { name: "tick_imbalance", centre: 0, scale: 0.3 },
  { name: "signed_flow", centre: 0, scale: 0.3 },
  { name: "time_of_day_sin", centre: 0, scale: 1 },
  { name: "time_of_day_cos", centre: 0, scale: 1 },
  { name: "hurst", centre: 0.5, scale: 0.15 },
  { name: "entropy", centre: 0.9, scale: 0.1 },
  { name: "predictability", centre: 0.3, scale: 0.2 },
  { name: "dollar_correlation", centre: 0, scale: 0.5 },
];

/** What knows a symbol's features and its last returns. */
interface Observed {
  readonly vector: Float64Array;
  /** The newest closed 1-minute log returns, oldest first; returns how many there were. */
  copyReturns(target: Float64Array): number;
}

/** The vector of a symbol's state now; undefined before it has seen enough, or while nothing moves. */
export function embedState(observed: Observed): number[] | undefined {
  const returns = new Float64Array(EMBEDDING_RETURNS);
  if (observed.copyReturns(returns) < EMBEDDING_RETURNS) return undefined;
  return embedWindow(observed.vector, returns);
}

/**
 * The vector of one state, of length 1: {@link PATH_POINTS} of the path, then one for each indicator, half of it each.
 * @param features in the order of FEATURE_NAMES; NaN where not warm, which counts as the centre
 * @param returns the last {@link EMBEDDING_RETURNS} closed 1-minute log returns, oldest first
 * @returns undefined where the market did not move at all: it has no shape
 */
export function embedWindow(features: Float64Array, returns: Float64Array): number[] | undefined {
  const path = pathOf(returns);
  if (path === undefined) return undefined;
  const stand = INDICATORS.map((indicator) => standing(indicator, features));
  const half = Math.SQRT1_2;
  const standLength = lengthOf(stand);
  // Indicators that all stand at their centres say nothing, and the path says it all.
  if (standLength === 0) return scaled([...path, ...stand], 1);
  return [...scaled(path, half), ...scaled(stand, half / standLength)];
}

/** Where the price came from, seen from now and in its own volatility, of length 1. */
function pathOf(returns: Float64Array): number[] | undefined {
  const path: number[] = [];
  let sum = 0;
  for (let minute = 0; minute < PATH_MINUTES; minute++) {
    sum += returns[returns.length - 1 - minute] as number;
    if ((minute + 1) % MINUTES_A_POINT === 0) path.push(sum);
  }
  const length = lengthOf(path);
  return length > 0 && Number.isFinite(length) ? scaled(path, 1 / length) : undefined;
}

/** Between -1 and 1. */
function standing({ name, centre, scale, minutes }: Indicator, features: Float64Array): number {
  const value = features[FEATURE[name]] as number;
  const volatility = features[FEATURE.volatility_100] as number;
  const unit = minutes === undefined ? scale : scale * volatility * Math.sqrt(minutes);
  const distance = (value - centre) / unit;
  if (Number.isNaN(distance)) return 0;
  if (!Number.isFinite(distance)) return Math.sign(distance);
  return distance / (1 + Math.abs(distance));
}

function lengthOf(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum);
}

function scaled(values: readonly number[], factor: number): number[] {
  return values.map((value) => value * factor);
}
