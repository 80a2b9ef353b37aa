// What signals came to, by horizon.

export interface KnownOutcome {
  readonly horizonSeconds: number;
  readonly returnAfterSpread: number | null;
}

export interface OutcomeSummary {
  readonly horizonSeconds: number;
  readonly known: number;
  readonly wonShare: number | null;
  readonly meanReturn: number | null;
  readonly medianReturn: number | null;
}

/** Outcomes that are not known are left out; nulls where none is. */
export function summaryOfOutcomes(
  horizonsSeconds: readonly number[],
  outcomes: readonly KnownOutcome[],
): OutcomeSummary[] {
  return horizonsSeconds.map((horizonSeconds) => {
    const returns = outcomes
      .filter((outcome) => outcome.horizonSeconds === horizonSeconds)
      .map(({ returnAfterSpread }) => returnAfterSpread)
      .filter((value) => value !== null)
      .sort((a, b) => a - b);
    const known = returns.length;
    if (known === 0) return { horizonSeconds, known, wonShare: null, meanReturn: null, medianReturn: null };
    const upper = returns[known >> 1] ?? 0;
    const lower = returns[(known - 1) >> 1] ?? 0;
    return {
      horizonSeconds,
      known,
      wonShare: returns.filter((value) => value > 0).length / known,
      meanReturn: returns.reduce((sum, value) => sum + value, 0) / known,
      medianReturn: (upper + lower) / 2,
    };
  });
}
