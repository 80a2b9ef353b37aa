// Tenants, accounts and limits of a deployment that is one process.

import { assert } from "../../actors/base/assert.ts";
import { byText } from "../../actors/base/order.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { epochScopeOf, GLOBAL_SCOPE, type Scope } from "../../actors/ports/fence.ts";
import type {
  Account,
  Limit,
  LimitKey,
  Registry,
  RegistryFailure,
  Tenant,
} from "../../actors/ports/registry.ts";
import type { MemoryEpochs } from "./epochs.ts";
import { Rows } from "./rows.ts";

type Answer<T> = Promise<Result<T, RegistryFailure>>;

export class MemoryRegistry implements Registry {
  readonly #epochs: MemoryEpochs;
  readonly #tenants = new Rows<Tenant>();
  readonly #accounts = new Rows<Account>();
  readonly #limits = new Rows<Limit>();

  constructor(epochs: MemoryEpochs) {
    this.#epochs = epochs;
  }

  addTenant(tenant: Tenant, epoch: number): Answer<Tenant> {
    return this.#fenced(GLOBAL_SCOPE, epoch, () => {
      const now = this.#tenants.get(tenant.tenantId);
      if (now !== undefined) return now.name === tenant.name ? ok(now) : taken(tenant.tenantId);
      if (this.#tenants.all().some(({ name }) => name === tenant.name)) return taken(tenant.name);
      this.#tenants.set(tenant.tenantId, tenant);
      return ok(tenant);
    });
  }

  openAccount(account: Account, epoch: number): Answer<Account> {
    const { accountId, tenantId, currency } = account;
    assert(!accountId.includes(":"), "an account's id has no colon: it names the account's epochs");
    return this.#fenced({ level: "tenant", tenantId }, epoch, () => {
      if (!this.#tenants.has(tenantId)) return failure("unknown-tenant", `there is no tenant ${tenantId}`);
      const now = this.#accounts.get(accountId);
      if (now !== undefined)
        return now.tenantId === tenantId && now.currency === currency ? ok(now) : taken(accountId);
      this.#accounts.set(accountId, account);
      return ok(account);
    });
  }

  setLimit(limit: Limit, epoch: number): Answer<Limit> {
    const { scope, value } = limit;
    assert(Number.isFinite(value), "a limit is a finite number");
    return this.#fenced(scope, epoch, () => {
      if (scope.level === "tenant" && !this.#tenants.has(scope.tenantId))
        return failure("unknown-tenant", `there is no tenant ${scope.tenantId}`);
      if (scope.level === "account" && !this.#accounts.has(scope.accountId))
        return failure("unknown-account", `there is no account ${scope.accountId}`);
      this.#limits.set(keyOf(limit), limit);
      return ok(limit);
    });
  }

  removeLimit(key: LimitKey, epoch: number): Answer<boolean> {
    return this.#fenced(key.scope, epoch, () => ok(this.#limits.delete(keyOf(key))));
  }

  tenants(): Promise<readonly Tenant[]> {
    return Promise.resolve(this.#tenants.all().toSorted(byText(({ tenantId }) => tenantId)));
  }

  accounts(tenantId: string): Promise<readonly Account[]> {
    const own = this.#accounts.all().filter((account) => account.tenantId === tenantId);
    return Promise.resolve(own.toSorted(byText(({ accountId }) => accountId)));
  }

  limits(scope: Scope): Promise<readonly Limit[]> {
    const name = epochScopeOf(scope);
    const own = this.#limits.all().filter((limit) => epochScopeOf(limit.scope) === name);
    return Promise.resolve(own.toSorted(byText(keyOf)));
  }

  #fenced<T>(scope: Scope, epoch: number, work: () => Result<T, RegistryFailure>): Answer<T> {
    return Promise.resolve(this.#epochs.stale(scope, epoch) ?? work());
  }
}

function keyOf({ scope, symbol, name }: LimitKey): string {
  return [epochScopeOf(scope), symbol ?? "", name].join("\u0000");
}

function taken(what: string): Result<never, "taken"> {
  return failure("taken", `${what} is there already and is another one`);
}
