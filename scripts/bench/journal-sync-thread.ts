// The least that makes ticks durable: a thread that writes what has arrived and syncs it, again and again. It has the
// journal's pace, sizes, priority and file - one that does not grow - and nothing else of it.

import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { WRITER_NICENESS } from "../../storage/journal/limits.ts";
import { raiseThreadPriority } from "../../storage/journal/thread-priority.ts";
import { clockMilliseconds } from "./journal-arrivals.ts";

export interface BareDisk {
  readonly path: string;
  readonly recordBytes: number;
  /** Ticks that have arrived: one word. */
  readonly offered: Int32Array;
  /** For each tick, when it was durable. */
  readonly durableAt: Float64Array;
  /** For each sync, milliseconds that its write and fdatasync took. */
  readonly syncs: Float64Array;
}

export interface BareDiskWord {
  readonly word: "ready" | "done";
  readonly syncs: number;
}

declare const self: {
  onmessage: ((event: { data: BareDisk }) => void) | null;
  postMessage: (word: BareDiskWord) => void;
};

self.onmessage = ({ data }) => {
  raiseThreadPriority(WRITER_NICENESS);
  const bytes = new Uint8Array(data.durableAt.length * data.recordBytes);
  const handle = openSync(data.path, "w");
  writeSync(handle, bytes, 0, bytes.length, 0);
  fdatasyncSync(handle);
  bytes.fill(1);
  self.postMessage({ word: "ready", syncs: 0 });
  const syncs = writeRound(data, handle, bytes);
  closeSync(handle);
  self.postMessage({ word: "done", syncs });
};

function writeRound(
  { recordBytes, offered, durableAt, syncs }: BareDisk,
  handle: number,
  bytes: Uint8Array,
): number {
  let durable = 0;
  let count = 0;
  while (durable < durableAt.length) {
    Atomics.wait(offered, 0, durable);
    const upTo = Atomics.load(offered, 0);
    const start = clockMilliseconds();
    writeSync(handle, bytes, durable * recordBytes, (upTo - durable) * recordBytes, durable * recordBytes);
    fdatasyncSync(handle);
    const end = clockMilliseconds();
    syncs[count++] = end - start;
    while (durable < upTo) durableAt[durable++] = end;
  }
  return count;
}
