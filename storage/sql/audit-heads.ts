// Signed heads in SQL: a chain that only grows at its end.

import type { SQL, TransactionSQL } from "bun";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { AuditHeadsFailure, AuditHeadStore, SignedHead } from "../../actors/ports/audit-heads.ts";
import { epochScopeOf, type Scope } from "../../actors/ports/fence.ts";
import type { LedgerDatabase, SqlNumber } from "./database.ts";

interface HeadRow {
  signed_at: string;
  seq: SqlNumber;
  topics: string;
  previous: string;
  key_hash: string;
  signature: string;
  hash: string;
}

export class SqlAuditHeads implements AuditHeadStore {
  readonly #database: LedgerDatabase;

  /** The database stays the caller's to close. */
  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  async append(scope: Scope, heads: readonly SignedHead[]): Promise<Result<number, AuditHeadsFailure>> {
    const name = epochScopeOf(scope);
    return await this.#database.writeDurably<number, AuditHeadsFailure>(async (sql) => {
      let newest = await newestOf(sql, name);
      for (const head of heads) {
        if (await isStored(sql, name, head.hash)) continue;
        if (head.previous !== (newest?.hash ?? "") || head.seq <= (newest?.seq ?? 0)) {
          return failure(
            "audit-forked",
            `the signed head of record ${head.seq} does not follow the newest one in the ledger, of record ${newest?.seq ?? 0}: ` +
              "the heads, or the ledger, were replaced. `tickforge journal verify` says more.",
          );
        }
        await insert(sql, name, head);
        newest = head;
      }
      return ok(newest?.seq ?? 0);
    });
  }

  async newest(scope: Scope): Promise<SignedHead | undefined> {
    return await this.#database.read(async (sql) => await newestOf(sql, epochScopeOf(scope)));
  }

  async heads(scope: Scope): Promise<readonly SignedHead[]> {
    const rows: HeadRow[] = await this.#database.read(
      async (sql) => await sql`SELECT * FROM audit_heads WHERE scope = ${epochScopeOf(scope)} ORDER BY seq`,
    );
    return rows.map(headOf);
  }
}

async function newestOf(sql: SQL | TransactionSQL, name: string): Promise<SignedHead | undefined> {
  const rows: HeadRow[] = await sql`
    SELECT * FROM audit_heads WHERE scope = ${name} ORDER BY seq DESC LIMIT 1`;
  return rows.map(headOf)[0];
}

async function isStored(sql: TransactionSQL, name: string, hash: string): Promise<boolean> {
  const rows: unknown[] = await sql`SELECT 1 FROM audit_heads WHERE scope = ${name} AND hash = ${hash}`;
  return rows.length > 0;
}

async function insert(sql: TransactionSQL, name: string, head: SignedHead): Promise<void> {
  await sql`
    INSERT INTO audit_heads (scope, seq, signed_at, topics, previous, key_hash, signature, hash)
    VALUES (${name}, ${head.seq}, ${head.at}, ${JSON.stringify(head.topics)}, ${head.previous}, ${head.key},
      ${head.signature}, ${head.hash})`;
}

function headOf(row: HeadRow): SignedHead {
  return {
    at: row.signed_at,
    seq: Number(row.seq),
    topics: JSON.parse(row.topics) as Record<string, string>,
    previous: row.previous,
    key: row.key_hash,
    signature: row.signature,
    hash: row.hash,
  };
}
