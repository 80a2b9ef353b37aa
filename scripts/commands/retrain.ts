// `tickforge retrain`: trains models on what this system has lived through and makes them known as shadows. They are asked and scored
// beside those that vote; whether one of them is to vote is for a person to say.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { failure } from "../../actors/base/result.ts";
import { type CommonFlags, exitWith, journalFolderOrExit, settingsOrExit, withSettings } from "./common.ts";

interface RetrainFlags extends CommonFlags {
  readonly heads?: readonly string[];
  readonly out?: string;
  readonly quick: boolean;
}

const ROOT = join(import.meta.dir, "../..");
const HEADS_DEFAULT = ["direction", "ranges"];
/** Of heads that learn from ticks. */
const ON_TICKS = /^fast/;

export function retrainCommand(): Command {
  return withSettings(
    new Command("retrain").description(
      "train models on the ticks of this data folder's journal and register them as shadows (needs Python, see scripts/train)",
    ),
  )
    .option(
      "--heads <names...>",
      `what to train: models or groups of them (default ${HEADS_DEFAULT.join(" ")})`,
    )
    .option("--out <folder>", "features, models and cards (default: training, in the data folder)")
    .option("--quick", "tiny models, to see that everything works", false)
    .action(async (flags: RetrainFlags) => await retrain(flags));
}

async function retrain(flags: RetrainFlags): Promise<void> {
  const { heads = HEADS_DEFAULT, quick, json: _json, out: wanted, ...given } = flags;
  const settings = settingsOrExit(given);
  journalFolderOrExit(settings);
  const out = wanted ?? join(settings.data, "training");
  const kinds = [
    ...(heads.some((head) => !ON_TICKS.test(head)) ? (["minute"] as const) : []),
    ...(heads.some((head) => ON_TICKS.test(head)) ? (["tick"] as const) : []),
  ];
  for (const cadence of kinds) {
    const folder = join(out, "features", `${cadence}s`);
    await run([
      process.execPath,
      join(ROOT, "scripts/tickforge.ts"),
      "features",
      "--recorded",
      settings.data,
      "--cadence",
      cadence,
      "--out",
      folder,
    ]);
  }
  const script = join(ROOT, "scripts/train/run.sh");
  if (!existsSync(script))
    exitWith(failure("no-training", `${script} is missing: install the program again`));
  await run([
    "bash",
    script,
    "--reuse-features",
    ...(quick ? ["--quick"] : []),
    "--data",
    settings.data,
    "--out",
    out,
    "--register",
    settings.data,
    "--heads",
    ...heads,
  ]);
}

/** Ends this process where the other one failed: it has said why. */
async function run(command: readonly string[]): Promise<void> {
  const code = await Bun.spawn([...command], { stdio: ["ignore", "inherit", "inherit"] }).exited;
  if (code !== 0) process.exit(code);
}
