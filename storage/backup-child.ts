// Makes one backup of a folder that another process works on, and lets the oldest go: told what to do by its standard input,
// says what went wrong and ends with 1.

import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { createBackup } from "./backup.ts";
import { backupOrderSchema, backupsIn, PARTIAL_BACKUP } from "./backup-folder.ts";
import { openHistory } from "./open-history.ts";
import { stepBack } from "./process/step-back.ts";

function fail(code: string, message: string): void {
  process.stderr.write(`${code}: ${message}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { data, target, keep, timeSeries } = backupOrderSchema.parse(JSON.parse(await Bun.stdin.text()));
  const folder = dirname(target);
  // Of those that were cut off; one is made at a time.
  for (const name of readdirSync(folder)) {
    if (PARTIAL_BACKUP.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
  const history =
    timeSeries === null
      ? undefined
      : await openHistory({
          ...timeSeries,
          directory: join(data, "time-series"),
          onProblem: (message) => void process.stderr.write(`${message}\n`),
        });
  if (history?.ok === false) {
    fail(history.code, history.message);
    return;
  }
  const made = await createBackup({ data, target, history: history?.value });
  await history?.value.close();
  if (!made.ok) {
    fail(made.code, made.message);
    return;
  }
  for (const name of backupsIn(folder).slice(keep)) rmSync(join(folder, name), { recursive: true });
}

stepBack();
await main();
