// A copy of a data folder, made while its system runs, and a folder made of such a copy. Order is everything: what follows
// the journal is copied before it, so that no store of the copy knows more than the copy's journal.

import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  closeSync,
} from "node:fs";
import { truncate } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { z } from "zod";
import { failure, ok, type Result } from "../actors/base/result.ts";
import { HISTORY_TABLES } from "../actors/ports/time-series-reports.ts";
import type { ConnectedTimeSeries } from "./clickhouse/open.ts";
import { RealDisk } from "./journal/disk.ts";
import { segmentName } from "./journal/format.ts";
import { listSegments } from "./journal/scan.ts";
import { stableEndOf } from "./journal/stable-end.ts";
import { verifyJournal } from "./journal/verify.ts";
import { writeWhole } from "./projections/whole-file.ts";

export const BACKUP_MANIFEST = "backup.json";
const FORMAT = 1;
/** Folders that are copied file by file, in this order; what disappears meanwhile was no longer needed. */
const FOLDERS = ["keys", "audit", "models", "snapshots", "archive"];

const manifestSchema = z.strictObject({
  format: z.literal(FORMAT),
  createdAt: z.iso.datetime(),
  /** The journal's last record in the copy. */
  lastSeq: z.number().int().nonnegative(),
  files: z.array(z.strictObject({ path: z.string(), bytes: z.number().int(), sha256: z.string() })),
});
export type BackupManifest = z.infer<typeof manifestSchema>;

export type BackupFailure = "target-in-use" | "no-data" | "backup-damaged" | "journal-unreadable";

export interface BackupOptions {
  readonly data: string;
  /** A folder that is not there yet. */
  readonly target: string;
  /** Where history is read from; left out, the copy has none. */
  readonly history?: ConnectedTimeSeries | undefined;
  readonly onProgress?: (what: string) => void;
}

export async function createBackup(options: BackupOptions): Promise<Result<BackupManifest, BackupFailure>> {
  const { data, target, history, onProgress } = options;
  if (!existsSync(join(data, "journal")))
    return failure("no-data", `there is no journal in ${data}: name the folder with --data`);
  if (existsSync(target)) {
    return failure("target-in-use", `${target} is there already: a backup is made into a folder of its own`);
  }
  const making = `${target}.partial`;
  rmSync(making, { recursive: true, force: true });
  mkdirSync(making, { recursive: true, mode: 0o700 });
  if (history !== undefined) await exportHistory(history, join(making, "time-series"), onProgress);
  onProgress?.("databases");
  for (const name of readdirSync(data)) {
    if (name.endsWith(".db") && name !== "lock.db") copyDatabase(join(data, name), join(making, name));
  }
  for (const folder of FOLDERS) {
    onProgress?.(folder);
    copyFolder(join(data, folder), join(making, folder));
  }
  onProgress?.("journal");
  const lastSeq = await copyJournal(join(data, "journal"), join(making, "journal"));
  if (!lastSeq.ok) return lastSeq;
  const files = await describeFiles(making);
  const manifest = {
    format: FORMAT,
    createdAt: new Date().toISOString(),
    lastSeq: lastSeq.value,
    files,
  } as const;
  writeWhole(join(making, BACKUP_MANIFEST), JSON.stringify(manifest, undefined, 1));
  renameSync(making, target);
  return ok(manifest);
}

/** Reads every byte of a backup and compares it with what was written down. */
export async function verifyBackup(path: string): Promise<Result<BackupManifest, BackupFailure>> {
  let manifest: BackupManifest;
  try {
    manifest = manifestSchema.parse(JSON.parse(readFileSync(join(path, BACKUP_MANIFEST), "utf8")));
  } catch (error) {
    return failure("backup-damaged", `${path} is no backup that can be read: ${String(error)}`);
  }
  for (const { path: name, bytes, sha256 } of manifest.files) {
    const file = join(path, name);
    if (!existsSync(file)) return failure("backup-damaged", `${name} is missing from ${path}`);
    if (statSync(file).size !== bytes || (await hashOf(file)) !== sha256) {
      return failure("backup-damaged", `${name} in ${path} is not what was backed up: use another backup`);
    }
  }
  return ok(manifest);
}

export interface RestoreOptions {
  readonly backup: string;
  /** A folder that is empty or not there. */
  readonly data: string;
  /** Opened on the restored folder once its files are there; asked for only where the backup has history. */
  readonly openHistory: () => Promise<ConnectedTimeSeries>;
  readonly onProgress?: (what: string) => void;
}

export async function restoreBackup(options: RestoreOptions): Promise<Result<BackupManifest, BackupFailure>> {
  const { backup, data, onProgress } = options;
  if (existsSync(data) && readdirSync(data).length > 0) {
    return failure("target-in-use", `${data} is not empty: a backup is restored into a folder of its own`);
  }
  onProgress?.("checking");
  const manifest = await verifyBackup(backup);
  if (!manifest.ok) return manifest;
  mkdirSync(data, { recursive: true });
  const tables: string[] = [];
  for (const { path } of manifest.value.files) {
    if (path.startsWith("time-series/")) {
      tables.push(path);
      continue;
    }
    onProgress?.(path);
    mkdirSync(dirname(join(data, path)), { recursive: true });
    copyFileSync(join(backup, path), join(data, path));
  }
  const verified = verifyJournal(join(data, "journal"));
  if (!verified.ok) return failure("backup-damaged", verified.message);
  if (tables.length > 0) await importHistory(await options.openHistory(), { backup, tables, onProgress });
  return manifest;
}

async function exportHistory(
  { store, reports }: ConnectedTimeSeries,
  directory: string,
  onProgress: BackupOptions["onProgress"],
): Promise<void> {
  mkdirSync(directory, { recursive: true });
  // A system that has just begun may not have made them yet.
  await store.migrate();
  for (const table of HISTORY_TABLES) {
    onProgress?.(table);
    for (const range of await reports.months(table)) {
      const month = new Date(range.fromMicros / 1_000).toISOString().slice(0, 7);
      const rows = await reports.export({ table, format: "jsonl", ...range });
      const file = createWriteStream(join(directory, `${table}-${month}.jsonl.gz`));
      await pipeline(Readable.from(rows), createGzip({ level: 1 }), file);
    }
  }
}

async function importHistory(
  { store, reports }: ConnectedTimeSeries,
  {
    backup,
    tables,
    onProgress,
  }: { backup: string; tables: readonly string[]; onProgress: RestoreOptions["onProgress"] },
): Promise<void> {
  await store.migrate();
  for (const table of HISTORY_TABLES) {
    for (const path of tables.filter((name) => name.startsWith(`time-series/${table}-`))) {
      onProgress?.(path);
      await reports.restore(table, createReadStream(join(backup, path)).pipe(createGunzip()));
    }
  }
}

/** As it stands at one moment, whoever is writing to it. */
function copyDatabase(from: string, to: string): void {
  const database = new Database(from, { readonly: true });
  try {
    database.run("PRAGMA busy_timeout = 5000");
    database.run("VACUUM INTO ?", [to]);
  } finally {
    database.close();
  }
}

function copyFolder(from: string, to: string): void {
  if (!existsSync(from)) return;
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copyFolder(source, target);
    else if (entry.isFile() && !entry.name.endsWith(".tmp")) copyUnlessGone(source, target);
  }
}

function copyUnlessGone(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  try {
    copyFileSync(from, to);
  } catch (error) {
    if ((error as { code?: string }).code !== "ENOENT") throw error;
  }
}

/** Whole segments, and of the one being written the records that are in it. Returns the last one. */
async function copyJournal(from: string, to: string): Promise<Result<number, BackupFailure>> {
  mkdirSync(to, { recursive: true });
  const disk = new RealDisk(from);
  let lastSeq = 0;
  // A segment that is begun meanwhile is copied as well; one that is archived meanwhile has left its copy behind.
  for (const done = new Set<number>(); ;) {
    const segments = listSegments(disk).filter((firstSeq) => !done.has(firstSeq));
    if (segments.length === 0) return ok(lastSeq);
    for (const firstSeq of segments) {
      done.add(firstSeq);
      const end = await stableEndOf(disk, firstSeq);
      if (end === undefined) {
        return failure(
          "journal-unreadable",
          `${segmentName(firstSeq)} in ${from} cannot be read whole: run "tickforge journal verify"`,
        );
      }
      const target = join(to, segmentName(firstSeq));
      copyFileSync(join(from, segmentName(firstSeq)), target);
      // What was written since is left out: it may be there in part.
      await truncate(target, end.offset);
      lastSeq = Math.max(lastSeq, end.lastSeq);
    }
  }
}

async function describeFiles(root: string): Promise<BackupManifest["files"]> {
  const files: BackupManifest["files"] = [];
  const names = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  for (const name of names) {
    const path = join(root, name);
    if (!statSync(path).isFile()) continue;
    sync(path);
    files.push({ path: relative(root, path), bytes: statSync(path).size, sha256: await hashOf(path) });
  }
  return files;
}

function sync(path: string): void {
  const file = openSync(path, "r");
  fsyncSync(file);
  closeSync(file);
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}
