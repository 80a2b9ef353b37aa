// Where actors leave their state, so that recovery replays seconds instead of days.

import type { Micros } from "../base/clock.ts";

export interface Snapshot {
  /** Path of the actor, for example symbol/EURUSD. */
  readonly actor: string;
  /** Version of the code's state layout: another version is not loaded. */
  readonly layout: string;
  /** Every record up to here is in the state, none after. */
  readonly appliedSeq: number;
  readonly timeMicros: Micros;
  readonly state: Float64Array<ArrayBuffer>;
}

export interface SnapshotStore {
  /**
   * Stores in the background, after the journal is durable up to `appliedSeq`: a snapshot must never be ahead of
   * the journal. Keeps the newest few and the first of each UTC day.
   */
  save(snapshot: Snapshot): void;
  /** The newest intact snapshot of `actor` with `layout` and `appliedSeq <= atMostSeq`, or undefined. */
  load(actor: string, layout: string, atMostSeq: number): Snapshot | undefined;
  /** Resolves when everything handed to {@link save} so far is stored or refused. */
  flush(): Promise<void>;
}
