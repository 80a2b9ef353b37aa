// Entries cut into requests that the brokers take.

import type { StreamEntry } from "../../actors/ports/streams.ts";
import { BATCH_BYTES_MAX, BATCH_ENTRIES_MAX } from "./limits.ts";

export function* batchesOf(entries: readonly StreamEntry[]): Generator<StreamEntry[]> {
  let batch: StreamEntry[] = [];
  let bytes = 0;
  for (const entry of entries) {
    const isFull = batch.length >= BATCH_ENTRIES_MAX || bytes + entry.payload.length > BATCH_BYTES_MAX;
    if (isFull && batch.length > 0) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(entry);
    bytes += entry.payload.length;
  }
  if (batch.length > 0) yield batch;
}
