// What the simplest policy would have earned: enter by market where the answer is sure enough, hold for the horizon, one position at a
// time, pay the spread of that moment and a stated slippage. How sure is enough is set on the first half, the trades are of the second.

import type { Micros } from "../../actors/base/clock.ts";
import type { Random } from "../../actors/base/random.ts";
import { DayBlocks, quantile } from "../../actors/quality/day-blocks.ts";
import type { Trades } from "./report.ts";
import type { TradeRows } from "./series.ts";

/** The surest tenth of the first half's answers would have been acted on. */
const SURE_SHARE = 0.9;

interface Trade {
  readonly timeMicros: Micros;
  /** In basis points, before costs. */
  readonly gross: number;
  readonly cost: number;
}

export interface PolicyOptions {
  /** Rows before it set the threshold. */
  readonly splitMicros: Micros;
  /** From the row to the exit. */
  readonly holdMicros: number;
  /** In basis points, a trade, both sides together. */
  readonly slippage: number;
}

export interface PolicyRun {
  /** Distance from one half. */
  readonly confidence: number;
  readonly trades: readonly Trade[];
}

/** Undefined where nothing was said in the first half. */
export function runPolicy(rows: TradeRows, options: PolicyOptions): PolicyRun | undefined {
  const { timesMicros, probabilities, moves, spreads } = rows;
  const before = Float64Array.from(
    probabilities.filter((_, row) => (timesMicros[row] as number) < options.splitMicros),
    (probability) => Math.abs(probability - 0.5),
  ).sort();
  if (before.length === 0) return undefined;
  const confidence = quantile(before, SURE_SHARE);
  const trades: Trade[] = [];
  let freeMicros = options.splitMicros;
  for (let row = 0; row < timesMicros.length; row++) {
    const timeMicros = timesMicros[row] as number;
    const distance = (probabilities[row] as number) - 0.5;
    if (timeMicros < freeMicros || distance === 0 || Math.abs(distance) < confidence) continue;
    const gross = Math.sign(distance) * (moves[row] as number);
    // What became of it is not known: the data ends, or has a hole there.
    if (Number.isNaN(gross)) continue;
    trades.push({ timeMicros, gross, cost: (spreads[row] as number) + options.slippage });
    freeMicros = timeMicros + options.holdMicros;
  }
  return { confidence, trades };
}

export function tradesOf(runs: readonly PolicyRun[], random: Random): Trades | null {
  const trades = runs.flatMap((run) => run.trades);
  if (trades.length === 0) return null;
  const blocks = new DayBlocks(4);
  for (const { timeMicros, gross, cost } of trades) {
    const sums = blocks.of(timeMicros);
    for (const [place, value] of [1, gross, gross - cost, gross > cost ? 1 : 0].entries()) {
      sums[place] = (sums[place] as number) + value;
    }
  }
  const [before, after] = blocks.intervals([mean(1), mean(2)], { random });
  const total = blocks.total();
  return {
    trades: trades.length,
    confidence: Math.min(...runs.map((run) => run.confidence)),
    before: { value: mean(1)(total), low: before?.low ?? null, high: before?.high ?? null },
    after: { value: mean(2)(total), low: after?.low ?? null, high: after?.high ?? null },
    cost: mean(1)(total) - mean(2)(total),
    won: mean(3)(total),
  };
}

/** Of a sum at `place`, by the trades at the first. */
function mean(place: number): (sums: Float64Array) => number {
  return (sums) => (sums[place] as number) / (sums[0] as number);
}
