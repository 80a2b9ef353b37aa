// Fences: whoever changes what money or permission rests on names the epoch it acts under, and an epoch that has ended is
// refused in the same transaction. So a process that was replaced while it slept changes nothing when it wakes up.

import { assert } from "../base/assert.ts";
import { type Failure, failure } from "../base/result.ts";

/** What a rule holds for: everything, a tenant's accounts, or one account. */
export type Scope =
  | { readonly level: "global" }
  | { readonly level: "tenant"; readonly tenantId: string }
  | { readonly level: "account"; readonly accountId: string };

export const GLOBAL_SCOPE: Scope = { level: "global" };

/** The name a scope's epochs are issued under. An account's is its id, which has no colon: no two scopes share a name. */
export function epochScopeOf(scope: Scope): string {
  switch (scope.level) {
    case "global":
      return "global:";
    case "tenant":
      return `tenant:${scope.tenantId}`;
    case "account":
      assert(!scope.accountId.includes(":"), `the account ${scope.accountId} has a colon in its id`);
      return scope.accountId;
  }
}

/** Why nothing may be written under `epoch`; undefined when it is the newest one of its scope. */
export function staleness({
  scope,
  epoch,
  newest,
}: {
  scope: string;
  epoch: number;
  newest: number;
}): Failure<"stale-epoch"> | undefined {
  if (epoch < newest) {
    return failure(
      "stale-epoch",
      `epoch ${epoch} of ${scope} ended when epoch ${newest} was issued: another process took over. Stop this one.`,
    );
  }
  if (epoch > newest) {
    return failure(
      "stale-epoch",
      `epoch ${epoch} of ${scope} is ahead of the ledger's ${newest}: the ledger was replaced by an older copy. Restore ` +
        "the newest copy, or start again to be given an epoch by this one.",
    );
  }
  return undefined;
}
