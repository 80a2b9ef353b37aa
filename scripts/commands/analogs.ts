// `tickforge analogs`: how often the vote of similar market states was right over recorded history, against one half.

import { Command } from "commander";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import { failure } from "../../actors/base/result.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import { OUTCOME_HORIZONS_MICROS } from "../../actors/ports/vectors.ts";
import type { Interval } from "../../actors/quality/measures.ts";
import { ANALOG_DEFAULTS } from "../../edge/analogs/settings.ts";
import { COMPARED_BY } from "../../edge/explain/analogs.ts";
import { openBarTicks } from "../../edge/feeds/bar-ticks.ts";
import { leanPath } from "../../edge/feeds/import/lean-day.ts";
import { findFiles } from "../../edge/feeds/import/plan.ts";
import { openLeanTicks } from "../../edge/feeds/lean.ts";
import type { TickSource } from "../../edge/feeds/source.ts";
import { palette, table } from "../../edge/terminal/table.ts";
import { EmbeddingShelf } from "../../storage/models/embedding-shelf.ts";
import { ModelShelf } from "../../storage/models/shelf.ts";
import { type AnalogScore, readPast, scorePast } from "../evaluate/analog-pass.ts";
import { countFlag, EXIT_USAGE, exitWith, valueOrExit } from "./common.ts";
import { Progress } from "./progress.ts";

interface AnalogsFlags {
  readonly horizon: number;
  readonly k: number;
  readonly every: number;
  readonly skipBad: boolean;
  readonly models?: string;
  readonly json: boolean;
}

/** Minutes between states. */
const GRID_MINUTES = 5;

export function analogsCommand(): Command {
  const { horizonMinutes, k } = ANALOG_DEFAULTS;
  return new Command("analogs")
    .description("how often the vote of similar market states was right over history, against one half")
    .argument(
      "<paths...>",
      "tick files (Lean) or files of minute bars (HistData, MT5, CSV), or folders of them",
    )
    .option("--horizon <minutes>", "5, 15 or 60", countFlag, horizonMinutes)
    .option("--k <count>", "neighbours that are looked for", countFlag, k)
    .option("--every <minutes>", "between questions", countFlag, 15)
    .option(
      "--models <folder>",
      "a registry: states are compared by the embedding of its champion network, too",
    )
    .option("--skip-bad", "pass lines of bars over that cannot be read", false)
    .option("--json", "output for machines", false)
    .action(async (paths: string[], flags: AnalogsFlags) => await scoreAnalogs(paths, flags));
}

async function scoreAnalogs(paths: readonly string[], flags: AnalogsFlags): Promise<void> {
  const { horizon, k, every, skipBad, json, models } = flags;
  const horizonMicros = horizon * MICROS_PER_MINUTE;
  if (!OUTCOME_HORIZONS_MICROS.includes(horizonMicros) || every % GRID_MINUTES !== 0) {
    exitWith(failure("bad-horizon", "--horizon is 5, 15 or 60, and --every a multiple of 5"), EXIT_USAGE);
  }
  const files = valueOrExit(findFiles(paths));
  const areTicks = files.some((path) => leanPath(path) !== undefined);
  const opened = valueOrExit<{ instruments: readonly Instrument[]; ticks: TickSource }>(
    areTicks ? openLeanTicks(paths) : openBarTicks(paths, { skipBad }),
  );
  const progress = new Progress(json ? undefined : process.stderr, "market states");
  const embedder =
    models === undefined ? undefined : await networksOrExit(models, opened.instruments, progress);
  const pasts = await readPast({ ...opened, embedder }, (share) => progress.show(share, ""));
  embedder?.close();
  if (opened.ticks.failure !== undefined) exitWith(opened.ticks.failure);
  const scores: AnalogScore[] = [];
  for (const [symbol, past] of pasts) {
    const options = { horizonMicros, k, everyMicros: every * MICROS_PER_MINUTE, bidOnly: !areTicks };
    for (const comparedBy of embedder === undefined ? (["indicators"] as const) : COMPARED_BY) {
      const told = (share: number): void => progress.show(share, `${symbol} by ${comparedBy}`);
      scores.push(await scorePast(symbol, past, { ...options, comparedBy }, told));
    }
  }
  progress.done();
  for (const line of json ? scores.map((score) => JSON.stringify(score)) : tableOf(scores)) console.log(line);
}

/** The champion networks of a registry, as a system on its data folder would ask them. */
async function networksOrExit(
  folder: string,
  instruments: readonly Instrument[],
  progress: Progress,
): Promise<EmbeddingShelf> {
  const problems: string[] = [];
  const onProblem = (message: string): void => void problems.push(message);
  const shelf = new ModelShelf({ folder, onProblem });
  const chosen = await shelf.choose(
    instruments.map(({ symbol }) => symbol),
    0,
  );
  shelf.keepOnly([]);
  const embedder = new EmbeddingShelf({
    folder,
    config: () => ({ instruments, models: chosen }),
    clock: { nowMicros: () => performance.now() * 1_000 },
    onProblem,
  });
  await embedder.refresh();
  if (embedder.models.length > 0) return embedder;
  progress.done();
  const why = problems.length === 0 ? "" : ` (${problems.join("; ")})`;
  return exitWith(
    failure(
      "no-embedding",
      `no champion of ${folder} has an embedding${why}: promote a network, see tickforge models`,
    ),
  );
}

const TITLES = [
  "symbol",
  "by",
  "states",
  "typical",
  "nearest",
  "asked",
  "voted",
  "judged",
  "days",
  "right %",
  "95 % of days",
  "rose %",
  "Brier",
  "95 % of days",
  "AUC",
];

function tableOf(scores: readonly AnalogScore[]): string[] {
  const columns = TITLES.map((title, index) => ({
    title,
    align: index <= 1 ? ("left" as const) : ("right" as const),
  }));
  const rows = scores.map((score) => [
    score.symbol,
    score.comparedBy,
    String(score.states),
    score.typicalDistance.toFixed(3),
    score.nearestDistance.toFixed(3),
    String(score.asked),
    String(score.voted),
    String(score.judged),
    String(score.days),
    percent(score.right),
    between(score.interval, percent),
    percent(score.rose),
    score.brier.toFixed(4),
    between(score.brierInterval, (value) => value.toFixed(4)),
    score.auc.toFixed(3),
  ]);
  return table(columns, rows, palette(process.stdout.isTTY));
}

function between(interval: Interval | null, shown: (value: number) => string): string {
  return interval === null ? "too few days" : `${shown(interval.low)} to ${shown(interval.high)}`;
}

function percent(share: number): string {
  return (100 * share).toFixed(1);
}
