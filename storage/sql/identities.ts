// Users and API tokens in SQL. Unique names and hashes are the database's to keep; what is there already is looked at after
// the attempt, so that the same write may come twice.

import type { SQL, TransactionSQL } from "bun";
import { byText } from "../../actors/base/order.ts";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import {
  type ApiToken,
  type Bearer,
  byCreation,
  type Identities,
  type IdentityFailure,
  LAST_USED_GRAIN_MICROS,
  type NewApiToken,
  type NewUser,
  type User,
} from "../../actors/ports/identities.ts";
import type { LedgerDatabase, SqlNumber } from "./database.ts";

interface UserRow {
  user_id: string;
  tenant_id: string;
  name: string;
  password_hash: string;
  role: string;
  created_micros: SqlNumber;
  disabled_micros: SqlNumber | null;
}

interface TokenRow {
  token_id: string;
  user_id: string;
  token_hash: string;
  scopes: string;
  created_micros: SqlNumber;
  expires_micros: SqlNumber | null;
  last_used_micros: SqlNumber | null;
  revoked_micros: SqlNumber | null;
}

type Answer<T> = Promise<Result<T, IdentityFailure>>;

export class SqlIdentities implements Identities {
  readonly #database: LedgerDatabase;

  /** The database stays the caller's to close. */
  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  async addUser(user: NewUser): Answer<User> {
    return await this.#write(async (sql) => {
      const tenants: unknown[] = await sql`SELECT 1 FROM tenants WHERE tenant_id = ${user.tenantId}`;
      if (tenants.length === 0)
        return failure("unknown-tenant", `there is no tenant ${user.tenantId}: add it first`);
      await sql`
        INSERT INTO users (user_id, tenant_id, name, password_hash, role, created_micros)
        VALUES (${user.userId}, ${user.tenantId}, ${user.name}, ${user.passwordHash}, ${user.role},
          ${user.createdMicros})
        ON CONFLICT DO NOTHING`;
      const row = await userRow(sql, user.userId);
      const isOurs =
        row?.tenant_id === user.tenantId &&
        row.name === user.name &&
        row.password_hash === user.passwordHash &&
        row.role === user.role;
      return isOurs ? ok(userOf(row)) : taken(`a user ${user.userId} or ${user.name}`);
    });
  }

  async changePassword(userId: string, { from, to }: { from: string; to: string }): Answer<User> {
    return await this.#write(async (sql) => {
      await sql`UPDATE users SET password_hash = ${to} WHERE user_id = ${userId} AND password_hash = ${from}`;
      const row = await userRow(sql, userId);
      if (row === undefined) return unknownUser(userId);
      if (row.password_hash === to) return ok(userOf(row));
      return failure("changed-since", `the password of ${row.name} was changed meanwhile: log in again`);
    });
  }

  async disableUser(userId: string, atMicros: number): Answer<User> {
    return await this.#write(async (sql) => {
      await sql`UPDATE users SET disabled_micros = ${atMicros} WHERE user_id = ${userId} AND disabled_micros IS NULL`;
      await sql`UPDATE api_tokens SET revoked_micros = ${atMicros} WHERE user_id = ${userId} AND revoked_micros IS NULL`;
      const row = await userRow(sql, userId);
      return row === undefined ? unknownUser(userId) : ok(userOf(row));
    });
  }

  async user(tenantId: string, name: string): Promise<User | undefined> {
    const rows: UserRow[] = await this.#database.read(
      async (sql) => await sql`SELECT * FROM users WHERE tenant_id = ${tenantId} AND name = ${name}`,
    );
    return rows.map(userOf)[0];
  }

  async users(tenantId: string): Promise<readonly User[]> {
    const rows: UserRow[] = await this.#database.read(
      async (sql) => await sql`SELECT * FROM users WHERE tenant_id = ${tenantId}`,
    );
    return rows.map(userOf).toSorted(byText(({ name }) => name));
  }

  async addToken(token: NewApiToken): Answer<ApiToken> {
    const { tokenId, userId, tokenHash, createdMicros, expiresMicros } = token;
    const scopes = JSON.stringify(token.scopes);
    return await this.#write(async (sql) => {
      // The write that changes nothing holds the user's row: nobody is disabled in between.
      const users: UserRow[] = await sql`
        UPDATE users SET user_id = user_id WHERE user_id = ${userId} AND disabled_micros IS NULL RETURNING *`;
      if (users.length === 0) return unknownUser(userId);
      await sql`
        INSERT INTO api_tokens (token_id, user_id, token_hash, scopes, created_micros, expires_micros)
        VALUES (${tokenId}, ${userId}, ${tokenHash}, ${scopes}, ${createdMicros}, ${expiresMicros})
        ON CONFLICT DO NOTHING`;
      const row = await tokenRow(sql, tokenId);
      const isOurs = row?.user_id === userId && row.token_hash === tokenHash && row.scopes === scopes;
      return isOurs ? ok(tokenOf(row)) : taken(`a token ${tokenId}, or one with the same hash,`);
    });
  }

  async useToken(tokenHash: string, nowMicros: number): Answer<Bearer> {
    return await this.#database.write<Bearer, IdentityFailure>(async (sql) => {
      const tokens: TokenRow[] = await sql`
        SELECT * FROM api_tokens WHERE token_hash = ${tokenHash} AND revoked_micros IS NULL
          AND (expires_micros IS NULL OR expires_micros > ${nowMicros})`;
      const token = tokens[0];
      const user = token === undefined ? undefined : await userRow(sql, token.user_id);
      if (token === undefined || user === undefined)
        return failure("unknown-token", "the token is not known, was revoked or has expired");
      const lastUsedMicros = orNull(token.last_used_micros);
      if (lastUsedMicros === null || nowMicros - lastUsedMicros >= LAST_USED_GRAIN_MICROS) {
        await sql`UPDATE api_tokens SET last_used_micros = ${nowMicros} WHERE token_id = ${token.token_id}`;
        token.last_used_micros = nowMicros;
      }
      return ok({ user: userOf(user), token: tokenOf(token) });
    });
  }

  async revokeToken(tokenId: string, atMicros: number): Answer<ApiToken> {
    return await this.#write(async (sql) => {
      await sql`UPDATE api_tokens SET revoked_micros = ${atMicros} WHERE token_id = ${tokenId} AND revoked_micros IS NULL`;
      const row = await tokenRow(sql, tokenId);
      return row === undefined ? failure("unknown-token", `there is no token ${tokenId}`) : ok(tokenOf(row));
    });
  }

  async tokens(userId: string): Promise<readonly ApiToken[]> {
    const rows: TokenRow[] = await this.#database.read(
      async (sql) => await sql`SELECT * FROM api_tokens WHERE user_id = ${userId}`,
    );
    return rows.map(tokenOf).toSorted(byCreation);
  }

  async #write<T>(work: (sql: TransactionSQL) => Answer<T>): Answer<T> {
    return await this.#database.writeDurably<T, IdentityFailure>(work);
  }
}

async function userRow(sql: SQL | TransactionSQL, userId: string): Promise<UserRow | undefined> {
  const rows: UserRow[] = await sql`SELECT * FROM users WHERE user_id = ${userId}`;
  return rows[0];
}

async function tokenRow(sql: SQL | TransactionSQL, tokenId: string): Promise<TokenRow | undefined> {
  const rows: TokenRow[] = await sql`SELECT * FROM api_tokens WHERE token_id = ${tokenId}`;
  return rows[0];
}

function taken(what: string): Failure<"taken"> {
  return failure("taken", `${what} is there already and is another one: choose another`);
}

function unknownUser(userId: string): Failure<"unknown-user"> {
  return failure("unknown-user", `there is no user ${userId}, or no longer`);
}

function orNull(value: SqlNumber | null): number | null {
  return value === null ? null : Number(value);
}

function userOf(row: UserRow): User {
  return {
    userId: row.user_id,
    tenantId: row.tenant_id,
    name: row.name,
    passwordHash: row.password_hash,
    role: row.role,
    createdMicros: Number(row.created_micros),
    disabledMicros: orNull(row.disabled_micros),
  };
}

function tokenOf(row: TokenRow): ApiToken {
  return {
    tokenId: row.token_id,
    userId: row.user_id,
    tokenHash: row.token_hash,
    scopes: JSON.parse(row.scopes) as string[],
    createdMicros: Number(row.created_micros),
    expiresMicros: orNull(row.expires_micros),
    lastUsedMicros: orNull(row.last_used_micros),
    revokedMicros: orNull(row.revoked_micros),
  };
}
