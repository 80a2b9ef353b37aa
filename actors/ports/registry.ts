// The registry: whose accounts there are and what they may risk. Each write is fenced by the epoch of the scope it changes,
// and the same write may come twice: a caller that got no answer asks again.

import type { Micros } from "../base/clock.ts";
import type { Result } from "../base/result.ts";
import type { Scope } from "./fence.ts";

export interface Tenant {
  readonly tenantId: string;
  /** Unique. */
  readonly name: string;
  readonly createdMicros: Micros;
}

export interface Account {
  /** Unique among all tenants' accounts. */
  readonly accountId: string;
  readonly tenantId: string;
  readonly currency: string;
  readonly openedMicros: Micros;
}

export interface LimitKey {
  readonly scope: Scope;
  /** Null for all symbols. */
  readonly symbol: string | null;
  /** The control's, for example `positions-max`. */
  readonly name: string;
}

export interface Limit extends LimitKey {
  /** Finite, in the control's own unit. */
  readonly value: number;
  readonly by: string;
  readonly setMicros: Micros;
}

export type RegistryFailure =
  | "stale-epoch"
  /** The id or the name belongs to something else. */
  | "taken"
  | "unknown-tenant"
  | "unknown-account"
  | "unreachable";

/** Questions throw where the store does not answer. */
export interface Registry {
  /** Under an epoch of the global scope. */
  addTenant(tenant: Tenant, epoch: number): Promise<Result<Tenant, RegistryFailure>>;
  /** Under an epoch of its tenant's scope. */
  openAccount(account: Account, epoch: number): Promise<Result<Account, RegistryFailure>>;
  /** Under an epoch of the limit's scope; replaces the value before. */
  setLimit(limit: Limit, epoch: number): Promise<Result<Limit, RegistryFailure>>;
  /** False where there was none. */
  removeLimit(key: LimitKey, epoch: number): Promise<Result<boolean, RegistryFailure>>;
  /** By id. */
  tenants(): Promise<readonly Tenant[]>;
  /** By id. */
  accounts(tenantId: string): Promise<readonly Account[]>;
  /** Those set for exactly this scope, by symbol (all symbols first) and name. */
  limits(scope: Scope): Promise<readonly Limit[]>;
}
