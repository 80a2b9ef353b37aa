// `tickforge explain`: everything behind a decision, from its ticks to its fills.

import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { engineBuilder } from "../../edge/main.ts";
import type { Dossier } from "../../edge/explain/dossier.ts";
import { dossierLines } from "../../edge/explain/terminal.ts";
import { explain, withAnalogs } from "../../edge/explain/gather.ts";
import { dossierPage } from "../../edge/explain/page.ts";
import { type Settings, weaviateOf } from "../../edge/settings.ts";
import { openPast } from "../../storage/open-past.ts";
import { openVectors } from "../../storage/open-vectors.ts";
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
      .option("--html <file>", "write it as a page")
      .option("--no-analogs", "leave out the moments of the past that were most like it"),
  ).action(async (id: string, flags: CommonFlags & { html?: string; analogs: boolean }) => {
    const settings = settingsOrExit(flags);
    journalFolderOrExit(settings);
    const past = valueOrExit(
      await openPast({
        data: settings.data,
        build: (config, clock) =>
          engineBuilder({ scheduler: clock, stopwatch: clock, live: false, asksMembers: false })(config),
      }),
    );
    const told = valueOrExit(explain(past, id));
    const dossier = flags.analogs ? await compared(told, settings) : told;
    if (flags.html !== undefined) writeFileSync(flags.html, dossierPage(dossier));
    if (flags.json) console.log(JSON.stringify(dossier));
    else if (flags.html === undefined) {
      for (const line of dossierLines(dossier, process.stdout.isTTY)) console.log(line);
    } else console.log(`${flags.html} is written`);
  });
}

/** Nothing is started for it where market states were never kept. */
async function compared(dossier: Dossier, settings: Settings): Promise<Dossier> {
  const opened = await openVectors({
    data: settings.data,
    weaviate: weaviateOf(settings),
    timeSeries: settings.timeSeries,
    onProblem: (message) => console.error(message),
  });
  if (opened === undefined) return dossier;
  try {
    return await withAnalogs(dossier, opened.vectors);
  } finally {
    await opened.close();
  }
}
