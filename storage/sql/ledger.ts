// The ledger in SQL: SQLite on one machine, Postgres in a cluster, the same statements for both. Every write runs under an
// epoch check in its own transaction, and a batch that comes twice changes nothing the second time.

import type { SQL, TransactionSQL } from "bun";
import { ok, type Result } from "../../actors/base/result.ts";
import type { Execution, OrderIntent, RiskRefusal } from "../../actors/domain/order.ts";
import type {
  Ledger,
  LedgerFailure,
  LedgerOrder,
  LedgerPosition,
  LedgerRecord,
} from "../../actors/ports/ledger.ts";
import { type LedgerDatabase, type LedgerOpenFailure, openDatabase, type SqlNumber } from "./database.ts";
import { refuseStale } from "./fence.ts";

/** Opens the ledger at `url` alone, with a connection of its own. */
export async function openLedger(url: string): Promise<Result<Ledger, LedgerOpenFailure>> {
  const database = await openDatabase(url);
  return database.ok ? ok(new SqlLedger(database.value)) : database;
}

interface OrderRow {
  intent_id: string;
  account_id: string;
  instrument_id: number;
  purpose: string;
  side: string;
  volume_micros: SqlNumber;
  filled_micros: SqlNumber;
  state: string;
  intent_seq: SqlNumber;
}

interface PositionRow {
  position_id: string;
  account_id: string;
  instrument_id: number;
  side: string;
  volume_micros: SqlNumber;
  open_price_points: SqlNumber;
}

export class SqlLedger implements Ledger {
  readonly #database: LedgerDatabase;

  constructor(database: LedgerDatabase) {
    this.#database = database;
  }

  async issueEpoch(scope: string, atLeast = 1): Promise<number> {
    return await this.#database.durably(async (sql) => {
      const rows: { epoch: SqlNumber }[] = await sql`
        INSERT INTO epochs (scope, epoch) VALUES (${scope}, ${atLeast})
        ON CONFLICT (scope) DO UPDATE
        SET epoch = CASE WHEN epochs.epoch >= ${atLeast} THEN epochs.epoch + 1 ELSE ${atLeast} END
        RETURNING epoch`;
      return Number(rows[0]?.epoch);
    });
  }

  async apply(
    scope: string,
    epoch: number,
    records: readonly LedgerRecord[],
  ): Promise<Result<{ cursorSeq: number }, LedgerFailure>> {
    return await this.#database.write(
      async (transaction) => await applyWithin(transaction, { scope, epoch, records }),
    );
  }

  async cursor(scope: string): Promise<number> {
    return await this.#database.read(async (sql) => await cursorOf(sql, scope));
  }

  async orders(accountId: string): Promise<readonly LedgerOrder[]> {
    const rows: OrderRow[] = await this.#database.read(
      async (sql) => await sql`SELECT * FROM orders WHERE account_id = ${accountId} ORDER BY intent_seq`,
    );
    return rows.map((row) => ({
      intentId: row.intent_id,
      accountId: row.account_id,
      instrumentId: row.instrument_id,
      purpose: row.purpose,
      side: row.side,
      volumeMicros: Number(row.volume_micros),
      filledMicros: Number(row.filled_micros),
      state: row.state,
      intentSeq: Number(row.intent_seq),
    }));
  }

  async positions(accountId: string): Promise<readonly LedgerPosition[]> {
    const rows: PositionRow[] = await this.#database.read(
      async (sql) =>
        await sql`
          SELECT * FROM positions WHERE account_id = ${accountId} AND volume_micros > 0 ORDER BY open_seq`,
    );
    return rows.map((row) => ({
      positionId: row.position_id,
      accountId: row.account_id,
      instrumentId: row.instrument_id,
      side: row.side,
      volumeMicros: Number(row.volume_micros),
      openPricePoints: Number(row.open_price_points),
    }));
  }

  async close(): Promise<void> {
    await this.#database.close();
  }
}

async function applyWithin(
  transaction: TransactionSQL,
  batch: { scope: string; epoch: number; records: readonly LedgerRecord[] },
): Promise<Result<{ cursorSeq: number }, LedgerFailure>> {
  const { scope, epoch, records } = batch;
  const stale = await refuseStale(transaction, scope, epoch);
  if (stale !== undefined) return stale;
  let cursorSeq = await cursorOf(transaction, scope);
  for (const record of records) {
    if (record.seq <= cursorSeq) continue;
    await applyRecord(transaction, record);
    cursorSeq = record.seq;
  }
  await transaction`
    INSERT INTO cursors (scope, seq) VALUES (${scope}, ${cursorSeq})
    ON CONFLICT (scope) DO UPDATE SET seq = EXCLUDED.seq`;
  return ok({ cursorSeq });
}

async function cursorOf(sql: SQL | TransactionSQL, scope: string): Promise<number> {
  const rows: { seq: SqlNumber }[] = await sql`SELECT seq FROM cursors WHERE scope = ${scope}`;
  return Number(rows[0]?.seq ?? 0);
}

async function applyRecord(sql: TransactionSQL, record: LedgerRecord): Promise<void> {
  switch (record.kind) {
    case "intent":
      await insertOrder(sql, record);
      return;
    case "sent":
      await sql`UPDATE orders SET state = 'sent' WHERE intent_id = ${record.intentId} AND state = 'intended'`;
      return;
    case "execution":
      await applyExecution(sql, record);
      return;
    case "refusal":
      await insertRefusal(sql, record);
      return;
  }
}

async function insertOrder(sql: TransactionSQL, intent: OrderIntent): Promise<void> {
  await sql`
    INSERT INTO orders (intent_id, account_id, instrument_id, purpose, side, volume_micros, filled_micros, state,
      intent_seq, epoch, time_micros, reason, checks)
    VALUES (${intent.intentId}, ${intent.accountId}, ${intent.instrumentId}, ${intent.purpose}, ${intent.side},
      ${intent.volumeMicros}, 0, 'intended', ${intent.seq}, ${intent.epoch}, ${intent.timeMicros}, ${intent.reason},
      ${JSON.stringify(intent.checks)})
    ON CONFLICT DO NOTHING`;
}

async function insertRefusal(sql: TransactionSQL, refusal: RiskRefusal): Promise<void> {
  await sql`
    INSERT INTO refusals (seq, account_id, instrument_id, code, message, checks, time_micros)
    VALUES (${refusal.seq}, ${refusal.accountId}, ${refusal.instrumentId}, ${refusal.code}, ${refusal.message},
      ${JSON.stringify(refusal.checks)}, ${refusal.timeMicros})
    ON CONFLICT DO NOTHING`;
}

async function applyExecution(sql: TransactionSQL, execution: Execution): Promise<void> {
  if (execution.dealId === null) {
    // A report that comes late does not reopen an order that has ended.
    await sql`
      UPDATE orders SET state = ${execution.status}
      WHERE intent_id = ${execution.intentId} AND state NOT IN ('filled', 'rejected', 'cancelled')`;
    return;
  }
  const inserted: unknown[] = await sql`
    INSERT INTO deals (account_id, deal_id, intent_id, instrument_id, side, volume_micros, price_points,
      commission_micros, position_id, reason, seq, time_micros)
    VALUES (${execution.accountId}, ${execution.dealId}, ${execution.intentId}, ${execution.instrumentId},
      ${execution.side}, ${execution.volumeMicros}, ${execution.pricePoints}, ${execution.commissionMicros},
      ${execution.positionId}, ${execution.reason}, ${execution.seq}, ${execution.timeMicros})
    ON CONFLICT DO NOTHING RETURNING deal_id`;
  if (inserted.length === 0) return;
  await fillOrder(sql, execution);
  if (execution.positionId !== null) await movePosition(sql, execution, execution.positionId);
}

/**
 * The deals decide what is filled, not the report's status: reports come in any order. A stop or a target that the broker
 * filled itself carries the entry's id and the other side: it is no fill of the entry.
 */
async function fillOrder(sql: TransactionSQL, { intentId, side, volumeMicros }: Execution): Promise<void> {
  await sql`
    UPDATE orders SET
      filled_micros = filled_micros + ${volumeMicros},
      state = CASE
        WHEN filled_micros + ${volumeMicros} >= volume_micros THEN 'filled'
        WHEN state IN ('rejected', 'cancelled') THEN state
        ELSE 'partially-filled' END
    WHERE intent_id = ${intentId} AND side = ${side}`;
}

/**
 * A deal of the position's side adds to it at the mean price; one of the other side takes from it. Where the closing deal was
 * reported first, the opening one turns the position to its own side.
 */
async function movePosition(sql: TransactionSQL, deal: Execution, positionId: string): Promise<void> {
  const rows: PositionRow[] = await sql`
    SELECT * FROM positions WHERE account_id = ${deal.accountId} AND position_id = ${positionId}`;
  const row = rows[0];
  if (row === undefined) {
    await sql`
      INSERT INTO positions (position_id, account_id, instrument_id, side, volume_micros, open_price_points, open_seq)
      VALUES (${positionId}, ${deal.accountId}, ${deal.instrumentId}, ${deal.side}, ${deal.volumeMicros},
        ${deal.pricePoints}, ${deal.seq})`;
    return;
  }
  const moved = movedPosition(row, deal);
  await sql`
    UPDATE positions SET side = ${moved.side}, volume_micros = ${moved.volumeMicros},
      open_price_points = ${moved.openPricePoints}
    WHERE account_id = ${deal.accountId} AND position_id = ${positionId}`;
}

function movedPosition(row: PositionRow, deal: Execution) {
  const held = Number(row.volume_micros);
  const openPricePoints = Number(row.open_price_points);
  if (row.side === deal.side) {
    const volumeMicros = held + deal.volumeMicros;
    const cost = openPricePoints * held + deal.pricePoints * deal.volumeMicros;
    return { side: row.side, volumeMicros, openPricePoints: cost / volumeMicros };
  }
  const left = held - deal.volumeMicros;
  return left >= 0
    ? { side: row.side, volumeMicros: left, openPricePoints }
    : { side: deal.side, volumeMicros: -left, openPricePoints: deal.pricePoints };
}
