// What a series of answers is worth, beside what naive rules are worth on the same rows. Intervals are of days drawn with replacement.

import { MICROS_PER_DAY, MICROS_PER_HOUR, type Micros } from "../../actors/base/clock.ts";
import type { Random } from "../../actors/base/random.ts";
import { type Regime, REGIMES } from "../../actors/domain/regime.ts";
import type { ModelEvent } from "../../actors/ports/models.ts";
import { areaGainInterval, areaInterval, DayBlocks } from "../../actors/quality/day-blocks.ts";
import {
  areaUnderCurve,
  baseRate,
  brierScore,
  brierSkill,
  calibrationCurve,
  calibrationError,
  type CoverageStep,
  coverageCurve,
  guessCredit,
  logLoss,
  rightGuesses,
  wilsonInterval,
} from "../../actors/quality/measures.ts";
import { SortedScores } from "../../actors/quality/sorting.ts";
import type { Naive, Part, Scores } from "./report.ts";
import type { Series } from "./series.ts";

/** Fewer rows say nothing about an hour or a regime. */
const PART_ROWS_MIN = 30;

const HOURS = 24;

/** Undefined for a series of no rows or of one kind of outcome. */
export function scoreOf(series: Series, event: ModelEvent, random: Random): Scores | undefined {
  const { probabilities, outcomes, timesMicros } = series;
  const rows = probabilities.length;
  const rate = baseRate(outcomes);
  if (rows === 0 || rate === 0 || rate === 1) return undefined;
  const sorted = new SortedScores(probabilities, outcomes);
  const area = areaUnderCurve(probabilities, outcomes, sorted);
  const areaAround = areaInterval({ scores: probabilities, outcomes, timesMicros, sorted }, area, { random });
  const calibration = calibrationCurve(probabilities, outcomes, sorted);
  const coverage = coverageCurve(probabilities, outcomes);
  const naive = naiveRules(series, event);
  const best = naive.reduce((a, b) => (b.accuracy > a.accuracy ? b : a));
  const right = rightGuesses(probabilities, outcomes) / rows;
  const brier = brierScore(probabilities, outcomes);
  const around = intervalsOf(series, { event, best, top: coverage[0], random });
  return {
    rows,
    rowsApart: series.apart,
    days: around.days,
    baseRate: rate,
    auc: { value: area, ...ends(areaAround) },
    accuracy: { value: right, ...ends(around.accuracy) },
    // As if rows that do not overlap were all there is: the width that honest days should not fall below by much.
    accuracyApart: wilsonInterval(right * series.apart, series.apart),
    topDecile: { value: coverage[0]?.accuracy ?? Number.NaN, ...ends(around.top) },
    brier,
    brierSkill: { value: brierSkill(brier, rate), ...ends(around.skill) },
    logLoss: logLoss(probabilities, outcomes),
    ece: calibrationError(calibration),
    calibration,
    coverage,
    naive,
    bestNaive: best.rule,
    gain: { value: right - best.accuracy, ...ends(around.gain) },
    aucGain: areaGainOf(series, event, random),
    hours: partsOf(series, HOURS, (row) => hourOf(timesMicros[row] as number)).map(({ part, scores }) =>
      Object.assign({ hour: part }, scores),
    ),
    regimes: partsOf(series, REGIMES.length, (row) => series.regimes[row] as number).map(({ part, scores }) =>
      Object.assign({ regime: REGIMES[part] as Regime }, scores),
    ),
    nextChange: nextChangeOf(series),
  };
}

function hourOf(timeMicros: Micros): number {
  return Math.floor((timeMicros % MICROS_PER_DAY) / MICROS_PER_HOUR);
}

function ends(interval: { low: number; high: number } | undefined): {
  low: number | null;
  high: number | null;
} {
  return { low: interval?.low ?? null, high: interval?.high ?? null };
}

/** What each row adds to its day. */
const ROWS = 0;
const CREDIT = 1;
const SQUARES = 2;
const HAPPENED = 3;
const NAIVE_CREDIT = 4;
const TOP_ROWS = 5;
const TOP_CREDIT = 6;
const SUMS = 7;

function add(sums: Float64Array, place: number, value: number): void {
  sums[place] = (sums[place] as number) + value;
}

function at(sums: Float64Array, place: number): number {
  return sums[place] as number;
}

function intervalsOf(
  series: Series,
  known: { event: ModelEvent; best: Naive; top: CoverageStep | undefined; random: Random },
) {
  const { probabilities, outcomes, timesMicros } = series;
  const { event, best, top, random } = known;
  const blocks = new DayBlocks(SUMS);
  for (let row = 0; row < probabilities.length; row++) {
    const probability = probabilities[row] as number;
    const outcome = outcomes[row] as number;
    const credit = guessCredit(probability, outcome) / 2;
    const sums = blocks.of(timesMicros[row] as number);
    add(sums, ROWS, 1);
    add(sums, CREDIT, credit);
    add(sums, SQUARES, (probability - outcome) ** 2);
    add(sums, HAPPENED, outcome);
    add(sums, NAIVE_CREDIT, naiveCredit(best.rule, { event, value: series.naive[row] as number, outcome }));
    if (top === undefined || Math.abs(probability - 0.5) < top.confidence) continue;
    add(sums, TOP_ROWS, 1);
    add(sums, TOP_CREDIT, credit);
  }
  const [accuracy, skill, gain, topAccuracy] = blocks.intervals(
    [
      (sums) => at(sums, CREDIT) / at(sums, ROWS),
      (sums) => brierSkill(at(sums, SQUARES) / at(sums, ROWS), at(sums, HAPPENED) / at(sums, ROWS)),
      (sums) => (at(sums, CREDIT) - at(sums, NAIVE_CREDIT)) / at(sums, ROWS),
      (sums) => at(sums, TOP_CREDIT) / at(sums, TOP_ROWS),
    ],
    { random },
  );
  return { days: blocks.count, accuracy, skill, gain, top: topAccuracy };
}

/** How much more area there is than under the naive rule's that has most, on rows where it is known. */
function areaGainOf(series: Series, event: ModelEvent, random: Random): Scores["aucGain"] {
  const isKnown = (_: number, row: number): boolean => !Number.isNaN(series.naive[row]);
  const scores = series.probabilities.filter(isKnown);
  const outcomes = series.outcomes.filter(isKnown);
  const timesMicros = series.timesMicros.filter(isKnown);
  let others = series.naive.filter(isKnown);
  let area = areaUnderCurve(others, outcomes);
  if (event === "up" && area < 0.5) {
    others = others.map((move) => -move);
    area = 1 - area;
  }
  const value = areaUnderCurve(scores, outcomes) - area;
  if (Number.isNaN(value)) return null;
  return { value, ...ends(areaGainInterval({ scores, others, outcomes, timesMicros }, value, { random })) };
}

/** What each naive rule is right about, on the rows of the series. */
function naiveRules(series: Series, event: ModelEvent): Naive[] {
  const { outcomes, naive } = series;
  const known = naive.filter((value) => !Number.isNaN(value));
  const knownOutcomes = outcomes.filter((_, row) => !Number.isNaN(naive[row]));
  const area = areaUnderCurve(known, knownOutcomes);
  const accuracyOf = (rule: Naive["rule"]): number => {
    let credit = 0;
    for (let row = 0; row < outcomes.length; row++) {
      credit += naiveCredit(rule, { event, value: naive[row] as number, outcome: outcomes[row] as number });
    }
    return credit / outcomes.length;
  };
  const always = baseRate(outcomes) >= 0.5 ? ("always" as const) : ("never" as const);
  const majority: Naive = { rule: always, accuracy: accuracyOf(always), auc: 0.5 };
  if (event !== "up") {
    return [majority, { rule: "past range", accuracy: accuracyOf("past range"), auc: finite(area) }];
  }
  return [
    majority,
    { rule: "repeat", accuracy: accuracyOf("repeat"), auc: finite(area) },
    { rule: "reversal", accuracy: accuracyOf("reversal"), auc: finite(1 - area) },
  ];
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

/** 1 where the rule is right, 0 where it is wrong, one half where it does not know. */
function naiveCredit(
  rule: Naive["rule"],
  { event, value, outcome }: { event: ModelEvent; value: number; outcome: number },
): number {
  if (rule === "always") return outcome;
  if (rule === "never") return 1 - outcome;
  const middle = event === "up" ? 0 : 1;
  if (Number.isNaN(value) || value === middle) return 0.5;
  const credit = value > middle === (outcome === 1) ? 1 : 0;
  return rule === "reversal" ? 1 - credit : credit;
}

/** Accuracy and area of the rows of each part that has enough of them. */
function partsOf(
  series: Series,
  count: number,
  partOf: (row: number) => number,
): { part: number; scores: Part }[] {
  const { probabilities, outcomes } = series;
  const sizes = new Uint32Array(count);
  for (let row = 0; row < outcomes.length; row++) {
    const part = partOf(row);
    sizes[part] = (sizes[part] as number) + 1;
  }
  const parts = Array.from(sizes, (size) => ({
    probabilities: new Float32Array(size),
    outcomes: new Uint8Array(size),
    length: 0,
  }));
  for (let row = 0; row < outcomes.length; row++) {
    const part = parts[partOf(row)];
    if (part === undefined) continue;
    part.probabilities[part.length] = probabilities[row] as number;
    part.outcomes[part.length++] = outcomes[row] as number;
  }
  return parts.flatMap((part, index) =>
    part.length < PART_ROWS_MIN
      ? []
      : {
          part: index,
          scores: {
            rows: part.length,
            accuracy: rightGuesses(part.probabilities, part.outcomes) / part.length,
            auc: finite(areaUnderCurve(part.probabilities, part.outcomes)),
          },
        },
  );
}

/** How often the next change of the mid, whenever it came, went the way that was said; null for rows of minutes. */
function nextChangeOf({ probabilities, nextChanges }: Series): number | null {
  let count = 0;
  let twice = 0;
  for (let row = 0; row < nextChanges.length; row++) {
    const change = nextChanges[row] as number;
    if (Number.isNaN(change)) continue;
    count++;
    twice += guessCredit(probabilities[row] as number, change > 0 ? 1 : 0);
  }
  return count === 0 ? null : twice / 2 / count;
}
