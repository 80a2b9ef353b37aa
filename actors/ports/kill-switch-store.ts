// What kill switches there are and how they stand: one for everything, one a tenant, one an account. They outlive every
// process. Tightening needs nothing but the scope's epoch; loosening names the code that somebody confirmed.

import type { Micros } from "../base/clock.ts";
import type { Result } from "../base/result.ts";
import { KILL_MODES, type KillMode } from "../domain/kill-switch.ts";
import { epochScopeOf, type Scope } from "./fence.ts";

/** In rising strictness. */
export const KILL_SWITCH_MODES = ["active", ...KILL_MODES] as const;

export type KillSwitchMode = (typeof KILL_SWITCH_MODES)[number];

export interface KillSwitch {
  readonly scope: Scope;
  readonly mode: KillSwitchMode;
  /** Who changed it last; empty where nobody ever did. */
  readonly by: string;
  readonly reason: string;
  readonly changedMicros: Micros;
  /** Of the code that loosens it; null while it is active. The code itself is stored nowhere. */
  readonly rearmHash: string | null;
}

export interface Engagement {
  readonly mode: KillMode;
  readonly by: string;
  readonly reason: string;
  readonly atMicros: Micros;
  readonly rearmHash: string;
}

export interface Rearming {
  readonly by: string;
  readonly reason: string;
  readonly atMicros: Micros;
  /** The switch's hash that the code was checked against: where it has been engaged again since, it stays. */
  readonly rearmHash: string;
}

export type KillSwitchFailure = "stale-epoch" | "engaged-since" | "unreachable";

/** Questions throw where the store does not answer. Every write may come twice. */
export interface KillSwitchStore {
  /** Makes it as strict as asked or leaves it stricter; returns how it stands. One that is as strict stays as it is. */
  engage(scope: Scope, epoch: number, engagement: Engagement): Promise<Result<KillSwitch, KillSwitchFailure>>;
  /** Makes it active again. One that is active stays as it is. */
  rearm(scope: Scope, epoch: number, rearming: Rearming): Promise<Result<KillSwitch, KillSwitchFailure>>;
  /** Active where it was never engaged. */
  state(scope: Scope): Promise<KillSwitch>;
  /** All that are not active, the global one first, then by level and subject. */
  engaged(): Promise<readonly KillSwitch[]>;
}

const LEVELS: readonly Scope["level"][] = ["global", "tenant", "account"];

/** What `engaged` sorts by. */
export function rankOf({ scope }: KillSwitch): string {
  return `${LEVELS.indexOf(scope.level)}${epochScopeOf(scope)}`;
}

/** One that nobody ever touched. */
export function untouched(scope: Scope): KillSwitch {
  return { scope, mode: "active", by: "", reason: "", changedMicros: 0, rearmHash: null };
}

export function isStricter(mode: KillSwitchMode, than: KillSwitchMode): boolean {
  return KILL_SWITCH_MODES.indexOf(mode) > KILL_SWITCH_MODES.indexOf(than);
}
