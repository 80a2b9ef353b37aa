// `tickforge projections`: the stores that are kept at the journal's side - how far they are, and what people want of them.
// It works on the data folder, whether a system runs on it or not.

import { Command } from "commander";
import { failure } from "../../actors/base/result.ts";
import { palette, table } from "../../edge/terminal/table.ts";
import { PROJECTION_IDS, ProjectionControl, type ProjectionId } from "../../storage/projections/control.ts";
import { type CommonFlags, EXIT_USAGE, exitWith, settingsOrExit, withSettings } from "./common.ts";

/** A report older than this is of a runner that is gone. */
const FRESH_MILLIS = 10_000;

export function projectionsCommand(): Command {
  const command = new Command("projections").description(
    "the stores kept from the journal: list, pause, resume, rebuild",
  );
  command.addCommand(
    withSettings(new Command("list").description("how far each store is")).action((flags: CommonFlags) =>
      list(flags),
    ),
  );
  const verbs: readonly [string, string, (control: ProjectionControl) => string][] = [
    ["pause", "store nothing until resumed; the journal keeps everything", pause],
    ["resume", "go on where it was paused", resume],
    ["rebuild", "remove what came from records the journal still holds, and store it anew", rebuild],
  ];
  for (const [name, description, act] of verbs) {
    command.addCommand(
      withSettings(
        new Command(name).description(description).argument("<store>", PROJECTION_IDS.join(", ")),
      ).action((id: string, flags: CommonFlags) => {
        const said = act(new ProjectionControl(settingsOrExit(flags).data, idOrExit(id)));
        console.log(flags.json ? JSON.stringify({ store: id, said }) : `${id}: ${said}`);
      }),
    );
  }
  return command;
}

function pause(control: ProjectionControl): string {
  control.paused = true;
  return "paused; the journal keeps what follows, and its segments stay until it is resumed";
}

function resume(control: ProjectionControl): string {
  control.paused = false;
  return "goes on within a second, or at the next start";
}

function rebuild(control: ProjectionControl): string {
  control.rebuilds = true;
  return "begins anew within a second, or at the next start; what was archived from the journal stays as it is";
}

function list(flags: CommonFlags): void {
  const { data } = settingsOrExit(flags);
  const states = PROJECTION_IDS.map((id) => ({ id, ...stateOf(new ProjectionControl(data, id)) }));
  if (flags.json) {
    for (const state of states) console.log(JSON.stringify(state));
    return;
  }
  const columns = ["store", "state", "stored up to", "behind", "since", "last error"].map((title) => ({
    title,
    align: title === "stored up to" || title === "behind" ? ("right" as const) : ("left" as const),
  }));
  const rows = states.map(({ id, state, report }) => [
    id,
    state,
    String(report?.appliedSeq ?? 0),
    String(report?.lagRecords ?? ""),
    report === undefined ? "" : `${(report.lagMicros / 1e6).toFixed(1)} s`,
    report?.lastError ?? "",
  ]);
  for (const line of table(columns, rows, palette(process.stdout.isTTY))) console.log(line);
}

function stateOf(control: ProjectionControl) {
  const report = control.report();
  const isFresh = report !== undefined && Date.now() - Date.parse(report.at) < FRESH_MILLIS;
  const running = report?.breaker === "closed" ? "running" : "waiting for the store";
  const state = control.paused ? "paused" : isFresh ? running : "not running";
  return { state, rebuilds: control.rebuilds, report };
}

function idOrExit(text: string): ProjectionId {
  const id = PROJECTION_IDS.find((known) => known === text);
  if (id !== undefined) return id;
  return exitWith(
    failure("unknown-store", `"${text}" is no store: ${PROJECTION_IDS.join(", ")} are`),
    EXIT_USAGE,
  );
}
