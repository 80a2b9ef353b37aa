// The database under the ledger and the stores beside it: SQLite on one machine, Postgres in a cluster. Says how calls take
// turns, how transactions that disturb each other begin again and how long a server may take to answer.

import { SQL, type TransactionSQL } from "bun";
import { pathToFileURL } from "node:url";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import { migrate, type MigrationFailure } from "./migrations.ts";

const SQLITE_PREFIX = "sqlite://";
/** How long a call to a server may take before it counts as away. */
const CALL_MILLIS_MAX = 5_000;
/** How often a transaction that another one disturbed is tried. */
const ATTEMPTS_MAX = 8;
const CONFLICT_MILLIS = 5;
/** How long a write waits for another process that reads or copies the file. */
const BUSY_TIMEOUT_MILLIS = 2_000;

export type LedgerOpenFailure = MigrationFailure | "ledger-unreadable";

/** SQLite answers with numbers, Postgres sends large integers as text. */
export type SqlNumber = number | string;

/**
 * Opens the database at `url` and brings its tables up to date.
 * @param url `sqlite://<path>`, `sqlite://:memory:` or `postgres://...`
 */
export async function openDatabase(url: string): Promise<Result<LedgerDatabase, LedgerOpenFailure>> {
  return await opening(url, { readonly: false }, async (database) => await database.migrate());
}

/** Opens the database at `url` to be looked at: makes and changes nothing. */
export async function openDatabaseToRead(url: string): Promise<Result<LedgerDatabase, "ledger-unreadable">> {
  return await opening(url, { readonly: true }, async (database) => {
    await database.read(async (sql) => await sql`SELECT 1`);
    return ok(undefined);
  });
}

async function opening<Code extends string>(
  url: string,
  options: { readonly: boolean },
  prepare: (database: LedgerDatabase) => Promise<Result<unknown, Code>>,
): Promise<Result<LedgerDatabase, Code | "ledger-unreadable">> {
  try {
    const database = new LedgerDatabase(url, options);
    try {
      const prepared = await prepare(database);
      if (prepared.ok) return ok(database);
      await database.close();
      return prepared;
    } catch (error) {
      await database.close().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    return failure(
      "ledger-unreadable",
      `cannot open the ledger ${withoutPassword(url)}: ${String(error)}. Check that it can be reached and written. A ledger ` +
        "that is damaged is rebuilt from the journal once its file is moved away.",
    );
  }
}

/** As an escaped file URL: Bun cuts a plain path at a question mark. */
function openSqlite(path: string, readonly: boolean): SQL {
  const filename = path === ":memory:" ? path : pathToFileURL(path).href;
  return new SQL({ adapter: "sqlite", filename, ...(readonly ? { readonly } : {}) });
}

function openServer(url: string, readonly: boolean): SQL {
  return new SQL(url, {
    max: 1,
    connectionTimeout: CALL_MILLIS_MAX / 1_000,
    ...(readonly ? { connection: { default_transaction_read_only: "on" } } : {}),
  });
}

/** An address as it may be shown. What stands there alone may be a token, as NATS has them. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/(?:([^:@]*):)?.*@/, (_, user?: string) =>
    user === undefined ? "//***@" : `//${user}:***@`,
  );
}

export class LedgerDatabase {
  readonly #connect: () => SQL;
  readonly #isSqlite: boolean;
  #sql: SQL;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(url: string, { readonly }: { readonly: boolean }) {
    this.#isSqlite = url.startsWith(SQLITE_PREFIX);
    this.#connect = () =>
      this.#isSqlite ? openSqlite(url.slice(SQLITE_PREFIX.length), readonly) : openServer(url, readonly);
    this.#sql = this.#connect();
  }

  /** Has no bound in time: another process may be at the same tables. */
  async migrate(): Promise<Result<unknown, MigrationFailure>> {
    const [sql, isSqlite] = [this.#sql, this.#isSqlite];
    if (isSqlite) {
      await sql.unsafe(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MILLIS}`);
      await sql.unsafe("PRAGMA foreign_keys = ON");
      // What follows the journal may lose its last commits with the power; what does not is written durably.
      await sql.unsafe("PRAGMA journal_mode = WAL");
      await sql.unsafe("PRAGMA synchronous = NORMAL");
    }
    return await migrate(sql, { isSqlite });
  }

  /** Throws where the database does not answer. */
  async read<T>(query: (sql: SQL) => Promise<T>): Promise<T> {
    return await this.#inTurn(async () => await query(this.#sql));
  }

  /** Survives the loss of power once it resolves. Throws where the database does not answer. */
  async durably<T>(work: (sql: SQL) => Promise<T>): Promise<T> {
    return await this.#inTurn(async () => await this.#synced(async () => await work(this.#sql)));
  }

  /** `work` in one transaction, perhaps more than once. Where it refuses, nothing of it stays. */
  async write<T, Code extends string>(
    work: (transaction: TransactionSQL) => Promise<Result<T, Code>>,
  ): Promise<Result<T, Code | "unreachable">> {
    return await this.#written(async () => await this.#serialized(work));
  }

  /** The same for what no journal gives back: it survives the loss of power once it resolves. */
  async writeDurably<T, Code extends string>(
    work: (transaction: TransactionSQL) => Promise<Result<T, Code>>,
  ): Promise<Result<T, Code | "unreachable">> {
    return await this.#written(async () => await this.#synced(async () => await this.#serialized(work)));
  }

  async close(): Promise<void> {
    await this.#inTurn(async () => await this.#sql.close());
  }

  async #written<T, Code extends string>(
    task: () => Promise<Result<T, Code>>,
  ): Promise<Result<T, Code | "unreachable">> {
    try {
      return await this.#inTurn(task);
    } catch (error) {
      return failure("unreachable", `the ledger did not take a write: ${String(error)}`, {
        recoverable: true,
      });
    }
  }

  async #synced<T>(task: () => Promise<T>): Promise<T> {
    if (!this.#isSqlite) return await task();
    await this.#sql.unsafe("PRAGMA synchronous = FULL");
    try {
      return await task();
    } finally {
      await this.#sql.unsafe("PRAGMA synchronous = NORMAL");
    }
  }

  /**
   * SQLite has one writer, who is told at the beginning whether it is this one. In Postgres two that would disturb each other
   * are told so, and one of them begins again.
   */
  async #serialized<T, Code extends string>(
    work: (transaction: TransactionSQL) => Promise<Result<T, Code>>,
  ): Promise<Result<T, Code>> {
    const begin = this.#isSqlite ? "immediate" : "isolation level serializable";
    // One that was given up as late does not begin again on the connection that replaced its own.
    const sql = this.#sql;
    for (let attempt = 1; ; attempt++) {
      let refused: Failure<Code> | undefined;
      try {
        return await sql.begin(begin, async (transaction) => {
          const result = await work(transaction);
          if (result.ok) return result;
          refused = result;
          throw new Error(result.code);
        });
      } catch (error) {
        if (refused !== undefined) return refused;
        if (this.#isSqlite || attempt === ATTEMPTS_MAX || !isConflict(error)) throw error;
        await Bun.sleep(CONFLICT_MILLIS * attempt * (1 + Math.random()));
      }
    }
  }

  /** SQLite has one connection: what did not wait its turn would fall into another call's transaction. */
  async #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#lastTurn.then(async () => await (this.#isSqlite ? task() : this.#inTime(task)));
    this.#lastTurn = turn.catch(() => undefined);
    return await turn;
  }

  /**
   * A server that hangs must not hang us. What was asked may still be done when it wakes up: every write here may come
   * twice, and the connection that waits for it is let go.
   */
  async #inTime<T>(task: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      void this.#sql.close({ timeout: 0 }).catch(() => undefined);
      this.#sql = this.#connect();
      late.reject(new Error(`the ledger's database did not answer within ${CALL_MILLIS_MAX / 1_000} s`));
    }, CALL_MILLIS_MAX);
    const done = task();
    done.catch(() => undefined);
    try {
      return await Promise.race([done, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Serialization failure and deadlock: nothing was written, and the same again may well work. So it is where two insert the
 * same key at once: the second, begun again, sees the first.
 */
function isConflict(error: unknown): boolean {
  const code = (error as { errno?: unknown }).errno ?? (error as { code?: unknown }).code;
  return code === "40001" || code === "40P01" || code === "23505";
}
