// The durable order of everything. Actors never see this port; the router writes it and recovery reads it.

import type { Micros } from "../base/clock.ts";

/** Returned by {@link Journal.append} when the record was not taken: no room, or the journal has failed. */
export const NOT_APPENDED = 0;

/** The largest payload a record may have, in bytes. */
export const PAYLOAD_BYTES_MAX = 65_536;

export type JournalHealth = "ok" | "failed";

export interface Journal {
  /** Where the caller writes a payload before {@link append}. At least {@link PAYLOAD_BYTES_MAX} bytes. */
  readonly staging: DataView;

  /**
   * Gives the first `payloadBytes` of the staging area the next sequence. Never waits: the record is durable only
   * when {@link durableSeq} has reached it.
   * @returns the sequence, from 1; or {@link NOT_APPENDED}
   */
  append(topic: number, kind: number, timeMicros: Micros, payloadBytes: number): number;

  /** The last sequence given out; 0 in an empty journal. */
  readonly lastSeq: number;
  /** Everything up to here survives a crash of process, machine and power. */
  readonly durableSeq: number;
  readonly health: JournalHealth;
  /** Why the journal failed and what to do; empty while it is healthy. */
  readonly failure: string;
  /** The writer's epoch, one higher at each opening. */
  readonly epoch: number;
  /** Share of the buffer between memory and disk in use, 0..1. Sources slow down above a half. */
  readonly pressure: number;

  /** Called on the caller's thread after each commit, and once when the journal fails. */
  onProgress(listener: () => void): void;

  /** Resolves when everything appended so far is durable; rejects when the journal fails first. */
  flush(): Promise<void>;

  /** Reads from `fromSeq` on, up to what is durable at each call. The cursor owns a file descriptor: close it. */
  cursor(fromSeq: number): JournalCursor;

  /** Flushes, seals and lets go of the files. */
  close(): Promise<void>;
}

/** One record as it lies in the journal. The object is reused: copy what must outlive the next call. */
export interface RawRecord {
  readonly seq: number;
  readonly epoch: number;
  readonly topic: number;
  readonly kind: number;
  readonly timeMicros: Micros;
  /** The payload lies in `view` from `offset`, `length` bytes long. */
  readonly view: DataView;
  readonly offset: number;
  readonly length: number;
}

export interface JournalCursor {
  /** The next record, or undefined when it has caught up with what is durable. Later calls may return more. */
  next(): RawRecord | undefined;
  close(): void;
}
