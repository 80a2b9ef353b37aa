// Kill switches in SQL: read, judged and written in one transaction under the scope's epoch.

import type { TransactionSQL } from "bun";
import { byText } from "../../actors/base/order.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { epochScopeOf, GLOBAL_SCOPE, type Scope } from "../../actors/ports/fence.ts";
import {
  type Engagement,
  isStricter,
  type KillSwitch,
  type KillSwitchFailure,
  type KillSwitchMode,
  type KillSwitchStore,
  rankOf,
  type Rearming,
  untouched,
} from "../../actors/ports/kill-switch-store.ts";
import type { LedgerDatabase, SqlNumber } from "./database.ts";
import { refuseStale } from "./fence.ts";

interface SwitchRow {
  level: Scope["level"];
  subject: string;
  mode: KillSwitchMode;
  changed_by: string;
  reason: string;
  changed_micros: SqlNumber;
  rearm_hash: string | null;
}

export class SqlKillSwitchStore implements KillSwitchStore {
  readonly #database: LedgerDatabase;

  /** The database stays the caller's to close. */
  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  async engage(
    scope: Scope,
    epoch: number,
    { mode, by, reason, atMicros, rearmHash }: Engagement,
  ): Promise<Result<KillSwitch, KillSwitchFailure>> {
    return await this.#changed(scope, epoch, (now) =>
      isStricter(mode, now.mode)
        ? ok({ scope, mode, by, reason, changedMicros: atMicros, rearmHash })
        : ok(now),
    );
  }

  async rearm(
    scope: Scope,
    epoch: number,
    { by, reason, atMicros, rearmHash }: Rearming,
  ): Promise<Result<KillSwitch, KillSwitchFailure>> {
    return await this.#changed(scope, epoch, (now) => {
      if (now.mode === "active") return ok(now);
      if (now.rearmHash !== rearmHash) {
        return failure(
          "engaged-since",
          `the kill switch was engaged again by ${now.by}: ${now.reason}. It stays ${now.mode}; confirm with its own code.`,
        );
      }
      return ok({ scope, mode: "active", by, reason, changedMicros: atMicros, rearmHash: null });
    });
  }

  async state(scope: Scope): Promise<KillSwitch> {
    return await this.#database.read(async (sql) => {
      const rows: SwitchRow[] = await sql`SELECT * FROM kill_switches WHERE scope = ${epochScopeOf(scope)}`;
      return rows[0] === undefined ? untouched(scope) : switchOf(rows[0]);
    });
  }

  async engaged(): Promise<readonly KillSwitch[]> {
    const rows: SwitchRow[] = await this.#database.read(
      async (sql) => await sql`SELECT * FROM kill_switches WHERE mode <> 'active'`,
    );
    return rows.map(switchOf).toSorted(byText(rankOf));
  }

  async #changed(
    scope: Scope,
    epoch: number,
    change: (now: KillSwitch) => Result<KillSwitch, KillSwitchFailure>,
  ): Promise<Result<KillSwitch, KillSwitchFailure>> {
    const name = epochScopeOf(scope);
    return await this.#database.writeDurably<KillSwitch, KillSwitchFailure>(async (sql) => {
      const stale = await refuseStale(sql, name, epoch);
      if (stale !== undefined) return stale;
      const rows: SwitchRow[] = await sql`SELECT * FROM kill_switches WHERE scope = ${name}`;
      const now = rows[0] === undefined ? untouched(scope) : switchOf(rows[0]);
      const next = change(now);
      if (next.ok && next.value !== now) await put(sql, name, next.value);
      return next;
    });
  }
}

async function put(sql: TransactionSQL, name: string, next: KillSwitch): Promise<void> {
  await sql`
    INSERT INTO kill_switches (scope, level, subject, mode, changed_by, reason, changed_micros, rearm_hash)
    VALUES (${name}, ${next.scope.level}, ${subjectOf(next.scope)}, ${next.mode}, ${next.by}, ${next.reason},
      ${next.changedMicros}, ${next.rearmHash})
    ON CONFLICT (scope) DO UPDATE SET mode = EXCLUDED.mode, changed_by = EXCLUDED.changed_by,
      reason = EXCLUDED.reason, changed_micros = EXCLUDED.changed_micros, rearm_hash = EXCLUDED.rearm_hash`;
}

function subjectOf(scope: Scope): string {
  switch (scope.level) {
    case "global":
      return "";
    case "tenant":
      return scope.tenantId;
    case "account":
      return scope.accountId;
  }
}

function scopeOf({ level, subject }: SwitchRow): Scope {
  switch (level) {
    case "global":
      return GLOBAL_SCOPE;
    case "tenant":
      return { level, tenantId: subject };
    case "account":
      return { level, accountId: subject };
  }
}

function switchOf(row: SwitchRow): KillSwitch {
  return {
    scope: scopeOf(row),
    mode: row.mode,
    by: row.changed_by,
    reason: row.reason,
    changedMicros: Number(row.changed_micros),
    rearmHash: row.rearm_hash,
  };
}
