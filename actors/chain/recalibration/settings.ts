// How far re-calibration may go and what it has to show first. What these numbers mean together - how often it errs, how soon it acts -
// is measured in its tests. A block is a stretch of the vote's horizon: a quarter of an hour has 480 of them in a week of currencies.

export interface RecalibrationSettings {
  /** Blocks that a correction is learned from, and the fewest before one is tried. */
  readonly windowBlocks: number;
  readonly windowBlocksMin: number;
  /** Blocks whose predictions were held back from learning until they were judged; and the fewest before a correction is believed. */
  readonly trialBlocks: number;
  readonly trialBlocksMin: number;
  /** Log odds become slope x log odds + shift: the most that the slope differs from 1, and the shift from 0. */
  readonly slopeChangeMax: number;
  readonly shiftMax: number;
  /** How far they are expected to be from there before anything is known, as standard deviations: the smaller, the more they shrink. */
  readonly slopeDeviation: number;
  readonly shiftDeviation: number;
  /** No probability is changed by more. */
  readonly changeMax: number;
  /** What a correction must have gained on what was held back to be applied, and to stay so, in standard errors. */
  readonly onAt: number;
  readonly offAt: number;
}

export const RECALIBRATION_DEFAULTS: RecalibrationSettings = Object.freeze({
  windowBlocks: 4_800,
  windowBlocksMin: 480,
  trialBlocks: 2_400,
  trialBlocksMin: 320,
  slopeChangeMax: 0.8,
  shiftMax: 0.2,
  slopeDeviation: 0.5,
  shiftDeviation: 0.1,
  changeMax: 0.05,
  onAt: 3,
  offAt: 1,
});

/** Outcomes of a block overlap into the next: sums of so many are as good as independent of each other. */
export const BATCH_BLOCKS = 16;
