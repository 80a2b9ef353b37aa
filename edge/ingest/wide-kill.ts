// Kill switches that reach beyond one account: a tenant's, and that of everything. Each account obeys at once, by its own journal; the
// ledger is how processes tell each other. A trip that the ledger could not be told of yet holds here and is told later; one that is
// gone from the ledger was lifted by somebody with its code.

import { createHash } from "node:crypto";
import type { Trip } from "../../actors/account/kill-switch.ts";
import type { Micros } from "../../actors/base/clock.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { KILL_LEVELS, type KillLevel } from "../../actors/domain/kill-switch.ts";
import type { Command } from "../../actors/domain/records.ts";
import { epochScopeOf, GLOBAL_SCOPE, type Scope } from "../../actors/ports/fence.ts";
import {
  isStricter,
  type KillSwitch,
  type KillSwitchFailure,
  type KillSwitchStore,
} from "../../actors/ports/kill-switch-store.ts";
import type { Station } from "../main.ts";

export type WideLevel = Exclude<KillLevel, "account">;
export const WIDE_LEVELS = KILL_LEVELS.filter((level): level is WideLevel => level !== "account");

export interface WideKillOptions {
  readonly store: KillSwitchStore;
  /** A new epoch of a scope: a switch has no owner, whoever changes it takes one. */
  readonly issueEpoch: (scope: string) => Promise<number>;
  readonly tenantId: string;
  /** Of every account of this process. */
  readonly accountIds: () => readonly string[];
  /** All that hold at an account; undefined while it is out of service. */
  readonly tripsOf: (accountId: string) => readonly Trip[] | undefined;
  readonly command: (command: Command) => void;
  readonly nowMicros: () => Micros;
  readonly onProblem: (message: string) => void;
}

/** What of a trip a person has seen before lifting it. */
type WideTripSeen = Pick<Trip, "mode"> & { readonly level: WideLevel };

/** Others may change a switch at the same time, and end one's epoch. */
const TRIES_MAX = 3;

export class WideKill {
  readonly #options: WideKillOptions;
  #isAway = false;
  #looking: Promise<boolean> | undefined;

  constructor(options: WideKillOptions) {
    this.#options = options;
  }

  /**
   * Brings accounts and ledger together: what was tripped here is told, what was tripped or lifted elsewhere is obeyed. Calls that come
   * meanwhile share one look. Returns false where the ledger did not answer, or an account could not be asked.
   */
  async look(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return await this.#looking;
  }

  /** Takes a trip out of the ledger, for all accounts that it reaches: theirs are lifted as they look. */
  async lift({ level, mode }: WideTripSeen, by: string): Promise<Result<void, KillSwitchFailure>> {
    // Another look may have begun before the trip.
    await this.#looking;
    if (!(await this.look())) return failure("unreachable", "the ledger does not answer");
    const { store, nowMicros } = this.#options;
    const scope = this.#scopeOf(level);
    const { mode: stands, rearmHash } = await store.state(scope);
    if (stands === "active" || rearmHash === null) return ok(undefined);
    if (isStricter(stands, mode)) {
      return failure("engaged-since", `it was made stricter by another process: ${stands}`);
    }
    const lifting = { by, reason: "re-armed with its code", atMicros: nowMicros(), rearmHash };
    const lifted = await this.#write(scope, (epoch) => store.rearm(scope, epoch, lifting));
    return lifted.ok ? ok(undefined) : lifted;
  }

  async #look(): Promise<boolean> {
    try {
      const engaged = await this.#options.store.engaged();
      for (const level of WIDE_LEVELS) {
        const name = epochScopeOf(this.#scopeOf(level));
        await this.#settle(
          level,
          engaged.find(({ scope }) => epochScopeOf(scope) === name),
        );
      }
      this.#isAway = false;
      const { accountIds, tripsOf } = this.#options;
      return accountIds().every((accountId) => tripsOf(accountId) !== undefined);
    } catch (error) {
      if (!this.#isAway) {
        this.#options.onProblem(
          `kill switches of other processes are not heard of, nor ours by them, while the ledger is away: ${String(error)}`,
        );
      }
      this.#isAway = true;
      return false;
    }
  }

  async #settle(level: WideLevel, found: KillSwitch | undefined): Promise<void> {
    const accountIds = this.#options.accountIds();
    let theirs = found;
    for (const accountId of accountIds) {
      const ours = this.#tripOf(accountId, level);
      if (ours !== undefined && !ours.isShared && isStricter(ours.mode, theirs?.mode ?? "active")) {
        theirs = await this.#tell(level, ours);
      }
    }
    for (const accountId of accountIds) {
      const ours = this.#tripOf(accountId, level);
      if (theirs === undefined || theirs.mode === "active") await this.#lifted(accountId, level, ours);
      else this.#obey(accountId, level, theirs, ours);
    }
  }

  async #tell(level: WideLevel, { mode, by, reason, id, timeMicros }: Trip): Promise<KillSwitch> {
    const { store } = this.#options;
    const scope = this.#scopeOf(level);
    const engagement = { mode, by, reason, atMicros: timeMicros, rearmHash: id };
    const told = await this.#write(scope, (epoch) => store.engage(scope, epoch, engagement));
    if (!told.ok) throw new Error(`${told.code}: ${told.message}`);
    return told.value;
  }

  async #lifted(accountId: string, level: WideLevel, ours: Trip | undefined): Promise<void> {
    if (ours === undefined || !ours.isShared) return;
    const { by } = await this.#options.store.state(this.#scopeOf(level));
    this.#rearm(accountId, ours, by);
  }

  #obey(accountId: string, level: WideLevel, theirs: KillSwitch, ours: Trip | undefined): void {
    const { mode, by, reason, rearmHash } = theirs;
    if (mode === "active" || rearmHash === null) return;
    if (ours?.id === rearmHash && ours.isShared) return;
    // Lifted and tripped again between two looks: what stands now may be milder.
    if (ours?.isShared === true && !isStricter(mode, ours.mode)) this.#rearm(accountId, ours, by);
    this.#options.command({
      command: "trip",
      accountId,
      mode,
      by,
      reason,
      wide: { level, id: rearmHash, isShared: true },
    });
  }

  #rearm(accountId: string, { seq: tripSeq }: Trip, by: string): void {
    this.#options.command({ command: "rearm", accountId, tripSeq, by });
  }

  async #write(
    scope: Scope,
    write: (epoch: number) => Promise<Result<KillSwitch, KillSwitchFailure>>,
  ): Promise<Result<KillSwitch, KillSwitchFailure>> {
    for (let tries = 1; ; tries++) {
      const written = await write(await this.#options.issueEpoch(epochScopeOf(scope)));
      if (written.ok || written.code !== "stale-epoch" || tries === TRIES_MAX) return written;
    }
  }

  #tripOf(accountId: string, level: WideLevel): Trip | undefined {
    return this.#options.tripsOf(accountId)?.find((trip) => trip.level === level);
  }

  #scopeOf(level: WideLevel): Scope {
    return level === "global" ? GLOBAL_SCOPE : { level, tenantId: this.#options.tenantId };
  }
}

/** Of a running system. */
export function wideKillOf(
  station: Pick<Station, "live" | "clock" | "ledger" | "killSwitches">,
  options: Pick<WideKillOptions, "tenantId" | "onProblem"> & { clockIsWall: boolean },
): WideKill {
  const { live, clock, ledger, killSwitches } = station;
  const nowMicros = (): Micros => (options.clockIsWall ? clock.nowMicros() : live.router.timeMicros);
  return new WideKill({
    ...options,
    store: killSwitches,
    issueEpoch: async (scope) => await ledger.issueEpoch(scope),
    accountIds: () => [...live.engine.accounts.keys()],
    tripsOf: (accountId) => live.engine.accountOf(accountId)?.view().trips,
    command: (command) => {
      live.command(command, nowMicros());
    },
    nowMicros,
  });
}

/** Names a trip; the ledger takes it for the fingerprint of what lifts it. */
export function newTripId(random: (bytes: number) => Uint8Array): string {
  return createHash("sha256").update(random(32)).digest("hex");
}
