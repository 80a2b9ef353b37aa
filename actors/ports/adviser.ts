// An external adviser, such as a language model behind HTTP: a market summed up goes in, an opinion comes out, in seconds and
// for money. It is asked off the tick path; what it says enters by a record of its own, and no replay asks it.

import type { Result } from "../base/result.ts";
import type { MemberId } from "../domain/prediction.ts";
import type { Regime } from "../domain/regime.ts";

/** Words of strangers, cleaned and cut. Data to whoever reads them, never instructions. */
export interface NewsItem {
  /** ISO, to the minute. */
  readonly time: string;
  readonly text: string;
}

/** One symbol's market, rounded: all that an adviser learns. Null for what is not warm. Returns and volatilities in bp. */
export interface MarketSummary {
  readonly symbol: string;
  /** ISO, to the minute. */
  readonly time: string;
  /** The question: does the mid stand higher so many minutes from then? */
  readonly horizonMinutes: number;
  /** Trading centres at their desks. */
  readonly sessions: readonly string[];
  readonly regime: Regime;
  /** Of the last hour in steps of five minutes, oldest first. */
  readonly fiveMinuteReturns: readonly number[];
  readonly returns: Readonly<Record<string, number | null>>;
  readonly volatility: Readonly<Record<string, number | null>>;
  readonly spread: { readonly points: number; readonly percentile: number | null };
  readonly indicators: Readonly<Record<string, number | null>>;
  /** What the other members say now. */
  readonly votes: readonly { readonly member: MemberId; readonly probabilityUp: number }[];
  /** What is to come, and what came, as far as somebody told. */
  readonly calendar: readonly NewsItem[];
  readonly news: readonly NewsItem[];
}

export interface Opinion {
  /** That the mid is higher at the horizon, in [0.01, 0.99]. */
  readonly probabilityUp: number;
  /** 0..1, in its own estimation. */
  readonly confidence: number;
  readonly reasons: readonly string[];
}

/**
 * `nonsense`: an answer that is no opinion. `no-schema`: the server does not take a JSON schema; ask again, it will be asked
 * without. `refused`: it does not take the question.
 */
export const ADVISER_FAILURES = [
  "nonsense",
  "too-large",
  "timeout",
  "unreachable",
  "unauthorized",
  "rate-limited",
  "server-error",
  "refused",
  "no-schema",
] as const;
export type AdviserFailure = (typeof ADVISER_FAILURES)[number];

export interface Consultation {
  readonly opinion: Result<Opinion, AdviserFailure>;
  /** What it is billed by; undefined where the answer does not say. */
  readonly tokens: { readonly input: number; readonly output: number } | undefined;
  /** When it may be asked again, where it said so; else 0. */
  readonly retryAfterMillis: number;
}

export interface Adviser {
  readonly name: string;
  readonly model: string;
  /** Never throws, and is done after `timeoutMillis`. */
  ask(summary: MarketSummary, timeoutMillis: number): Promise<Consultation>;
  /** Ends what is asked: nobody waits for it any more. */
  close(): void;
  /** No more tokens than these are billed for a question. */
  tokensMax(summary: MarketSummary): { readonly input: number; readonly output: number };
}
