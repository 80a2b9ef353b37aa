// How an actor says something that others will act on: it becomes a record with a place in the order before anyone
// hears it. Live, the router journals it at once; in a replay it is compared with what was recorded.

import type { JournalRecord, RecordKind } from "../domain/records.ts";

/** A record without its place: the emitter sets `seq`, exactly once. Its time is the emitting actor's time. */
export type Draft<Kind extends RecordKind = RecordKind> = Kind extends RecordKind
  ? Omit<Extract<JournalRecord, { kind: Kind }>, "seq"> & { seq: number }
  : never;

export interface Emitter {
  emit(draft: Draft): void;
}
