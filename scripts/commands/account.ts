// `tickforge account` and `tickforge reconcile`: what a running system's account may do and how it stands, over its API.

import { Argument, Command } from "commander";
import type { AccountChangedMessage } from "../../edge/api/account.ts";
import type { ReconciliationMessage } from "../../edge/api/reconciliation.ts";
import type { AccountMessage } from "../../edge/api/schemas.ts";
import { valueOrExit } from "./common.ts";
import { ask, personOf, talking, type TalkFlags } from "./running.ts";

const MODES = ["active", "reducing", "halted"] as const;

export function accountCommand(): Command {
  return new Command("account")
    .description("the account of a running system: show, mode, re-enable, reset-drawdown")
    .addCommand(
      talking(new Command("show").description("balance, equity, margin, drawdown, mode")).action(
        async (_: TalkFlags, command: Command) => await show(command.optsWithGlobals<TalkFlags>()),
      ),
    )
    .addCommand(
      talking(
        new Command("mode")
          .description("what it lets in: everything, what makes positions smaller, nothing but exits")
          .addArgument(new Argument("<mode>").choices(MODES)),
      ).action(
        async (mode: string, _: TalkFlags, command: Command) => await set(command, "account/mode", { mode }),
      ),
    )
    .addCommand(
      talking(
        new Command("re-enable")
          .description("let signals on a symbol be executed again after there were too many")
          .argument("<symbol>"),
      ).action(
        async (symbol: string, _: TalkFlags, command: Command) =>
          await set(command, "account/re-enable", { symbol }),
      ),
    )
    .addCommand(
      talking(
        new Command("reset-drawdown").description("measure drawdowns from the present equity on"),
      ).action(async (_: TalkFlags, command: Command) => await set(command, "account/reset-drawdown", {})),
    );
}

export function reconcileCommand(): Command {
  return new Command("reconcile")
    .description("the account's books against its broker's: show, look, accept")
    .addCommand(
      talking(new Command("show").description("the last comparison, and what stands")).action(
        async (_: TalkFlags, command: Command) => await showBooks(command.optsWithGlobals<TalkFlags>()),
      ),
    )
    .addCommand(
      talking(new Command("look").description("ask the terminal for its books now")).action(
        async (_: TalkFlags, command: Command) => {
          const flags = command.optsWithGlobals<TalkFlags>();
          const body = { by: personOf(flags) };
          valueOrExit(await ask<{ asked: true }>(flags, "reconciliation/look", { body }));
          console.log(flags.json ? JSON.stringify({ asked: true }) : "asked: look again in a moment");
        },
      ),
    )
    .addCommand(
      talking(
        new Command("accept")
          .description("take what stands as it is, after a look: entries go on")
          .argument("[symbol]", "left out, what is about the account as a whole"),
      ).action(
        async (symbol: string | undefined, _: TalkFlags, command: Command) =>
          await set(command, "reconciliation/accept", { symbol: symbol ?? null }),
      ),
    );
}

async function set(command: Command, path: string, what: object): Promise<void> {
  const flags = command.optsWithGlobals<TalkFlags>();
  const body = { ...what, by: personOf(flags) };
  const changed = valueOrExit(await ask<AccountChangedMessage>(flags, path, { body }));
  if (flags.json) console.log(JSON.stringify(changed));
  else console.log(`account ${changed.accountId}: ${changed.command} done, it is ${changed.mode} now`);
  if (!changed.durable) {
    console.error("not durable: the journal does not take it, so it holds only until the system ends");
  }
}

async function show(flags: TalkFlags): Promise<void> {
  const account = valueOrExit(await ask<AccountMessage>(flags, "account"));
  if (flags.json) {
    console.log(JSON.stringify(account));
    return;
  }
  const { currency, trip, drawdown } = account;
  const money = (amount: number): string => `${amount.toFixed(2)} ${currency}`;
  console.log(
    [
      `account ${account.accountId}: ${account.mode}${trip === null ? "" : `, kill switch ${trip.mode}`}, ${account.positionsMode}`,
      `equity ${money(account.equity)}, balance ${money(account.balance)}, today ${money(account.dayProfit)}`,
      `margin ${money(account.marginUsed)} used, ${money(account.marginFree)} free${
        account.marginLevel === null ? "" : `, level ${(account.marginLevel * 100).toFixed(0)} %`
      }`,
      `drawdown ${money(drawdown.fromHigh)} from the highest equity, ${money(drawdown.fromStart)} from the start`,
    ].join("\n"),
  );
}

async function showBooks(flags: TalkFlags): Promise<void> {
  const books = valueOrExit(await ask<ReconciliationMessage>(flags, "reconciliation"));
  if (flags.json) {
    console.log(JSON.stringify(books));
    return;
  }
  const { accountId, last, standing, external } = books;
  if (!books.enabled) console.log(`account ${accountId} trades on paper: there are no books of a broker`);
  else if (last === null) console.log(`account ${accountId}: its books were not compared yet`);
  else console.log(`account ${accountId}: compared ${last.time}, ${books.agrees ? "agrees" : "differs"}`);
  for (const { what, symbol, message } of standing) {
    console.log(`stands: ${what}${symbol === null ? "" : ` on ${symbol}`}: ${message}`);
  }
  for (const position of external) {
    console.log(`not ours: ${position.side} ${position.lots} ${position.symbol} (${position.positionId})`);
  }
}
