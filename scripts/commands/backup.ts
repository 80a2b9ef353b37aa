// `tickforge backup` and `tickforge restore`: a copy of the data folder, made while the system runs, and a folder made of it.

import { join, resolve } from "node:path";
import { Command } from "commander";
import type { Settings } from "../../edge/settings.ts";
import { type BackupManifest, createBackup, restoreBackup } from "../../storage/backup.ts";
import type { ConnectedTimeSeries } from "../../storage/clickhouse/open.ts";
import { openHistory } from "../../storage/open-history.ts";
import { type CommonFlags, settingsOrExit, valueOrExit, withSettings } from "./common.ts";

interface BackupFlags extends CommonFlags {
  readonly timeSeries: boolean;
}

export function backupCommand(): Command {
  return withSettings(
    new Command("backup")
      .description(
        "copy the data folder, running or not; the copy holds keys, so keep it as safe as the folder",
      )
      .argument("<target>", "a folder that is not there yet")
      .option("--no-time-series", "leave history out: the last days of it can be made of the journal again"),
  ).action(async (target: string, flags: BackupFlags) => {
    const settings = settingsOrExit(flags);
    const history = settings.timeSeries.enabled ? await historyOf(settings) : undefined;
    const made = await createBackup({
      data: settings.data,
      target: resolve(target),
      history,
      onProgress: progress(flags.json),
    });
    await history?.close();
    report(valueOrExit(made), target, flags.json);
    if (settings.ledger.url !== undefined) {
      console.error(
        "the ledger is a PostgreSQL database and not in this copy: back it up with pg_dump, before this folder",
      );
    }
  });
}

export function restoreCommand(): Command {
  return withSettings(
    new Command("restore")
      .description("make a data folder of a backup, after checking every byte of it")
      .argument("<backup>", "a folder that backup made"),
  ).action(async (backup: string, flags: CommonFlags) => {
    const settings = settingsOrExit(flags);
    const opened: { close(): Promise<void> }[] = [];
    const restored = await restoreBackup({
      backup: resolve(backup),
      data: settings.data,
      openHistory: async () => {
        const history = await historyOf(settings);
        opened.push(history);
        return history;
      },
      onProgress: progress(flags.json),
    });
    for (const history of opened) await history.close();
    report(valueOrExit(restored), settings.data, flags.json);
  });
}

/** A store that cannot be opened must not pass for one that is empty. */
async function historyOf(settings: Settings): Promise<ConnectedTimeSeries & { close(): Promise<void> }> {
  const history = valueOrExit(
    await openHistory({
      ...settings.timeSeries,
      directory: join(settings.data, "time-series"),
      onProblem: (message) => console.error(message),
    }),
  );
  return history;
}

function progress(json: boolean): (what: string) => void {
  return (what) => {
    if (!json) console.error(what);
  };
}

function report(manifest: BackupManifest, where: string, json: boolean): void {
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
  const { createdAt, lastSeq, files } = manifest;
  console.log(
    json
      ? JSON.stringify({ where, createdAt, lastSeq, files: files.length, bytes })
      : `${where}: ${files.length} files, ${(bytes / 2 ** 20).toFixed(1)} MiB, the journal up to record ${lastSeq}`,
  );
}
