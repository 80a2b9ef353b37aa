// Signed heads of the journal's hash chains in a second place: whoever replaces a journal together with its heads has to
// replace them here as well.

import type { Result } from "../base/result.ts";
import type { Scope } from "./fence.ts";

export interface SignedHead {
  /** Of the day it closes, or of the stop: ISO 8601. */
  readonly at: string;
  /** The seal's record. */
  readonly seq: number;
  /** By topic, SHA-256 of its chain up to there. */
  readonly topics: Readonly<Record<string, string>>;
  /** Hash of the head before; empty in the first. */
  readonly previous: string;
  /** SHA-256 of the public key. */
  readonly key: string;
  readonly signature: string;
  /** SHA-256 of all of it, as it was written: what the next one names. */
  readonly hash: string;
}

export type AuditHeadsFailure = "audit-forked" | "unreachable";

/**
 * Needs no epoch: a head that does not follow the newest one is refused, whoever brings it. Questions throw where the
 * store does not answer.
 */
export interface AuditHeadStore {
  /** Appends what is not there yet, all or none. Returns the newest one's record; 0 where there is none. */
  append(scope: Scope, heads: readonly SignedHead[]): Promise<Result<number, AuditHeadsFailure>>;
  /** Undefined before the first. */
  newest(scope: Scope): Promise<SignedHead | undefined>;
  /** From the first to the newest. */
  heads(scope: Scope): Promise<readonly SignedHead[]>;
}
