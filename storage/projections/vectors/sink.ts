// Market states as a sink: every five minutes each symbol's state becomes a vector, and what followed is added to it when its
// time has come. Where a trained model can be asked, what it makes of the same minutes goes with the state.

import { MICROS_PER_MINUTE, type Micros } from "../../../actors/base/clock.ts";
import { logRatio } from "../../../actors/base/exponential.ts";
import { embedState, WINDOW_EMBEDDING } from "../../../actors/chain/embedding.ts";
import { BAR_INTERVALS, type Bar } from "../../../actors/domain/bar.ts";
import { pointsPerUnit } from "../../../actors/domain/instrument.ts";
import type { JournalRecord } from "../../../actors/domain/records.ts";
import {
  type MarketVector,
  OUTCOME_HORIZONS_MICROS,
  OUTCOME_TOLERANCE_MICROS,
  type StateEmbedder,
  type Vectors,
} from "../../../actors/ports/vectors.ts";
import type { BatchEdges } from "../batch-edges.ts";
import type { JournalTail } from "../journal-tail.ts";
import type { Sink } from "../sink.ts";

const MINUTE = BAR_INTERVALS.indexOf("1m");
/** A symbol's states are so far apart. */
const STATE_MICROS = 5 * MICROS_PER_MINUTE;
/** Without a state to store, the cursor moves after so many records: they are read again after a crash. */
const COMMIT_RECORDS = 250_000;
const BASIS_POINTS = 10_000;

/** Where the actors stand when a bar has closed. */
type Standing = Pick<JournalTail, "engine" | "seq">;

/** States by symbol that wait for outcomes, oldest first. */
type Waiting = Map<string, readonly MarketVector[]>;

export class VectorsSink implements Sink<JournalRecord, JournalTail> {
  readonly name = "the market states";
  readonly keepsCursor = true;
  readonly full = false;
  readonly #store: () => Vectors;
  readonly #embedder: StateEmbedder | undefined;
  readonly #batch = new Map<string, MarketVector>();
  /** As of what the store has, and with the batch in it. */
  #storedWaiting: Waiting = new Map();
  #waiting: Waiting = new Map();
  #rowSeq = 0;
  /** What the store must say it has, or it lost something since. */
  #committedSeq = 0;

  /**
   * @param store asked for before each use: an embedded store may have moved
   * @param embedder reads the minutes that the actors keep
   */
  constructor(store: () => Vectors, embedder?: StateEmbedder) {
    this.#store = store;
    this.#embedder = embedder;
  }

  get rowSeq(): number {
    return this.#rowSeq;
  }

  async prepare(): Promise<void> {
    await this.#store().prepare();
    await this.#embedder?.refresh();
  }

  async storedSeq(): Promise<number> {
    this.#committedSeq = await this.#store().cursor();
    await this.#readWaiting();
    return this.#committedSeq;
  }

  async forget(fromSeq: number): Promise<void> {
    await this.#store().forget(fromSeq);
    await this.#store().commit(fromSeq - 1);
    this.#committedSeq = fromSeq - 1;
    await this.#readWaiting();
  }

  /** States come of bars alone. */
  collect(): void {
    return;
  }

  bar(bar: Bar, intervalIndex: number, tail: Standing): void {
    if (intervalIndex !== MINUTE) return;
    const instrument = tail.engine.config.instruments[bar.instrumentId];
    if (instrument === undefined) return;
    const scale = pointsPerUnit(instrument);
    const closeMicros = bar.openTimeMicros + MICROS_PER_MINUTE;
    const priced = { closeMicros, open: bar.open / scale, close: bar.close / scale };
    this.#settle(instrument.symbol, priced);
    if (closeMicros % STATE_MICROS === 0) this.#take(instrument.symbol, { ...priced, bar, tail });
  }

  async check(): Promise<void> {
    await this.#embedder?.refresh();
    const heldSeq = await this.#store().cursor();
    if (heldSeq === this.#committedSeq) return;
    throw new Error(
      `the store ends at record ${heldSeq} although it had ${this.#committedSeq}: the rest is told again`,
    );
  }

  async send({ toSeq }: BatchEdges): Promise<void> {
    if (this.#batch.size > 0) await this.#store().upsert([...this.#batch.values()]);
    if (this.#batch.size > 0 || toSeq - this.#committedSeq >= COMMIT_RECORDS) {
      await this.#store().commit(toSeq);
      this.#committedSeq = toSeq;
    }
    this.#storedWaiting = new Map(this.#waiting);
    await this.#embedder?.refresh();
  }

  clear(): void {
    this.#batch.clear();
    this.#rowSeq = 0;
    this.#waiting = new Map(this.#storedWaiting);
  }

  async #readWaiting(): Promise<void> {
    const states = await this.#store().unsettled(WINDOW_EMBEDDING);
    this.#storedWaiting = Map.groupBy(
      states.toSorted((a, b) => a.timeMicros - b.timeMicros),
      ({ symbol }) => symbol,
    );
    this.clear();
  }

  #take(
    symbol: string,
    { closeMicros, close, bar, tail }: { closeMicros: Micros; close: number; bar: Bar; tail: Standing },
  ): void {
    const actor = tail.engine.symbol(bar.instrumentId);
    if (actor === undefined) return;
    const { chain, panel } = actor;
    const vector = embedState(chain.features);
    if (vector === undefined) return;
    const { minutes } = panel;
    const modelEmbedding = minutes === undefined ? undefined : this.#embedder?.embed(symbol, minutes);
    const state: MarketVector = {
      embedding: WINDOW_EMBEDDING,
      symbol,
      timeMicros: closeMicros,
      seq: tail.seq,
      regime: chain.regime,
      mid: close,
      vector,
      outcomes: OUTCOME_HORIZONS_MICROS.map(() => null),
      settled: false,
      ...(modelEmbedding === undefined ? {} : { modelEmbedding }),
    };
    const earlier = (this.#waiting.get(symbol) ?? []).filter(({ timeMicros }) => timeMicros < closeMicros);
    this.#waiting.set(symbol, [...earlier, state]);
    this.#put(state);
  }

  /** Gives the symbol's waiting states the outcomes that this bar's end makes known. */
  #settle(symbol: string, bar: { closeMicros: Micros; open: number; close: number }): void {
    const waiting = this.#waiting.get(symbol);
    const oldest = waiting?.[0];
    if (waiting === undefined || oldest === undefined) return;
    if (bar.closeMicros < oldest.timeMicros + OUTCOME_HORIZONS_MICROS[0]) return;
    const known = waiting.map((state) => withOutcomes(state, bar));
    known.forEach((state, index) => {
      if (state !== waiting[index]) this.#put(state);
    });
    this.#waiting.set(
      symbol,
      known.filter(({ settled }) => !settled),
    );
  }

  #put(state: MarketVector): void {
    this.#batch.set(`${state.symbol} ${state.timeMicros}`, state);
    this.#rowSeq = Math.max(this.#rowSeq, state.seq);
  }
}

/** The same object where nothing has become known. */
function withOutcomes(
  state: MarketVector,
  bar: { closeMicros: Micros; open: number; close: number },
): MarketVector {
  const outcomes = OUTCOME_HORIZONS_MICROS.map((horizon, index) => {
    const before = state.outcomes[index] ?? null;
    const lateMicros = bar.closeMicros - (state.timeMicros + horizon);
    if (before !== null || lateMicros < 0 || lateMicros > OUTCOME_TOLERANCE_MICROS) return before;
    // A bar that ended later began after the outcome was due: its first price is the first that was known.
    return BASIS_POINTS * logRatio(lateMicros === 0 ? bar.close : bar.open, state.mid);
  });
  const settled = OUTCOME_HORIZONS_MICROS.every(
    (horizon, index) =>
      outcomes[index] !== null || bar.closeMicros > state.timeMicros + horizon + OUTCOME_TOLERANCE_MICROS,
  );
  const isSame = settled === state.settled && outcomes.every((value, i) => value === state.outcomes[i]);
  return isSame ? state : { ...state, outcomes, settled };
}
