// What the vote of similar market states was worth over history: states and outcomes by the sink of the running system, the vote by
// the code of the running system, and then what really followed.

import type { Micros } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import {
  type MarketVector,
  type NearestQuery,
  type Neighbour,
  OUTCOME_HORIZONS_MICROS,
  type StateEmbedder,
} from "../../actors/ports/vectors.ts";
import { MODEL_WINDOW_MAX } from "../../actors/ports/models.ts";
import { DayBlocks } from "../../actors/quality/day-blocks.ts";
import { areaUnderCurve, type Interval } from "../../actors/quality/measures.ts";
import { outlookOf } from "../../edge/analogs/outlook.ts";
import type { ComparedBy } from "../../edge/explain/analogs.ts";
import type { TickSource } from "../../edge/feeds/source.ts";
import { MemoryVectors } from "../../storage/memory/vectors.ts";
import { VectorsSink } from "../../storage/projections/vectors/sink.ts";
import { FeatureRun } from "../feature-run.ts";
import { touchesRollover } from "./series.ts";

const TURN_TICKS = 65_536;
/** Pairs that the typical distance is taken of. */
const PAIRS = 20_000;
const SEED = 1;

export interface AnalogPassOptions {
  readonly horizonMicros: number;
  readonly k: number;
  /** Between questions, on the clock; a multiple of the five minutes between states. */
  readonly everyMicros: number;
  /** Of bars without an ask the daily rollover says nothing: it is not asked about. */
  readonly bidOnly: boolean;
  readonly comparedBy: ComparedBy;
}

export interface AnalogScore {
  readonly symbol: string;
  readonly comparedBy: ComparedBy;
  /** Those that can be compared so. */
  readonly states: number;
  /** Median distance of two states that share no minutes. */
  readonly typicalDistance: number;
  /** Median distance of the most alike. */
  readonly nearestDistance: number;
  readonly asked: number;
  readonly voted: number;
  /** Votes off one half whose market moved. */
  readonly judged: number;
  readonly days: number;
  /** Of those judged, and its middle 95 % over days drawn anew; null with too few days. */
  readonly right: number;
  readonly interval: Interval | null;
  /** Share of rises, which the better of "always up" and "always down" has or misses. */
  readonly rose: number;
  /** Mean squared error of the probability; one half has 0.25. */
  readonly brier: number;
  readonly brierInterval: Interval | null;
  /** Area under the ROC curve of those judged. */
  readonly auc: number;
}

/** Market states of one symbol, and all of them to ask about. */
class SymbolPast extends MemoryVectors {
  readonly all = new Map<Micros, MarketVector>();

  override async upsert(states: readonly MarketVector[]): Promise<void> {
    await super.upsert(states);
    for (const state of states) this.all.set(state.timeMicros, state);
  }
}

/** Sends each symbol's states to a store of its own: a search looks at no others. */
class ManyPasts extends MemoryVectors {
  readonly bySymbol = new Map<string, SymbolPast>();

  override async upsert(states: readonly MarketVector[]): Promise<void> {
    for (const [symbol, own] of Map.groupBy(states, (state) => state.symbol)) {
      const past = this.bySymbol.get(symbol) ?? new SymbolPast();
      this.bySymbol.set(symbol, past);
      await past.upsert(own);
    }
  }

  override async nearest(query: NearestQuery): Promise<Neighbour[]> {
    return (await this.bySymbol.get(query.symbol ?? "")?.nearest(query)) ?? [];
  }
}

/** History told as market states, with what a model made of them where one is asked. */
export async function readPast(
  {
    instruments,
    ticks,
    embedder,
  }: {
    instruments: readonly Instrument[];
    ticks: TickSource;
    embedder: StateEmbedder | undefined;
  },
  onProgress: (share: number) => void,
): Promise<ReadonlyMap<string, SymbolPast>> {
  const pasts = new ManyPasts();
  const sink = new VectorsSink(() => pasts, embedder);
  await sink.prepare();
  const run = new FeatureRun({
    instruments,
    cadence: "minute",
    ...(embedder === undefined ? {} : { minutesKept: MODEL_WINDOW_MAX }),
    onBar: (bar, interval, { engine, router }) => sink.bar(bar, interval, { engine, seq: router.lastSeq }),
  });
  const send = async (): Promise<void> => {
    const { rowSeq } = sink;
    await sink.send({ fromSeq: 1, toSeq: rowSeq, rowSeq, done: false, generation: 0, forgets: false });
    sink.clear();
  };
  let taken = 0;
  for (let tick = ticks.next(); tick !== undefined; tick = ticks.next()) {
    run.take(tick);
    if (++taken % TURN_TICKS !== 0) continue;
    const { bytes, bytesTotal } = ticks.progress();
    onProgress(bytes / bytesTotal);
    await send();
    await Bun.sleep(0);
  }
  await send();
  return pasts.bySymbol;
}

/** Asks about one state after the other, and judges each answer by the state's own outcome. */
export async function scorePast(
  symbol: string,
  past: SymbolPast,
  { horizonMicros, k, everyMicros, bidOnly, comparedBy }: AnalogPassOptions,
  onProgress: (share: number) => void,
): Promise<AnalogScore> {
  const index = OUTCOME_HORIZONS_MICROS.indexOf(horizonMicros);
  const states = [...past.all.values()]
    .sort((a, b) => a.timeMicros - b.timeMicros)
    .flatMap((state) => comparable(state, comparedBy));
  const due = states.filter(
    ({ state: { timeMicros, outcomes } }) =>
      timeMicros % everyMicros === 0 &&
      typeof outcomes[index] === "number" &&
      !(bidOnly && touchesRollover(timeMicros, horizonMicros)),
  );
  const blocks = new DayBlocks(4);
  const nearest: number[] = [];
  const judgements: { probabilityUp: number; rose: number }[] = [];
  let voted = 0;
  for (const [at, { state, ...compared }] of due.entries()) {
    if (at % 100 === 0) onProgress(at / due.length);
    const { embedding, timeMicros, outcomes } = state;
    const question = { embedding, ...compared, symbol, timeMicros, horizonMicros, k };
    const { probabilityUp, found } = await outlookOf(past, question);
    if (found.nearestDistance !== null) nearest.push(found.nearestDistance);
    const move = outcomes[index] as number;
    if (probabilityUp === undefined) continue;
    voted++;
    if (probabilityUp === 0.5 || move === 0) continue;
    const day = blocks.of(timeMicros);
    const rose = move > 0 ? 1 : 0;
    judgements.push({ probabilityUp, rose });
    const sums = [1, (probabilityUp > 0.5 ? 1 : 0) === rose ? 1 : 0, rose, (probabilityUp - rose) ** 2];
    for (const [place, value] of sums.entries()) day[place] = (day[place] as number) + value;
  }
  const [judged = 0, right = 0, rose = 0, squares = 0] = blocks.total();
  const [interval, brierInterval] = blocks.intervals([meanOf(1), meanOf(3)], {
    random: new SeededRandom(SEED),
  });
  return {
    symbol,
    comparedBy,
    states: states.length,
    typicalDistance: typicalDistance(states),
    nearestDistance: median(nearest),
    asked: due.length,
    voted,
    judged,
    days: blocks.count,
    right: right / judged,
    interval: interval ?? null,
    rose: rose / judged,
    brier: squares / judged,
    brierInterval: brierInterval ?? null,
    auc: areaUnderCurve(
      Float32Array.from(judgements, (each) => each.probabilityUp),
      Uint8Array.from(judgements, (each) => each.rose),
    ),
  };
}

/** Of those judged. */
function meanOf(place: number): (sums: Float64Array) => number {
  return (sums) => (sums[place] as number) / (sums[0] as number);
}

/** A state and the vector that it is compared by. */
interface Compared {
  readonly state: MarketVector;
  readonly vector: readonly number[];
  readonly model?: string;
}

/** Nothing where it has no such vector. */
function comparable(state: MarketVector, comparedBy: ComparedBy): Compared[] {
  if (comparedBy === "indicators") return [{ state, vector: state.vector }];
  return state.modelEmbedding === undefined ? [] : [{ state, ...state.modelEmbedding }];
}

/** Of pairs drawn among all states; few of many share minutes. */
function typicalDistance(states: readonly Compared[]): number {
  const random = new SeededRandom(SEED);
  const distances: number[] = [];
  for (let pair = 0; pair < PAIRS && states.length > 1; pair++) {
    const a = states[random.integer(states.length)] as Compared;
    const b = states[random.integer(states.length)] as Compared;
    if (a === b) continue;
    let product = 0;
    for (let i = 0; i < a.vector.length; i++) product += (a.vector[i] as number) * (b.vector[i] as number);
    distances.push(1 - product);
  }
  return median(distances);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
