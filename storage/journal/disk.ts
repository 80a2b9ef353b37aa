// What the journal asks of a disk, and the real one. A port, so that tests put a disk under it that loses what was not
// synced, fills up or fails.

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

export interface DiskFile {
  readonly bytes: number;
  /** Reads into `target` and returns how many bytes there were. */
  read(target: Uint8Array, position: number): number;
  /** Writes all of `source` or throws. */
  write(source: Uint8Array, position: number): void;
  /** Returns when everything written to this file survives a loss of power; throws when that is not certain. */
  sync(): void;
  close(): void;
}

/** One directory of files. All methods are synchronous: they run on the journal's own thread. */
export interface Disk {
  list(): string[];
  open(name: string, mode: "read" | "write" | "create"): DiskFile;
  rename(from: string, to: string): void;
  remove(name: string): void;
  /** Makes created, renamed and removed names durable. */
  syncNames(): void;
}

export class RealDisk implements Disk {
  readonly #directory: string;

  /** @param options.create false: a reader does not make a folder that is not there */
  constructor(directory: string, options: { create: boolean } = { create: true }) {
    this.#directory = directory;
    if (options.create) mkdirSync(directory, { recursive: true });
  }

  list(): string[] {
    return readdirSync(this.#directory);
  }

  open(name: string, mode: "read" | "write" | "create"): DiskFile {
    const flags = mode === "read" ? "r" : mode === "write" ? "r+" : "wx+";
    return new RealFile(openSync(join(this.#directory, name), flags));
  }

  rename(from: string, to: string): void {
    renameSync(join(this.#directory, from), join(this.#directory, to));
  }

  remove(name: string): void {
    const path = join(this.#directory, name);
    if (existsSync(path)) unlinkSync(path);
  }

  syncNames(): void {
    // Windows has no handle on a directory; there, renames are durable with the file system's own log.
    if (process.platform === "win32") return;
    const handle = openSync(this.#directory, "r");
    try {
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}

class RealFile implements DiskFile {
  readonly #handle: number;

  constructor(handle: number) {
    this.#handle = handle;
  }

  get bytes(): number {
    return fstatSync(this.#handle).size;
  }

  read(target: Uint8Array, position: number): number {
    let done = 0;
    while (done < target.length) {
      const count = readSync(this.#handle, target, done, target.length - done, position + done);
      if (count === 0) break;
      done += count;
    }
    return done;
  }

  write(source: Uint8Array, position: number): void {
    let done = 0;
    while (done < source.length) {
      const count = writeSync(this.#handle, source, done, source.length - done, position + done);
      if (count === 0) throw new Error("the disk took none of a write");
      done += count;
    }
  }

  sync(): void {
    fdatasyncSync(this.#handle);
  }

  close(): void {
    closeSync(this.#handle);
  }
}
