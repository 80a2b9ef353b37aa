// Kill switches of a deployment that is one process.

import { byText } from "../../actors/base/order.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { epochScopeOf, type Scope } from "../../actors/ports/fence.ts";
import {
  type Engagement,
  isStricter,
  type KillSwitch,
  type KillSwitchFailure,
  type KillSwitchStore,
  rankOf,
  type Rearming,
  untouched,
} from "../../actors/ports/kill-switch-store.ts";
import type { MemoryEpochs } from "./epochs.ts";
import { Rows } from "./rows.ts";

export class MemoryKillSwitchStore implements KillSwitchStore {
  readonly #epochs: MemoryEpochs;
  readonly #switches = new Rows<KillSwitch>();

  constructor(epochs: MemoryEpochs) {
    this.#epochs = epochs;
  }

  engage(
    scope: Scope,
    epoch: number,
    { mode, by, reason, atMicros, rearmHash }: Engagement,
  ): Promise<Result<KillSwitch, KillSwitchFailure>> {
    const stale = this.#epochs.stale(scope, epoch);
    if (stale !== undefined) return Promise.resolve(stale);
    const now = this.#now(scope);
    if (!isStricter(mode, now.mode)) return Promise.resolve(ok(now));
    return this.#put({ scope, mode, by, reason, changedMicros: atMicros, rearmHash });
  }

  rearm(
    scope: Scope,
    epoch: number,
    { by, reason, atMicros, rearmHash }: Rearming,
  ): Promise<Result<KillSwitch, KillSwitchFailure>> {
    const stale = this.#epochs.stale(scope, epoch);
    if (stale !== undefined) return Promise.resolve(stale);
    const now = this.#now(scope);
    if (now.mode === "active") return Promise.resolve(ok(now));
    if (now.rearmHash !== rearmHash)
      return Promise.resolve(failure("engaged-since", `the kill switch was engaged again by ${now.by}`));
    return this.#put({ scope, mode: "active", by, reason, changedMicros: atMicros, rearmHash: null });
  }

  state(scope: Scope): Promise<KillSwitch> {
    return Promise.resolve(this.#now(scope));
  }

  engaged(): Promise<readonly KillSwitch[]> {
    const engaged = this.#switches.all().filter(({ mode }) => mode !== "active");
    return Promise.resolve(engaged.toSorted(byText(rankOf)));
  }

  #now(scope: Scope): KillSwitch {
    return this.#switches.get(epochScopeOf(scope)) ?? untouched(scope);
  }

  #put(next: KillSwitch): Promise<Result<KillSwitch, KillSwitchFailure>> {
    this.#switches.set(epochScopeOf(next.scope), next);
    return Promise.resolve(ok(next));
  }
}
