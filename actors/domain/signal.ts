// A signal: what the chain decided, why, and until when it holds.

import type { Micros } from "../base/clock.ts";
import type { MemberId } from "./prediction.ts";
import type { Regime } from "./regime.ts";

export const ACTIONS = ["HOLD", "BUY", "SELL"] as const;
export type Action = (typeof ACTIONS)[number];

/** One member's part in a decision. */
export interface Component {
  readonly member: MemberId;
  readonly probabilityUp: number;
  /** Share of the vote after missing members were left out; shares sum to 1. */
  readonly weight: number;
  readonly ageMicros: number;
}

/** What the vote's own settled answers say that its probabilities mean by now: log odds become slope x log odds + shift. */
export interface Recalibration {
  /** Whether probabilities are corrected: it has to have been worth it on answers that were held back. */
  readonly isActive: boolean;
  readonly slope: number;
  readonly shift: number;
  /** Stretches of a horizon that it was learned from. */
  readonly blocks: number;
  /** By how much it lowered the Brier score of answers that it had not learned from, and that in standard errors. */
  readonly gain: number;
  readonly certainty: number;
}

/**
 * What each of the four layers made of the members' votes before a signal was given, as probabilities of a rise; and what the
 * move that it speaks of would have to pay for.
 */
export interface Confirmations {
  /** What the indicators say by themselves; null where they are not warm or not asked. */
  readonly technical: number | null;
  /** The members' weighted mean. */
  readonly vote: number;
  /** What the meta-learner makes of them; null where the preset has none. */
  readonly meta: number | null;
  /** What is left of that in this regime. */
  readonly validated: number;
  /** What votes like it have meant: the signal's own probability. */
  readonly calibrated: number;
  /** How the last layer was re-calibrated, and what it said by itself; left out where it is not, and in journals of before. */
  readonly recalibration?: Recalibration & { readonly before: number };
  /** How far the mid is expected to go until the horizon, either way, in points; null where no range is known. */
  readonly movePoints: number | null;
  /** What an entry and an exit at market cost, spread and slippage, in points. */
  readonly costPoints: number;
}

export interface Signal {
  readonly kind: "signal";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly instrumentId: number;
  /** Journal sequence of the votes record it was decided on. */
  readonly causeSeq: number;
  /** Journal sequence of the tick those votes were asked for. */
  readonly tickSeq: number;
  readonly action: Exclude<Action, "HOLD">;
  /** Calibrated probability that the mid is higher at the horizon. */
  readonly probabilityUp: number;
  /** Probability of the chosen side, in [0.5, 1). */
  readonly confidence: number;
  readonly regime: Regime;
  readonly components: readonly Component[];
  /** Left out in journals of before there were layers to show. */
  readonly confirmations?: Confirmations;
  /** Short coded reasons, strongest first, for example "trend:strong-uptrend". */
  readonly reasons: readonly string[];
  readonly bidPoints: number;
  readonly askPoints: number;
  /** Suggested distances from the entry price, in points. */
  readonly stopPoints: number;
  readonly targetPoints: number;
  readonly expiresAtMicros: Micros;
  /** Whether it may open a position: false when it rests on backfilled or stale data. */
  readonly tradable: boolean;
}
