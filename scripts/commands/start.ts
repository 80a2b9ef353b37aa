// `tickforge start`: the running system. For now its market is simulated and its account is on paper.

import { MICROS_PER_HOUR } from "../../actors/base/clock.ts";
import { simulatedInstruments } from "../../edge/feeds/instruments.ts";
import { SimulatedMarket } from "../../edge/feeds/simulated-market.ts";
import { SIMULATED_SOURCE } from "../../edge/feeds/source.ts";
import { Command } from "commander";
import { LiveMarket, warmUp } from "../../edge/live-market.ts";
import { openStation, type Station } from "../../edge/main.ts";
import { reportOf } from "../../edge/report.ts";
import { TerminalView } from "../../edge/terminal/terminal-view.ts";
import { viewOf } from "../../edge/terminal/view.ts";
import {
  type CommonFlags,
  countFlag,
  EXIT_FAILED,
  settingsOrExit,
  valueOrExit,
  wholeNumber,
  withSettings,
} from "./common.ts";
import { StopRequest } from "./stop-request.ts";

/** History played before the first live tick: warms the slowest indicator. */
const WARM_MICROS = 2.5 * MICROS_PER_HOUR;

/** All symbols together in an average hour: lively enough to watch. */
const TICKS_PER_SECOND = 80;

interface StartFlags extends CommonFlags {
  readonly seconds?: number;
  readonly preset?: string;
}

export function startCommand(): Command {
  return withSettings(
    new Command("start")
      .description("run the system: a simulated market, traded on paper")
      .option("--preset <name>", "demo, rules or classic (TICKFORGE_PRESET, default demo)")
      .option("--seed <number>", "of the simulated market (TICKFORGE_SEED)", wholeNumber)
      .option("--seconds <count>", "stop after so many seconds", countFlag),
  ).action(async (flags: StartFlags) => {
    await start(flags);
  });
}

async function start(flags: StartFlags): Promise<void> {
  const { seconds, ...given } = flags;
  const settings = settingsOrExit(given, { preset: "demo" });
  const stop = new StopRequest();
  const problems: string[] = [];
  const tell = (message: string): void => {
    problems.push(message);
    // On a terminal the view shows them, and they are repeated when it is gone.
    if (flags.json || !process.stdout.isTTY) console.error(message);
  };
  const station = valueOrExit(
    await openStation({
      settings,
      instruments: simulatedInstruments({ alwaysOpen: true }),
      live: true,
      onFault: (fault) => tell(`${fault.what}: ${fault.path} at record ${fault.seq}: ${fault.message}`),
      onProblem: tell,
    }),
  );
  console.error(
    `running on ${settings.data}: the journal stands at record ${station.live.router.lastSeq}. Ctrl-C stops.`,
  );
  const market = await openSimulated(station, settings.seed);
  const view = new TerminalView({
    out: process.stdout,
    json: flags.json,
    badge: SIMULATED_SOURCE,
    clock: station.clock,
    look: (ticksPerSecond) =>
      viewOf(station.live, station.journal, { badge: SIMULATED_SOURCE, ticksPerSecond }),
    problems,
  });
  station.journal.onProgress(() => {
    if (station.journal.health === "failed") stop.stop("the journal failed");
  });
  if (station.journal.health === "failed") stop.stop("the journal failed");
  if (seconds !== undefined) setTimeout(() => stop.stop("time is up"), seconds * 1_000);
  await stop.wanted();
  view.stop();
  await market.stop();
  const report = reportOf(station.live.engine);
  // Nothing can be saved behind a failed journal, and nothing may look as if it had been.
  if (station.journal.health === "failed") {
    // The journal's thread gives its reason a moment after it failed: a flush waits for that.
    await station.journal.flush().catch(() => undefined);
    console.error(`journal-failed: ${station.journal.failure}`);
    process.exit(EXIT_FAILED);
  }
  await station.close();
  if (process.stdout.isTTY && !flags.json) for (const problem of problems) console.error(problem);
  if (flags.json) console.log(JSON.stringify({ stopped: true, ...report }));
  else
    console.log(
      `stopped: everything is flushed and saved in ${settings.data}; decision hash ${report.decisionHash}`,
    );
  process.exit(0);
}

/** The market goes on where the data folder's last run left it. */
async function openSimulated(station: Station, seed: number): Promise<LiveMarket> {
  const { live, clock } = station;
  const nowMicros = clock.nowMicros();
  const sourceSeqs = new Map(
    live.router.gaps.counts().map(({ instrumentId, lastSourceSeq }) => [instrumentId, lastSourceSeq]),
  );
  const source = new SimulatedMarket({
    // Each run is a new stretch of the same market, not the same stretch again.
    seed: seed + live.router.lastSeq,
    ticksPerSecond: TICKS_PER_SECOND,
    startMicros: Math.max(nowMicros - WARM_MICROS, lastSourceMicros(station)),
    instruments: live.engine.config.instruments,
    resume: (instrumentId) => {
      const quote = live.engine.symbol(instrumentId)?.chain.quote;
      const instrument = live.engine.config.instruments[instrumentId];
      if (quote === undefined || instrument === undefined || !(quote.midPoints > 0)) return undefined;
      return { mid: quote.midPoints / 10 ** instrument.digits, sourceSeq: sourceSeqs.get(instrumentId) ?? 0 };
    },
  });
  await warmUp(station, source, nowMicros);
  return new LiveMarket(station, source, { fromMicros: nowMicros, onEnd: () => undefined });
}

/** Source time of the newest tick of any symbol; 0 in a new data folder. */
function lastSourceMicros({ live }: Station): number {
  const { engine } = live;
  return Math.max(
    0,
    ...engine.config.instruments.map(({ id }) => engine.symbol(id)?.chain.quote.sourceTimeMicros ?? 0),
  );
}
