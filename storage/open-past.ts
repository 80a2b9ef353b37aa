// What can be brought back of a data folder's past: its records, its actors as they stood at one of them, the seals that
// prove both. It only reads, so a system may be running on the folder.

import { join } from "node:path";
import type { VirtualClock } from "../actors/base/clock.ts";
import { failure, ok, type Result } from "../actors/base/result.ts";
import type { Engine } from "../actors/engine.ts";
import type { EngineConfig } from "../actors/engine-config.ts";
import type { JournalCursor } from "../actors/ports/journal.ts";
import { SegmentCursor } from "./journal/cursor.ts";
import { RealDisk } from "./journal/disk.ts";
import { SEAL_KIND } from "./journal/format.ts";
import { listSegments } from "./journal/scan.ts";
import { stableEndOf } from "./journal/stable-end.ts";
import { FileSnapshotStore } from "./journal/snapshot-store.ts";
import { TopicChains } from "./journal/topic-chains.ts";
import { JournalTail } from "./projections/journal-tail.ts";

export interface PastOptions {
  readonly data: string;
  /** How far the journal may be read; where its writer is another process, up to what its files hold whole. */
  readonly durableSeq?: () => number;
  readonly build: (config: EngineConfig, clock: VirtualClock) => Engine;
}

export type PastFailure = "journal-unreadable";

export class FolderPast {
  readonly #options: PastOptions & { readonly durableSeq: () => number };
  readonly #disk: RealDisk;

  constructor(options: PastOptions & { readonly durableSeq: () => number }) {
    this.#options = options;
    this.#disk = new RealDisk(join(options.data, "journal"));
  }

  cursor(fromSeq: number): JournalCursor {
    const [firstSeq = 1] = listSegments(this.#disk);
    return new SegmentCursor({
      disk: this.#disk,
      fromSeq: Math.max(fromSeq, firstSeq),
      durableSeq: this.#options.durableSeq,
    });
  }

  stateAt(seq: number): Engine | undefined {
    const { data, durableSeq, build } = this.#options;
    const tail = JournalTail.open(
      {
        durableSeq,
        cursor: (fromSeq) => this.cursor(fromSeq),
        snapshots: new FileSnapshotStore({
          directory: join(data, "snapshots"),
          durableSeq,
          flush: () => Promise.resolve(),
        }),
        build,
        onBar: () => undefined,
        onProblem: () => undefined,
      },
      seq,
    );
    if (tail === undefined || tail.soundSeq > seq) return undefined;
    try {
      while (tail.seq < seq && tail.next() !== undefined) continue;
      return tail.seq >= seq ? tail.engine : undefined;
    } finally {
      tail.close();
    }
  }

  sealAfter(seq: number): { seq: number; heads: Record<string, string> } | undefined {
    const cursor = this.cursor(seq);
    try {
      for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
        if (raw.kind !== SEAL_KIND) continue;
        const chains = new TopicChains();
        chains.load(new Uint8Array(raw.view.buffer, raw.view.byteOffset + raw.offset, raw.length));
        return {
          seq: raw.seq,
          heads: Object.fromEntries(chains.listing().map(({ topic, head }) => [topic, head])),
        };
      }
      return undefined;
    } finally {
      cursor.close();
    }
  }
}

export async function openPast(options: PastOptions): Promise<Result<FolderPast, PastFailure>> {
  const { durableSeq } = options;
  if (durableSeq !== undefined) return ok(new FolderPast({ ...options, durableSeq }));
  const disk = new RealDisk(join(options.data, "journal"));
  const newest = listSegments(disk).at(-1);
  const end = newest === undefined ? undefined : await stableEndOf(disk, newest);
  if (end === undefined) {
    return failure(
      "journal-unreadable",
      `the journal in ${options.data} cannot be read to its end: run "tickforge journal verify"`,
    );
  }
  return ok(new FolderPast({ ...options, durableSeq: () => end.lastSeq }));
}
