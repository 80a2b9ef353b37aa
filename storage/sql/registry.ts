// Tenants, accounts and limits in SQL, each write under the epoch of the scope it changes.

import type { TransactionSQL } from "bun";
import { assert } from "../../actors/base/assert.ts";
import { byText } from "../../actors/base/order.ts";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import { epochScopeOf, GLOBAL_SCOPE, type Scope } from "../../actors/ports/fence.ts";
import type {
  Account,
  Limit,
  LimitKey,
  Registry,
  RegistryFailure,
  Tenant,
} from "../../actors/ports/registry.ts";
import type { LedgerDatabase, SqlNumber } from "./database.ts";
import { refuseStale } from "./fence.ts";

interface TenantRow {
  tenant_id: string;
  name: string;
  created_micros: SqlNumber;
}

interface AccountRow {
  account_id: string;
  tenant_id: string;
  currency: string;
  opened_micros: SqlNumber;
}

interface LimitRow {
  symbol: string;
  name: string;
  value: number;
  set_by: string;
  set_micros: SqlNumber;
}

export class SqlRegistry implements Registry {
  readonly #database: LedgerDatabase;

  /** The database stays the caller's to close. */
  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  async addTenant(tenant: Tenant, epoch: number): Promise<Result<Tenant, RegistryFailure>> {
    const { tenantId, name, createdMicros } = tenant;
    return await this.#fenced(GLOBAL_SCOPE, epoch, async (sql) => {
      await sql`
        INSERT INTO tenants (tenant_id, name, created_micros) VALUES (${tenantId}, ${name}, ${createdMicros})
        ON CONFLICT DO NOTHING`;
      const rows: TenantRow[] =
        await sql`SELECT * FROM tenants WHERE tenant_id = ${tenantId} OR name = ${name}`;
      const [only, other] = rows;
      const isOurs = only?.tenant_id === tenantId && only.name === name && other === undefined;
      return isOurs ? ok(tenantOf(only)) : taken(`the tenant ${tenantId}, ${name}`);
    });
  }

  async openAccount(account: Account, epoch: number): Promise<Result<Account, RegistryFailure>> {
    const { accountId, tenantId, currency, openedMicros } = account;
    assert(!accountId.includes(":"), "an account's id has no colon: it names the account's epochs");
    return await this.#fenced({ level: "tenant", tenantId }, epoch, async (sql) => {
      const missing = await missingTenant(sql, tenantId);
      if (missing !== undefined) return missing;
      await sql`
        INSERT INTO accounts (account_id, tenant_id, currency, opened_micros)
        VALUES (${accountId}, ${tenantId}, ${currency}, ${openedMicros})
        ON CONFLICT DO NOTHING`;
      const rows: AccountRow[] = await sql`SELECT * FROM accounts WHERE account_id = ${accountId}`;
      const row = rows[0];
      const isOurs = row?.tenant_id === tenantId && row.currency === currency;
      return isOurs ? ok(accountOf(row)) : taken(`the account ${accountId}`);
    });
  }

  async setLimit(limit: Limit, epoch: number): Promise<Result<Limit, RegistryFailure>> {
    const { scope, symbol, name, value, by, setMicros } = limit;
    assert(Number.isFinite(value), "a limit is a finite number");
    return await this.#fenced(scope, epoch, async (sql) => {
      const missing = await missingSubject(sql, scope);
      if (missing !== undefined) return missing;
      await sql`
        INSERT INTO limits (scope, symbol, name, value, set_by, set_micros)
        VALUES (${epochScopeOf(scope)}, ${symbol ?? ""}, ${name}, ${value}, ${by}, ${setMicros})
        ON CONFLICT (scope, symbol, name) DO UPDATE
        SET value = EXCLUDED.value, set_by = EXCLUDED.set_by, set_micros = EXCLUDED.set_micros`;
      return ok(limit);
    });
  }

  async removeLimit(
    { scope, symbol, name }: LimitKey,
    epoch: number,
  ): Promise<Result<boolean, RegistryFailure>> {
    return await this.#fenced(scope, epoch, async (sql) => {
      const removed: unknown[] = await sql`
        DELETE FROM limits WHERE scope = ${epochScopeOf(scope)} AND symbol = ${symbol ?? ""} AND name = ${name}
        RETURNING name`;
      return ok(removed.length > 0);
    });
  }

  async tenants(): Promise<readonly Tenant[]> {
    const rows: TenantRow[] = await this.#database.read(async (sql) => await sql`SELECT * FROM tenants`);
    return rows.map(tenantOf).toSorted(byText(({ tenantId }) => tenantId));
  }

  async accounts(tenantId: string): Promise<readonly Account[]> {
    const rows: AccountRow[] = await this.#database.read(
      async (sql) => await sql`SELECT * FROM accounts WHERE tenant_id = ${tenantId}`,
    );
    return rows.map(accountOf).toSorted(byText(({ accountId }) => accountId));
  }

  async limits(scope: Scope): Promise<readonly Limit[]> {
    const rows: LimitRow[] = await this.#database.read(
      async (sql) => await sql`SELECT * FROM limits WHERE scope = ${epochScopeOf(scope)}`,
    );
    const sorted = rows.toSorted(byText(({ symbol, name }) => `${symbol}\u0000${name}`));
    return sorted.map((row) => ({
      scope,
      symbol: row.symbol === "" ? null : row.symbol,
      name: row.name,
      value: row.value,
      by: row.set_by,
      setMicros: Number(row.set_micros),
    }));
  }

  async #fenced<T>(
    scope: Scope,
    epoch: number,
    work: (sql: TransactionSQL) => Promise<Result<T, RegistryFailure>>,
  ): Promise<Result<T, RegistryFailure>> {
    return await this.#database.writeDurably<T, RegistryFailure>(
      async (sql) => (await refuseStale(sql, epochScopeOf(scope), epoch)) ?? (await work(sql)),
    );
  }
}

async function missingSubject(
  sql: TransactionSQL,
  scope: Scope,
): Promise<Failure<RegistryFailure> | undefined> {
  if (scope.level === "global") return undefined;
  if (scope.level === "tenant") return await missingTenant(sql, scope.tenantId);
  const rows: unknown[] = await sql`SELECT 1 FROM accounts WHERE account_id = ${scope.accountId}`;
  return rows.length > 0
    ? undefined
    : failure("unknown-account", `there is no account ${scope.accountId}: open it first`);
}

async function missingTenant(
  sql: TransactionSQL,
  tenantId: string,
): Promise<Failure<"unknown-tenant"> | undefined> {
  const rows: unknown[] = await sql`SELECT 1 FROM tenants WHERE tenant_id = ${tenantId}`;
  return rows.length > 0
    ? undefined
    : failure("unknown-tenant", `there is no tenant ${tenantId}: add it first`);
}

function taken(what: string): Failure<"taken"> {
  return failure("taken", `${what} is there already and is another one: choose another id or name`);
}

function tenantOf(row: TenantRow): Tenant {
  return { tenantId: row.tenant_id, name: row.name, createdMicros: Number(row.created_micros) };
}

function accountOf(row: AccountRow): Account {
  return {
    accountId: row.account_id,
    tenantId: row.tenant_id,
    currency: row.currency,
    openedMicros: Number(row.opened_micros),
  };
}
