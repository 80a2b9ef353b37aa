// `tickforge features`: history through the feature engine of live trading, into files that training reads. Nobody else computes
// a feature.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, Option } from "commander";
import { failure } from "../../actors/base/result.ts";
import { FEATURE_NAMES, FEATURE_SCHEMA_HASH } from "../../actors/domain/features.ts";
import { type Instrument, pointsPerUnit } from "../../actors/domain/instrument.ts";
import { openBarTicks } from "../../edge/feeds/bar-ticks.ts";
import { leanPath } from "../../edge/feeds/import/lean-day.ts";
import { findFiles } from "../../edge/feeds/import/plan.ts";
import { openLeanTicks } from "../../edge/feeds/lean.ts";
import type { TickSource } from "../../edge/feeds/source.ts";
import { FeatureFile } from "../feature-file.ts";
import { type Cadence, CADENCES, FeatureRun } from "../feature-run.ts";
import { openRecordedTicks } from "../recorded-ticks.ts";
import { EXIT_USAGE, exitWith, valueOrExit } from "./common.ts";
import { Progress } from "./progress.ts";

interface FeaturesFlags {
  readonly out: string;
  readonly recorded?: string;
  readonly cadence?: Cadence;
  readonly skipBad: boolean;
  readonly json: boolean;
}

const PRICES: Readonly<Record<Cadence, readonly string[]>> = {
  tick: ["bid", "ask"],
  minute: ["open", "high", "low", "close", "ticks", "spread_mean"],
};

const TURN_TICKS = 8_192;
const MANIFEST = "features.json";

export function featuresCommand(): Command {
  return new Command("features")
    .description(
      "run history through the feature engine and write what it sees, a file a symbol, for training",
    )
    .argument(
      "[paths...]",
      "tick files (Lean) or files of minute bars (HistData, MT5, CSV), or folders of them",
    )
    .option("--recorded <data folder>", "what a system lived through, from its journal, instead of files")
    .requiredOption("--out <folder>", "where the Arrow files and their manifest go")
    .addOption(
      new Option(
        "--cadence <when>",
        "a row at each tick, or at each closed minute (default: what the files hold)",
      ).choices(CADENCES),
    )
    .option("--skip-bad", "pass lines of bars over that cannot be read", false)
    .option("--json", "output for machines", false)
    .action(async (paths: string[], flags: FeaturesFlags) => await exportFeatures(paths, flags));
}

async function exportFeatures(paths: readonly string[], flags: FeaturesFlags): Promise<void> {
  const { out, json } = flags;
  const { areTicks, ...opened } = openHistory(paths, flags);
  const cadence = flags.cadence ?? (areTicks ? "tick" : "minute");
  const from = areTicks ? "ticks" : "four quotes a minute bar, with a modelled spread";
  mkdirSync(out, { recursive: true });
  const metadata = { schema: FEATURE_SCHEMA_HASH, cadence, from };
  const written = opened.instruments.map(
    ({ symbol }) => new FeatureFile(join(out, `${symbol}.arrow`), PRICES[cadence], { ...metadata, symbol }),
  );
  const ticks = await runThrough(opened, { cadence, written, quiet: json });
  for (const file of written) await file.close();
  if (opened.ticks.failure !== undefined) exitWith(opened.ticks.failure);
  const rows = Object.fromEntries(
    opened.instruments.map(({ symbol }, index) => [symbol, written[index]?.rows ?? 0]),
  );
  const manifest = { ...metadata, features: FEATURE_NAMES, prices: PRICES[cadence], ticks, rows };
  writeFileSync(join(out, MANIFEST), `${JSON.stringify(manifest, undefined, 2)}\n`);
  if (json) console.log(JSON.stringify(manifest));
  else {
    for (const [symbol, count] of Object.entries(rows)) console.log(`${symbol}: ${count} rows`);
    console.log(`${ticks} ticks, ${FEATURE_NAMES.length} features, schema ${FEATURE_SCHEMA_HASH}, in ${out}`);
  }
}

interface History {
  readonly instruments: readonly Instrument[];
  readonly ticks: TickSource;
  readonly areTicks: boolean;
}

function openHistory(paths: readonly string[], { recorded, skipBad }: FeaturesFlags): History {
  if ((recorded === undefined) === (paths.length === 0)) {
    exitWith(
      failure("what-history", "name files or folders, or --recorded <data folder>, not both"),
      EXIT_USAGE,
    );
  }
  if (recorded !== undefined) {
    return { ...valueOrExit(openRecordedTicks(join(recorded, "journal"))), areTicks: true };
  }
  const files = valueOrExit(findFiles(paths));
  const areTicks = files.some((path) => leanPath(path) !== undefined);
  const opened = valueOrExit<{ instruments: readonly Instrument[]; ticks: TickSource }>(
    areTicks ? openLeanTicks(paths) : openBarTicks(paths, { skipBad }),
  );
  return { ...opened, areTicks };
}

/** Returns how many ticks there were. */
async function runThrough(
  { instruments, ticks }: { instruments: readonly Instrument[]; ticks: TickSource },
  { cadence, written, quiet }: { cadence: Cadence; written: readonly FeatureFile[]; quiet: boolean },
): Promise<number> {
  const run = new FeatureRun({
    instruments,
    cadence,
    onTick: (instrument, quote, features) => {
      const scale = pointsPerUnit(instrument);
      const prices = [quote.bidPoints / scale, quote.askPoints / scale];
      written[instrument.id]?.add(quote.sourceTimeMicros, prices, features);
    },
    onMinute: (instrument, { closeMicros, bar, pointsPerUnit: scale }, features) => {
      const { open, high, low, close } = bar;
      const prices = [
        open / scale,
        high / scale,
        low / scale,
        close / scale,
        bar.ticks,
        bar.spreadMean / scale,
      ];
      written[instrument.id]?.add(closeMicros, prices, features);
    },
  });
  const progress = new Progress(quiet ? undefined : process.stderr, "features");
  let taken = 0;
  for (let tick = ticks.next(); tick !== undefined; tick = ticks.next()) {
    run.take(tick);
    if (++taken % TURN_TICKS !== 0) continue;
    const { bytes, bytesTotal } = ticks.progress();
    progress.show(bytes / bytesTotal, `${taken} ticks`);
    await Promise.all(written.map(async (file) => await file.drained()));
    await Bun.sleep(0);
  }
  progress.done();
  return taken;
}
