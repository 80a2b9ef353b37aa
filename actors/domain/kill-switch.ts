// How a kill switch can stand once it is tripped, and how far it reaches. Under none of its modes can exposure grow, and exits leave under
// all of them.

/**
 * In rising strictness: nothing new goes in; nothing but what makes positions smaller happens; everything open is closed, and what
 * still fills, too.
 */
export const KILL_MODES = ["halt-entries", "reduce-only", "flatten"] as const;

export type KillMode = (typeof KILL_MODES)[number];

/** In rising reach: one account, all accounts of its tenant, everything. Position is the place in the state: append, never reorder. */
export const KILL_LEVELS = ["account", "tenant", "global"] as const;

export type KillLevel = (typeof KILL_LEVELS)[number];

/** Of a trip that reaches beyond one account: processes tell each other of it through the ledger. */
export interface WideTrip {
  readonly level: Exclude<KillLevel, "account">;
  /** Which trip it is, wherever it is heard of. */
  readonly id: string;
  /** It came from the ledger, or the ledger has it by now: once it is gone there, it was lifted. */
  readonly isShared: boolean;
}
