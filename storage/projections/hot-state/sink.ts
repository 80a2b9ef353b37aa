// The hot state as a sink: of every symbol the last tick that was believed, the features of its last minute and its last
// signal, for whatever process asks. Only the newest records are told: an older tick is nobody's latest.

import { BAR_INTERVALS, type Bar } from "../../../actors/domain/bar.ts";
import type { JournalRecord } from "../../../actors/domain/records.ts";
import type { Engine } from "../../../actors/engine.ts";
import type { HotEntry, HotState } from "../../../actors/ports/hot-state.ts";
import type { BatchEdges } from "../batch-edges.ts";
import type { JournalTail } from "../journal-tail.ts";
import { HOT_RECORDS_MAX, HOT_TTL_MILLIS } from "../limits.ts";
import type { Sink } from "../sink.ts";
import { featureRow, RowNames, signalRow, tickRow } from "../time-series/rows.ts";

const MINUTE = BAR_INTERVALS.indexOf("1m");

export interface HotStateSinkOptions {
  readonly store: HotState;
  /** How far the journal may be read now: a store that says it has more was filled from another journal. */
  readonly durableSeq: () => number;
  readonly newestRecords?: number;
}

export class HotStateSink implements Sink<JournalRecord, JournalTail> {
  readonly name = "the hot state";
  readonly keepsCursor = true;
  readonly full = false;
  readonly newestRecords: number;
  readonly #store: HotState;
  readonly #durableSeq: () => number;
  /** By kind and symbol. */
  readonly #batch = new Map<string, HotEntry>();
  #rowSeq = 0;
  /** What the store must say it has, or it lost something since. */
  #committedSeq = 0;
  #names: { engine: Engine; names: RowNames } | undefined;

  constructor({ store, durableSeq, newestRecords = HOT_RECORDS_MAX }: HotStateSinkOptions) {
    this.newestRecords = newestRecords;
    this.#store = store;
    this.#durableSeq = durableSeq;
  }

  get rowSeq(): number {
    return this.#rowSeq;
  }

  async prepare(): Promise<void> {
    await this.#store.ping();
  }

  async storedSeq(): Promise<number> {
    this.#committedSeq = await this.#store.cursor();
    if (this.#committedSeq > this.#durableSeq()) await this.forget(1);
    return this.#committedSeq;
  }

  /** Everything goes, whatever is told anew: what is left out is no longer hot. */
  async forget(fromSeq: number): Promise<void> {
    await this.#store.clear();
    this.#committedSeq = fromSeq - 1;
    await this.#store.setMany([], { ttlMillis: HOT_TTL_MILLIS, cursorSeq: this.#committedSeq });
  }

  collect(record: JournalRecord, tail: JournalTail): void {
    if (record.kind === "signal") this.#put({ kind: "signal", row: signalRow(record, this.#namesNow(tail)) });
    if (record.kind !== "tick") return;
    // One that was quarantined, or came from a second source, is nobody's price.
    if (tail.engine.symbol(record.instrumentId)?.chain.quote.seq !== record.seq) return;
    this.#put({ kind: "tick", row: tickRow(record, this.#namesNow(tail)) });
  }

  bar(bar: Bar, intervalIndex: number, tail: JournalTail): void {
    if (intervalIndex !== MINUTE) return;
    const vector = tail.engine.symbol(bar.instrumentId)?.chain.features.vector;
    if (vector === undefined) return;
    this.#put({ kind: "features", row: featureRow(bar, tail.seq, vector, this.#namesNow(tail)) });
  }

  async check(): Promise<void> {
    const heldSeq = await this.#store.cursor();
    if (heldSeq === this.#committedSeq) return;
    throw new Error(
      `the hot state ends at record ${heldSeq} although it had ${this.#committedSeq}: the rest is told again`,
    );
  }

  async send({ toSeq }: BatchEdges): Promise<void> {
    await this.check();
    await this.#store.setMany([...this.#batch.values()], { ttlMillis: HOT_TTL_MILLIS, cursorSeq: toSeq });
    this.#committedSeq = toSeq;
  }

  clear(): void {
    this.#batch.clear();
    this.#rowSeq = 0;
  }

  #put(entry: HotEntry): void {
    this.#batch.set(`${entry.kind} ${entry.row.symbol}`, entry);
    this.#rowSeq = entry.row.seq;
  }

  #namesNow({ engine }: JournalTail): RowNames {
    if (this.#names?.engine !== engine) this.#names = { engine, names: new RowNames(engine.config) };
    return this.#names.names;
  }
}
