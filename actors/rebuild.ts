// Brings one failed actor back while the others trade on: its newest snapshot, then its records from the journal in
// small portions, until it stands at the head again. The record that felled it is left out.

import { ArchiveMismatch } from "./base/archive.ts";
import type { Scheduler } from "./base/clock.ts";
import { decodeRecord } from "./domain/codec.ts";
import { RECORD_KINDS, type JournalRecord } from "./domain/records.ts";
import type { Engine, Rebuild } from "./engine.ts";
import { STATE_LAYOUT } from "./engine-config.ts";
import { loadState } from "./footing.ts";
import { POISONED_RECORDS_MAX, REBUILD_RECORDS_PER_TURN } from "./limits.ts";
import type { Stateful } from "./place.ts";
import type { Journal, JournalCursor } from "./ports/journal.ts";
import type { SnapshotStore } from "./ports/snapshots.ts";

const SEAL = RECORD_KINDS.indexOf("seal");

/** Whose actors are rebuilt: the engine in charge, and the era it is of. */
export interface RebuildHost {
  readonly engine: Engine;
  readonly eraSeq: number;
}

export class Rebuilder {
  readonly #journal: Journal;
  readonly #snapshots: SnapshotStore | undefined;
  readonly #scheduler: Scheduler;
  readonly #host: RebuildHost;
  /** By path: snapshots from here on did not load. */
  readonly #unreadableSeqs = new Map<string, number>();
  /** Records that made an actor fail, by path: it never sees them again. */
  readonly #poisoned = new Map<string, Set<number>>();
  #recoveredSeq = 0;

  constructor(options: {
    journal: Journal;
    snapshots: SnapshotStore | undefined;
    scheduler: Scheduler;
    host: RebuildHost;
  }) {
    this.#journal = options.journal;
    this.#snapshots = options.snapshots;
    this.#scheduler = options.scheduler;
    this.#host = options.host;
  }

  /** The actor at `path` failed at record `seq`. */
  poison(path: string, seq: number): void {
    const seqs = this.#poisoned.get(path) ?? new Set<number>();
    this.#poisoned.set(path, seqs);
    if (seqs.size < POISONED_RECORDS_MAX) seqs.add(seq);
  }

  /** A former life ended at record `seq`: whatever was said up to there is in the journal. */
  recovered(seq: number): void {
    this.#recoveredSeq = seq;
  }

  /** See {@link Rebuild}. */
  readonly rebuild: Rebuild = (stateful, receive, ends) => {
    const { path } = stateful.seat;
    const { outlets } = this.#host.engine;
    const fromSeq = this.#restore(stateful) + 1;
    const poisoned = this.#poisoned.get(path) ?? new Set<number>();
    // Up to its failure everything it says has been said; after it, nothing has.
    const saidUpTo = Math.max(this.#recoveredSeq, ...poisoned);
    const cursor = this.#journal.cursor(fromSeq);
    const end = (finish: () => void): void => {
      cursor.close();
      outlets.mute(path, false);
      finish();
    };
    const turn = (): void => {
      try {
        outlets.mute(path, true);
        const stands = this.#feed(path, cursor, (record) => {
          if (poisoned.has(record.seq)) return;
          outlets.mute(path, record.seq <= saidUpTo);
          receive(record);
        });
        outlets.mute(path, false);
        if (stands >= this.#journal.lastSeq) end(ends.caughtUp);
        else this.#again(turn, (error) => end(() => ends.failed(error)));
      } catch (error) {
        end(() => ends.failed(error));
      }
    };
    turn();
  };

  /** Reads a portion and returns the sequence reached: the journal's last one when there is nothing left to read. */
  #feed(path: string, cursor: JournalCursor, receive: (record: JournalRecord) => void): number {
    let reached = 0;
    for (let i = 0; i < REBUILD_RECORDS_PER_TURN; i++) {
      const raw = cursor.next();
      if (raw === undefined) return this.#journal.durableSeq;
      reached = raw.seq;
      if (raw.kind === SEAL) continue;
      const record = decodeRecord(raw);
      if (this.#host.engine.switchboard.concerns(path, record)) receive(record);
    }
    return reached;
  }

  /** Lets the others run, and the disk catch up with what was appended meanwhile. */
  #again(turn: () => void, failed: (error: unknown) => void): void {
    this.#journal.flush().then(() => {
      this.#scheduler.soon(turn);
    }, failed);
  }

  /** Returns the record its state stands at. A snapshot that does not load fails this attempt; the next passes it over. */
  #restore(stateful: Stateful): number {
    const { path } = stateful.seat;
    const { eraSeq } = this.#host;
    const unreadableSeq = this.#unreadableSeqs.get(path) ?? Number.POSITIVE_INFINITY;
    const snapshot = this.#snapshots?.load({
      actor: path,
      layout: STATE_LAYOUT,
      eraSeq,
      atLeastSeq: 0,
      atMostSeq: Math.min(this.#journal.durableSeq, unreadableSeq - 1),
      first: "newest",
    });
    const { appliedSeq, state } = snapshot ?? stateful.origin;
    if (state === undefined) return appliedSeq;
    try {
      loadState(stateful, state);
    } catch (error) {
      if (error instanceof ArchiveMismatch) this.#unreadableSeqs.set(path, appliedSeq);
      throw error;
    }
    return appliedSeq;
  }
}
