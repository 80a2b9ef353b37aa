// The ledger's tables, as numbered steps that SQLite and Postgres both understand. A step that has run is never changed:
// its checksum is kept and compared.

import type { SQL, TransactionSQL } from "bun";
import { createHash } from "node:crypto";
import { failure, ok, type Result } from "../../actors/base/result.ts";

interface Migration {
  readonly id: number;
  readonly name: string;
  readonly statements: readonly string[];
}

const MIGRATIONS: readonly Migration[] = [
  {
    id: 1,
    name: "orders, deals, positions and epochs",
    statements: [
      "CREATE TABLE epochs (scope TEXT PRIMARY KEY, epoch BIGINT NOT NULL)",
      "CREATE TABLE cursors (scope TEXT PRIMARY KEY, seq BIGINT NOT NULL)",
      `CREATE TABLE orders (
        intent_id TEXT PRIMARY KEY, account_id TEXT NOT NULL, instrument_id INTEGER NOT NULL, purpose TEXT NOT NULL,
        side TEXT NOT NULL, volume_micros BIGINT NOT NULL, filled_micros BIGINT NOT NULL, state TEXT NOT NULL,
        intent_seq BIGINT NOT NULL, epoch BIGINT NOT NULL, time_micros BIGINT NOT NULL, reason TEXT NOT NULL,
        checks TEXT NOT NULL)`,
      "CREATE INDEX orders_by_account ON orders (account_id, intent_seq)",
      `CREATE TABLE deals (
        account_id TEXT NOT NULL, deal_id TEXT NOT NULL, intent_id TEXT NOT NULL, instrument_id INTEGER NOT NULL,
        side TEXT NOT NULL, volume_micros BIGINT NOT NULL, price_points BIGINT NOT NULL,
        commission_micros NUMERIC NOT NULL, position_id TEXT, reason TEXT NOT NULL, seq BIGINT NOT NULL,
        time_micros BIGINT NOT NULL, PRIMARY KEY (account_id, deal_id))`,
      `CREATE TABLE positions (
        position_id TEXT NOT NULL, account_id TEXT NOT NULL, instrument_id INTEGER NOT NULL, side TEXT NOT NULL,
        volume_micros BIGINT NOT NULL, open_price_points NUMERIC NOT NULL, open_seq BIGINT NOT NULL,
        PRIMARY KEY (account_id, position_id))`,
      `CREATE TABLE refusals (
        account_id TEXT NOT NULL, seq BIGINT NOT NULL, instrument_id INTEGER NOT NULL, code TEXT NOT NULL,
        message TEXT NOT NULL, checks TEXT NOT NULL, time_micros BIGINT NOT NULL, PRIMARY KEY (account_id, seq))`,
    ],
  },
  {
    id: 2,
    name: "tenants, accounts, limits, kill switches, identities, source cursors and audit heads",
    statements: [
      `CREATE TABLE tenants (
        tenant_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_micros BIGINT NOT NULL)`,
      // What epochs of global and tenant scopes are issued under has a colon in it.
      `CREATE TABLE accounts (
        account_id TEXT PRIMARY KEY CHECK (account_id NOT LIKE '%:%'),
        tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id), currency TEXT NOT NULL, opened_micros BIGINT NOT NULL)`,
      "CREATE INDEX accounts_by_tenant ON accounts (tenant_id, account_id)",
      // An empty symbol stands for all of them.
      `CREATE TABLE limits (
        scope TEXT NOT NULL, symbol TEXT NOT NULL, name TEXT NOT NULL, value DOUBLE PRECISION NOT NULL,
        set_by TEXT NOT NULL, set_micros BIGINT NOT NULL, PRIMARY KEY (scope, symbol, name))`,
      `CREATE TABLE kill_switches (
        scope TEXT PRIMARY KEY, level TEXT NOT NULL CHECK (level IN ('global', 'tenant', 'account')),
        subject TEXT NOT NULL, mode TEXT NOT NULL CHECK (mode IN ('active', 'halt-entries', 'reduce-only', 'flatten')),
        changed_by TEXT NOT NULL, reason TEXT NOT NULL, changed_micros BIGINT NOT NULL, rearm_hash TEXT,
        UNIQUE (level, subject), CHECK ((mode = 'active') = (rearm_hash IS NULL)))`,
      `CREATE TABLE users (
        user_id TEXT PRIMARY KEY, tenant_id TEXT NOT NULL REFERENCES tenants (tenant_id), name TEXT NOT NULL,
        password_hash TEXT NOT NULL CHECK (password_hash LIKE '$argon2id$%'), role TEXT NOT NULL,
        created_micros BIGINT NOT NULL, disabled_micros BIGINT, UNIQUE (tenant_id, name))`,
      `CREATE TABLE api_tokens (
        token_id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (user_id),
        token_hash TEXT NOT NULL UNIQUE CHECK (length(token_hash) = 64), scopes TEXT NOT NULL,
        created_micros BIGINT NOT NULL, expires_micros BIGINT, last_used_micros BIGINT, revoked_micros BIGINT)`,
      "CREATE INDEX api_tokens_by_user ON api_tokens (user_id, created_micros)",
      `CREATE TABLE source_cursors (
        scope TEXT NOT NULL, source TEXT NOT NULL, boot BIGINT NOT NULL, seq BIGINT NOT NULL,
        PRIMARY KEY (scope, source))`,
      // No two heads follow the same one: a chain that forks cannot be stored.
      `CREATE TABLE audit_heads (
        scope TEXT NOT NULL, seq BIGINT NOT NULL, signed_at TEXT NOT NULL, topics TEXT NOT NULL, previous TEXT NOT NULL,
        key_hash TEXT NOT NULL, signature TEXT NOT NULL, hash TEXT NOT NULL, PRIMARY KEY (scope, seq),
        UNIQUE (scope, previous), UNIQUE (scope, hash))`,
    ],
  },
];

export type MigrationFailure = "ledger-newer" | "ledger-changed";

/** Of Postgres' advisory locks, the one that stands for our tables. */
const MIGRATION_LOCK = 0x7f_1c_f0_47;

/** Runs the steps that have not run yet, all or none. */
export async function migrate(
  sql: SQL,
  { isSqlite }: { isSqlite: boolean },
): Promise<Result<{ applied: number }, MigrationFailure>> {
  const steps = async (
    transaction: TransactionSQL,
  ): Promise<Result<{ applied: number }, MigrationFailure>> => {
    // Two processes that start together would both make the tables; SQLite's file lets one in at a time.
    if (!isSqlite) await transaction`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`;
    await transaction.unsafe(
      "CREATE TABLE IF NOT EXISTS migrations (id INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL)",
    );
    return await migrateWithin(transaction);
  };
  return isSqlite ? await sql.begin("immediate", steps) : await sql.begin(steps);
}

async function migrateWithin(
  transaction: TransactionSQL,
): Promise<Result<{ applied: number }, MigrationFailure>> {
  const rows: { id: number; checksum: string }[] =
    await transaction`SELECT id, checksum FROM migrations ORDER BY id`;
  const unknown = rows.find(({ id }) => id > MIGRATIONS.length);
  if (unknown !== undefined) {
    return failure(
      "ledger-newer",
      "the ledger was written by a newer Tickforge: use that one, or a new data folder",
    );
  }
  let applied = 0;
  for (const migration of MIGRATIONS) {
    const checksum = checksumOf(migration);
    const row = rows.find(({ id }) => id === migration.id);
    if (row === undefined) {
      for (const statement of migration.statements) await transaction.unsafe(statement);
      await transaction`INSERT INTO migrations (id, name, checksum) VALUES (${migration.id}, ${migration.name}, ${checksum})`;
      applied++;
    } else if (row.checksum !== checksum) {
      return failure(
        "ledger-changed",
        `step ${migration.id} of the ledger's tables is not the one that ran on it: restore the ledger, or remove it ` +
          "to have it rebuilt from the journal",
      );
    }
  }
  return ok({ applied });
}

function checksumOf(migration: Migration): string {
  return createHash("sha256").update(migration.statements.join(";")).digest("hex");
}
