// Keeps a store at the journal's side: the one mechanism of all sinks. It sends what it collects in batches whose edges are
// on disk before they leave, sends a batch that was cut off again exactly as it was, waits longer and longer for a store
// that is away, and can be paused and told to begin anew. It may lag, fail and start over: the journal is the truth.

import { type Clock, MICROS_PER_SECOND, type Micros } from "../../actors/base/clock.ts";
import type { Random } from "../../actors/base/random.ts";
import type { Bar } from "../../actors/domain/bar.ts";
import { type BreakerState, CircuitBreaker } from "../../actors/runtime/breaker.ts";
import type { BatchEdges, EdgesFile } from "./batch-edges.ts";
import { LagMeter } from "./lag-meter.ts";
import {
  BATCH_RECORDS_MAX,
  CHECK_MICROS,
  FALL_WAIT_MICROS,
  IDLE_BATCH_MICROS,
  IDLE_BATCH_RECORDS,
  REFUSALS_MAX,
  RETRY_JITTER,
  RETRY_MICROS_MAX,
  RETRY_MICROS_MIN,
  TURN_RECORDS,
} from "./limits.ts";
import type { Sink, Tail } from "./sink.ts";

export type BarListener = (bar: Bar, intervalIndex: number) => void;

export interface ProjectionOptions<Item, T extends Tail<Item>> {
  readonly sink: Sink<Item, T>;
  /** How far the journal may be read now. */
  readonly durableSeq: () => number;
  /** Opens the journal at a record; undefined while there is nothing to begin with. */
  readonly open: (fromSeq: number, onBar: BarListener) => T | undefined;
  readonly edges: EdgesFile;
  readonly clock: Clock;
  readonly random: Random;
  readonly onProblem: (message: string) => void;
  readonly turnRecords?: number;
  readonly idleRecords?: number;
}

export interface ProjectionStatus {
  /** Everything up to here is stored. */
  readonly appliedSeq: number;
  readonly lagRecords: number;
  /** How long something has been waiting to be stored. */
  readonly lagMicros: Micros;
  readonly paused: boolean;
  readonly breaker: BreakerState;
  readonly failures: number;
  /** Empty while the last batch was taken. */
  readonly lastError: string;
}

/** `behind`: there is more, call at once; `level`: nothing to do now; `waiting`: paused, or the store is left alone a while. */
export type Advance = "behind" | "level" | "waiting";

export class Projection<Item, T extends Tail<Item>> {
  readonly #options: ProjectionOptions<Item, T>;
  readonly #sink: Sink<Item, T>;
  readonly #breaker = new CircuitBreaker({
    failuresMax: REFUSALS_MAX,
    delayMicros: RETRY_MICROS_MIN * 2 ** (REFUSALS_MAX - 1),
    delayMicrosMax: RETRY_MICROS_MAX,
  });
  readonly #lag = new LagMeter();
  #tail: T | undefined;
  /** Where the batch in the making began; 0 until the store was asked where it stands. */
  #fromSeq = 0;
  /** A batch that was begun before a crash ends exactly where it ended then. */
  #againToSeq = 0;
  #sending: BatchEdges | undefined;
  #batchSinceMicros = Number.NaN;
  #rowSeq = 0;
  #generation = 0;
  #appliedSeq = 0;
  #survivedFalls = new Set<string>();
  #notBeforeMicros: Micros = 0;
  #checkedMicros: Micros = 0;
  #paused = false;
  #running: Promise<Advance> | undefined;
  #failures = 0;
  /** In a row. */
  #refusals = 0;
  #lastError = "";

  constructor(options: ProjectionOptions<Item, T>) {
    this.#options = options;
    this.#sink = options.sink;
  }

  get status(): ProjectionStatus {
    const { durableSeq, clock } = this.#options;
    return {
      appliedSeq: this.#appliedSeq,
      lagRecords: Math.max(0, durableSeq() - this.#appliedSeq),
      lagMicros: this.#lag.look(durableSeq(), this.#appliedSeq, clock.nowMicros()),
      paused: this.#paused,
      breaker: this.#breaker.state,
      failures: this.#failures,
      lastError: this.#lastError,
    };
  }

  /** Stops storing until {@link resume}; what is under way ends. */
  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  /**
   * Removes what the store has of records that the journal still holds, and tells them anew from then on.
   * @returns false when the store refused: nothing has changed, or the removal goes on at the next start
   */
  async rebuild(): Promise<boolean> {
    await this.#running;
    try {
      await this.#startAnew();
      return true;
    } catch (error) {
      this.#refused(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  /**
   * Follows a portion of what is durable and sends a batch when one is due. Call it again and again; a call while another one
   * is under way waits for that one and says what it came to.
   */
  async advance(): Promise<Advance> {
    this.#running ??= this.#advance().finally(() => {
      this.#running = undefined;
    });
    return await this.#running;
  }

  async #advance(): Promise<Advance> {
    const nowMicros = this.#options.clock.nowMicros();
    if (this.#paused || nowMicros < this.#notBeforeMicros) return "waiting";
    const asks = this.#sending !== undefined || this.#fromSeq === 0;
    if (asks && !this.#breaker.allows(nowMicros)) return "waiting";
    try {
      if (this.#sending === undefined) {
        await this.#begin();
        if (this.#tail === undefined) return "level";
        const isLevel = this.#follow(this.#tail);
        if (!this.#isDue(isLevel)) {
          if (isLevel) await this.#check(nowMicros);
          return isLevel ? "level" : "behind";
        }
        this.#seal();
      }
      await this.#send();
      return this.#isLevel() ? "level" : "behind";
    } catch (error) {
      this.#refused(error instanceof Error ? error.message : String(error));
      return "waiting";
    }
  }

  /** Sends everything that is durable, due or not; false when the store refused. */
  async catchUp(): Promise<boolean> {
    this.#notBeforeMicros = 0;
    for (;;) {
      const outcome = await this.advance();
      if (outcome === "waiting") return false;
      if (outcome === "behind") continue;
      if (this.#tail === undefined || this.#tail.seq < this.#fromSeq) return true;
      this.#batchSinceMicros = Number.NEGATIVE_INFINITY;
    }
  }

  close(): void {
    this.#tail?.close();
    this.#tail = undefined;
  }

  /** A store that came back with less must be found out although nothing is sent. */
  async #check(nowMicros: Micros): Promise<void> {
    if (this.#sink.check === undefined || nowMicros - this.#checkedMicros < CHECK_MICROS) return;
    this.#checkedMicros = nowMicros;
    await this.#sink.check();
  }

  #refused(message: string): void {
    const { clock, random, onProblem } = this.#options;
    const nowMicros = clock.nowMicros();
    this.#failures++;
    this.#lastError = message;
    this.#breaker.failed(nowMicros);
    if (this.#sink.keepsCursor) {
      // What was away may have come back with less: it is asked again where it stands.
      this.close();
      this.#discard();
      this.#sending = undefined;
      this.#fromSeq = 0;
    }
    if (++this.#refusals === REFUSALS_MAX) {
      onProblem(
        `${this.#sink.name} has stood still at record ${this.#appliedSeq} for ${REFUSALS_MAX} attempts, the journal keeps ` +
          `what follows: ${message}`,
      );
    }
    const pauseMicros =
      this.#breaker.state === "open"
        ? this.#breaker.probeAtMicros - nowMicros
        : RETRY_MICROS_MIN * 2 ** (this.#refusals - 1);
    this.#notBeforeMicros = nowMicros + pauseMicros * (1 + RETRY_JITTER * random.next());
  }

  #taken(): void {
    this.#breaker.succeeded();
    if (this.#refusals >= REFUSALS_MAX) this.#options.onProblem(`${this.#sink.name} is being stored again`);
    this.#refusals = 0;
    this.#lastError = "";
  }

  async #begin(): Promise<void> {
    const { open, edges, durableSeq, onProblem } = this.#options;
    if (this.#tail !== undefined || durableSeq() === 0) return;
    if (this.#fromSeq === 0) {
      await this.#sink.prepare();
      await this.#goOn(edges.read(), await this.#sink.storedSeq());
      this.#taken();
    }
    this.#discard();
    this.#tail = open(this.#fromSeq, this.#onBar);
    if (this.#tail === undefined || this.#tail.fromSeq <= this.#fromSeq) return;
    onProblem(
      `records ${this.#fromSeq} to ${this.#tail.fromSeq - 1} have left the journal: ${this.#sink.name} goes on after them`,
    );
    this.#fromSeq = this.#tail.fromSeq;
  }

  /** Where to go on, by what was sent last and by what the store holds. */
  async #goOn(last: BatchEdges | undefined, storedSeq: number): Promise<void> {
    if (this.#sink.keepsCursor) {
      this.#startFrom(Math.max(storedSeq + 1, this.#firstOfInterest()));
      this.#appliedSeq = this.#fromSeq - 1;
      return;
    }
    if (last !== undefined) this.#generation = last.generation;
    const lost = last !== undefined && storedSeq < last.rowSeq;
    if (lost) {
      this.#options.onProblem(
        `${this.#sink.name} ends at record ${storedSeq} although rows up to ${last.rowSeq} were stored: the rest is stored again`,
      );
    }
    if (last?.forgets === true) await this.#forget(last);
    else if (last !== undefined && !lost) {
      this.#rowSeq = last.rowSeq;
      this.#fromSeq = last.done ? last.toSeq + 1 : last.fromSeq;
      this.#againToSeq = last.done ? 0 : last.toSeq;
    } else if (storedSeq === 0) this.#startFrom(1);
    // Of the last batch some tables may have rows and others none: it is told anew.
    else await this.#retell(Math.max(1, storedSeq - BATCH_RECORDS_MAX + 1));
    this.#appliedSeq = this.#fromSeq - 1;
  }

  async #startAnew(): Promise<void> {
    this.close();
    this.#discard();
    this.#sending = undefined;
    await this.#sink.prepare();
    const probe = this.#options.open(1, () => undefined);
    const firstSeq = Math.max(probe?.soundSeq ?? 1, this.#firstOfInterest());
    probe?.close();
    await this.#retell(firstSeq);
    this.#appliedSeq = this.#fromSeq - 1;
    this.#taken();
  }

  #firstOfInterest(): number {
    const { newestRecords } = this.#sink;
    return newestRecords === undefined ? 1 : Math.max(1, this.#options.durableSeq() - newestRecords + 1);
  }

  /** Everything from `fromSeq` on is told under another generation, whose batches the store does not take for old ones. */
  async #retell(fromSeq: number): Promise<void> {
    const { clock, edges } = this.#options;
    // By the clock, since the file that counted may be lost.
    this.#generation = Math.max(this.#generation + 1, Math.floor(clock.nowMicros() / MICROS_PER_SECOND));
    const anew = {
      fromSeq,
      toSeq: fromSeq - 1,
      rowSeq: 0,
      done: true,
      generation: this.#generation,
      forgets: true,
    };
    edges.write(anew);
    await this.#forget(anew);
  }

  /** Noted before it is done: a crash on the way does it again. */
  async #forget(edges: BatchEdges): Promise<void> {
    await this.#sink.forget(edges.fromSeq);
    this.#options.edges.write({ ...edges, forgets: false });
    this.#startFrom(edges.fromSeq);
  }

  #startFrom(fromSeq: number): void {
    this.#fromSeq = fromSeq;
    this.#againToSeq = 0;
    this.#rowSeq = 0;
  }

  readonly #onBar: BarListener = (bar, intervalIndex) => {
    const tail = this.#tail;
    if (tail !== undefined && tail.seq >= this.#fromSeq) this.#sink.bar?.(bar, intervalIndex, tail);
  };

  /** Returns whether it has read everything that is durable. */
  #follow(tail: T): boolean {
    const turnRecords = this.#options.turnRecords ?? TURN_RECORDS;
    for (let i = 0; i < turnRecords && !this.#isFull(); i++) {
      const item = tail.next();
      if (item === undefined) return true;
      if (tail.fallenAt !== "" && !this.#survivedFalls.has(tail.fallenAt)) {
        this.#recoverFrom(tail);
        return true;
      }
      if (tail.seq < this.#fromSeq) continue;
      if (Number.isNaN(this.#batchSinceMicros)) this.#batchSinceMicros = this.#options.clock.nowMicros();
      this.#sink.collect(item, tail);
    }
    return false;
  }

  /**
   * An actor failed here. If the live one did as well, the journal says so after a while, and another tail leaves the
   * record out as the live actor did. If it did not, the actor goes on without its past, which is said once.
   */
  #recoverFrom(tail: T): void {
    const { fallenAt } = tail;
    this.#survivedFalls.add(fallenAt);
    this.#options.onProblem(`${this.#sink.name} follows the journal anew: ${fallenAt}`);
    this.#notBeforeMicros = this.#options.clock.nowMicros() + FALL_WAIT_MICROS;
    this.close();
    this.#discard();
  }

  #discard(): void {
    this.#sink.clear();
    this.#batchSinceMicros = Number.NaN;
  }

  #pending(): number {
    return this.#tail === undefined ? 0 : Math.max(0, this.#tail.seq - this.#fromSeq + 1);
  }

  #isFull(): boolean {
    if (this.#againToSeq > 0) return (this.#tail?.seq ?? 0) >= this.#againToSeq;
    return this.#pending() >= BATCH_RECORDS_MAX || this.#sink.full;
  }

  #isDue(isLevel: boolean): boolean {
    if (this.#pending() === 0) return false;
    if (this.#isFull()) return true;
    if (this.#againToSeq > 0 || !isLevel) return false;
    const ageMicros = this.#options.clock.nowMicros() - this.#batchSinceMicros;
    return (
      this.#pending() >= (this.#options.idleRecords ?? IDLE_BATCH_RECORDS) || ageMicros >= IDLE_BATCH_MICROS
    );
  }

  #isLevel(): boolean {
    return (this.#tail?.seq ?? 0) >= this.#options.durableSeq();
  }

  #seal(): void {
    const toSeq = this.#tail?.seq ?? 0;
    this.#sending = {
      fromSeq: this.#fromSeq,
      toSeq,
      rowSeq: this.#rowSeq,
      done: false,
      generation: this.#generation,
      forgets: false,
    };
    this.#options.edges.write(this.#sending);
  }

  async #send(): Promise<void> {
    const edges = this.#sending;
    if (edges === undefined) return;
    await this.#sink.send(edges);
    this.#rowSeq = Math.max(this.#rowSeq, this.#sink.rowSeq);
    this.#options.edges.write({ ...edges, rowSeq: this.#rowSeq, done: true });
    this.#sending = undefined;
    this.#againToSeq = 0;
    this.#appliedSeq = edges.toSeq;
    this.#fromSeq = edges.toSeq + 1;
    this.#taken();
    this.#discard();
  }
}
