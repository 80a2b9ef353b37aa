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
    return await this.#database.write<number, AuditHeadsFailure>(async (sql) => {
      const stored = await headsOf(sql, name);
      const known = new Set(stored.map(({ hash }) => hash));
      let newest = stored.at(-1);
      for (const head of heads) {
        if (known.has(head.hash)) continue;
        if (head.previous !== (newest?.hash ?? "") || head.seq <= (newest?.seq ?? 0)) {
          return failure(
            "audit-forked",
            `the signed head of record ${head.seq} does not follow the newest one in the ledger, of record ${newest?.seq ?? 0}: ` +
              "the heads, or the ledger, were replaced. `tickforge journal verify` says more.",
          );
        }
        await insert(sql, name, head);
        known.add(head.hash);
        newest = head;
      }
      return ok(known.size);
    });
  }

  async heads(scope: Scope): Promise<readonly SignedHead[]> {
    return await this.#database.read(async (sql) => await headsOf(sql, epochScopeOf(scope)));
  }
}

async function headsOf(sql: SQL | TransactionSQL, name: string): Promise<readonly SignedHead[]> {
  const rows: HeadRow[] = await sql`SELECT * FROM audit_heads WHERE scope = ${name} ORDER BY seq`;
  return rows.map((row) => ({
    at: row.signed_at,
    seq: Number(row.seq),
    topics: JSON.parse(row.topics) as Record<string, string>,
    previous: row.previous,
    key: row.key_hash,
    signature: row.signature,
    hash: row.hash,
  }));
}

async function insert(sql: TransactionSQL, name: string, head: SignedHead): Promise<void> {
  await sql`
    INSERT INTO audit_heads (scope, seq, signed_at, topics, previous, key_hash, signature, hash)
    VALUES (${name}, ${head.seq}, ${head.at}, ${JSON.stringify(head.topics)}, ${head.previous}, ${head.key},
      ${head.signature}, ${head.hash})`;
}
