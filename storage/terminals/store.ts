// Terminals in a SQLite file of the data folder. The server writes it, and so does the command line beside it: a code that is made or
// revoked there counts at once.

import { Database } from "bun:sqlite";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type {
  BrokerOffset,
  TerminalAccount,
  TerminalCredential,
  TerminalGap,
  TerminalIdentity,
  TerminalStore,
  TerminalTrading,
  TickExtent,
} from "../../actors/ports/terminals.ts";
import { openSecret, sealingKey, sealSecret } from "./sealed.ts";

/** Of the data folder. */
export const TERMINALS_FILE = "mt5.db";
const KEY_FILE = join("keys", "mt5-aes256.key");
/** Raised when the tables change. */
const SCHEMA_VERSION = 2;
const BUSY_MILLIS = 2_000;
/** Newest that are kept of gaps without numbers and of offsets. */
const GAPS_MAX = 10_000;
const OFFSETS_MAX = 1_000;
const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, identity TEXT, owner TEXT) STRICT`,
  `CREATE TABLE IF NOT EXISTS credentials (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, account TEXT NOT NULL, terminal TEXT NOT NULL, sealed BLOB NOT NULL,
    expires_ms INTEGER NOT NULL, code TEXT, login TEXT, server TEXT) STRICT`,
  `CREATE TABLE IF NOT EXISTS extents (
    source INTEGER NOT NULL, instrument INTEGER NOT NULL, base INTEGER NOT NULL, boot TEXT NOT NULL, symbol TEXT NOT NULL,
    slot INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER, PRIMARY KEY (source, instrument, base)) STRICT`,
  `CREATE TABLE IF NOT EXISTS gaps (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL, boot TEXT NOT NULL, symbol TEXT NOT NULL, reason TEXT NOT NULL,
    first INTEGER NOT NULL, last INTEGER NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL,
    UNIQUE (source, boot, symbol, reason, first, last, from_ms, to_ms)) STRICT`,
  `CREATE TABLE IF NOT EXISTS trading (
    account TEXT PRIMARY KEY, tag INTEGER NOT NULL, since_ms INTEGER NOT NULL, reconciled_ms INTEGER NOT NULL) STRICT`,
  `CREATE TABLE IF NOT EXISTS offsets (
    id INTEGER PRIMARY KEY, account TEXT NOT NULL, at_ms INTEGER NOT NULL, offset_ms INTEGER NOT NULL) STRICT`,
];

export type TerminalsFailure = "terminals-unreadable" | "key-unreadable";

interface AccountRow {
  readonly id: string;
  readonly number: number;
  readonly identity: string | null;
  readonly owner: string | null;
}

interface CredentialRow {
  readonly id: string;
  readonly kind: TerminalCredential["kind"];
  readonly account: string;
  readonly terminal: string;
  readonly sealed: Uint8Array;
  readonly expires_ms: number;
  readonly code: string | null;
  readonly login: string | null;
  readonly server: string | null;
}

interface ExtentRow {
  readonly source: number;
  readonly instrument: number;
  readonly base: number;
  readonly boot: string;
  readonly symbol: string;
  readonly slot: number;
  readonly first: number;
  readonly last: number | null;
}

interface GapRow {
  readonly source: number;
  readonly boot: string;
  readonly symbol: string;
  readonly reason: TerminalGap["reason"];
  readonly first: number;
  readonly last: number;
  readonly from_ms: number;
  readonly to_ms: number;
}

/**
 * The store of a data folder.
 * @param options.keyHex the key of its secrets; left out, it is in the folder's keys/
 */
export function openTerminals(options: {
  data: string;
  keyHex: string | undefined;
}): Result<TerminalStore, TerminalsFailure> {
  const { data, keyHex } = options;
  const key = sealingKey({ hex: keyHex, path: join(data, KEY_FILE) });
  if (!key.ok) return key;
  try {
    mkdirSync(data, { recursive: true });
    return ok(new SqliteTerminals(join(data, TERMINALS_FILE), key.value));
  } catch (error) {
    return failure(
      "terminals-unreadable",
      `${TERMINALS_FILE} in ${data} cannot be opened: ${String(error)}. Restore it from a backup, or move it away and enrol anew`,
    );
  }
}

class SqliteTerminals implements TerminalStore {
  readonly #database: Database;
  readonly #key: Uint8Array;

  constructor(path: string, key: Uint8Array) {
    this.#key = key;
    const database = new Database(path, { create: true, strict: true });
    this.#database = database;
    database.run(`PRAGMA busy_timeout = ${BUSY_MILLIS}`);
    database.run("PRAGMA journal_mode = WAL");
    // What is answered for must survive the loss of power.
    database.run("PRAGMA synchronous = FULL");
    const { user_version: version } = database.query("PRAGMA user_version").get() as {
      user_version: number;
    };
    if (version > SCHEMA_VERSION)
      throw new Error(`its tables are of version ${version}, of a newer Tickforge`);
    for (const statement of SCHEMA) database.run(statement);
    database.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  }

  accounts(): TerminalAccount[] {
    const rows = this.#database.query("SELECT * FROM accounts ORDER BY number").all() as AccountRow[];
    return rows.map(accountOf);
  }

  addAccount(id: string): TerminalAccount {
    this.#database
      .query(
        `INSERT OR IGNORE INTO accounts (id, number)
         VALUES (?, (SELECT coalesce(max(number), 0) + 1 FROM accounts))`,
      )
      .run(id);
    return accountOf(this.#database.query("SELECT * FROM accounts WHERE id = ?").get(id) as AccountRow);
  }

  setIdentity(accountId: string, identity: TerminalIdentity): void {
    const text = JSON.stringify(identity);
    this.#database.query("UPDATE accounts SET identity = ? WHERE id = ?").run(text, accountId);
  }

  setOwner(accountId: string, terminal: string): void {
    this.#database.query("UPDATE accounts SET owner = ? WHERE id = ?").run(terminal, accountId);
  }

  trading(accountId: string): TerminalTrading | undefined {
    const row = this.#database.query("SELECT * FROM trading WHERE account = ?").get(accountId) as {
      tag: number;
      since_ms: number;
      reconciled_ms: number;
    } | null;
    if (row === null) return undefined;
    return { intentTag: row.tag, sinceMs: row.since_ms, reconciledMs: row.reconciled_ms };
  }

  setTrading(accountId: string, { intentTag, sinceMs, reconciledMs }: TerminalTrading): void {
    this.#database
      .query("INSERT OR REPLACE INTO trading VALUES (?, ?, ?, ?)")
      .run(accountId, intentTag, sinceMs, reconciledMs);
  }

  credential(id: string): TerminalCredential | undefined {
    const row = this.#database.query("SELECT * FROM credentials WHERE id = ?").get(id);
    return row === null ? undefined : this.#credentialOf(row as CredentialRow);
  }

  credentials(): TerminalCredential[] {
    const rows = this.#database.query("SELECT * FROM credentials ORDER BY account, expires_ms").all();
    return (rows as CredentialRow[]).flatMap((row) => this.#credentialOf(row) ?? []);
  }

  changeCredentials(change: Parameters<TerminalStore["changeCredentials"]>[0]): void {
    const add = this.#database.query("INSERT OR REPLACE INTO credentials VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
    const remove = this.#database.query("DELETE FROM credentials WHERE id = ?");
    this.#together(() => {
      for (const id of change.removed) remove.run(id);
      for (const each of change.added) {
        add.run(
          each.id,
          each.kind,
          each.accountId,
          each.terminal,
          sealSecret(this.#key, each.id, each.secret),
          each.expiresAtMs,
          each.codeId ?? null,
          each.login ?? null,
          each.server ?? null,
        );
      }
    });
  }

  extents(): TickExtent[] {
    const rows = this.#database.query("SELECT * FROM extents ORDER BY source, instrument, base").all();
    return (rows as ExtentRow[]).map(({ source, instrument, first, last, ...rest }) => ({
      sourceId: source,
      instrumentId: instrument,
      from: first,
      to: last ?? Number.POSITIVE_INFINITY,
      boot: rest.boot,
      symbol: rest.symbol,
      slot: rest.slot,
      base: rest.base,
    }));
  }

  changeExtents(change: Parameters<TerminalStore["changeExtents"]>[0]): void {
    const write = this.#database.query("INSERT OR REPLACE INTO extents VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    const remove = this.#database.query(
      "DELETE FROM extents WHERE source = ? AND instrument = ? AND base = ? AND boot = ? AND symbol = ?",
    );
    this.#together(() => {
      for (const { sourceId, instrumentId, base, boot, symbol } of change.removed)
        remove.run(sourceId, instrumentId, base, boot, symbol);
      for (const { sourceId, instrumentId, base, boot, symbol, slot, from, to } of change.written)
        write.run(sourceId, instrumentId, base, boot, symbol, slot, from, Number.isFinite(to) ? to : null);
    });
  }

  gaps(newest: number = GAPS_MAX): TerminalGap[] {
    const newestFirst = this.#database.query("SELECT * FROM gaps ORDER BY id DESC LIMIT ?").all(newest);
    const rows = (newestFirst as GapRow[]).reverse();
    return rows.map(({ source, boot, symbol, reason, first, last, from_ms: fromMs, to_ms: toMs }) => ({
      sourceId: source,
      boot,
      symbol,
      reason,
      from: first,
      to: last,
      fromBrokerMs: fromMs,
      toBrokerMs: toMs,
    }));
  }

  addGap(gap: TerminalGap): void {
    const { sourceId, boot, symbol, reason, from, to, fromBrokerMs, toBrokerMs } = gap;
    this.#together(() => {
      this.#database
        .query(
          `INSERT OR IGNORE INTO gaps (source, boot, symbol, reason, first, last, from_ms, to_ms)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(sourceId, boot, symbol, reason, from, to, fromBrokerMs, toBrokerMs);
      this.#database.query("DELETE FROM gaps WHERE id <= (SELECT max(id) FROM gaps) - ?").run(GAPS_MAX);
    });
  }

  offsets(): BrokerOffset[] {
    const rows = this.#database.query("SELECT * FROM offsets ORDER BY id").all();
    return (rows as { account: string; at_ms: number; offset_ms: number }[]).map(
      ({ account, at_ms: atMs, offset_ms: offsetMs }) => ({ accountId: account, atMs, offsetMs }),
    );
  }

  addOffset({ accountId, atMs, offsetMs }: BrokerOffset): void {
    this.#together(() => {
      this.#database
        .query("INSERT INTO offsets (account, at_ms, offset_ms) VALUES (?, ?, ?)")
        .run(accountId, atMs, offsetMs);
      this.#database
        .query("DELETE FROM offsets WHERE id <= (SELECT max(id) FROM offsets) - ?")
        .run(OFFSETS_MAX);
    });
  }

  close(): void {
    this.#database.close();
  }

  /** Begun as a writer, so that the server and the command line wait for each other. */
  #together(work: () => void): void {
    this.#database.transaction(work).immediate();
  }

  #credentialOf(row: CredentialRow): TerminalCredential | undefined {
    const secret = openSecret(this.#key, row.id, row.sealed);
    if (secret === undefined) return undefined;
    return {
      id: row.id,
      kind: row.kind,
      accountId: row.account,
      terminal: row.terminal,
      secret,
      expiresAtMs: row.expires_ms,
      codeId: row.code ?? undefined,
      login: row.login ?? undefined,
      server: row.server ?? undefined,
    };
  }
}

function accountOf({ id, number, identity, owner }: AccountRow): TerminalAccount {
  return {
    id,
    number,
    // Written by this file alone.
    identity: identity === null ? undefined : (JSON.parse(identity) as TerminalIdentity),
    owner: owner ?? undefined,
  };
}
