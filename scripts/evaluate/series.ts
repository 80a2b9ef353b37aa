// The rows of one subject, target and symbol that can be scored - an answer was given, and what happened is known -, with what naive
// rules would have said.

import { MICROS_PER_DAY, MICROS_PER_HOUR, type Micros } from "../../actors/base/clock.ts";
import { happened, medianFeature } from "../../actors/quality/outcomes.ts";
import { nonOverlapping } from "../../actors/quality/measures.ts";
import { answerColumn, type Columns, moveColumn, NEXT_CHANGE, rangeColumn, spreadColumn } from "./pass.ts";
import type { RowTable } from "./row-table.ts";
import type { Subject, Target } from "./subjects.ts";

/**
 * Of bars that hold only bids, a direction says little around the daily rollover: the spread opens, the bid falls and comes back.
 * Rows whose horizon touches these hours (UTC) are left out.
 */
export const ROLLOVER = { fromMicros: 20.5 * MICROS_PER_HOUR, untilMicros: 23 * MICROS_PER_HOUR };

export interface Series {
  readonly timesMicros: Float64Array;
  readonly probabilities: Float32Array;
  readonly outcomes: Uint8Array;
  readonly regimes: Uint8Array;
  /**
   * What naive rules go by, NaN where it is not known: for `up` the move over the last horizon, for ranges the range of the last
   * horizon over the median.
   */
  readonly naive: Float32Array;
  /** Sign of the next change of the mid; NaN for rows of minutes. */
  readonly nextChanges: Float32Array;
  /** Rows whose outcomes do not overlap. */
  readonly apart: number;
}

export function touchesRollover(timeMicros: Micros, horizonMicros: number): boolean {
  const ofDay = timeMicros % MICROS_PER_DAY;
  const { fromMicros, untilMicros } = ROLLOVER;
  if (ofDay < untilMicros && ofDay + horizonMicros >= fromMicros) return true;
  // A long horizon reaches into the next day's.
  return ofDay + horizonMicros >= fromMicros + MICROS_PER_DAY;
}

export interface SeriesOptions {
  readonly subject: Subject;
  readonly target: Target;
  readonly columns: Columns;
  readonly bidOnly: boolean;
}

export function seriesOf(table: RowTable, options: SeriesOptions): Series {
  const { target, bidOnly } = options;
  const read = reads(table, options);
  const { length } = table;
  const rows = new Uint32Array(length);
  const outcomes = new Uint8Array(length);
  let count = 0;
  for (let row = 0; row < length; row++) {
    if (Number.isNaN(read.answers[row])) continue;
    const outcome = happened(target.event, read.values[row] as number, read.medians?.[row] ?? Number.NaN);
    if (Number.isNaN(outcome)) continue;
    const timeMicros = table.timesMicros[row] as number;
    if (bidOnly && target.event === "up" && touchesRollover(timeMicros, target.horizonMicros)) continue;
    outcomes[count] = outcome;
    rows[count++] = row;
  }
  const chosen = rows.subarray(0, count);
  const timesMicros = picked(chosen, table.timesMicros, new Float64Array(count));
  const { changes } = read;
  return {
    timesMicros,
    probabilities: Float32Array.from(chosen, (row) => read.answers[row] as number),
    outcomes: outcomes.slice(0, count),
    regimes: Uint8Array.from(chosen, (row) => table.regimes[row] as number),
    naive: naiveOf(table, chosen, { target, values: read.values, medians: read.medians }),
    nextChanges:
      changes === undefined ? new Float32Array() : Float32Array.from(chosen, (row) => changes[row] as number),
    apart: nonOverlapping(timesMicros, target.delayMicros + target.horizonMicros).length,
  };
}

function floats(length: number): Float32Array {
  return new Float32Array(length);
}

function bytes(length: number): Uint8Array {
  return new Uint8Array(length);
}

/** Several symbols as one. */
export function pooled(all: readonly Series[]): Series {
  const join = <Numbers extends Float64Array | Float32Array | Uint8Array>(
    pick: (series: Series) => Numbers,
    make: (length: number) => Numbers,
  ): Numbers => {
    const whole = make(all.reduce((sum, series) => sum + pick(series).length, 0));
    let at = 0;
    for (const series of all) {
      whole.set(pick(series), at);
      at += pick(series).length;
    }
    return whole;
  };
  return {
    timesMicros: join<Float64Array>(
      (each) => each.timesMicros,
      (length) => new Float64Array(length),
    ),
    probabilities: join((each) => each.probabilities, floats),
    outcomes: join((each) => each.outcomes, bytes),
    regimes: join((each) => each.regimes, bytes),
    naive: join((each) => each.naive, floats),
    nextChanges: join((each) => each.nextChanges, floats),
    apart: all.reduce((sum, series) => sum + series.apart, 0),
  };
}

/** Everything a simple policy needs: rows with an answer, whatever became of them. */
export interface TradeRows {
  readonly timesMicros: Float64Array;
  readonly probabilities: Float32Array;
  /** In basis points, NaN where it is not known. */
  readonly moves: Float32Array;
  readonly spreads: Float32Array;
}

export function tradeRowsOf(table: RowTable, options: SeriesOptions): TradeRows {
  const { target, bidOnly } = options;
  const { answers, values, spreads } = reads(table, options);
  const rows = new Uint32Array(table.length);
  let count = 0;
  for (let row = 0; row < table.length; row++) {
    if (Number.isNaN(answers[row])) continue;
    if (bidOnly && touchesRollover(table.timesMicros[row] as number, target.horizonMicros)) continue;
    rows[count++] = row;
  }
  const chosen = rows.subarray(0, count);
  return {
    timesMicros: picked(chosen, table.timesMicros, new Float64Array(count)),
    probabilities: picked(chosen, answers, new Float32Array(count)),
    moves: picked(chosen, values, new Float32Array(count)),
    spreads: picked(chosen, spreads, new Float32Array(count)),
  };
}

/** The numbers of those rows alone. */
function picked<Numbers extends Float64Array | Float32Array | Uint8Array>(
  rows: Uint32Array,
  from: Numbers,
  to: Numbers,
): Numbers {
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i] as number] as number;
  return to;
}

function reads(table: RowTable, { subject, target, columns }: SeriesOptions) {
  const column = (name: string): Float32Array => table.columns[columns.of(name)] ?? new Float32Array();
  const median = medianFeature(target.event, target.horizonMicros);
  const isTick = target.rows === "tick";
  return {
    answers: column(answerColumn(subject)),
    values: column(target.event === "up" ? moveColumn(target) : rangeColumn(target)),
    medians: median === undefined ? undefined : column(median),
    spreads: isTick ? column(spreadColumn(target)) : table.spreads,
    changes: isTick ? column(NEXT_CHANGE) : undefined,
  };
}

function naiveOf(
  { timesMicros, mids, length }: RowTable,
  rows: Uint32Array,
  known: { target: Target; values: Float32Array; medians: Float32Array | undefined },
): Float32Array {
  const { target, values, medians } = known;
  const naive = new Float32Array(rows.length);
  /** The last row at or before a horizon ago. */
  let past = -1;
  for (let index = 0; index < rows.length; index++) {
    const row = rows[index] as number;
    const pastMicros = (timesMicros[row] as number) - target.horizonMicros;
    while (past + 1 < length && (timesMicros[past + 1] as number) <= pastMicros) past++;
    if (past < 0) naive[index] = Number.NaN;
    else if (medians === undefined) naive[index] = (mids[row] as number) - (mids[past] as number);
    else if ((timesMicros[past] as number) < pastMicros) naive[index] = Number.NaN;
    // The range that followed a row a horizon ago is the range until now.
    else naive[index] = (values[past] as number) / (medians[row] as number);
  }
  return naive;
}
