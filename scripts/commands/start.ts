// `tickforge start`: the running system - a market, its actors, a paper account, the page, the API and the stream.

import { join } from "node:path";
import { Command, Option } from "commander";
import { failure } from "../../actors/base/result.ts";
import type { Engine } from "../../actors/engine.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import { openAdvisers } from "../../edge/advisers/open.ts";
import { openAnalogs } from "../../edge/analogs/open.ts";
import { buildDashboard } from "../../edge/dashboard/routes.ts";
import { RecentBars } from "../../edge/live/recent-bars.ts";
import { openStation, type Station } from "../../edge/main.ts";
import { explainAside } from "../explain-aside.ts";
import { openBridge, withTerminal } from "../terminals.ts";
import { modelsAside } from "../models-aside.ts";
import { votersText } from "../../edge/model-watch.ts";
import { type Market, MARKET_KINDS, type MarketKind, openMarket } from "../../edge/markets.ts";
import { reportOf } from "../../edge/report.ts";
import { type RunningServer, startServer } from "../../edge/server.ts";
import type { Settings } from "../../edge/settings.ts";
import { TerminalView } from "../../edge/terminal/terminal-view.ts";
import { viewOf } from "../../edge/terminal/view.ts";
import { CallMark } from "../../storage/process/call-mark.ts";
import { SpendingFile } from "../../storage/spending-file.ts";
import { Upkeep } from "../../edge/upkeep.ts";
import {
  type CommonFlags,
  countFlag,
  EXIT_FAILED,
  EXIT_USAGE,
  exitWith,
  settingsOrExit,
  valueOrExit,
  wholeNumber,
  withSettings,
} from "./common.ts";
import { tellUnhandled } from "./unhandled.ts";
import { KEPT_FLAG, UNKEPT_FLAG } from "./keep.ts";
import { StopRequest } from "./stop-request.ts";

interface StartFlags extends CommonFlags {
  readonly market: MarketKind;
  readonly clock: "wall" | "source";
  readonly speed: string;
  readonly seconds?: number;
  /** False where nobody is to watch over this process. */
  readonly keeper: boolean;
  /** The file of the mark that its keeper reads. */
  readonly kept?: string;
}

export function startCommand(): Command {
  return withSettings(
    new Command("start")
      .description("run the system: a market traded on paper, with its page, API and stream")
      .argument("[paths...]", "with --market replay: Lean tick zips or folders of them")
      .addOption(
        new Option("--market <kind>", "where ticks come from").choices(MARKET_KINDS).default("simulated"),
      )
      .addOption(
        new Option("--clock <whose>", "with --market none: the wall's time, or each tick's own")
          .choices(["wall", "source"])
          .default("wall"),
      )
      .option("--speed <factor>", "of a replay: 1 is real time, max is as fast as it goes", "1")
      .option("--preset <name>", "demo, rules, classic or ensemble (TICKFORGE_PRESET, default demo)")
      .option("--seed <number>", "of the simulated market (TICKFORGE_SEED)", wholeNumber)
      .option(
        "--host <address>",
        "where to listen (TICKFORGE_HOST, default 127.0.0.1; others need TICKFORGE_TOKEN)",
      )
      .option("--port <number>", "where to listen (TICKFORGE_PORT, default 8000; 0 for any)", wholeNumber)
      .option(
        "--mt5-port <number>",
        "with --market none: where MetaTrader terminals connect (TICKFORGE_MT5_PORT, usually 8001; 0 for any)",
        wholeNumber,
      )
      .addOption(
        new Option("--broker <kind>", "where orders go (TICKFORGE_BROKER, default paper)").choices([
          "paper",
          "mt5",
        ]),
      )
      .option(
        "--clickhouse <url>",
        "a ClickHouse server for history (TICKFORGE_CLICKHOUSE_URL, default: embedded)",
      )
      .option("--no-time-series", "keep no history but the journal")
      .option("--seconds <count>", "stop after so many seconds", countFlag)
      .option(UNKEPT_FLAG, "run in one process: a model that never answers stops trading until somebody acts")
      .addOption(new Option(`${KEPT_FLAG} <file>`).hideHelp()),
  ).action(async (paths: string[], flags: StartFlags) => {
    await start(paths, flags);
  });
}

async function start(paths: readonly string[], flags: StartFlags): Promise<void> {
  const { market: kind, clock, speed: speedText, seconds, json, keeper: _keeper, kept, ...given } = flags;
  const settings = valueOrExit(withTerminal(settingsOrExit(given, { preset: "demo" })));
  const speed = speedText === "max" ? Number.POSITIVE_INFINITY : Number(speedText);
  if (!(speed > 0)) {
    exitWith(failure("bad-speed", `--speed ${speedText} is no number above 0, nor max`), EXIT_USAGE);
  }
  if (paths.length > 0 && kind !== "replay") {
    exitWith(failure("paths-not-taken", "files are played with --market replay <paths>"), EXIT_USAGE);
  }
  const market = valueOrExit(openMarket({ kind, paths, speed, clock, seed: settings.seed }));
  const stop = new StopRequest();
  const problems = new Problems({ quiet: process.stdout.isTTY && !json });
  tellUnhandled(problems.tell);
  const calls = kept === undefined ? undefined : CallMark.adopt(kept);
  void stop.wanted().then(() => calls?.tellEnding());
  const { station, server, desks } = await openSystem({ market, settings, problems, calls });
  console.error(
    `running on ${settings.data}: the journal stands at record ${station.live.router.lastSeq}. Open ${server.url} - Ctrl-C stops.`,
  );
  const { bridge } = server.picture;
  if (bridge !== undefined) console.error(`terminals connect to ${bridge.url}`);
  console.error(`members that vote: ${membersText(station.live.engine)}`);
  const upkeep = new Upkeep(station, { beats: market.clock === "wall", wideKill: server.wideKill });
  const running = await market
    .open(station, () => {
      problems.tell("the recorded market has ended: everything stays as it is until you stop");
    })
    .catch(async (error: unknown) => {
      await server.stop();
      await stopAll(desks);
      await upkeep.stop();
      await station.close();
      throw error;
    });
  const view = new TerminalView({
    out: process.stdout,
    json,
    badge: market.badge,
    clock: station.clock,
    look: (ticksPerSecond) =>
      viewOf(station.live, station.journal, {
        badge: `${market.badge} ${server.url}`,
        ticksPerSecond,
        history: station.timeSeries === undefined ? undefined : station.projector?.statusOf("time-series"),
      }),
    problems: problems.all,
  });
  const watchJournal = (): void => {
    if (station.journal.health === "failed") stop.stop("the journal failed");
  };
  station.journal.onProgress(watchJournal);
  watchJournal();
  if (seconds !== undefined) {
    const millis = seconds * 1_000;
    setTimeout(() => stop.stop("time is up"), calls?.millisLeft(millis) ?? millis);
  }
  await stop.wanted();
  view.stop();
  await running.stop();
  await server.stop();
  await stopAll(desks);
  await upkeep.stop();
  await finish(station, { json, problems });
}

function membersText({ config }: Engine): string {
  const rules = ruleForecasters().map(({ member }) => member);
  return `${rules.join(", ")}; trained models: ${votersText(config.models)}`;
}

/** Older ones have been shown. */
const PROBLEMS_KEPT_MAX = 1_000;

/** What a person should know: shown where it can be seen, and on the page. */
class Problems {
  readonly all: string[] = [];
  readonly #quiet: boolean;
  #server: RunningServer | undefined;

  /** @param options.quiet on a terminal the view shows them, and they are repeated when it is gone */
  constructor(options: { quiet: boolean }) {
    this.#quiet = options.quiet;
  }

  readonly tell = (message: string): void => {
    this.all.push(message);
    if (this.all.length > PROBLEMS_KEPT_MAX) this.all.shift();
    this.#server?.picture.problem(message);
    if (!this.#quiet) console.error(message);
  };

  showOn(server: RunningServer): void {
    this.#server = server;
    for (const message of this.all) server.picture.problem(message);
  }

  repeat(): void {
    if (this.#quiet) for (const message of this.all) console.error(message);
  }
}

/** Whoever asks beside the tick path. */
interface Desk {
  stop(): Promise<void>;
}

async function stopAll(desks: readonly (Desk | undefined)[]): Promise<void> {
  await Promise.all(desks.map(async (desk) => await desk?.stop()));
}

async function openSystem({
  market,
  settings,
  problems,
  calls,
}: {
  market: Market;
  settings: Settings;
  problems: Problems;
  calls: CallMark | undefined;
}): Promise<{ station: Station; server: RunningServer; desks: readonly (Desk | undefined)[] }> {
  const bars = new RecentBars();
  const page = valueOrExit(await buildDashboard());
  const station = valueOrExit(
    await openStation({
      settings,
      instruments: market.instruments,
      live: market.clock === "wall",
      keepsTimeSeries: true,
      onBar: bars.add,
      onFault: (fault) => {
        problems.tell(`${fault.what}: ${fault.path} at record ${fault.seq}: ${fault.message}`);
      },
      onProblem: problems.tell,
      ...(calls === undefined ? {} : { calls }),
    }),
  );
  const advisers = await openAdvisers({
    station,
    settings: settings.advisers,
    spending: new SpendingFile(join(settings.data, "advisers.json")),
    isWallClock: market.clock === "wall",
    onProblem: problems.tell,
  });
  const analogs = openAnalogs({
    station,
    settings: settings.analogs,
    isWallClock: market.clock === "wall",
    onProblem: problems.tell,
  });
  const terminals = openBridge({ station, settings, market, onProblem: problems.tell });
  const desks = [advisers, analogs, terminals.ok ? terminals.value : undefined];
  if (!terminals.ok) {
    await stopAll(desks);
    await station.close();
    return exitWith(terminals);
  }
  const { host, port, token, ticksPerSecond } = settings.http;
  const server = startServer({
    station,
    bars,
    badge: market.badge,
    host,
    port,
    token,
    tenantId: settings.tenant,
    onProblem: problems.tell,
    advisers,
    analogs,
    bridge: terminals.value?.bridge,
    ingest: {
      clock: market.clock,
      ticksPerSecond: ticksPerSecond === 0 ? Number.POSITIVE_INFINITY : ticksPerSecond,
      closedBecause: market.closedBecause,
    },
    explain: explainAside(settings.data, station.vectors),
    models: modelsAside(settings.data),
    page: (request) => page.respond(request),
  });
  if (!server.ok) {
    await stopAll(desks);
    await station.close();
    return exitWith(server);
  }
  problems.showOn(server.value);
  return { station, server: server.value, desks };
}

/** Saves what can be saved and ends the process. */
async function finish(
  station: Station,
  { json, problems }: { json: boolean; problems: Problems },
): Promise<never> {
  // Nothing can be saved behind a failed journal, and nothing may look as if it had been.
  if (station.journal.health === "failed") {
    // The journal's thread gives its reason a moment after it failed: a flush waits for that.
    await station.journal.flush().catch(() => undefined);
    console.error(`journal-failed: ${station.journal.failure}`);
    process.exit(EXIT_FAILED);
  }
  await station.close();
  // What waited for the disk has left by now, and what followed from it is decided.
  const report = reportOf(station.live.engine);
  problems.repeat();
  console.log(
    json
      ? JSON.stringify({ stopped: true, ...report })
      : `stopped: everything is flushed and saved; decision hash ${report.decisionHash}`,
  );
  process.exit(0);
}
