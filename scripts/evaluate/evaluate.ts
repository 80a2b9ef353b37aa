// Judges everybody there is on the markets at some paths, one market after the other, and says what came of it.

import { MICROS_PER_SECOND, type Micros } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { PresetName } from "../../actors/chain/presets.ts";
import { FEATURE_SCHEMA_HASH } from "../../actors/domain/features.ts";
import type { Models } from "../../actors/ports/models.ts";
import { openBarTicks } from "../../edge/feeds/bar-ticks.ts";
import { openLeanTicks } from "../../edge/feeds/lean.ts";
import { DAYS_MIN } from "../../actors/quality/day-blocks.ts";
import { goalsOf } from "./goals.ts";
import { findMarketFiles } from "./market-files.ts";
import { EvaluationPass } from "./pass.ts";
import { type PolicyRun, runPolicy, tradesOf } from "./policy.ts";
import {
  type EvaluatedMarket,
  type EvaluationReport,
  type EvaluationResult,
  REPORT_VERSION,
} from "./report.ts";
import { trainingPeriod } from "../../storage/models/card-details.ts";
import { scoreOf } from "./score.ts";
import { pooled, type Series, seriesOf, tradeRowsOf } from "./series.ts";
import {
  modelSubjects,
  ruleSubjects,
  type Subject,
  type Target,
  targetName,
  type Unusable,
  voteSubjects,
} from "./subjects.ts";

/** Drawn days and samples are the same for everybody and in every run: who else is judged makes no difference. */
const SEED = 1;
const TURN_TICKS = 8_192;
/** Beyond the judged period nothing is read but what the longest outcome needs. */
const AFTER_MICROS = 26 * 3_600 * MICROS_PER_SECOND;

export interface EvaluateOptions {
  readonly paths: readonly string[];
  readonly models: Models;
  /** What the registry says of models it cannot read. */
  readonly damaged: readonly string[];
  readonly preset: PresetName;
  readonly fromMicros: Micros;
  readonly untilMicros: Micros;
  readonly every: number;
  readonly slippage: number;
  readonly skipBad: boolean;
  readonly onProgress: (share: number, detail: string) => void;
}

type Judged = Pick<EvaluationReport, "results"> & {
  readonly market: EvaluatedMarket;
  /** By subject: rows judged, and those of them that its training has seen. */
  readonly seen: ReadonlyMap<string, { rows: number; rowsSeen: number }>;
};

/** Everything but when it was made and how long it took. */
export type Evaluation = Omit<EvaluationReport, "made" | "seconds">;

export async function evaluate(options: EvaluateOptions): Promise<Result<Evaluation, string>> {
  const files = findMarketFiles(options.paths);
  if (!files.ok) return files;
  const { subjects: models, unusable } = modelSubjects(options.models);
  for (const reason of options.damaged) {
    // One that could not be loaded is named already.
    if (!unusable.some((known) => known.reason.endsWith(reason)))
      unusable.push({ name: "a damaged entry", reason });
  }
  const subjects = [...models, ...voteSubjects(options.preset), ...ruleSubjects()];
  const judged: Judged[] = [];
  try {
    for (const kind of ["ticks", "bars"] as const) {
      if (files.value[kind].length === 0) continue;
      const market = await judge(kind, files.value[kind], { ...options, subjects });
      if (!market.ok) return market;
      if (market.value !== undefined) judged.push(market.value);
    }
  } finally {
    for (const { model } of models) model?.inference.close();
  }
  if (judged.length === 0) {
    return failure(
      "nothing-judged",
      `no row lies in the period that was asked for: see --from and --until, and what the files hold`,
    );
  }
  return ok(reportOf({ ...options, passedOver: files.value.passedOver }, { judged, models, unusable }));
}

interface JudgeOptions extends EvaluateOptions {
  readonly subjects: readonly Subject[];
}

/** Undefined where no row of this market lies in the period. */
async function judge(
  kind: EvaluatedMarket["kind"],
  paths: readonly string[],
  options: JudgeOptions,
): Promise<Result<Judged | undefined, string>> {
  const opened = kind === "ticks" ? openLeanTicks(paths) : openBarTicks(paths, options);
  if (!opened.ok) return opened;
  const { instruments, ticks } = opened.value;
  const pass = new EvaluationPass({ ...options, instruments, hasTicks: kind === "ticks", seed: SEED });
  let taken = 0;
  for (let tick = ticks.next(); tick !== undefined; tick = ticks.next()) {
    if (tick.sourceTimeMicros >= options.untilMicros + AFTER_MICROS) break;
    pass.take(tick);
    if (++taken % TURN_TICKS !== 0) continue;
    const { bytes, bytesTotal } = ticks.progress();
    options.onProgress(bytes / bytesTotal, `${kind}: ${taken} ticks`);
    await Bun.sleep(0);
  }
  if (ticks.failure !== undefined) return ticks.failure;
  const firstMicros = Math.min(...pass.symbols.map((symbol) => symbol.firstMicros));
  const lastMicros = Math.max(...pass.symbols.map((symbol) => symbol.lastMicros));
  if (firstMicros > lastMicros) return ok(undefined);
  const splitMicros = (firstMicros + lastMicros) / 2;
  const results = resultsOf(pass, { ...options, kind, splitMicros });
  return ok({
    results,
    market: {
      kind,
      symbols: instruments.map(({ symbol }) => symbol),
      from: iso(firstMicros),
      until: iso(lastMicros),
      ticks: taken,
      rows: Object.fromEntries(
        pass.symbols.map(({ instrument, tables }) => [
          instrument.symbol,
          { tick: tables.tick.length, minute: tables.minute.length },
        ]),
      ),
      isBidOnly: kind === "bars",
      spread: kind === "bars" ? "modelled" : "quoted",
      stability: pass.symbols.map(({ instrument, sample }) => ({
        symbol: instrument.symbol,
        features: sample
          .stability(splitMicros)
          .map(({ feature, psi }) => ({ feature, psi: Number.isFinite(psi) ? psi : null })),
      })),
    },
    seen: seenOf(pass, options.subjects),
  });
}

interface ResultOptions extends JudgeOptions {
  readonly kind: EvaluatedMarket["kind"];
  readonly splitMicros: Micros;
}

function resultsOf(pass: EvaluationPass, options: ResultOptions): EvaluationResult[] {
  const heads = options.subjects.flatMap((subject) => subject.targets.map((target) => ({ subject, target })));
  return heads.flatMap(({ subject, target }, index) => {
    options.onProgress(index / heads.length, `${options.kind}: ${subject.name}, ${targetName(target)}`);
    return resultsOfHead(pass, { subject, target }, options);
  });
}

function resultsOfHead(
  pass: EvaluationPass,
  { subject, target }: { subject: Subject; target: Target },
  options: ResultOptions,
): EvaluationResult[] {
  const { kind, splitMicros, slippage } = options;
  const results: EvaluationResult[] = [];
  const all: Series[] = [];
  const runs: PolicyRun[] = [];
  const holdMicros = target.delayMicros + target.horizonMicros;
  const add = (symbol: string, series: Series, run: readonly PolicyRun[]): void => {
    const scores = scoreOf(series, target.event, new SeededRandom(SEED));
    if (scores === undefined) return;
    results.push({
      subject: subject.name,
      kind: subject.kind,
      member: subject.member ?? null,
      event: target.event,
      target: targetName(target),
      rows: target.rows,
      horizonSeconds: target.horizonMicros / MICROS_PER_SECOND,
      delaySeconds: target.delayMicros / MICROS_PER_SECOND,
      data: kind,
      symbol,
      scores,
      trades: tradesOf(run, new SeededRandom(SEED)),
    });
  };
  for (const { instrument, tables } of pass.symbols) {
    const table = tables[target.rows];
    const columns = pass.columns[target.rows];
    const wanted = { subject, target, columns, bidOnly: kind === "bars" };
    const series = seriesOf(table, wanted);
    if (series.outcomes.length === 0) continue;
    const run =
      target.event === "up"
        ? runPolicy(tradeRowsOf(table, wanted), { splitMicros, holdMicros, slippage })
        : undefined;
    all.push(series);
    if (run !== undefined) runs.push(run);
    add(instrument.symbol, series, run === undefined ? [] : [run]);
  }
  if (all.length > 1) add("all", pooled(all), runs);
  // With one symbol it is all there is.
  else if (results[0] !== undefined && target.rows === "minute")
    results.push({ ...results[0], symbol: "all" });
  return results;
}

function isWithin(timeMicros: Micros, period: ReturnType<typeof trainingPeriod>): boolean {
  return period !== undefined && timeMicros >= period.fromMicros && timeMicros <= period.untilMicros;
}

function seenOf(pass: EvaluationPass, subjects: readonly Subject[]): Judged["seen"] {
  const seen = new Map<string, { rows: number; rowsSeen: number }>();
  for (const { name, targets, model } of subjects) {
    if (model === undefined) continue;
    const { card } = model.registered;
    const period = trainingPeriod(card);
    const counts = { rows: 0, rowsSeen: 0 };
    for (const { instrument, tables } of pass.symbols) {
      if (card.symbols !== null && !card.symbols.includes(instrument.symbol)) continue;
      const { timesMicros, length } = tables[targets[0]?.rows ?? "minute"];
      counts.rows += length;
      counts.rowsSeen += timesMicros
        .subarray(0, length)
        .reduce((sum, timeMicros) => sum + (isWithin(timeMicros, period) ? 1 : 0), 0);
    }
    seen.set(name, counts);
  }
  return seen;
}

function reportOf(
  options: EvaluateOptions & { passedOver: readonly string[] },
  found: { judged: readonly Judged[]; models: readonly Subject[]; unusable: readonly Unusable[] },
): Evaluation {
  const { judged } = found;
  const models = found.models.flatMap(({ name, member, targets, model }) => {
    if (model === undefined || member === undefined) return [];
    const { card, status, sha256 } = model.registered;
    const counts = judged.map(({ seen }) => seen.get(name) ?? { rows: 0, rowsSeen: 0 });
    const period = trainingPeriod(card);
    return {
      name,
      member,
      status,
      target: targets.map(targetName).join("; "),
      symbols: card.symbols === null ? null : [...card.symbols],
      trainedAt: card.trainedAt,
      sha256,
      training:
        period === undefined ? null : { from: iso(period.fromMicros), until: iso(period.untilMicros) },
      rows: counts.reduce((sum, { rows }) => sum + rows, 0),
      rowsSeen: counts.reduce((sum, { rowsSeen }) => sum + rowsSeen, 0),
    };
  });
  const results = judged.flatMap((market) => market.results);
  const asked = new Set(results.map(({ subject }) => subject));
  const idle = models
    .filter(({ name }) => !asked.has(name))
    .map(({ name, symbols, target }) => ({
      name,
      reason: `nothing to ask it (${target}${symbols === null ? "" : `; for ${symbols.join(", ")}`}) in this data, or it never answered`,
    }));
  return {
    report: "tickforge-evaluation",
    version: REPORT_VERSION,
    featureSchema: FEATURE_SCHEMA_HASH,
    preset: options.preset,
    from: Number.isFinite(options.fromMicros) ? iso(options.fromMicros) : null,
    until: Number.isFinite(options.untilMicros) ? iso(options.untilMicros) : null,
    every: options.every,
    slippage: options.slippage,
    warnings: warningsOf(models),
    notes: notesOf(options, judged),
    markets: judged.map(({ market }) => market),
    passedOver: [...options.passedOver],
    models,
    unusable: [...found.unusable, ...idle],
    goals: goalsOf(results),
    results,
  };
}

function warningsOf(models: EvaluationReport["models"]): string[] {
  return models.flatMap(({ name, training, rows, rowsSeen }) => {
    if (rows === 0) return [];
    if (training === null)
      return `${name} does not say what it was trained on: whether it has seen these rows is not known`;
    if (rowsSeen === 0) return [];
    const share = ((100 * rowsSeen) / rows).toFixed(0);
    return `${name} HAS SEEN ${share} % OF THESE ROWS in training (${training.from.slice(0, 10)} to ${training.until.slice(0, 10)}): what is said of it here is worth nothing. Judge it on another period, with --from and --until`;
  });
}

function notesOf({ slippage, every }: EvaluateOptions, judged: readonly Judged[]): string[] {
  const notes = [
    `Intervals are the middle 95 % over days drawn with replacement: labels that overlap and days with a mood of their own make rows fewer than they look. Fewer than ${DAYS_MIN} days have none.`,
    `Trades: by market where an answer is among the surest tenth of the first half of the period, in the second half alone, one position a symbol at a time, held for the horizon, paying the spread of that moment and ${slippage} basis points. Rows whose outcome is not known (silence, the weekend) are not traded.`,
    "The majority rule knows the more frequent outcome of the judged period itself, and so does the base rate that skill is measured against.",
  ];
  if (judged.some(({ market }) => market.isBidOnly)) {
    notes.push(
      "Bars hold bids alone. Rows whose horizon touches 20:30 to 23:00 UTC are left out for directions: the spread opens then, and the bid falls and comes back. The spread that trades pay there is the bars' own or, where they have none, modelled: a constant of the instrument.",
    );
  }
  if (every > 1) notes.push(`One closed minute in ${every} is a row; champions are asked on those alone.`);
  return notes;
}

function iso(micros: Micros): string {
  return new Date(micros / 1_000).toISOString();
}
