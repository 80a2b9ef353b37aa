// `tickforge explain`: everything behind a decision, from its ticks to its fills.

import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { engineBuilder } from "../../edge/main.ts";
import { dossierLines } from "../../edge/explain/terminal.ts";
import { explain } from "../../edge/explain/gather.ts";
import { dossierPage } from "../../edge/explain/page.ts";
import { openPast } from "../../storage/open-past.ts";
import {
  type CommonFlags,
  journalFolderOrExit,
  settingsOrExit,
  valueOrExit,
  withSettings,
} from "./common.ts";

export function explainCommand(): Command {
  return withSettings(
    new Command("explain")
      .description("show everything behind a decision: ticks, features, votes, checks, order, fills, proof")
      .argument("<id>", "a signal's number, an order such as paper-000000012, a deal or a position")
      .option("--html <file>", "write it as a page"),
  ).action(async (id: string, flags: CommonFlags & { html?: string }) => {
    const settings = settingsOrExit(flags);
    journalFolderOrExit(settings);
    const past = valueOrExit(
      await openPast({
        data: settings.data,
        build: (config, clock) =>
          engineBuilder({ scheduler: clock, stopwatch: clock, live: false, asksMembers: false })(config),
      }),
    );
    const dossier = valueOrExit(explain(past, id));
    if (flags.html !== undefined) writeFileSync(flags.html, dossierPage(dossier));
    if (flags.json) console.log(JSON.stringify(dossier));
    else if (flags.html === undefined) {
      for (const line of dossierLines(dossier, process.stdout.isTTY)) console.log(line);
    } else console.log(`${flags.html} is written`);
  });
}
