// Scores as a sink: votes of members as the journal has them, and answers of shadows that are asked here, aside from trading, are
// scored as their horizons pass.

import { ArchiveMismatch, LoadArchive, SaveArchive } from "../../../actors/base/archive.ts";
import { type Clock, MICROS_PER_MINUTE, type Micros } from "../../../actors/base/clock.ts";
import type { Advice } from "../../../actors/domain/advice.ts";
import { BAR_INTERVALS, type Bar } from "../../../actors/domain/bar.ts";
import type { JournalRecord } from "../../../actors/domain/records.ts";
import type { Votes } from "../../../actors/domain/prediction.ts";
import type { EngineConfig } from "../../../actors/engine-config.ts";
import type { ShadowSource } from "../../../actors/ports/model-quality.ts";
import type { BatchEdges } from "../batch-edges.ts";
import type { JournalTail } from "../journal-tail.ts";
import type { Sink } from "../sink.ts";
import { NO_SCORES, type QualityFiles, type SavedScores } from "./files.ts";
import {
  REGISTRY_MICROS,
  REPORT_MICROS,
  SAVE_MICROS,
  SAVE_RECORDS,
  SHADOW_BUDGET_MICROS_MAX,
  SHADOW_CORE_SHARE,
  SHADOW_LAG_RECORDS_MAX,
  TELL_MICROS_MAX,
} from "./limits.ts";
import { sameSubjects, subjectsOf } from "./subjects.ts";
import { type Budget, SymbolScores } from "./symbol-scores.ts";
import { type HoldoutOf, QualityWarnings } from "./warnings.ts";

const MINUTE = BAR_INTERVALS.indexOf("1m");

export interface QualitySinkOptions {
  readonly files: QualityFiles;
  readonly source: ShadowSource;
  /** What a version's card says of rows it was not trained on. */
  readonly holdoutOf: HoldoutOf;
  /** How far the journal may be read now. */
  readonly durableSeq: () => number;
  /** Real time, which shadows are given a share of. */
  readonly stopwatch: Clock;
  readonly onProblem: (message: string) => void;
}

interface Scored {
  readonly symbol: string;
  readonly scores: SymbolScores;
  /** The tick or beat that members were asked on, if they were; NaN before the first. */
  causeSeq: number;
  /** Votes since it was last told. */
  news: number;
  toldMicros: Micros;
}

export class QualitySink implements Sink<JournalRecord, JournalTail> {
  readonly name = "the scores of models";
  readonly keepsCursor = true;
  readonly full = false;
  readonly rowSeq = 0;
  readonly #options: QualitySinkOptions;
  readonly #warnings: QualityWarnings;
  readonly #budget: Budget;
  /** By instrument id. */
  readonly #scored = new Map<number, Scored>();
  #config: EngineConfig | undefined;
  /** Of symbols that nothing was heard of since the start. */
  #asleep = new Map<string, Float64Array>();
  /** The last record that is in the scores: one that is told again is let be. */
  #heardSeq = 0;
  #heardMicros: Micros = 0;
  #savedSeq = 0;
  #savedMicros: Micros = 0;
  #lookedMicros: Micros = 0;
  #filledMicros: Micros = Number.NaN;

  constructor(options: QualitySinkOptions) {
    this.#options = options;
    this.#warnings = new QualityWarnings(options.onProblem);
    this.#budget = { stopwatch: options.stopwatch, leftMicros: SHADOW_BUDGET_MICROS_MAX };
  }

  async prepare(): Promise<void> {
    this.#options.files.prepare();
    await this.#options.source.refresh();
  }

  storedSeq(): Promise<number> {
    const { files, onProblem } = this.#options;
    try {
      this.#begin(files.load());
    } catch (error) {
      onProblem(
        `${this.name} cannot be read (${error instanceof Error ? error.message : String(error)}): they begin anew with what the ` +
          "journal still holds",
      );
      this.#begin(NO_SCORES);
    }
    return Promise.resolve(this.#savedSeq);
  }

  /** Scores cannot be taken apart: all of them begin anew. */
  forget(fromSeq: number): Promise<void> {
    this.#options.files.forget();
    this.#begin({ ...NO_SCORES, seq: fromSeq - 1 });
    return Promise.resolve();
  }

  bar(bar: Bar, intervalIndex: number, tail: JournalTail): void {
    if (intervalIndex !== MINUTE || tail.seq <= this.#heardSeq) return;
    const chain = tail.engine.symbol(bar.instrumentId)?.chain;
    if (chain === undefined) return;
    const closeMicros = bar.openTimeMicros + MICROS_PER_MINUTE;
    this.#of(bar.instrumentId, tail)?.scores.onMinute(bar, closeMicros, chain.features.vector);
  }

  collect(record: JournalRecord, tail: JournalTail): void {
    if (tail.seq <= this.#heardSeq) return;
    this.#heardSeq = tail.seq;
    this.#heardMicros = record.timeMicros;
    switch (record.kind) {
      case "tick": {
        const scored = this.#of(record.instrumentId, tail);
        const quote = tail.engine.symbol(record.instrumentId)?.chain.quote;
        if (scored === undefined || quote === undefined) return;
        scored.causeSeq = record.seq;
        // One that was quarantined is not in force.
        if (quote.seq === record.seq) scored.scores.onQuote(quote);
        return;
      }
      case "beat":
        if (record.withoutSymbols !== undefined) return;
        for (const [instrumentId, scored] of this.#scored)
          if (record.instrumentId === undefined || record.instrumentId === instrumentId)
            scored.causeSeq = record.seq;
        return;
      case "votes":
        this.#votes(record, tail);
        return;
      case "advice":
        this.#advice(record, tail);
        return;
      default:
    }
  }

  async send({ toSeq }: BatchEdges): Promise<void> {
    await this.#keep(toSeq);
  }

  /** A market that has fallen silent has its last scores told too. */
  async check(): Promise<void> {
    await this.#keep(this.#heardSeq);
  }

  /** What was heard is in the scores and stays there. */
  clear(): void {
    return;
  }

  /** Does what is due by now. */
  async #keep(seq: number): Promise<void> {
    const nowMicros = this.#options.stopwatch.nowMicros();
    this.#tellDue(nowMicros);
    const isDue =
      nowMicros - this.#savedMicros >= SAVE_MICROS || this.#heardSeq - this.#savedSeq >= SAVE_RECORDS;
    if (isDue && seq > this.#savedSeq) this.#save(seq, nowMicros);
    if (nowMicros - this.#lookedMicros < REGISTRY_MICROS) return;
    this.#lookedMicros = nowMicros;
    if (await this.#options.source.refresh()) this.#regroup();
  }

  #begin(saved: SavedScores): void {
    this.#asleep = new Map(saved.states);
    this.#scored.clear();
    this.#config = undefined;
    this.#heardSeq = saved.seq;
    this.#savedSeq = saved.seq;
    // A save is due after a while, not at once.
    this.#savedMicros = this.#options.stopwatch.nowMicros();
  }

  #votes(record: Votes, tail: JournalTail): void {
    const scored = this.#of(record.instrumentId, tail);
    const chain = tail.engine.symbol(record.instrumentId)?.chain;
    if (scored === undefined || chain === undefined) return;
    scored.news++;
    const isBehind = this.#options.durableSeq() - record.seq > SHADOW_LAG_RECORDS_MAX;
    scored.scores.onVotes(record, {
      features: chain.features.vector,
      regime: chain.regime,
      isSameRow: Number.isNaN(scored.causeSeq) || record.causeSeq === scored.causeSeq,
      budget: isBehind ? undefined : this.#filled(),
    });
  }

  #advice(record: Advice, tail: JournalTail): void {
    const scored = this.#of(record.instrumentId, tail);
    const chain = tail.engine.symbol(record.instrumentId)?.chain;
    if (scored === undefined || chain === undefined) return;
    scored.news++;
    scored.scores.onAdvice(record, chain.regime);
  }

  /** Filled up with what has come in since the last look. */
  #filled(): Budget {
    const budget = this.#budget;
    const nowMicros = budget.stopwatch.nowMicros();
    const sinceMicros = Number.isNaN(this.#filledMicros) ? 0 : nowMicros - this.#filledMicros;
    this.#filledMicros = nowMicros;
    budget.leftMicros = Math.min(
      SHADOW_BUDGET_MICROS_MAX,
      budget.leftMicros + SHADOW_CORE_SHARE * sinceMicros,
    );
    return budget;
  }

  #of(instrumentId: number, tail: JournalTail): Scored | undefined {
    const { config } = tail.engine;
    if (config !== this.#config) {
      this.#config = config;
      this.#regroup();
    }
    const known = this.#scored.get(instrumentId);
    const symbol = config.instruments[instrumentId]?.symbol;
    if (known !== undefined || symbol === undefined) return known;
    return this.#put(config, instrumentId, symbol, this.#asleep.get(symbol));
  }

  /** Others vote or are asked: those that stay keep their scores. */
  #regroup(): void {
    const config = this.#config;
    if (config === undefined) return;
    for (const [instrumentId, { symbol, scores }] of this.#scored) {
      const wanted = subjectsOf(config, symbol, this.#options.source);
      if (sameSubjects(scores.subjects, wanted)) continue;
      this.#put(config, instrumentId, symbol, stateOf(scores));
    }
  }

  #put(config: EngineConfig, instrumentId: number, symbol: string, state: Float64Array | undefined): Scored {
    const before = this.#scored.get(instrumentId);
    const subjects = subjectsOf(config, symbol, this.#options.source);
    let scores = new SymbolScores(instrumentId, subjects);
    try {
      if (state !== undefined) load(scores, state);
    } catch (error) {
      if (!(error instanceof ArchiveMismatch)) throw error;
      this.#options.onProblem(`the scores of ${symbol} begin anew: ${error.message}`);
      scores = new SymbolScores(instrumentId, subjects);
    }
    const scored = {
      symbol,
      scores,
      causeSeq: before?.causeSeq ?? Number.NaN,
      news: before?.news ?? 0,
      toldMicros: before?.toldMicros ?? Number.NEGATIVE_INFINITY,
    };
    this.#scored.set(instrumentId, scored);
    this.#asleep.delete(symbol);
    return scored;
  }

  /** Symbols that have waited for long enough, those that waited longest first. */
  #tellDue(nowMicros: Micros): void {
    const due = [...this.#scored.values()]
      .filter(({ news, toldMicros }) => news > 0 && nowMicros - toldMicros >= REPORT_MICROS)
      .sort((a, b) => a.toldMicros - b.toldMicros);
    for (const scored of due) {
      this.#tell(scored, nowMicros);
      if (this.#options.stopwatch.nowMicros() - nowMicros > TELL_MICROS_MAX) return;
    }
  }

  #tell(scored: Scored, nowMicros: Micros): void {
    const quality = scored.scores.report(scored.symbol, this.#heardSeq, this.#heardMicros);
    this.#options.files.tell(quality);
    this.#warnings.look(quality, this.#options.holdoutOf);
    scored.news = 0;
    scored.toldMicros = nowMicros;
  }

  #save(seq: number, nowMicros: Micros): void {
    const states = new Map(this.#asleep);
    for (const { symbol, scores } of this.#scored.values()) states.set(symbol, stateOf(scores));
    this.#options.files.save({ seq, states });
    this.#savedSeq = seq;
    this.#savedMicros = nowMicros;
  }
}

function stateOf(scores: SymbolScores): Float64Array {
  const archive = new SaveArchive();
  scores.persist(archive);
  return archive.finish();
}

function load(scores: SymbolScores, state: Float64Array): void {
  const archive = new LoadArchive(state);
  scores.persist(archive);
  archive.finish();
}
