// `tickforge mt5`: which MetaTrader terminals may connect. It works on the data folder, whether a system runs on it or not.

import { Command } from "commander";
import { failure } from "../../actors/base/result.ts";
import type { TerminalCredential, TerminalStore } from "../../actors/ports/terminals.ts";
import { ACCOUNT_ID, Credentials } from "../../edge/mt5/credentials.ts";
import { palette, table } from "../../edge/terminal/table.ts";
import { openTerminals } from "../../storage/terminals/store.ts";
import {
  type CommonFlags,
  EXIT_USAGE,
  exitWith,
  settingsOrExit,
  valueOrExit,
  withSettings,
} from "./common.ts";

interface AccountFlags extends CommonFlags {
  readonly account: string;
}

interface EnrolFlags extends AccountFlags {
  readonly login?: string;
  readonly server?: string;
}

interface RevokeFlags extends AccountFlags {
  readonly terminal?: string;
}

export function mt5Command(): Command {
  const command = new Command("mt5").description("MetaTrader terminals: enrol, list, revoke");
  command.addCommand(
    withSettings(
      new Command("enrol")
        .description("make a one-time code for a terminal of an account")
        .requiredOption("--account <id>", "the account's name here: a to z, digits, hyphens")
        .option("--login <number>", "only this login may use the code")
        .option("--server <name>", "only at this trade server"),
    ).action((flags: EnrolFlags) => withCredentials(flags, (credentials) => enrol(credentials, flags))),
  );
  command.addCommand(
    withSettings(
      new Command("list").description("accounts, their terminals, and how long each may connect"),
    ).action((flags: CommonFlags) =>
      withCredentials(flags, (credentials, store) => list(credentials, store, flags)),
    ),
  );
  command.addCommand(
    withSettings(
      new Command("revoke")
        .description("end an account's codes and tokens; its connections close within seconds")
        .requiredOption("--account <id>", "the account's name here")
        .option("--terminal <id>", "of this terminal only, as list names it"),
    ).action((flags: RevokeFlags) => withCredentials(flags, (credentials) => revoke(credentials, flags))),
  );
  return command;
}

function withCredentials(
  flags: CommonFlags,
  work: (credentials: Credentials, store: TerminalStore) => void,
): void {
  const { data, mt5 } = settingsOrExit(flags);
  const store = valueOrExit(openTerminals({ data, keyHex: mt5.key }));
  try {
    work(new Credentials({ store, nowMs: Date.now }), store);
  } finally {
    store.close();
  }
}

function enrol(credentials: Credentials, { account, login, server, json }: EnrolFlags): void {
  if (!ACCOUNT_ID.test(account)) {
    exitWith(
      failure("bad-account", `--account ${account} is no name: up to 32 of a to z, digits, hyphens`),
      EXIT_USAGE,
    );
  }
  const { code, expiresAtMs } = credentials.makeCode(account, { login, server });
  const expires = new Date(expiresAtMs).toISOString();
  if (json) console.log(JSON.stringify({ account, code, expires }));
  else {
    console.log(code);
    console.error(`Type it into the Expert Advisor's input InpCode before ${expires}; it works once.`);
  }
}

interface TerminalLine {
  readonly account: string;
  readonly login: string;
  readonly server: string;
  readonly terminal: string;
  readonly access: string;
  readonly expires: string;
}

function list(credentials: Credentials, store: TerminalStore, { json }: CommonFlags): void {
  const lines: TerminalLine[] = [];
  for (const { id: account, identity, owner } of store.accounts()) {
    const { login = "", server = "" } = identity ?? {};
    const newest = new Map<string, TerminalCredential>();
    for (const each of credentials.list()) if (each.accountId === account) newest.set(each.terminal, each);
    if (newest.size === 0) lines.push({ account, login, server, terminal: "", access: "none", expires: "" });
    for (const each of newest.values()) {
      const expires = new Date(each.expiresAtMs).toISOString();
      const { terminal } = each;
      lines.push({ account, login, server, terminal, access: accessOf(each, owner), expires });
    }
  }
  if (json) {
    for (const line of lines) console.log(JSON.stringify(line));
    return;
  }
  const columns = ["account", "login", "server", "terminal", "access", "expires"].map((title) => ({
    title,
    align: "left" as const,
  }));
  const rows = lines.map((line) => [
    line.account,
    line.login,
    line.server,
    line.terminal,
    line.access,
    line.expires,
  ]);
  for (const line of table(columns, rows, palette(process.stdout.isTTY))) console.log(line);
}

function accessOf({ kind, terminal, expiresAtMs }: TerminalCredential, owner: string | undefined): string {
  if (expiresAtMs <= Date.now()) return "expired";
  if (kind === "code") return "code not used";
  return owner === undefined || owner === terminal ? "trading" : "read-only";
}

function revoke(credentials: Credentials, { account, terminal, json }: RevokeFlags): void {
  if (credentials.account(account) === undefined) {
    exitWith(failure("unknown-account", `no account is called ${account}: tickforge mt5 list shows all`));
  }
  const ended = credentials.revoke(account, terminal);
  if (json) console.log(JSON.stringify({ account, ended }));
  else console.log(`${account}: ${ended} codes and tokens ended; enrol anew to let a terminal in`);
}
