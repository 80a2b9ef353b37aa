// A disk in memory that behaves as badly as a real one may: what was not synced is lost sector by sector in a crash, names
// are lost until their directory is synced, and any operation can be told to fail.

import type { SeededRandom } from "../../actors/base/random.ts";
import type { Disk, DiskFile } from "./disk.ts";

const SECTOR_BYTES = 512;

/** What a disk that has crashed answers until {@link SimulatedDisk.restart}. */
export class PowerLost extends Error {
  override readonly name = "PowerLost";
}

export type Operation = "write" | "sync" | "names";

export interface DiskFault {
  /** Undefined: whichever operation comes at that time. */
  readonly operation?: Operation;
  /** How many such operations succeed before. */
  readonly after: number;
  /** `power` stops everything after it, too; others fail this operation and all later ones of the kind. */
  readonly error: "EIO" | "ENOSPC" | "power";
}

class Inode {
  current = new Uint8Array(0);
  durable = new Uint8Array(0);
  readonly dirty = new Set<number>();

  write(source: Uint8Array, position: number): void {
    const end = position + source.length;
    if (end > this.current.length) this.current = resized(this.current, end);
    this.current.set(source, position);
    for (let sector = Math.floor(position / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
      this.dirty.add(sector);
    }
  }

  sync(): void {
    for (const sector of this.dirty) this.#keep(sector);
    this.dirty.clear();
  }

  /** Each sector that was not synced is there or not, whatever the order of the writes was. */
  crash(random: SeededRandom): void {
    const share = random.next();
    for (const sector of this.dirty) if (random.next() < share) this.#keep(sector);
    this.dirty.clear();
    this.current = this.durable.slice();
  }

  #keep(sector: number): void {
    const start = sector * SECTOR_BYTES;
    const end = Math.min(start + SECTOR_BYTES, this.current.length);
    if (end > this.durable.length) this.durable = resized(this.durable, end);
    this.durable.set(this.current.subarray(start, end), start);
  }
}

type Names = Map<string, Inode>;

export class SimulatedDisk implements Disk {
  #names: Names = new Map();
  #durableNames: Names = new Map();
  /** Changes of names since they were last durable, in order. */
  #changes: ((names: Names) => void)[] = [];
  #fault: DiskFault | undefined;
  #operations = 0;
  #generation = 0;
  #powered = true;

  /** The next fault; replaces an earlier one. */
  inject(fault: DiskFault | undefined): void {
    this.#fault = fault;
    this.#operations = 0;
  }

  /** Power goes and comes back. Handles opened before are dead. */
  restart(random: SeededRandom): void {
    const kept = Math.floor(random.next() * (this.#changes.length + 1));
    for (const change of this.#changes.slice(0, kept)) change(this.#durableNames);
    for (const inode of new Set([...this.#names.values(), ...this.#durableNames.values()]))
      inode.crash(random);
    this.#names = new Map(this.#durableNames);
    this.#changes = [];
    this.#fault = undefined;
    this.#powered = true;
    this.#generation++;
  }

  /** A copy of a file as it is now, to be damaged and put back with {@link replace}. */
  contents(name: string): Uint8Array {
    return this.#inode(name).current.slice();
  }

  /** Makes `bytes` the durable contents of a file, as a tampering hand or a failing disk would. */
  replace(name: string, bytes: Uint8Array): void {
    const inode = new Inode();
    inode.current = bytes.slice();
    inode.durable = bytes.slice();
    this.#names.set(name, inode);
    this.#durableNames.set(name, inode);
  }

  list(): string[] {
    return [...this.#names.keys()];
  }

  open(name: string, mode: "read" | "write" | "create"): DiskFile {
    if (mode === "create") {
      if (this.#names.has(name)) throw new Error(`EEXIST: ${name} exists`);
      this.#step("names");
      const inode = new Inode();
      this.#change((names) => names.set(name, inode));
    }
    return this.#handle(this.#inode(name));
  }

  rename(from: string, to: string): void {
    this.#step("names");
    const inode = this.#inode(from);
    this.#change((names) => {
      names.delete(from);
      names.set(to, inode);
    });
  }

  remove(name: string): void {
    if (!this.#names.has(name)) return;
    this.#step("names");
    this.#change((names) => names.delete(name));
  }

  syncNames(): void {
    this.#step("sync");
    for (const change of this.#changes) change(this.#durableNames);
    this.#changes = [];
  }

  #change(change: (names: Names) => void): void {
    change(this.#names);
    this.#changes.push(change);
  }

  #inode(name: string): Inode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw new Error(`ENOENT: there is no ${name}`);
    return inode;
  }

  #handle(inode: Inode): DiskFile {
    const generation = this.#generation;
    const check = (): void => {
      if (generation !== this.#generation) throw new PowerLost("the handle did not survive the crash");
    };
    return {
      get bytes(): number {
        return inode.current.length;
      },
      read: (target, position) => {
        const part = inode.current.subarray(position, position + target.length);
        target.set(part);
        return part.length;
      },
      write: (source, position) => {
        check();
        // A failing write may have got anywhere.
        const failed = this.#failing("write");
        inode.write(failed === undefined ? source : source.subarray(0, source.length >> 1), position);
        if (failed !== undefined) throw failed;
      },
      sync: () => {
        check();
        this.#step("sync");
        inode.sync();
      },
      close: () => {},
    };
  }

  #step(operation: Operation): void {
    const failed = this.#failing(operation);
    if (failed !== undefined) throw failed;
  }

  #failing(operation: Operation): Error | undefined {
    if (!this.#powered) return new PowerLost("the disk has no power");
    const fault = this.#fault;
    if (fault === undefined || (fault.operation ?? operation) !== operation) return undefined;
    if (this.#operations++ < fault.after) return undefined;
    if (fault.error !== "power") return new Error(`${fault.error}: simulated, ${operation}`);
    this.#powered = false;
    return new PowerLost("the power went");
  }
}

function resized(bytes: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}
