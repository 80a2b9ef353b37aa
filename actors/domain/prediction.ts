// What forecasters say: a probability of an up move each, journaled as one Votes record per inference, so that a
// replay can take the votes as they were instead of running the models again.

import type { Micros } from "../base/clock.ts";

/** Position is the member's number in records: append, never reorder. */
export const MEMBERS = [
  "technical",
  "chaos",
  "quantum",
  "xgboost",
  "lightgbm",
  "lstm",
  "transformer",
  "cnn",
  "analogs",
  "adviser",
  "fast",
  "range-15m",
  "range-60m",
  "slot-range-15m",
  "slot-range-60m",
] as const;

export type MemberId = (typeof MEMBERS)[number];

/** The members that are answered by a record of their own, whenever that comes: see `Advice`. */
export type AsynchronousMember = "adviser" | "analogs";
/** External advisers. */
export const ADVISER = "adviser" satisfies AsynchronousMember;
/** What followed the past's most similar market states. */
export const ANALOGS = "analogs" satisfies AsynchronousMember;

export function isAsynchronous(member: MemberId): member is AsynchronousMember {
  return member === ADVISER || member === ANALOGS;
}

/** How a member's call ended. Position is the number in records: append, never reorder. */
export const VOTE_STATUSES = ["voted", "abstained", "late", "failed", "invalid", "breaker-open"] as const;
export type VoteStatus = (typeof VOTE_STATUSES)[number];

export interface Vote {
  readonly member: MemberId;
  readonly status: VoteStatus;
  /** Probability that the mid is higher at the horizon, in (0, 1); NaN unless `status` is "voted". */
  readonly probabilityUp: number;
}

/**
 * The outcome of one inference. Only members that were due are in it: between their turns the symbol actor keeps
 * their last vote and lets it expire.
 */
export interface Votes {
  readonly kind: "votes";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly instrumentId: number;
  /** Journal sequence of the tick or beat that asked. */
  readonly causeSeq: number;
  readonly votes: readonly Vote[];
}
