// `tickforge models evaluate`: what models, rule members and the vote are worth on a stretch of market, for people and for machines.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { failure } from "../../actors/base/result.ts";
import { palette, table } from "../../edge/terminal/table.ts";
import { MemoryModels } from "../../storage/memory/models.ts";
import { installBaseline } from "../../storage/models/baseline.ts";
import { FileModels } from "../../storage/models/registry.ts";
import type { Models } from "../../actors/ports/models.ts";
import { evaluate } from "../evaluate/evaluate.ts";
import { evaluationPage } from "../evaluate/page.ts";
import { type EvaluationReport, reportSchema } from "../evaluate/report.ts";
import {
  type CommonFlags,
  countFlag,
  EXIT_USAGE,
  exitWith,
  settingsOrExit,
  valueOrExit,
  withSettings,
} from "./common.ts";
import { Progress } from "./progress.ts";

/** Outcomes of minutes that follow each other are nearly the same: all of them cost much and say little more. */
const EVERY_DEFAULT = 5;

interface EvaluateFlags extends CommonFlags {
  readonly out?: string;
  readonly models?: string;
  readonly preset?: string;
  readonly from?: string;
  readonly until?: string;
  readonly every: number;
  readonly slippage: string;
  readonly skipBad: boolean;
}

export function evaluateCommand(): Command {
  return withSettings(
    new Command("evaluate")
      .description("judge models, rule members and the vote on history: a page, or JSON")
      .argument("<paths...>", "days of ticks (Lean) and files of minute bars, or folders of them"),
  )
    .option("--out <file>", "where the report goes: a page (.html), or JSON (.json)")
    .option("--models <folder>", "a registry of models (default: that of the data folder, or those shipped)")
    .option("--preset <name>", "whose vote is judged (TICKFORGE_PRESET)")
    .option("--from <date>", "judge rows from here on, UTC; what comes before warms up")
    .option("--until <date>", "judge rows before this, UTC")
    .option("--every <minutes>", "judge one closed minute in so many", countFlag, EVERY_DEFAULT)
    .option("--slippage <bp>", "what a trade pays beside the spread, in basis points", "0.2")
    .option("--skip-bad", "pass lines of bars over that cannot be read", false)
    .action(async (paths: string[], flags: EvaluateFlags) => await run(paths, flags));
}

async function run(paths: readonly string[], flags: EvaluateFlags): Promise<void> {
  const { config, data, preset, json, out } = flags;
  if (out !== undefined && !/\.(?:html|json)$/.test(out)) {
    exitWith(failure("unknown-format", `${out} is neither a page (.html) nor .json`), EXIT_USAGE);
  }
  const settings = settingsOrExit({
    ...(config === undefined ? {} : { config }),
    ...(data === undefined ? {} : { data }),
    ...(preset === undefined ? {} : { preset }),
  });
  const startMillis = performance.now();
  const damaged: string[] = [];
  const progress = new Progress(process.stderr, "evaluate");
  const evaluation = await evaluate({
    paths,
    models: modelsOrExit(settings.data, flags.models, (message) => damaged.push(message)),
    damaged,
    preset: settings.preset,
    fromMicros: dateOrExit("--from", flags.from) ?? Number.NEGATIVE_INFINITY,
    untilMicros: dateOrExit("--until", flags.until) ?? Number.POSITIVE_INFINITY,
    every: flags.every,
    slippage: basisPointsOrExit(flags.slippage),
    skipBad: flags.skipBad,
    onProgress: (share, detail) => progress.show(share, detail),
  });
  progress.done();
  const report = reportSchema.parse({
    ...valueOrExit(evaluation),
    made: new Date().toISOString(),
    seconds: (performance.now() - startMillis) / 1_000,
  });
  if (out !== undefined) {
    writeFileSync(out, out.endsWith(".json") ? `${JSON.stringify(report)}\n` : evaluationPage(report));
  }
  if (json) console.log(JSON.stringify(report));
  else printReport(report, out);
}

/** Those of the registry that was named, or of the data folder's; where that has none, those that come with the program. */
function modelsOrExit(data: string, named: string | undefined, onProblem: (message: string) => void): Models {
  const registry = new FileModels(named ?? join(data, "models"), onProblem);
  if (named !== undefined || registry.list().length > 0) return registry;
  const shipped = new MemoryModels();
  valueOrExit(installBaseline(shipped, 0));
  return shipped;
}

function dateOrExit(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const millis = /^\d{4}-\d{2}-\d{2}(?:T[\d:.]+Z)?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(millis)) {
    exitWith(
      failure("not-a-date", `${flag} ${text} is no date: 2019-01-31, or 2019-01-31T12:00:00Z`),
      EXIT_USAGE,
    );
  }
  return millis * 1_000;
}

function basisPointsOrExit(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value >= 0 && Number.isFinite(value)) return value;
  return exitWith(failure("not-a-number", `--slippage ${text} is no number of basis points`), EXIT_USAGE);
}

/** The symbols together where rows are minutes, each on its own where they are ticks. */
function printReport(report: EvaluationReport, out: string | undefined): void {
  const colours = palette(process.stdout.isTTY);
  const titles = [
    "subject",
    "of",
    "data",
    "symbol",
    "rows",
    "AUC",
    "accuracy",
    "naive",
    "top tenth",
    "ECE",
    "skill",
    "bp a trade",
  ];
  const columns = titles.map((title, index) => ({
    title,
    align: index < 4 ? ("left" as const) : ("right" as const),
  }));
  const rows = report.results
    .filter(({ rows: kind, symbol }) => (kind === "minute") === (symbol === "all"))
    .map(({ subject, target, data, symbol, scores, trades }) => [
      subject,
      target,
      data,
      symbol,
      String(scores.rows),
      scores.auc.value.toFixed(3),
      scores.accuracy.value.toFixed(3),
      (scores.accuracy.value - scores.gain.value).toFixed(3),
      scores.topDecile.value.toFixed(3),
      scores.ece.toFixed(3),
      scores.brierSkill.value.toFixed(4),
      trades?.after.value.toFixed(2) ?? "",
    ]);
  for (const line of table(columns, rows, colours)) console.log(line);
  for (const warning of report.warnings) console.log(colours.red(warning));
  for (const { name, reason } of report.unusable)
    console.log(colours.yellow(`${name} was not judged: ${reason}`));
  if (report.models.length === 0)
    console.log("no models are registered: rule members and their vote were judged alone");
  const missed = report.goals.filter(({ isReached }) => !isReached).length;
  if (report.goals.length > 0)
    console.log(`${report.goals.length - missed} of ${report.goals.length} goals reached`);
  console.log(`${report.seconds.toFixed(0)} s${out === undefined ? "" : `; the report is in ${out}`}`);
}
