// The stores beside the ledger on one database, for tests; started with an address, it is a second process that writes to it.

import type { Scope } from "../../actors/ports/fence.ts";
import { SqlAuditHeads } from "./audit-heads.ts";
import { openDatabase } from "./database.ts";
import { SqlIdentities } from "./identities.ts";
import { SqlKillSwitchStore } from "./kill-switch-store.ts";
import { SqlLedger } from "./ledger.ts";
import { SqlRegistry } from "./registry.ts";
import { SqlSourceCursors } from "./source-cursors.ts";

export const WRITES = 40;
const PAPER: Scope = { level: "account", accountId: "paper" };

export async function openBooks(url: string) {
  const opened = await openDatabase(url);
  if (!opened.ok) throw new Error(opened.message);
  const database = opened.value;
  return {
    epochs: new SqlLedger(database),
    registry: new SqlRegistry(database),
    switches: new SqlKillSwitchStore(database),
    cursors: new SqlSourceCursors(database),
    identities: new SqlIdentities(database),
    heads: new SqlAuditHeads(database),
    close: async (): Promise<void> => await database.close(),
  };
}

export type Books = Awaited<ReturnType<typeof openBooks>>;

/** What each of several processes does at once: its own tenants, one cursor for all, and epochs, which it returns. */
export async function writeBeside(url: string, mark: string, epochs: { global: number; paper: number }) {
  const books = await openBooks(url);
  const wrong: string[] = [];
  const own: number[] = [];
  for (let i = 1; i <= WRITES; i++) {
    const tenant = { tenantId: `${mark}-${i}`, name: `${mark} ${i}`, createdMicros: i };
    const added = await books.registry.addTenant(tenant, epochs.global);
    if (!added.ok) wrong.push(added.message);
    const moved = await books.cursors.advance(PAPER, epochs.paper, [{ source: "bridge", boot: 1, seq: i }]);
    if (!moved.ok) wrong.push(moved.message);
    own.push(await books.epochs.issueEpoch("shared"));
  }
  await books.close();
  return { wrong, epochs: own };
}

if (import.meta.main) {
  const [url = "", mark = "", global = "0", paper = "0"] = process.argv.slice(2);
  const done = await writeBeside(url, mark, { global: Number(global), paper: Number(paper) });
  process.stdout.write(JSON.stringify(done));
}
