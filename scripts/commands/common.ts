// What every command shares: settings from flags, failures as text and exit codes, output for people or machines.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { type Failure, failure, type Result } from "../../actors/base/result.ts";
import { parseSettings, type Settings, type SettingsFlags } from "../../edge/settings.ts";

/** Exit codes: 0 done, 1 failed, 2 asked wrongly. */
export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

/** Adds the flags every command understands. */
export function withSettings(command: Command): Command {
  return command
    .option("--config <file>", "configuration file, JSON (TICKFORGE_CONFIG)")
    .option("--data <folder>", "folder of journal, snapshots and ledger (TICKFORGE_DATA, default ./data)")
    .option("--json", "output for machines", false);
}

export interface CommonFlags extends SettingsFlags {
  readonly json: boolean;
}

/** The settings, or the end of the process with a message. */
export function settingsOrExit(
  flags: SettingsFlags,
  defaults: Partial<Pick<Settings, "preset">> = {},
): Settings {
  return valueOrExit(parseSettings(flags, process.env, defaults), EXIT_USAGE);
}

/** The value, or the end of the process with the failure's message. */
export function valueOrExit<T>(result: Result<T, string>, exitCode: number = EXIT_FAILED): T {
  if (result.ok) return result.value;
  return exitWith(result, exitCode);
}

export function exitWith(reason: Failure<string>, exitCode: number = EXIT_FAILED): never {
  console.error(`${reason.code}: ${reason.message}`);
  process.exit(exitCode);
}

/** The journal of a data folder that is only looked at; the end of the process where there is none. Creates nothing. */
export function journalFolderOrExit(settings: Settings): string {
  const folder = join(settings.data, "journal");
  if (existsSync(folder) && readdirSync(folder).some((name) => name.endsWith(".seg"))) return folder;
  return exitWith(
    failure(
      "no-journal",
      `there is no journal in ${folder}. Run start or replay first, or name the folder with --data.`,
    ),
  );
}

/** Parses a count of a flag: a whole number from 1. */
export function countFlag(text: string): number {
  const value = wholeNumber(text);
  if (value >= 1) return value;
  console.error(`"${text}" is not a whole number from 1`);
  process.exit(EXIT_USAGE);
}

/** Parses a whole number of a flag; the usual mistakes are named. */
export function wholeNumber(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isSafeInteger(value)) return value;
  console.error(`"${text}" is not a whole number`);
  process.exit(EXIT_USAGE);
}
