// The ledger in SQL: SQLite on one machine, Postgres in a cluster, the same statements for both. Every write runs under an
// epoch check in its own transaction, and a batch that comes twice changes nothing the second time.

import { SQL, type TransactionSQL } from "bun";
import { pathToFileURL } from "node:url";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Execution, OrderIntent, RiskRefusal } from "../../actors/domain/order.ts";
import type {
  Ledger,
  LedgerFailure,
  LedgerOrder,
  LedgerPosition,
  LedgerRecord,
} from "../../actors/ports/ledger.ts";
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

/**
 * Opens the ledger at `url` and brings its tables up to date.
 * @param url `sqlite://<path>`, `sqlite://:memory:` or `postgres://...`
 */
export async function openLedger(url: string): Promise<Result<Ledger, LedgerOpenFailure>> {
  try {
    const isSqlite = url.startsWith(SQLITE_PREFIX);
    const connect = (): SQL =>
      isSqlite
        ? openSqlite(url.slice(SQLITE_PREFIX.length))
        : new SQL(url, { max: 1, connectionTimeout: CALL_MILLIS_MAX / 1_000 });
    const sql = connect();
    const migrated = await prepare(sql, isSqlite);
    if (migrated.ok) return ok(new SqlLedger({ sql, connect, isSqlite }));
    await sql.close();
    return migrated;
  } catch (error) {
    return failure(
      "ledger-unreadable",
      `cannot open the ledger ${withoutPassword(url)}: ${String(error)}. Check that it can be reached and written. A ledger ` +
        "that is damaged is rebuilt from the journal once its file is moved away.",
    );
  }
}

/** As an escaped file URL: Bun cuts a plain path at a question mark. */
function openSqlite(path: string): SQL {
  const filename = path === ":memory:" ? path : pathToFileURL(path).href;
  return new SQL({ adapter: "sqlite", filename });
}

async function prepare(sql: SQL, isSqlite: boolean): Promise<Result<unknown, LedgerOpenFailure>> {
  try {
    if (isSqlite) {
      await sql.unsafe(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MILLIS}`);
      // A projection may lose its last commits with the power: the journal has them. Epochs may not: see issueEpoch.
      await sql.unsafe("PRAGMA journal_mode = WAL");
      await sql.unsafe("PRAGMA synchronous = NORMAL");
    }
    return await migrate(sql, { isSqlite });
  } catch (error) {
    await sql.close();
    throw error;
  }
}

/** An address as it may be shown. */
export function withoutPassword(url: string): string {
  return url.replace(/\/\/([^:@]*):.*@/, "//$1:***@");
}

/** SQLite answers with numbers, Postgres sends large integers as text. */
type SqlNumber = number | string;

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

class SqlLedger implements Ledger {
  readonly #connect: () => SQL;
  readonly #isSqlite: boolean;
  #sql: SQL;
  #lastTurn: Promise<unknown> = Promise.resolve();

  constructor(options: { sql: SQL; connect: () => SQL; isSqlite: boolean }) {
    this.#sql = options.sql;
    this.#connect = options.connect;
    this.#isSqlite = options.isSqlite;
  }

  async issueEpoch(scope: string, atLeast = 1): Promise<number> {
    return await this.#inTurn(async () => {
      if (this.#isSqlite) await this.#sql.unsafe("PRAGMA synchronous = FULL");
      try {
        const rows: { epoch: SqlNumber }[] = await this.#sql`
          INSERT INTO epochs (scope, epoch) VALUES (${scope}, ${atLeast})
          ON CONFLICT (scope) DO UPDATE
          SET epoch = CASE WHEN epochs.epoch >= ${atLeast} THEN epochs.epoch + 1 ELSE ${atLeast} END
          RETURNING epoch`;
        return Number(rows[0]?.epoch);
      } finally {
        if (this.#isSqlite) await this.#sql.unsafe("PRAGMA synchronous = NORMAL");
      }
    });
  }

  async apply(
    scope: string,
    epoch: number,
    records: readonly LedgerRecord[],
  ): Promise<Result<{ cursorSeq: number }, LedgerFailure>> {
    try {
      return await this.#inTurn(
        async () =>
          await this.#serialized(
            async (transaction) => await applyWithin(transaction, { scope, epoch, records }),
          ),
      );
    } catch (error) {
      return failure("unreachable", `the ledger did not take a write: ${String(error)}`, {
        recoverable: true,
      });
    }
  }

  async cursor(scope: string): Promise<number> {
    return await this.#inTurn(async () => await cursorOf(this.#sql, scope));
  }

  async orders(accountId: string): Promise<readonly LedgerOrder[]> {
    const rows: OrderRow[] = await this.#inTurn(
      async () => await this.#sql`SELECT * FROM orders WHERE account_id = ${accountId} ORDER BY intent_seq`,
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
    const rows: PositionRow[] = await this.#inTurn(
      async () =>
        await this.#sql`
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
    await this.#inTurn(async () => await this.#sql.close());
  }

  /** SQLite has one writer. In Postgres two that would disturb each other are told so, and one of them begins again. */
  async #serialized<T>(work: (transaction: TransactionSQL) => Promise<T>): Promise<T> {
    if (this.#isSqlite) return await this.#sql.begin(work);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#sql.begin("isolation level serializable", work);
      } catch (error) {
        if (attempt === ATTEMPTS_MAX || !isConflict(error)) throw error;
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

/** Serialization failure and deadlock: nothing was written, and the same again may well work. */
function isConflict(error: unknown): boolean {
  const code = (error as { errno?: unknown }).errno ?? (error as { code?: unknown }).code;
  return code === "40001" || code === "40P01";
}

async function applyWithin(
  transaction: TransactionSQL,
  batch: { scope: string; epoch: number; records: readonly LedgerRecord[] },
): Promise<Result<{ cursorSeq: number }, LedgerFailure>> {
  const { scope, epoch, records } = batch;
  const newest = await lockEpoch(transaction, scope);
  if (epoch < newest) {
    return failure(
      "stale-epoch",
      `epoch ${epoch} of ${scope} ended when epoch ${newest} was issued: another process took over. Stop this one.`,
    );
  }
  if (epoch > newest) {
    return failure(
      "stale-epoch",
      `epoch ${epoch} of ${scope} is ahead of the ledger's ${newest}: the ledger was replaced by an older copy. Restore ` +
        "the newest copy, or start again to be given an epoch by this one.",
    );
  }
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

/** The newest epoch. The write that changes nothing holds its row until the transaction ends: none is issued in between. */
async function lockEpoch(sql: TransactionSQL, scope: string): Promise<number> {
  const rows: { epoch: SqlNumber }[] = await sql`
    UPDATE epochs SET epoch = epoch WHERE scope = ${scope} RETURNING epoch`;
  return Number(rows[0]?.epoch ?? 0);
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
