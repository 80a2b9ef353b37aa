// `tickforge export`: a table of the time series as a file for other tools.

import { createWriteStream } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command, Option } from "commander";
import { failure } from "../../actors/base/result.ts";
import {
  EXPORT_FORMATS,
  type ExportFormat,
  HISTORY_TABLES,
  type HistoryTable,
} from "../../actors/ports/time-series-reports.ts";
import { openHistory } from "../../storage/open-history.ts";
import {
  type CommonFlags,
  EXIT_USAGE,
  exitWith,
  settingsOrExit,
  valueOrExit,
  withSettings,
} from "./common.ts";

interface ExportFlags extends CommonFlags {
  readonly format: ExportFormat;
  readonly out?: string;
  readonly symbol?: string;
  readonly from?: string;
  readonly to?: string;
}

export function exportCommand(): Command {
  return withSettings(
    new Command("export")
      .description("write a table of the time series to a file: Parquet, CSV or JSON lines")
      .argument("<table>", HISTORY_TABLES.join(", "))
      .addOption(new Option("--format <format>", "of the file").choices(EXPORT_FORMATS).default("parquet"))
      .option("--out <file>", "where to (default: <table>.<format>)")
      .option("--symbol <name>", "of one symbol")
      .option("--from <time>", "ISO 8601, inclusive")
      .option("--to <time>", "ISO 8601, exclusive"),
  ).action(async (name: string, flags: ExportFlags) => {
    const table = HISTORY_TABLES.find((known) => known === name);
    if (table === undefined) {
      exitWith(failure("unknown-table", `"${name}" is none of ${HISTORY_TABLES.join(", ")}`), EXIT_USAGE);
    }
    await exportTable(table, flags);
  });
}

async function exportTable(table: HistoryTable, flags: ExportFlags): Promise<void> {
  const { format, symbol } = flags;
  const out = flags.out ?? `${table}.${format}`;
  const settings = settingsOrExit(flags);
  const [fromMicros, toMicros] = [microsOrExit(flags.from), microsOrExit(flags.to)];
  const history = valueOrExit(
    await openHistory({
      ...settings.timeSeries,
      directory: join(settings.data, "time-series"),
      onProblem: (message) => console.error(message),
    }),
  );
  // A folder of an older version lacks columns until its system is started.
  await history.store.migrate();
  const rows = await history.reports.export({
    table,
    format,
    ...(symbol === undefined ? {} : { symbol }),
    ...(fromMicros === undefined ? {} : { fromMicros }),
    ...(toMicros === undefined ? {} : { toMicros }),
  });
  const file = createWriteStream(out);
  await pipeline(Readable.from(rows), file);
  await history.close();
  console.log(
    flags.json
      ? JSON.stringify({ table, file: out, bytes: file.bytesWritten })
      : `${out}: ${file.bytesWritten} bytes`,
  );
}

function microsOrExit(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const millis = Date.parse(text);
  if (Number.isFinite(millis)) return millis * 1_000;
  return exitWith(
    failure("bad-time", `"${text}" is no time: write 2024-03-08 or 2024-03-08T12:00:00Z`),
    EXIT_USAGE,
  );
}
