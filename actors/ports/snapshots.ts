// Where actors leave their state, so that recovery replays seconds instead of days.

import type { Micros } from "../base/clock.ts";

/** A stretch of the journal under one configuration. */
export interface Era {
  /** The `configured` record that began it; its name among snapshots. */
  readonly seq: number;
  /** The era before, or null for the first: only then did every actor begin with nothing. */
  readonly previousSeq: number | null;
  readonly config: unknown;
}

export interface Snapshot {
  /** Path of the actor, for example symbol/EURUSD. */
  readonly actor: string;
  /** Version of the code's state layout: another version is not loaded. */
  readonly layout: string;
  /** The era it was made in: its actor was built from that configuration. */
  readonly eraSeq: number;
  /** Every record up to here is in the state, none after. */
  readonly appliedSeq: number;
  readonly timeMicros: Micros;
  readonly state: Float64Array<ArrayBuffer>;
}

/** Which snapshots of one actor are looked for. */
export interface SnapshotQuery {
  readonly actor: string;
  readonly layout: string;
  readonly eraSeq: number;
  readonly atLeastSeq: number;
  readonly atMostSeq: number;
  readonly first: "newest" | "oldest";
}

export interface SnapshotStore {
  /**
   * Stores in the background, after the journal is durable up to `appliedSeq`: a snapshot must never be ahead of
   * the journal. Keeps the newest few and the first of each UTC day.
   * @param onStored called once it is stored; never for one that a newer one replaced or that could not be written
   */
  save(snapshot: Snapshot, onStored?: () => void): void;
  /** The first intact snapshot that `query` describes, or undefined. */
  load(query: SnapshotQuery): Snapshot | undefined;
  /** Remembers an era for as long as snapshots of it may be loaded. One that is kept already is replaced. */
  keepEra(era: Era): void;
  /** The eras kept, newest first. */
  eras(): readonly Era[];
  /** Resolves when everything handed to {@link save} so far is stored or refused. */
  flush(): Promise<void>;
}
