// What was answered about one symbol by who is asked beside the tick path, external advisers or the market's past: an input
// from outside, journaled with its reasons, so that no replay ever asks again and a person can read later why the member voted
// as it did.

import type { Micros } from "../base/clock.ts";
import { ADVISER, type AsynchronousMember, type VoteStatus } from "./prediction.ts";

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

/** What followed the past's most similar states of the symbol, over the horizon. Moves are log returns of the mid in basis points. */
export interface AnalogsFound {
  /** Why they were not found; empty where they were, be they too few. */
  readonly failure: string;
  /** The model whose embedding was compared, with its version and SHA-256; left out where the indicators were. */
  readonly model?: string;
  /** Those alike enough whose outcome is known, no two of one episode. */
  readonly neighbours: number;
  /** Of them; the rest fell or stayed. */
  readonly rose: number;
  readonly unmoved: number;
  /** Mean and standard deviation; null for none. */
  readonly meanBasisPoints: number | null;
  readonly spreadBasisPoints: number | null;
  /** 1 - cosine, of the most alike, counted or not; null where there was none. */
  readonly nearestDistance: number | null;
  /** When the most alike were: with the symbol, what a state is known by. */
  readonly nearestMicros: readonly Micros[];
}

/** The symbol's actor makes the member's vote of it. */
export interface Advice {
  readonly kind: "advice";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly instrumentId: number;
  /** Who votes by it; journals of before leave it out: see {@link adviceMember}. */
  readonly member?: AsynchronousMember;
  /** The newest record when the market was looked at for it. */
  readonly askedSeq: number;
  readonly askedMicros: Micros;
  /** The time after asking that it is about. */
  readonly horizonMicros: number;
  readonly status: VoteStatus;
  /** Of advisers the mean of their opinions; NaN unless `status` is "voted". */
  readonly probabilityUp: number;
  /** Of advisers. */
  readonly answers: readonly AdviserAnswer[];
  /** Of the past. */
  readonly analogs?: AnalogsFound;
}

export function adviceMember({ member }: Pick<Advice, "member">): AsynchronousMember {
  return member ?? ADVISER;
}
