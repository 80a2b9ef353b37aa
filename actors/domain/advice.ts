// What external advisers answered about one symbol: an input from outside, journaled with its reasons, so that no replay
// ever asks them again and a person can read later why the member voted as it did.

import type { Micros } from "../base/clock.ts";
import type { VoteStatus } from "./prediction.ts";

/** One adviser's part in it. */
export interface AdviserAnswer {
  readonly adviser: string;
  readonly model: string;
  /** Empty where it gave an opinion; else why not. */
  readonly failure: string;
  /** In [0.01, 0.99]; null without an opinion. */
  readonly probabilityUp: number | null;
  /** How sure it says it is, 0..1. For people: it does not move the vote. */
  readonly confidence: number | null;
  /** Its own words, cut and cleaned: shown, never acted on. */
  readonly reasons: readonly string[];
  /** Answered before, to a market that looked the same. */
  readonly cached: boolean;
  readonly latencyMillis: number;
}

/** The symbol's actor makes the member's vote of it. */
export interface Advice {
  readonly kind: "advice";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly instrumentId: number;
  /** The newest record when the market was summed up for them. */
  readonly askedSeq: number;
  readonly askedMicros: Micros;
  /** The time after asking that they were asked about. */
  readonly horizonMicros: number;
  readonly status: VoteStatus;
  /** Mean of the opinions; NaN unless `status` is "voted". */
  readonly probabilityUp: number;
  readonly answers: readonly AdviserAnswer[];
}
