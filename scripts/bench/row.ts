// What a bench prints: one figure, in one unit, next to the baseline measured in the same run.

export interface BenchRow {
  readonly name: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
  /** The peer's or the bare machine's figure for the same work in the same run. */
  readonly baseline?: number;
  /** How much better than the baseline; above 1 is better unless the metric says otherwise. */
  readonly ratio?: number;
  /** The bar this figure is held to, in words. */
  readonly bar?: string;
  /** Whether it is met. */
  readonly met?: boolean;
}

export type Emit = (row: BenchRow) => void;

/** The middle of the sorted values; the mean of both middles for an even count. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The value below which `share` of all lie. */
export function quantile(values: Float64Array, share: number): number {
  const sorted = values.toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
