// `tickforge bench`: hands over to the bench runner.

import { Command } from "commander";

export function benchCommand(): Command {
  return new Command("bench")
    .description("measure the speed of every part, as ratios against a baseline in the same run")
    .argument(
      "[names...]",
      "mailbox, features, chain, inference, journal, replay, recover, memory, http, fanout, clickhouse, projection, import, ingest, mt5, order, accounts, storage, hot-state, dashboard; all by default",
    )
    .option("--json", "one JSON object a line", false)
    .action(async (names: string[], options: { json: boolean }) => {
      const runner = new URL("../bench.ts", import.meta.url).pathname;
      const child = Bun.spawn([process.execPath, runner, ...names, ...(options.json ? ["--json"] : [])], {
        stdio: ["inherit", "inherit", "inherit"],
      });
      process.exitCode = await child.exited;
    });
}
