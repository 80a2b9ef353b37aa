// Opens the ledger's database and what the trading process asks of it.

import { ok, type Result } from "../../actors/base/result.ts";
import type { AuditHeadStore } from "../../actors/ports/audit-heads.ts";
import type { KillSwitchStore } from "../../actors/ports/kill-switch-store.ts";
import type { Ledger } from "../../actors/ports/ledger.ts";
import { SqlAuditHeads } from "./audit-heads.ts";
import { openDatabase } from "./database.ts";
import { SqlKillSwitchStore } from "./kill-switch-store.ts";
import { SqlLedger } from "./ledger.ts";

/** Closing the ledger closes all of it. */
export interface LedgerStores {
  readonly ledger: Ledger;
  readonly heads: AuditHeadStore;
  readonly killSwitches: KillSwitchStore;
}

export async function openLedgerStores(url: string): Promise<Result<LedgerStores, string>> {
  const database = await openDatabase(url);
  if (!database.ok) return database;
  return ok({
    ledger: new SqlLedger(database.value),
    heads: new SqlAuditHeads(database.value),
    killSwitches: new SqlKillSwitchStore(database.value),
  });
}
