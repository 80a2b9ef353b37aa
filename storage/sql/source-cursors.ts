// Source cursors in SQL: moved forward only, by the statement itself.

import { byText } from "../../actors/base/order.ts";
import { ok, type Result } from "../../actors/base/result.ts";
import { epochScopeOf, type Scope } from "../../actors/ports/fence.ts";
import type { SourceCursor, SourceCursorFailure, SourceCursors } from "../../actors/ports/source-cursors.ts";
import type { LedgerDatabase, SqlNumber } from "./database.ts";
import { refuseStale } from "./fence.ts";

interface CursorRow {
  source: string;
  boot: SqlNumber;
  seq: SqlNumber;
}

export class SqlSourceCursors implements SourceCursors {
  readonly #database: LedgerDatabase;

  /** The database stays the caller's to close. */
  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  async advance(
    scope: Scope,
    epoch: number,
    cursors: readonly SourceCursor[],
  ): Promise<Result<readonly SourceCursor[], SourceCursorFailure>> {
    const name = epochScopeOf(scope);
    return await this.#database.writeDurably<readonly SourceCursor[], SourceCursorFailure>(async (sql) => {
      const stale = await refuseStale(sql, name, epoch);
      if (stale !== undefined) return stale;
      const stand = new Map<string, SourceCursor>();
      for (const { source, boot, seq } of cursors) {
        await sql`
          INSERT INTO source_cursors (scope, source, boot, seq) VALUES (${name}, ${source}, ${boot}, ${seq})
          ON CONFLICT (scope, source) DO UPDATE SET boot = EXCLUDED.boot, seq = EXCLUDED.seq
          WHERE EXCLUDED.boot > source_cursors.boot
            OR (EXCLUDED.boot = source_cursors.boot AND EXCLUDED.seq > source_cursors.seq)`;
        const rows: CursorRow[] = await sql`
          SELECT * FROM source_cursors WHERE scope = ${name} AND source = ${source}`;
        for (const row of rows) stand.set(source, cursorOf(row));
      }
      return ok([...stand.values()].toSorted(byText(({ source }) => source)));
    });
  }

  async cursor(scope: Scope, source: string): Promise<SourceCursor | undefined> {
    const rows: CursorRow[] = await this.#database.read(
      async (sql) =>
        await sql`SELECT * FROM source_cursors WHERE scope = ${epochScopeOf(scope)} AND source = ${source}`,
    );
    return rows[0] === undefined ? undefined : cursorOf(rows[0]);
  }
}

function cursorOf({ source, boot, seq }: CursorRow): SourceCursor {
  return { source, boot: Number(boot), seq: Number(seq) };
}
