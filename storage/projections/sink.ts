// What a projection needs of the store it keeps at the journal's side, and of what reads the journal for it.

import type { Bar } from "../../actors/domain/bar.ts";
import type { BatchEdges } from "./batch-edges.ts";

/** Reads the journal forward from a record; `Item` is a record, raw or decoded, perhaps after actors have heard it. */
export interface Tail<Item> {
  /** The first record it gives: later than the one asked for where that has left the journal. */
  readonly fromSeq: number;
  /** From this record on its actors stand as the live ones did. */
  readonly soundSeq: number;
  /** The last record read. */
  readonly seq: number;
  /** Which actor failed here, and why; empty while none did. */
  readonly fallenAt: string;
  /** The next one; undefined when everything durable was read. */
  next(): Item | undefined;
  close(): void;
}

/** One store and how records become rows of it. A batch is what was collected since it was last cleared. */
export interface Sink<Item, T extends Tail<Item>> {
  /** For messages: "the time series". */
  readonly name: string;
  /** Whether rows are known by their own keys and its cursor never runs ahead of them: what it says it has, it has. */
  readonly keepsCursor: boolean;
  /** How many of the journal's last records matter: a store that has fewer is not told the rest. All when left out. */
  readonly newestRecords?: number;
  /** Makes its tables or whatever it has; safe to call again. Throws what is wrong and what to do. */
  prepare(): Promise<void>;
  /** Highest journal sequence of what is stored: where to go on when nobody else knows. 0 when empty. */
  storedSeq(): Promise<number>;
  /** Highest journal sequence of any row in the batch; 0 without rows. */
  readonly rowSeq: number;
  /** Whether the batch is to leave although it spans few records. */
  readonly full: boolean;
  /** Adds what `item` says to the batch. */
  collect(item: Item, tail: T): void;
  /** A bar that closed while the tail's actors hear the record that {@link collect} is given next. */
  bar?(bar: Bar, intervalIndex: number, tail: T): void;
  /**
   * Stores the batch. Sent again with the same edges after a failure, perhaps by another process: nothing may double.
   * Throws what is wrong; the batch stays.
   */
  send(edges: BatchEdges): Promise<void>;
  clear(): void;
  /** Throws where the store has lost something since: asked now and then while there is nothing to send. */
  check?(): Promise<void>;
  /** Removes what records from `fromSeq` on have left in the store, so that they can be told anew. */
  forget(fromSeq: number): Promise<void>;
}
