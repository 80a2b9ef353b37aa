// `tickforge import`: vendor history into the time series, where the chart finds it.

import { Command } from "commander";
import { join } from "node:path";
import { failure } from "../../actors/base/result.ts";
import type { TimeSeries } from "../../actors/ports/time-series.ts";
import { type Examined, examine, storeFile, summaryOf } from "../../edge/feeds/import/importer.ts";
import { findFiles, type ImportOptions, type ImportPlan, planImport } from "../../edge/feeds/import/plan.ts";
import { TIME_ZONE_HELP } from "../../edge/feeds/import/wall-time.ts";
import type { Settings } from "../../edge/settings.ts";
import { openHistory } from "../../storage/open-history.ts";
import {
  type CommonFlags,
  EXIT_FAILED,
  exitWith,
  settingsOrExit,
  valueOrExit,
  withSettings,
} from "./common.ts";
import { Progress } from "./progress.ts";

/** Bad lines shown of each file: as many as are kept in detail. */
const SHOWN = 1_000;

interface ImportFlags extends CommonFlags, ImportOptions {
  readonly skipBad: boolean;
  readonly dryRun: boolean;
}

export function importCommand(): Command {
  return withSettings(
    new Command("import")
      .description(
        "bring vendor history into the time series: HistData, Dukascopy, MT5 exports, Lean zips, CSV",
      )
      .argument("<paths...>", "files, or folders of them")
      .option("--symbol <name>", "where the file's name does not say")
      .option("--timezone <zone>", `the clock the file was written by: ${TIME_ZONE_HELP}`)
      .option(
        "--columns <map>",
        "where columns are, from 0: time=0,open=1,high=2,low=3,close=4 or time=0,bid=1,ask=2",
      )
      .option("--separator <text>", "with --columns, if it is no comma")
      .option("--source <name>", "what to call the source (default: the format)")
      .option("--skip-bad", "leave bad lines out and keep them in <file>.rejected.tsv", false)
      .option("--dry-run", "look at the files and store nothing", false)
      .option(
        "--clickhouse <url>",
        "the server the history is kept on (TICKFORGE_CLICKHOUSE_URL, default: embedded)",
      ),
  ).action(async (paths: string[], flags: ImportFlags) => {
    await importFiles(paths, flags);
  });
}

async function importFiles(paths: readonly string[], flags: ImportFlags): Promise<void> {
  const { symbol, timezone, columns, separator, source, skipBad, dryRun, json, ...given } = flags;
  const settings = settingsOrExit(given);
  const files = valueOrExit(findFiles(paths));
  const store = dryRun ? undefined : await openStore(settings);
  const progress = new Progress(json ? undefined : process.stderr, "import");
  let failures = 0;
  for (const [index, path] of files.entries()) {
    const plan = planImport(path, { symbol, timezone, columns, separator, source });
    if (!plan.ok) {
      failures++;
      say(
        json,
        { file: path, ok: false, code: plan.code, message: plan.message },
        `${plan.code}: ${plan.message}`,
      );
      continue;
    }
    const examined = examine(plan.value);
    const stored =
      store === undefined
        ? undefined
        : await storeFile(plan.value, examined, {
            store: store.store,
            skipBad,
            onProgress: (rows) => {
              const share = rows / Math.max(1, examined.good);
              progress.show((index + Math.min(1, share)) / files.length, `${path}: ${rows} rows`);
            },
          }).catch((error: unknown) =>
            failure("not-stored", error instanceof Error ? error.message : String(error)),
          );
    if (stored?.ok === false || (store === undefined && examined.bad > 0 && !skipBad)) failures++;
    report(plan.value, examined, { json, stored });
  }
  progress.done();
  await store?.close();
  if (failures > 0) process.exitCode = EXIT_FAILED;
}

async function openStore(settings: Settings): Promise<{ store: TimeSeries; close(): Promise<void> }> {
  const opened = valueOrExit(
    await openHistory({
      ...settings.timeSeries,
      directory: join(settings.data, "time-series"),
      onProblem: (message) => console.error(message),
    }),
  );
  try {
    await opened.store.migrate();
  } catch (error) {
    exitWith(failure("time-series-unavailable", error instanceof Error ? error.message : String(error)));
  }
  return opened;
}

function report(
  plan: ImportPlan,
  examined: Examined,
  {
    json,
    stored,
  }: {
    json: boolean;
    stored: Awaited<ReturnType<typeof storeFile>> | { ok: false; code: string; message: string } | undefined;
  },
): void {
  const { good, bad, repeated, byCode, examples, firstMicros, lastMicros, interval } = examined;
  const range = good === 0 ? "" : `${isoTime(firstMicros)} to ${isoTime(lastMicros)}`;
  const what = plan.kind === "bars" ? `${interval} bars` : "ticks";
  const lines = [
    `${plan.path}: ${good} ${what} of ${plan.symbol} (${plan.format}, clock ${plan.timezone}) ${range}`,
    ...(bad + repeated > 0 ? [`  ${bad} bad lines, ${repeated} repeated: ${summaryOf({ byCode })}`] : []),
    ...examples.slice(0, SHOWN).map(({ line, code, reason }) => `  ${plan.path}:${line} ${code}: ${reason}`),
    ...(examples.length > SHOWN ? [`  ... and ${bad + repeated - SHOWN} more`] : []),
    ...(stored === undefined
      ? []
      : [
          stored.ok
            ? `  stored ${stored.value.rows} ticks and ${stored.value.bars} bars`
            : `  ${stored.code}: ${stored.message}`,
        ]),
  ];
  say(
    json,
    {
      file: plan.path,
      ok: stored?.ok ?? bad === 0,
      format: plan.format,
      symbol: plan.symbol,
      kind: plan.kind,
      ...examined,
      stored,
    },
    lines.join("\n"),
  );
}

function say(json: boolean, object: object, text: string): void {
  console.log(json ? JSON.stringify(object) : text);
}

function isoTime(micros: number): string {
  return new Date(micros / 1_000).toISOString();
}
