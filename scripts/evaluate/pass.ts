// One pass over a market: features as live actors see them, everybody's answer to every row of the judged period, and what became of
// it. All that is kept is numbers in columns.

import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import type { ModelVote, PresetName } from "../../actors/chain/presets.ts";
import type { Bar } from "../../actors/domain/bar.ts";
import { FEATURE_NAMES } from "../../actors/domain/features.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { Quote } from "../../actors/domain/quote.ts";
import type { ModelForecaster } from "../../actors/chain/model-forecaster.ts";
import { MinuteHistory } from "../../actors/symbol/minute-history.ts";
import { medianFeature, MinuteOutcomes, QuoteOutcomes } from "../../actors/quality/outcomes.ts";
import { FeatureRun } from "../feature-run.ts";
import type { SourceTick } from "../../edge/feeds/source.ts";
import { FeatureSample } from "./feature-sample.ts";
import { LiveVote } from "./live-vote.ts";
import { RowTable } from "./row-table.ts";
import type { RowKind, Subject, Target } from "./subjects.ts";

const BASIS_POINTS = 10_000;

export interface PassOptions {
  readonly instruments: readonly Instrument[];
  readonly subjects: readonly Subject[];
  readonly preset: PresetName;
  /** Rows from here on, before there: the others only warm up. */
  readonly fromMicros: Micros;
  readonly untilMicros: Micros;
  /** One closed minute in so many is a row. */
  readonly every: number;
  /** Whether quotes are a source's own: rows at ticks are worth something. */
  readonly hasTicks: boolean;
  /** Of samples. */
  readonly seed: number;
}

/** The columns of one kind of rows, by what they hold. */
export class Columns {
  readonly names: readonly string[];

  constructor(names: Iterable<string>) {
    this.names = [...new Set(names)];
  }

  /** @returns -1 where there is no such column */
  of(name: string): number {
    return this.names.indexOf(name);
  }
}

export const answerColumn = ({ name }: Subject): string => `answer ${name}`;
export const moveColumn = ({ horizonMicros, delayMicros }: Target): string =>
  `move ${horizonMicros} ${delayMicros}`;
export const rangeColumn = ({ horizonMicros }: Target): string => `range ${horizonMicros}`;
/** Spread at the entry, where that is later than the row. */
export const spreadColumn = ({ delayMicros }: Target): string => `spread ${delayMicros}`;
/** Sign of the next change of the mid, whenever it comes. */
export const NEXT_CHANGE = "next change";

/** Asked of models that are not for this symbol, or not of this kind of rows: nobody. */
interface Asked {
  readonly subject: Subject;
  readonly forecaster: ModelForecaster;
  readonly column: number;
  readonly isChampion: boolean;
}

function columnsOf(subjects: readonly Subject[], rows: RowKind): Columns {
  const names: string[] = [];
  for (const subject of subjects) {
    for (const target of subject.targets.filter((each) => each.rows === rows)) {
      names.push(answerColumn(subject), moveColumn(target));
      if (rows === "tick") names.push(NEXT_CHANGE, spreadColumn(target));
      const median = medianFeature(target.event, target.horizonMicros);
      if (median !== undefined) names.push(rangeColumn(target), median);
    }
  }
  return new Columns(names);
}

export class EvaluationPass {
  readonly columns: Readonly<Record<RowKind, Columns>>;
  readonly symbols: readonly SymbolPass[];
  readonly #run: FeatureRun;

  constructor(options: PassOptions) {
    const { instruments, subjects, hasTicks } = options;
    this.columns = { tick: columnsOf(subjects, "tick"), minute: columnsOf(subjects, "minute") };
    this.symbols = instruments.map((instrument) => new SymbolPass(instrument, options, this.columns));
    this.#run = new FeatureRun({
      instruments,
      cadence: "both",
      onTick: ({ id }, quote, features) => {
        const symbol = this.symbols[id] as SymbolPass;
        if (hasTicks) symbol.onTick(quote, features);
        else symbol.follow(quote, features);
      },
      onMinute: ({ id }, { closeMicros, bar }, features) =>
        this.symbols[id]?.onMinute(closeMicros, bar, features),
    });
  }

  take(tick: SourceTick): void {
    this.#run.take(tick);
  }
}

export class SymbolPass {
  readonly instrument: Instrument;
  readonly tables: Readonly<Record<RowKind, RowTable>>;
  readonly sample: FeatureSample;
  /** When its first and last rows of any kind are. */
  firstMicros: Micros = Number.POSITIVE_INFINITY;
  lastMicros: Micros = Number.NEGATIVE_INFINITY;
  readonly #options: PassOptions;
  readonly #vote: LiveVote;
  readonly #minutes: MinuteHistory;
  readonly #asked: Readonly<Record<RowKind, readonly Asked[]>>;
  /** Columns of the rule members in their order, and of the vote: as it is acted on, and before it was re-calibrated. */
  readonly #ruleColumns: Readonly<Record<RowKind, readonly number[]>>;
  readonly #voteColumns: Readonly<Record<RowKind, readonly number[]>>;
  /** All of these that there are, and those of models. */
  readonly #answerColumns: Readonly<Record<RowKind, readonly number[]>>;
  readonly #minuteOutcomes: readonly MinuteOutcomes[];
  readonly #quoteOutcomes: readonly QuoteOutcomes[];
  /** Features that are kept beside a row: their places in the vector and in the table. */
  readonly #kept: readonly { readonly from: number; readonly to: number }[];
  readonly #nextChange: number;
  readonly #input: {
    features: Float64Array;
    minutes: MinuteHistory;
    timeMicros: Micros;
    instrumentId: number;
  };
  /** What was said last, by column. At a tick it is in force when its second ends. */
  readonly #said: Readonly<Record<RowKind, Float32Array>>;
  #saidMicros = Number.NaN;
  #saidRegime = 0;
  #spread = Number.NaN;
  #mid = Number.NaN;
  /** Rows from here on wait for the mid to change. */
  #unchangedFrom = 0;

  constructor(instrument: Instrument, options: PassOptions, columns: EvaluationPass["columns"]) {
    this.instrument = instrument;
    this.#options = options;
    this.sample = new FeatureSample(new SeededRandom(options.seed));
    this.tables = {
      tick: new RowTable(columns.tick.names.length),
      minute: new RowTable(columns.minute.names.length),
    };
    const { subjects } = options;
    const rules = subjects.filter(({ kind }) => kind === "rule");
    const votes = subjects.filter(({ kind }) => kind === "vote");
    const rulesIn = (rows: RowKind): number[] => rules.map((each) => columns[rows].of(answerColumn(each)));
    const votesIn = (rows: RowKind): number[] => votes.map((each) => columns[rows].of(answerColumn(each)));
    this.#ruleColumns = { tick: rulesIn("tick"), minute: rulesIn("minute") };
    this.#voteColumns = { tick: votesIn("tick"), minute: votesIn("minute") };
    this.#asked = {
      tick: askedOf(subjects, instrument, { rows: "tick", columns: columns.tick }),
      minute: askedOf(subjects, instrument, { rows: "minute", columns: columns.minute }),
    };
    const answersIn = (rows: RowKind): number[] =>
      [
        ...this.#asked[rows].map(({ column }) => column),
        ...this.#ruleColumns[rows],
        ...this.#voteColumns[rows],
      ].filter((column) => column >= 0);
    this.#answerColumns = { tick: answersIn("tick"), minute: answersIn("minute") };
    const asked = [...this.#asked.tick, ...this.#asked.minute];
    this.#vote = new LiveVote(options.preset, instrument.id, asked.flatMap(modelVotes));
    this.#minutes = new MinuteHistory(Math.max(1, ...asked.map(({ forecaster }) => forecaster.minutesRead)));
    this.#input = {
      features: new Float64Array(),
      minutes: this.#minutes,
      timeMicros: 0,
      instrumentId: instrument.id,
    };
    this.#said = {
      tick: new Float32Array(columns.tick.names.length),
      minute: new Float32Array(columns.minute.names.length),
    };
    const targets = subjects.flatMap((subject) => subject.targets);
    this.#minuteOutcomes = minuteOutcomes(targets, this.tables.minute, columns.minute);
    this.#quoteOutcomes = options.hasTicks ? quoteOutcomes(targets, this.tables.tick, columns.tick) : [];
    this.#nextChange = columns.tick.of(NEXT_CHANGE);
    this.#kept = FEATURE_NAMES.flatMap((name, from) => {
      const to = columns.minute.of(name);
      return to < 0 ? [] : [{ from, to }];
    });
  }

  /** A quote that is no row. */
  follow(quote: Quote, features: Float64Array): void {
    const { timeMicros } = quote;
    this.#vote.onQuote(quote);
    this.#vote.ask(features, timeMicros, false);
    this.#vote.decide(features, timeMicros);
  }

  /**
   * Everybody is asked at every tick, as live members are. A row is the end of each second with a tick in it, and what was said
   * at the last one: moments on a grid are not chosen by what quotes do next.
   */
  onTick(quote: Quote, features: Float64Array): void {
    const { timeMicros, midPoints, spreadPoints } = quote;
    if (endOfSecond(timeMicros) > endOfSecond(this.#saidMicros)) this.#addTickRow();
    for (const outcomes of this.#quoteOutcomes) outcomes.onQuote(timeMicros, midPoints, spreadPoints);
    this.#changeTo(midPoints);
    this.#spread = (BASIS_POINTS * spreadPoints) / midPoints;
    const vote = this.#vote;
    vote.onQuote(quote);
    vote.ask(features, timeMicros, false);
    if (!this.#isJudged(timeMicros)) {
      vote.decide(features, timeMicros);
      return;
    }
    this.#ask("tick", features, timeMicros);
    this.#saidMicros = timeMicros;
    this.#saidRegime = vote.regime;
    this.sample.add(timeMicros, features);
  }

  #addTickRow(): void {
    const endMicros = endOfSecond(this.#saidMicros);
    const table = this.tables.tick;
    const row = table.add(endMicros, this.#mid, this.#spread, this.#saidRegime);
    this.#write("tick", row);
    for (const outcomes of this.#quoteOutcomes) outcomes.add(row, endMicros);
    this.#saidMicros = Number.NaN;
  }

  onMinute(closeMicros: Micros, bar: Bar, features: Float64Array): void {
    for (const outcomes of this.#minuteOutcomes) outcomes.onBar(closeMicros, bar);
    this.#minutes.push(features, closeMicros);
    const vote = this.#vote;
    vote.onMinute(bar);
    vote.ask(features, closeMicros, true);
    const isRow = Math.round(closeMicros / MICROS_PER_MINUTE) % this.#options.every === 0;
    if (!isRow || !this.#isJudged(closeMicros)) {
      vote.decide(features, closeMicros);
      return;
    }
    const table = this.tables.minute;
    const row = table.add(closeMicros, bar.close, (BASIS_POINTS * bar.spreadMean) / bar.close, 0);
    this.#ask("minute", features, closeMicros);
    this.#write("minute", row);
    table.regimes[row] = vote.regime;
    for (const { from, to } of this.#kept) table.set(to, row, features[from] as number);
    if (!this.#options.hasTicks) this.sample.add(closeMicros, features);
    for (const outcomes of this.#minuteOutcomes) outcomes.add(row, closeMicros);
  }

  #isJudged(timeMicros: Micros): boolean {
    const { fromMicros, untilMicros } = this.#options;
    if (timeMicros < fromMicros || timeMicros >= untilMicros) return false;
    this.firstMicros = Math.min(this.firstMicros, timeMicros);
    this.lastMicros = Math.max(this.lastMicros, timeMicros);
    return true;
  }

  /** Everybody answers, the vote last. */
  #ask(rows: RowKind, features: Float64Array, timeMicros: Micros): void {
    const said = this.#said[rows];
    const vote = this.#vote;
    const input = this.#input;
    input.features = features;
    input.timeMicros = timeMicros;
    for (const { subject, forecaster, column, isChampion } of this.#asked[rows]) {
      const answer = forecaster.forecast(input);
      said[column] = answer > 0 && answer < 1 ? answer : Number.NaN;
      if (isChampion && subject.member !== undefined) {
        vote.cast(subject.member, said[column], timeMicros);
      }
    }
    vote.decide(features, timeMicros);
    for (const [index, column] of this.#ruleColumns[rows].entries()) {
      if (column >= 0) said[column] = vote.answers[index] as number;
    }
    const [voteColumn = -1, columnBefore = -1] = this.#voteColumns[rows];
    if (voteColumn >= 0) said[voteColumn] = vote.probabilityUp;
    if (columnBefore >= 0) said[columnBefore] = vote.probabilityBefore;
  }

  /** What was said last into a row. */
  #write(rows: RowKind, row: number): void {
    const table = this.tables[rows];
    const said = this.#said[rows];
    for (const column of this.#answerColumns[rows]) table.set(column, row, said[column] as number);
  }

  #changeTo(mid: number): void {
    const table = this.tables.tick;
    if (mid !== this.#mid && this.#nextChange >= 0) {
      const sign = Math.sign(mid - this.#mid);
      for (let row = this.#unchangedFrom; row < table.length; row++) table.set(this.#nextChange, row, sign);
      this.#unchangedFrom = table.length;
    }
    this.#mid = mid;
  }
}

/** NaN for a time that there is not, which is before no other. */
function endOfSecond(timeMicros: Micros): Micros {
  return (Math.floor(timeMicros / MICROS_PER_SECOND) + 1) * MICROS_PER_SECOND;
}

/** What the vote knows of a champion. */
function modelVotes({ subject, isChampion }: Asked): ModelVote[] {
  if (subject.model === undefined || !isChampion) return [];
  const { member, model, version, event, horizonMicros } = subject.model.registered.card;
  return [{ member, name: `${model} ${version}`, event, horizonMicros }];
}

/** Models that are asked on these rows of this symbol. */
function askedOf(
  subjects: readonly Subject[],
  { symbol }: Instrument,
  { rows, columns }: { rows: RowKind; columns: Columns },
): Asked[] {
  return subjects.flatMap((subject) => {
    if (subject.model === undefined || !subject.targets.some((target) => target.rows === rows)) return [];
    const { registered, forecaster } = subject.model;
    const { symbols } = registered.card;
    if (symbols !== null && !symbols.includes(symbol)) return [];
    const isChampion = registered.status === "champion";
    return [{ subject, forecaster, column: columns.of(answerColumn(subject)), isChampion }];
  });
}

function minuteOutcomes(targets: readonly Target[], table: RowTable, columns: Columns): MinuteOutcomes[] {
  const horizons = new Set(targets.filter(({ rows }) => rows === "minute").map((each) => each.horizonMicros));
  return [...horizons].map((horizonMicros) => {
    const target: Target = { rows: "minute", event: "up", horizonMicros, delayMicros: 0 };
    const moves = columns.of(moveColumn(target));
    const ranges = columns.of(rangeColumn(target));
    return new MinuteOutcomes(horizonMicros, (row, move, range) => {
      if (moves >= 0) table.set(moves, row, move);
      if (ranges >= 0) table.set(ranges, row, range);
    });
  });
}

function quoteOutcomes(targets: readonly Target[], table: RowTable, columns: Columns): QuoteOutcomes[] {
  const distinct = new Map(
    targets.filter(({ rows }) => rows === "tick").map((target) => [moveColumn(target), target]),
  );
  return [...distinct].map(([name, target]) => {
    const moves = columns.of(name);
    const spreads = columns.of(spreadColumn(target));
    return new QuoteOutcomes(target, (row, move, spread) => {
      table.set(moves, row, move);
      table.set(spreads, row, spread);
    });
  });
}
