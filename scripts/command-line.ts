// The command line. Each command is a file in commands/; this page only names them.

import { Command, CommanderError } from "commander";
import packageJson from "../package.json" with { type: "json" };
import { accountCommand, reconcileCommand } from "./commands/account.ts";
import { analogsCommand } from "./commands/analogs.ts";
import { backupCommand, restoreCommand } from "./commands/backup.ts";
import { benchCommand } from "./commands/bench.ts";
import { EXIT_FAILED, EXIT_USAGE } from "./commands/common.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { downloadCommand } from "./commands/download.ts";
import { explainCommand } from "./commands/explain.ts";
import { exportCommand } from "./commands/export.ts";
import { importCommand } from "./commands/import.ts";
import { featuresCommand } from "./commands/features.ts";
import { journalCommand } from "./commands/journal.ts";
import { killCommand } from "./commands/kill.ts";
import { ordersCommand } from "./commands/orders.ts";
import { positionsCommand } from "./commands/positions.ts";
import { projectionsCommand } from "./commands/projections.ts";
import { modelsCommand } from "./commands/models.ts";
import { mt5Command } from "./commands/mt5.ts";
import { replayCommand } from "./commands/replay.ts";
import { retrainCommand } from "./commands/retrain.ts";
import { startCommand } from "./commands/start.ts";

const program = new Command("tickforge")
  .description(
    "Real-time AI trading for MetaTrader 5: ticks in, explained decisions and risk-checked orders out.",
  )
  .version(packageJson.version)
  .showHelpAfterError("(tickforge --help lists the commands)")
  .addCommand(startCommand())
  .addCommand(killCommand())
  .addCommand(ordersCommand())
  .addCommand(positionsCommand())
  .addCommand(accountCommand())
  .addCommand(reconcileCommand())
  .addCommand(importCommand())
  .addCommand(exportCommand())
  .addCommand(downloadCommand())
  .addCommand(replayCommand())
  .addCommand(featuresCommand())
  .addCommand(modelsCommand())
  .addCommand(retrainCommand())
  .addCommand(analogsCommand())
  .addCommand(mt5Command())
  .addCommand(journalCommand())
  .addCommand(explainCommand())
  .addCommand(projectionsCommand())
  .addCommand(backupCommand())
  .addCommand(restoreCommand())
  .addCommand(doctorCommand())
  .addCommand(benchCommand());

/** Wrong usage ends with 2, whichever subcommand found it; help and version end with 0. */
function exitAsAgreed(command: Command): void {
  command.exitOverride();
  for (const child of command.commands) exitAsAgreed(child);
}

exitAsAgreed(program);
try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode === 0 ? 0 : EXIT_USAGE);
  const message = error instanceof Error ? error.message : String(error);
  const isDiskFull = /SQLITE_FULL|ENOSPC|disk is full/.test(`${String(error)} ${codeOf(error)}`);
  if (!isDiskFull) throw error;
  console.error(
    `disk-full: ${message}. Free some space on the disk of the data folder, then run this again.`,
  );
  process.exit(EXIT_FAILED);
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";
}
