// Keeps the time series at the journal's side. It sends rows in batches whose edges are on disk before they leave, and sends
// a batch that was cut off again exactly as it was. It may lag, fail and start over: the journal is the truth.

import { RingQueue } from "../../../actors/base/ring.ts";
import type { Clock, Micros, VirtualClock } from "../../../actors/base/clock.ts";
import { BAR_INTERVALS, type Bar } from "../../../actors/domain/bar.ts";
import { MICROS_PER_UNIT } from "../../../actors/domain/money.ts";
import type { JournalRecord } from "../../../actors/domain/records.ts";
import type { Engine } from "../../../actors/engine.ts";
import type { EngineConfig } from "../../../actors/engine-config.ts";
import { TIME_SERIES_TABLES, type TimeSeries } from "../../../actors/ports/time-series.ts";
import type { BatchEdges, EdgesFile } from "./batch-edges.ts";
import { JournalTail, type JournalTailOptions } from "./journal-tail.ts";
import { addRecord, barRow, featureRow, RowBatch, RowNames } from "./rows.ts";

/** Records in a batch when behind. */
const BATCH_RECORDS_MAX = 20_000;
/** A batch leaves with so many records, or after so long, when not behind. */
const IDLE_BATCH_RECORDS = 100;
const IDLE_BATCH_MICROS = 1_000_000;
/** Records followed before the caller's thread is given back. */
const TURN_RECORDS = 5_000;

/** How often in a row a batch is refused before people are told. */
const REFUSALS_UNTIL_SAID = 5;
/** How long a record at which an actor failed is left alone: by then the journal says whether the live one failed too. */
const FALL_WAIT_MICROS = 2_000_000;

/** Looks remembered: an hour of them at two a second. */
const LOOKS_MAX = 8_192;

const MINUTE = BAR_INTERVALS.indexOf("1m");

export interface TimeSeriesProjectionOptions extends Omit<JournalTailOptions, "build"> {
  readonly build: (
    config: EngineConfig,
    scheduler: VirtualClock,
    onBar: (bar: Bar, intervalIndex: number) => void,
  ) => Engine;
  /** Asked for before each use: an embedded store may have moved. */
  readonly store: () => TimeSeries;
  readonly edges: EdgesFile;
  readonly clock: Clock;
}

export interface TimeSeriesProjectionStatus {
  /** Everything up to here is stored. */
  readonly appliedSeq: number;
  readonly lagRecords: number;
  /** How long something has been waiting to be stored. */
  readonly lagMicros: Micros;
  readonly failures: number;
  /** Empty while the last batch was taken. */
  readonly lastError: string;
}

/** `behind`: there is more, call at once; `level`: nothing to do now; `refused`: the store did not take it, wait a while. */
export type Advance = "behind" | "level" | "refused";

export class TimeSeriesProjection {
  readonly #options: TimeSeriesProjectionOptions;
  readonly #batch = new RowBatch();
  #tail: JournalTail | undefined;
  #names: { engine: Engine; names: RowNames } | undefined;
  /** Where the batch in the making began; 0 until the store was asked where it stands. */
  #fromSeq = 0;
  /** A batch that was begun before a crash ends exactly where it ended then. */
  #againToSeq = 0;
  #sending: BatchEdges | undefined;
  #batchSinceMicros = Number.NaN;
  #rowSeq = 0;
  #appliedSeq = 0;
  /** How far the journal was durable when somebody looked, oldest first; what is stored meanwhile is forgotten. */
  readonly #looks = new RingQueue<{ readonly seq: number; readonly atMicros: Micros }>(LOOKS_MAX);
  #survivedFalls = new Set<string>();
  #notBeforeMicros: Micros = 0;
  #failures = 0;
  /** In a row. */
  #refusals = 0;
  #lastError = "";

  constructor(options: TimeSeriesProjectionOptions) {
    this.#options = options;
  }

  get status(): TimeSeriesProjectionStatus {
    const { durableSeq } = this.#options;
    const lagRecords = Math.max(0, durableSeq() - this.#appliedSeq);
    return {
      appliedSeq: this.#appliedSeq,
      lagRecords,
      lagMicros: this.#lagMicros(),
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }

  /** Follows a portion of what is durable and sends a batch when one is due. Call it again and again, not twice at once. */
  async advance(): Promise<Advance> {
    try {
      if (this.#sending === undefined) {
        await this.#begin();
        if (this.#tail === undefined) return "level";
        const isLevel = this.#follow(this.#tail);
        if (!this.#isDue(isLevel)) return isLevel ? "level" : "behind";
        this.#seal();
      }
      await this.#send();
      return this.#isLevel() ? "level" : "behind";
    } catch (error) {
      this.#failures++;
      this.#lastError = error instanceof Error ? error.message : String(error);
      if (++this.#refusals === REFUSALS_UNTIL_SAID) {
        this.#options.onProblem(
          `the time series has stood still at record ${this.#appliedSeq} for ${REFUSALS_UNTIL_SAID} attempts, the journal ` +
            `keeps what follows: ${this.#lastError}`,
        );
      }
      return "refused";
    }
  }

  /** Since when what is not stored has been waiting, by the looks of those who asked before. */
  #lagMicros(): Micros {
    const { clock, durableSeq } = this.#options;
    const atMicros = clock.nowMicros();
    for (let oldest = this.#looks.peek(); oldest !== undefined; oldest = this.#looks.peek()) {
      if (oldest.seq > this.#appliedSeq) break;
      this.#looks.shift();
    }
    // Full, it keeps what has waited longest.
    if (durableSeq() > this.#appliedSeq) this.#looks.push({ seq: durableSeq(), atMicros });
    const oldest = this.#looks.peek();
    return oldest === undefined ? 0 : atMicros - oldest.atMicros;
  }

  /** Sends everything that is durable, due or not; false when the store refused. */
  async catchUp(): Promise<boolean> {
    for (;;) {
      const outcome = await this.advance();
      if (outcome === "refused") return false;
      if (outcome === "behind") continue;
      if (this.#tail === undefined || this.#tail.seq < this.#fromSeq) return true;
      this.#batchSinceMicros = Number.NEGATIVE_INFINITY;
    }
  }

  close(): void {
    this.#tail?.close();
    this.#tail = undefined;
  }

  async #begin(): Promise<void> {
    const { store, edges, durableSeq, onProblem, clock } = this.#options;
    if (this.#tail !== undefined || durableSeq() === 0 || clock.nowMicros() < this.#notBeforeMicros) return;
    if (this.#fromSeq === 0) {
      await store().migrate();
      this.#resume(edges.read(), await store().maxSeq());
    }
    this.#discard();
    this.#tail = JournalTail.open(
      { ...this.#options, build: (config, scheduler) => this.#options.build(config, scheduler, this.#onBar) },
      this.#fromSeq,
    );
    if (this.#tail === undefined || this.#tail.fromSeq <= this.#fromSeq) return;
    onProblem(
      `records ${this.#fromSeq} to ${this.#tail.fromSeq - 1} have left the journal: the time series goes on after them`,
    );
    this.#fromSeq = this.#tail.fromSeq;
  }

  /** Where to go on, by what was sent last and by what the store holds. */
  #resume(last: BatchEdges | undefined, storedSeq: number): void {
    const lost = last !== undefined && storedSeq < last.rowSeq;
    if (lost) {
      this.#options.onProblem(
        `the time series ends at record ${storedSeq} although rows up to ${last.rowSeq} were stored: the rest is stored again`,
      );
    }
    if (last === undefined || lost) {
      this.#rowSeq = storedSeq;
      this.#fromSeq = storedSeq + 1;
    } else {
      this.#rowSeq = last.rowSeq;
      this.#fromSeq = last.done ? last.toSeq + 1 : last.fromSeq;
      this.#againToSeq = last.done ? 0 : last.toSeq;
    }
    this.#appliedSeq = this.#fromSeq - 1;
  }

  /** Returns whether it has read everything that is durable. */
  #follow(tail: JournalTail): boolean {
    for (let i = 0; i < TURN_RECORDS && !this.#isFull(); i++) {
      const record = tail.next();
      if (record === undefined) return true;
      if (tail.fallenAt !== "" && !this.#survivedFalls.has(tail.fallenAt)) {
        this.#recoverFrom(tail);
        return true;
      }
      this.#collect(tail, record);
    }
    return false;
  }

  #collect(tail: JournalTail, record: JournalRecord): void {
    if (record.seq < this.#fromSeq) return;
    if (Number.isNaN(this.#batchSinceMicros)) this.#batchSinceMicros = this.#options.clock.nowMicros();
    addRecord(this.#batch, record, this.#namesNow(tail));
    // The market actor speaks once a minute.
    if (record.kind === "execution" || record.kind === "market") this.#addEquity(tail, record);
  }

  /** Bars close while a record is being followed, before {@link #collect} sees it. */
  readonly #onBar = (bar: Bar, intervalIndex: number): void => {
    const tail = this.#tail;
    if (intervalIndex !== MINUTE || tail === undefined || tail.seq < this.#fromSeq) return;
    const names = this.#namesNow(tail);
    this.#batch.add("bars", barRow(bar, tail.seq, names));
    const vector = tail.engine.symbol(bar.instrumentId)?.chain.features.vector;
    if (vector !== undefined) this.#batch.add("features", featureRow(bar, tail.seq, vector, names));
  };

  #addEquity({ engine, seq }: JournalTail, { timeMicros }: JournalRecord): void {
    const view = engine.account?.view();
    if (view === undefined) return;
    this.#batch.add("equity", {
      seq,
      timeMicros,
      accountId: view.accountId,
      currency: view.currency,
      balance: view.balanceMicros / MICROS_PER_UNIT,
      equity: view.equityMicros / MICROS_PER_UNIT,
      openPositions: view.positions.length,
    });
  }

  #namesNow({ engine }: JournalTail): RowNames {
    if (this.#names?.engine !== engine) this.#names = { engine, names: new RowNames(engine.config) };
    return this.#names.names;
  }

  /**
   * An actor failed here. If the live one did as well, the journal says so by the next call, and another tail leaves the
   * record out as the live actor did. If it did not, the actor goes on without its past, which is said once.
   */
  #recoverFrom(tail: JournalTail): void {
    const { fallenAt } = tail;
    this.#survivedFalls.add(fallenAt);
    this.#options.onProblem(`the time series follows the journal anew: ${fallenAt}`);
    this.#notBeforeMicros = this.#options.clock.nowMicros() + FALL_WAIT_MICROS;
    tail.close();
    this.#tail = undefined;
    this.#discard();
  }

  #discard(): void {
    this.#batch.clear();
    this.#batchSinceMicros = Number.NaN;
  }

  #pending(): number {
    return this.#tail === undefined ? 0 : Math.max(0, this.#tail.seq - this.#fromSeq + 1);
  }

  #isFull(): boolean {
    if (this.#againToSeq > 0) return (this.#tail?.seq ?? 0) >= this.#againToSeq;
    return this.#pending() >= BATCH_RECORDS_MAX;
  }

  #isDue(isLevel: boolean): boolean {
    if (this.#pending() === 0) return false;
    if (this.#isFull()) return true;
    if (this.#againToSeq > 0 || !isLevel) return false;
    const ageMicros = this.#options.clock.nowMicros() - this.#batchSinceMicros;
    return this.#pending() >= IDLE_BATCH_RECORDS || ageMicros >= IDLE_BATCH_MICROS;
  }

  #isLevel(): boolean {
    return (this.#tail?.seq ?? 0) >= this.#options.durableSeq();
  }

  #seal(): void {
    const toSeq = this.#tail?.seq ?? 0;
    this.#sending = { fromSeq: this.#fromSeq, toSeq, rowSeq: this.#rowSeq, done: false };
    this.#options.edges.write(this.#sending);
  }

  /** A table that took its rows before another one failed knows them by the token when all are sent again. */
  async #send(): Promise<void> {
    const edges = this.#sending;
    if (edges === undefined) return;
    const store = this.#options.store();
    for (const table of TIME_SERIES_TABLES) {
      const rows = this.#batch.of(table);
      if (rows.length === 0) continue;
      await store.insert(table, rows, `${table}:${edges.fromSeq}-${edges.toSeq}`);
    }
    const rowSeq = Math.max(this.#rowSeq, this.#batch.lastSeq);
    this.#options.edges.write({ ...edges, rowSeq, done: true });
    this.#rowSeq = rowSeq;
    this.#sending = undefined;
    this.#againToSeq = 0;
    this.#appliedSeq = edges.toSeq;
    this.#fromSeq = edges.toSeq + 1;
    this.#lastError = "";
    this.#refusals = 0;
    this.#batch.clear();
    this.#batchSinceMicros = Number.NaN;
  }
}
