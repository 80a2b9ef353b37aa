// `tickforge replay`: ticks from files through the same actors as live, or a recorded journal again.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { failure } from "../../actors/base/result.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { VotingModel } from "../../actors/voting-models.ts";
import { type LeanTicks, openLeanTicks } from "../../edge/feeds/lean.ts";
import { openModels, openStation, REPLAYS_FOLDER, type Station } from "../../edge/main.ts";
import { firstModels } from "../../edge/model-watch.ts";
import { playTick, settleDurably } from "../../edge/play.ts";
import { reportOf, type RunReport } from "../../edge/report.ts";
import type { Settings } from "../../edge/settings.ts";
import {
  type CommonFlags,
  EXIT_USAGE,
  exitWith,
  journalFolderOrExit,
  settingsOrExit,
  valueOrExit,
  withSettings,
} from "./common.ts";
import { Progress } from "./progress.ts";
import { printRecordedReplay, replayRecorded } from "./replay-recorded.ts";
import { printVerifiedReplay, verifyReplay } from "./replay-verify.ts";
import { printRun } from "./run-report.ts";
import { EXIT_INTERRUPTED, StopRequest } from "./stop-request.ts";

/** Ticks between two looks at the journal and at the terminal. */
const TURN_TICKS = 4_096;
/** Above this share of the journal's buffer the replay waits for the disk. */
const PRESSURE_MAX = 0.5;

interface ReplayFlags extends CommonFlags {
  readonly speed: string;
  readonly recorded: boolean;
  readonly recompute: boolean;
  readonly verify: boolean;
  readonly preset?: string;
}

export function replayCommand(): Command {
  return withSettings(
    new Command("replay")
      .description("play tick files through the actors of live trading, or a recorded journal again")
      .argument("[paths...]", "Lean tick zips or folders of them: <source>-<symbol>/YYYYMMDD_quote.zip")
      .option("--speed <factor>", "1 is real time, max is as fast as it goes", "max")
      .option("--preset <name>", "rules, classic, demo or ensemble (TICKFORGE_PRESET, default rules)")
      .option("--recorded", "replay the data folder's journal, votes taken from it", false)
      .option("--recompute", "replay the data folder's journal, members run again", false)
      .option(
        "--verify",
        "derive every recorded decision again, both ways, and say what differs and why",
        false,
      ),
  ).action(async (paths: string[], flags: ReplayFlags) => {
    const settings = settingsOrExit(flags);
    if (flags.verify) {
      journalFolderOrExit(settings);
      printVerifiedReplay(valueOrExit(verifyReplay(settings)), flags.json);
      return;
    }
    if (flags.recorded || flags.recompute) {
      journalFolderOrExit(settings);
      const mode = flags.recorded ? "recorded" : "recompute";
      printRecordedReplay(valueOrExit(replayRecorded(settings, mode)), flags.json);
      return;
    }
    if (paths.length === 0) {
      exitWith(
        failure("no-paths", "name the tick files to replay, or --recorded, --recompute or --verify"),
        EXIT_USAGE,
      );
    }
    await replayFiles(paths, settings, flags);
  });
}

async function replayFiles(paths: string[], settings: Settings, flags: ReplayFlags): Promise<void> {
  const speed = flags.speed === "max" ? Number.POSITIVE_INFINITY : Number(flags.speed);
  if (!(speed > 0))
    exitWith(failure("bad-speed", `--speed ${flags.speed} is no number above 0, nor max`), EXIT_USAGE);
  const stop = new StopRequest();
  const lean = valueOrExit(openLeanTicks(paths));
  const models = await votingModels(settings, lean.instruments);
  const folder = prepareFolder(settings, { paths, preset: settings.preset, ...models });
  const station = valueOrExit(
    await openStation({
      settings: { ...settings, data: folder },
      instruments: lean.instruments,
      live: false,
      onProblem: (message) => console.error(message),
    }),
  );
  if (station.recovery.records > 0 && !flags.json) {
    console.error(`continuing an interrupted replay: ${station.recovery.records} records recovered`);
  }
  const startMillis = performance.now();
  const ticks = await play(lean, station, { speed, quiet: flags.json, stop });
  const seconds = (performance.now() - startMillis) / 1_000;
  if (stop.reason !== "") {
    await station.close();
    console.error(
      `interrupted (${stop.reason}): ${ticks} ticks of this run are saved in ${folder}. Run the same command again to continue.`,
    );
    process.exit(EXIT_INTERRUPTED);
  }
  const report: RunReport = reportOf(station.live.engine);
  await station.close();
  writeFileSync(join(folder, COMPLETE), `${report.decisionHash}\n`);
  printRun(report, { json: flags.json, ticks, seconds, folder });
}

/** Other models make another replay; without any it is the one it was before there were models. */
async function votingModels(
  { data }: Settings,
  instruments: readonly Instrument[],
): Promise<{ models?: readonly VotingModel[] }> {
  const shelf = openModels(data, () => undefined);
  const symbols = instruments.map(({ symbol }) => symbol);
  const { chosen } = await firstModels({ shelf, symbols, timeMicros: 0, onProblem: () => undefined });
  shelf.keepOnly([]);
  return chosen.length === 0 ? {} : { models: chosen };
}

const COMPLETE = "complete";
const INPUTS = "inputs.json";

/**
 * A replay has a folder of its own below the data folder, named by its inputs. One that was interrupted goes on; one that
 * was completed starts again from nothing.
 */
function prepareFolder(
  settings: Settings,
  inputs: { paths: string[]; preset: string; models?: readonly VotingModel[] },
): string {
  const text = JSON.stringify({
    ...inputs,
    seed: settings.seed,
    account: settings.account,
    broker: settings.broker,
    accounts: settings.accounts,
  });
  const name = createHash("sha256").update(text).digest("hex").slice(0, 12);
  const folder = join(settings.data, REPLAYS_FOLDER, name);
  if (existsSync(join(folder, COMPLETE))) rmSync(folder, { recursive: true });
  mkdirSync(folder, { recursive: true });
  const inputsPath = join(folder, INPUTS);
  if (!existsSync(inputsPath) || readFileSync(inputsPath, "utf8") !== text) writeFileSync(inputsPath, text);
  return folder;
}

/** Plays every tick and returns how many were taken in this run. */
async function play(
  lean: LeanTicks,
  station: Station,
  options: { speed: number; quiet: boolean; stop: StopRequest },
): Promise<number> {
  const { live, journal, clock } = station;
  const progress = new Progress(options.quiet ? undefined : process.stderr, "replay");
  let taken = 0;
  let turn = 0;
  let firstMicros: number | undefined;
  const startMicros = clock.nowMicros();
  for (let tick = lean.ticks.next(); tick !== undefined; tick = lean.ticks.next()) {
    if (options.stop.reason !== "") break;
    firstMicros ??= tick.sourceTimeMicros;
    if (options.speed !== Number.POSITIVE_INFINITY) {
      const dueMicros = startMicros + (tick.sourceTimeMicros - firstMicros) / options.speed;
      await Promise.race([until(clock, dueMicros), options.stop.wanted()]);
    }
    // A tick that was taken before an interruption comes out as a duplicate.
    if ((await playTick(live, journal, tick, tick.sourceTimeMicros)) > 0) taken++;
    if (++turn % TURN_TICKS !== 0) continue;
    if (journal.pressure > PRESSURE_MAX) await journal.flush();
    else await breathe();
    const { ticks, ticksEstimate } = lean.ticks.progress();
    progress.show(ticks / ticksEstimate, `${ticks} ticks`);
    if (journal.health === "failed") break;
    await station.projection.catchUp();
  }
  await settleDurably(live, journal);
  progress.done();
  if (lean.ticks.failure !== undefined) {
    await station.close();
    exitWith(lean.ticks.failure);
  }
  if (journal.health === "failed") exitWith(failure("journal-failed", journal.failure));
  return taken;
}

/** Lets the journal's thread be heard. */
async function breathe(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

async function until(clock: Station["clock"], dueMicros: number): Promise<void> {
  const waitMicros = dueMicros - clock.nowMicros();
  if (waitMicros <= 0) return;
  await new Promise<void>((resolve) => {
    clock.after(waitMicros, resolve);
  });
}
