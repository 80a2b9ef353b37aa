// `tickforge kill`: the kill switch of a running system, over its API. Tripping takes one command; re-arming shows a code that has
// to be typed in.

import { createInterface } from "node:readline/promises";
import { Command, Option } from "commander";
import { failure } from "../../actors/base/result.ts";
import { KILL_LEVELS, KILL_MODES, type KillLevel, type KillMode } from "../../actors/domain/kill-switch.ts";
import type { KillSwitchChanged, KillSwitchMessage, RearmCode } from "../../edge/api/kill-switch-schema.ts";
import { EXIT_USAGE, exitWith, valueOrExit } from "./common.ts";
import { ask, personOf, talking, type TalkFlags } from "./running.ts";

interface TripFlags extends TalkFlags {
  readonly level: KillLevel;
  readonly mode?: KillMode;
  readonly reason?: string;
}

interface RearmFlags extends TalkFlags {
  readonly code?: string;
}

export function killCommand(): Command {
  return talking(
    new Command("kill")
      .description("stop entries of a running system, or close everything: the kill switch")
      .addOption(new Option("--mode <mode>", "how strict, mildest first").choices(KILL_MODES))
      .addOption(
        new Option("--level <level>", "how far: this account, all of its tenant's, everything on the ledger")
          .choices(KILL_LEVELS)
          .default("account"),
      )
      .option("--reason <text>", "why; shown to whoever has to decide about re-arming"),
  )
    .action(async (_: TripFlags, command: Command) => await trip(command.optsWithGlobals<TripFlags>()))
    .addCommand(
      talking(new Command("status").description("who tripped it, why and when")).action(
        async (_: TalkFlags, command: Command) => await status(command.optsWithGlobals<TalkFlags>()),
      ),
    )
    .addCommand(
      talking(
        new Command("rearm")
          .description("let entries in again: shows a code, which is to be typed in within a minute")
          .option("--code <code>", "the code of an earlier call, where there is no terminal to type it on"),
      ).action(async (_: RearmFlags, command: Command) => await rearm(command.optsWithGlobals<RearmFlags>())),
    );
}

async function trip(flags: TripFlags): Promise<void> {
  const { level, mode, reason } = flags;
  if (mode === undefined || reason === undefined) {
    exitWith(
      failure(
        "usage",
        `kill needs --mode (${KILL_MODES.join(", ")}) and --reason "why"; or "kill status", "kill rearm"`,
      ),
      EXIT_USAGE,
    );
  }
  const body = { level, mode, reason, by: personOf(flags) };
  const changed = valueOrExit(await ask<KillSwitchChanged>(flags, "killswitch", { body }));
  told(flags, changed);
}

async function status(flags: TalkFlags): Promise<void> {
  told(flags, valueOrExit(await ask<KillSwitchMessage>(flags, "killswitch")));
}

async function rearm(flags: RearmFlags): Promise<void> {
  const by = personOf(flags);
  const code = flags.code ?? (await typedCode(flags, by));
  if (code === undefined) return;
  told(flags, valueOrExit(await ask<KillSwitchChanged>(flags, "killswitch/rearm", { body: { by, code } })));
}

/** Undefined where nobody can type: the code is shown, and that is all. */
async function typedCode(flags: RearmFlags, by: string): Promise<string | undefined> {
  const offer = valueOrExit(await ask<RearmCode>(flags, "killswitch/rearm", { body: { by } }));
  const { trip: tripped, code, expiresInSeconds } = offer;
  if (flags.json || !process.stdin.isTTY) {
    console.log(
      flags.json
        ? JSON.stringify(offer)
        : `${sentenceOf(tripped)}\nto re-arm it, within ${expiresInSeconds} s: tickforge kill rearm --by ${by} --code ${code}`,
    );
    return undefined;
  }
  console.log(`${sentenceOf(tripped)}\nthe code is ${code}, for ${expiresInSeconds} s`);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const typed = await terminal.question("type the code to re-arm: ");
  terminal.close();
  return typed;
}

function told({ json }: TalkFlags, state: KillSwitchMessage | KillSwitchChanged): void {
  if (json) {
    console.log(JSON.stringify(state));
    return;
  }
  const { accountId, trips } = state;
  if (trips.length === 0) console.log(`account ${accountId}: armed, entries may go in`);
  for (const tripped of trips) console.log(`account ${accountId}: ${sentenceOf(tripped)}`);
  if ("shared" in state && !state.shared) {
    console.error("not shared: other processes hear of it as soon as the ledger answers");
  }
  if ("durable" in state && !state.durable) {
    console.error("not durable: the journal does not take it, so it holds only until the system ends");
  }
}

function sentenceOf({ level, mode, by, reason, time }: RearmCode["trip"]): string {
  return `the kill switch ${REACH[level]}is tripped (${mode}) by ${by} since ${time}: ${reason}`;
}

const REACH: Readonly<Record<KillLevel, string>> = {
  account: "",
  tenant: "of its tenant ",
  global: "of everything ",
};
