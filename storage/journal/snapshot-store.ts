// Snapshots as files: one folder per actor, one file per snapshot, named by the record it stands at. A file is complete or
// not there, never ahead of the journal, and only its own code version reads it.

import { createHash } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { open, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { MICROS_PER_DAY } from "../../actors/base/clock.ts";
import type { Era, Snapshot, SnapshotQuery, SnapshotStore } from "../../actors/ports/snapshots.ts";
import { z } from "zod";

/** Newest snapshots kept of each actor. */
const NEWEST_KEPT = 3;
/** Days of which the first snapshot is kept: a replay of that day starts there. */
const DAYS_KEPT = 7;
const MAGIC = "TFSNAP01";
const HASH_BYTES = 32;
const FILE_NAME = /^(\d{20})-(\d{20})\.snap$/;
const ERA_NAME = /^era-(\d{20})\.json$/;
/** Changes of configuration remembered; snapshots of older ones are long gone. */
const ERAS_KEPT = 64;

const eraSchema = z.strictObject({
  seq: z.number().int().positive(),
  previousSeq: z.number().int().positive().nullable(),
  config: z.unknown(),
});

export interface SnapshotStoreOptions {
  readonly directory: string;
  /** The journal's: a snapshot waits until it is durable up to where the snapshot stands. */
  readonly durableSeq: () => number;
  /** Resolves when what is appended now is durable; rejects when the journal has failed. */
  readonly flush: () => Promise<void>;
  /** Hears of snapshots that could not be written or were passed over. */
  readonly onProblem?: (message: string) => void;
}

export class FileSnapshotStore implements SnapshotStore {
  readonly #options: SnapshotStoreOptions;
  /** By actor: a newer one replaces one that still waits, so there is never more than one of each. */
  readonly #waiting = new Map<string, { snapshot: Snapshot; onStored: (() => void) | undefined }>();
  #writing: Promise<void> | undefined;

  constructor(options: SnapshotStoreOptions) {
    this.#options = options;
    mkdirSync(options.directory, { recursive: true });
  }

  save(snapshot: Snapshot, onStored?: () => void): void {
    this.#waiting.set(snapshot.actor, { snapshot, onStored });
    this.#writing ??= this.#drain();
  }

  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  load(query: SnapshotQuery): Snapshot | undefined {
    const folder = this.#folderOf(query.actor);
    const names = newestFirst(listFiles(folder, FILE_NAME));
    if (query.first === "oldest") names.reverse();
    for (const name of names) {
      const seq = seqOf(name);
      if (seq > query.atMostSeq || seq < query.atLeastSeq) continue;
      const snapshot = readSnapshot(join(folder, name));
      if (snapshot?.actor !== query.actor) {
        this.#options.onProblem?.(`snapshot ${join(folder, name)} is damaged: another one is used`);
      } else if (snapshot.layout === query.layout && snapshot.eraSeq === query.eraSeq) {
        return snapshot;
      }
    }
    return undefined;
  }

  keepEra(era: Era): void {
    const { directory } = this.#options;
    const temporary = join(directory, "era.tmp");
    try {
      const file = openSync(temporary, "w");
      try {
        writeSync(file, JSON.stringify(era));
        fsyncSync(file);
      } finally {
        closeSync(file);
      }
      renameSync(temporary, join(directory, `era-${pad(era.seq)}.json`));
      const names = newestFirst(listFiles(directory, ERA_NAME));
      for (const name of names.slice(ERAS_KEPT)) rmSync(join(directory, name), { force: true });
    } catch (error) {
      // Snapshots of it will not be found again, and recovery takes longer: no reason not to trade.
      this.#options.onProblem?.(`the configuration was not kept in ${directory}: ${String(error)}`);
    }
  }

  eras(): readonly Era[] {
    const eras: Era[] = [];
    for (const name of newestFirst(listFiles(this.#options.directory, ERA_NAME))) {
      const era = readEra(join(this.#options.directory, name));
      if (era === undefined) this.#options.onProblem?.(`${name} is damaged: its snapshots are not used`);
      else eras.push(era);
    }
    return eras;
  }

  async #drain(): Promise<void> {
    // Not in the caller's turn: a hundred actors saved at once are written one after the other.
    await Promise.resolve();
    for (const [actor, { snapshot, onStored }] of this.#waiting) {
      this.#waiting.delete(actor);
      try {
        if (this.#options.durableSeq() < snapshot.appliedSeq) await this.#options.flush();
        if (this.#options.durableSeq() < snapshot.appliedSeq) throw new Error("the journal is not that far");
        await this.#write(snapshot);
        onStored?.();
      } catch (error) {
        this.#options.onProblem?.(`snapshot of ${actor} was not written: ${String(error)}`);
      }
    }
    this.#writing = undefined;
  }

  async #write(snapshot: Snapshot): Promise<void> {
    const folder = this.#folderOf(snapshot.actor);
    await mkdir(folder, { recursive: true });
    const name = `${pad(snapshot.appliedSeq)}-${pad(snapshot.timeMicros)}.snap`;
    const temporary = join(folder, "writing.tmp");
    const file = await open(temporary, "w");
    try {
      await file.writeFile(encode(snapshot));
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, name));
    await syncNames(folder);
    await this.#prune(folder);
  }

  async #prune(folder: string): Promise<void> {
    const names = newestFirst((await readdir(folder)).filter((name) => FILE_NAME.test(name)));
    const kept = new Set(names.slice(0, NEWEST_KEPT));
    const newestDay = dayOf(names[0] ?? "");
    const firstOfDay = new Map<number, string>();
    for (const name of names) firstOfDay.set(dayOf(name), name);
    for (const [day, name] of firstOfDay) if (newestDay - day < DAYS_KEPT) kept.add(name);
    for (const name of names) if (!kept.has(name)) await rm(join(folder, name), { force: true });
  }

  #folderOf(actor: string): string {
    return join(this.#options.directory, encodeURIComponent(actor));
  }
}

/** Makes a renamed file durable under its new name. */
async function syncNames(folder: string): Promise<void> {
  // Windows has no handle on a directory; there, renames are durable with the file system's own log.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function readSnapshot(path: string): Snapshot | undefined {
  try {
    return decode(readFileSync(path));
  } catch {
    return undefined;
  }
}

function readEra(path: string): Era | undefined {
  try {
    return eraSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch {
    return undefined;
  }
}

function listFiles(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder).filter((name) => pattern.test(name));
  } catch {
    return [];
  }
}

function newestFirst(names: readonly string[]): string[] {
  return [...names].sort().reverse();
}

function seqOf(name: string): number {
  return Number(FILE_NAME.exec(name)?.[1]);
}

function dayOf(name: string): number {
  return Math.floor(Number(FILE_NAME.exec(name)?.[2] ?? 0) / MICROS_PER_DAY);
}

function pad(value: number): string {
  return String(Math.floor(value)).padStart(20, "0");
}

/** magic | SHA-256 of the rest | header length u32 | header JSON | state */
function encode({ state, ...header }: Snapshot): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const body = Buffer.concat([length, text, Buffer.from(state.buffer, state.byteOffset, state.byteLength)]);
  return Buffer.concat([Buffer.from(MAGIC), createHash("sha256").update(body).digest(), body]);
}

function decode(bytes: Buffer): Snapshot | undefined {
  const bodyAt = MAGIC.length + HASH_BYTES;
  if (bytes.length < bodyAt + 4 || bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  const body = bytes.subarray(bodyAt);
  const digest = createHash("sha256").update(body).digest();
  if (!digest.equals(bytes.subarray(MAGIC.length, bodyAt))) return undefined;
  const textEnd = 4 + body.readUInt32LE(0);
  const header = JSON.parse(body.toString("utf8", 4, textEnd)) as Omit<Snapshot, "state">;
  const state = new Float64Array(
    body.buffer.slice(body.byteOffset + textEnd, body.byteOffset + body.length) as ArrayBuffer,
  );
  return { ...header, state };
}
