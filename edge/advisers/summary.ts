// Sums one symbol's market up for advisers: read from its actor, which it never changes.

import { MICROS_PER_MINUTE, type Micros } from "../../actors/base/clock.ts";
import { FEATURE, type FeatureName } from "../../actors/domain/features.ts";
import { ADVISER } from "../../actors/domain/prediction.ts";
import type { MarketSummary } from "../../actors/ports/adviser.ts";
import type { SymbolActor } from "../../actors/symbol/symbol-actor.ts";

const BASIS_POINTS = 10_000;
const MINUTES = 60;
const STEP_MINUTES = 5;
/** The actor keeps as many closed minutes. */
const RETURNS_MAX = 128;

/** Without it there is nothing to say about a market. */
const NEEDED: readonly FeatureName[] = ["log_return_15m", "volatility_20"];

export interface SummaryOptions {
  readonly symbol: string;
  readonly nowMicros: Micros;
  readonly horizonMinutes: number;
}

/** Without texts of others; undefined for a market that is not warm. */
export function summarize(
  actor: SymbolActor,
  { symbol, nowMicros, horizonMinutes }: SummaryOptions,
): MarketSummary | undefined {
  const { chain } = actor;
  const { quote } = chain;
  const { vector } = chain.features;
  const read = (name: FeatureName): number | null => rounded(vector[FEATURE[name]] as number);
  if (NEEDED.some((name) => read(name) === null)) return undefined;
  return {
    symbol,
    time: minuteText(nowMicros),
    horizonMinutes,
    sessions: SESSIONS.filter(([name]) => read(name) === 1).map(([, centre]) => centre),
    regime: chain.regime,
    fiveMinuteReturns: stepsOf(actor),
    // Named by minutes.
    returns: {
      "1m": read("log_return_1m"),
      "5m": read("log_return_5m"),
      "15m": read("log_return_15m"),
      "60m": read("log_return_1h"),
    },
    volatility: { minute: read("volatility_20"), shortToLong: read("volatility_ratio") },
    spread: { points: quote.spreadPoints, percentile: read("spread_percentile") },
    indicators: {
      rsi: read("rsi_14"),
      adx: read("adx_14"),
      macdHistogram: read("macd_histogram"),
      bollingerPercentB: read("bollinger_percent_b"),
      donchianPosition: read("donchian_position"),
      dayRangePosition: read("day_range_position"),
      ema50Distance: read("ema_50_distance"),
      ema200Distance: read("ema_200_distance"),
      hurst: read("hurst"),
      dollarIndexReturn: read("dollar_index_return"),
      dollarCorrelation: read("dollar_correlation"),
    },
    votes: chain
      .votesAt(nowMicros)
      .filter(({ member }) => member !== ADVISER)
      .map(({ member, probabilityUp }) => ({ member, probabilityUp: rounded(probabilityUp) ?? 0.5 })),
    calendar: [],
    news: [],
  };
}

const SESSIONS: readonly (readonly [FeatureName, string])[] = [
  ["session_asia", "Tokyo"],
  ["session_london", "London"],
  ["session_new_york", "New York"],
];

/** As ISO texts are read, without what is below the minute. */
export function minuteText(micros: Micros): string {
  const whole = Math.floor(micros / MICROS_PER_MINUTE) * MICROS_PER_MINUTE;
  return `${new Date(whole / 1_000).toISOString().slice(0, 16)}Z`;
}

function stepsOf({ chain }: SymbolActor): number[] {
  const minutes = new Float64Array(RETURNS_MAX);
  const total = chain.features.copyReturns(minutes);
  const count = Math.floor(Math.min(total, MINUTES) / STEP_MINUTES);
  return Array.from({ length: count }, (_, step) => {
    const from = total - (count - step) * STEP_MINUTES;
    const sum = minutes.subarray(from, from + STEP_MINUTES).reduce((whole, part) => whole + part, 0);
    return rounded(BASIS_POINTS * sum) ?? 0;
  });
}

/** To two decimals: more would be noise, and words. Null for what is not known. */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Math.round(100 * value) / 100 : null;
}
