// One process per data folder. The lock is the operating system's, on a SQLite file held open in an exclusive
// transaction: it ends with the process, however that ends, so nothing has to be cleaned up after a kill.

import { Database } from "bun:sqlite";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { failure, ok, type Result } from "../../actors/base/result.ts";

export type LockFailure = "data-locked" | "data-unwritable";

export interface DataLock {
  release(): void;
}

/** The locks of this process: a database that nobody refers to is collected and closed, and its lock would end with it. */
const held = new Set<Database>();

const LOCK_FILE = "lock.db";
const HOLDER_FILE = "lock.json";
/** A holder that was just told to stop, or killed, needs a moment until it is gone. */
const LEAVING_MILLISECONDS_MAX = 500;

/** Takes the folder, creating it when it is not there. Waits half a second for a holder that is about to leave. */
export function lockDataFolder(directory: string): Result<DataLock, LockFailure> {
  let database: Database | undefined;
  try {
    mkdirSync(directory, { recursive: true });
    database = new Database(join(directory, LOCK_FILE), { create: true });
    database.run(`PRAGMA busy_timeout = ${LEAVING_MILLISECONDS_MAX}`);
    database.run("PRAGMA journal_mode = DELETE");
    database.run("BEGIN EXCLUSIVE");
    const holder = { pid: process.pid, since: new Date().toISOString() };
    writeFileSync(join(directory, HOLDER_FILE), `${JSON.stringify(holder)}\n`);
  } catch (error) {
    database?.close();
    return isBusy(error) ? locked(directory) : unwritable(directory, error);
  }
  return ok({ release: releaser(directory, database) });
}

/** Releasing twice does nothing: the second caller must not take the note of the next holder away. */
function releaser(directory: string, database: Database): () => void {
  held.add(database);
  return () => {
    if (!held.delete(database)) return;
    rmSync(join(directory, HOLDER_FILE), { force: true });
    database.run("ROLLBACK");
    database.close();
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /SQLITE_BUSY|database is locked/.test(`${error.message} ${codeOf(error)}`);
}

function codeOf(error: Error): string {
  return "code" in error ? String(error.code) : "";
}

function locked(directory: string): Result<never, LockFailure> {
  return failure(
    "data-locked",
    `the data folder ${directory} is in use by ${holderOf(directory)}. Stop that one first, or give this one a folder ` +
      "of its own with --data.",
    { recoverable: true },
  );
}

function holderOf(directory: string): string {
  try {
    const holder = JSON.parse(readFileSync(join(directory, HOLDER_FILE), "utf8")) as {
      pid: number;
      since: string;
    };
    return `process ${holder.pid}, running since ${holder.since}`;
  } catch {
    return "another process";
  }
}

function unwritable(directory: string, error: unknown): Result<never, LockFailure> {
  return failure(
    "data-unwritable",
    `cannot use the data folder ${directory}: ${String(error)}. Check that it exists, is a folder and can be written, ` +
      "or give another with --data.",
  );
}
