// A member of the ensemble. Whatever it is inside - a rule, an ONNX model, a language model - the chain sees a
// probability of an up move, asked for at the cadence of its card and judged by a deadline.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import type { MemberId } from "../domain/prediction.ts";

/** When a member is asked: at every tick, when a 1-minute bar closes, or answered later by a record. */
export type Cadence = "tick" | "bar-close" | "asynchronous";

/** Feature vectors as they stood at the closes of the last minutes, without a market gap among them. */
export interface MinuteRows {
  /** How many there are. */
  readonly count: number;
  /** When the newest one's minute closed. */
  readonly closeMicros: Micros;
  /** Rows in the order of FEATURE_NAMES, as the four bytes that models see; NaN where not warm. */
  readonly values: Float32Array;
  /** Where the row of so many closes ago begins in {@link values}; 0 for the newest. */
  offsetOf(age: number): number;
}

export interface ForecastInput {
  /** In the order of FEATURE_NAMES; NaN where not warm. Valid during the call only. */
  readonly features: Float64Array;
  /** Left out where nobody keeps them. */
  readonly minutes?: MinuteRows;
  readonly timeMicros: Micros;
  readonly instrumentId: number;
}

export interface Forecaster {
  readonly member: MemberId;
  /** Which of those that were ever this member; left out where there is one. What one remembers is not another's. */
  readonly version?: string;
  /** How many {@link MinuteRows} it reads; none where left out. */
  readonly minutesRead?: number;
  /**
   * Whether it reads nothing but {@link MinuteRows} and the time, and remembers nothing: asked a little ahead with the same, it says the
   * same.
   */
  readonly readsMinutesAlone?: boolean;
  readonly cadence: Cadence;
  /** Judged when the call returns: a later answer is dropped and counts against the member's breaker. */
  readonly deadlineMicros: number;
  /** How long a vote counts after it was given. */
  readonly voteLifeMicros: number;
  /** Probability in (0, 1) that the mid is higher at the horizon, or ABSTAIN. */
  forecast(input: ForecastInput): number;
  /** Saves or loads what the member remembers between calls, if anything. */
  persist(archive: Archive): void;
}

/** What a member answers when it has nothing to say; not a failure. NaN and anything outside (0, 1) is one. */
export const ABSTAIN = -1;
