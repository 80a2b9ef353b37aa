// The fence in SQL: looks at the newest epoch in the transaction that writes, so that none is issued in between.

import type { TransactionSQL } from "bun";
import type { Failure } from "../../actors/base/result.ts";
import { staleness } from "../../actors/ports/fence.ts";
import type { SqlNumber } from "./database.ts";

/** Why a write under `epoch` must not be made; undefined when it may. The write that changes nothing holds the row. */
export async function refuseStale(
  sql: TransactionSQL,
  scope: string,
  epoch: number,
): Promise<Failure<"stale-epoch"> | undefined> {
  const rows: { epoch: SqlNumber }[] = await sql`
    UPDATE epochs SET epoch = epoch WHERE scope = ${scope} RETURNING epoch`;
  return staleness({ scope, epoch, newest: Number(rows[0]?.epoch ?? 0) });
}
