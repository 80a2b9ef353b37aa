// Opens the server of terminals where settings ask for it, on the running station.

import { randomInt } from "node:crypto";
import { failure, ok, type Result } from "../actors/base/result.ts";
import { INTENT_TAG_MAX } from "../actors/domain/intent-name.ts";
import type { Station } from "../edge/main.ts";
import type { Market } from "../edge/markets.ts";
import { Bridge } from "../edge/mt5/bridge.ts";
import type { Settings } from "../edge/settings.ts";
import { openTerminals } from "../storage/terminals/store.ts";

/**
 * The settings of a system whose account trades at its terminal: with the tag that its intents are named by, drawn at the first start of
 * a data folder and kept in it. Others as they are.
 */
export function withTerminal(settings: Settings): Result<Settings, string> {
  const { account, mt5, data } = settings;
  if (!mt5.trades) return ok(settings);
  const opened = openTerminals({ data, keyHex: mt5.key });
  if (!opened.ok) return opened;
  const store = opened.value;
  try {
    const names = store.accounts().map(({ id }) => id);
    if (!names.includes(account.accountId)) return notEnrolled(account.accountId, names);
    const known = store.trading(account.accountId);
    const intentTag = known?.intentTag ?? account.terminal?.intentTag ?? randomInt(1, INTENT_TAG_MAX + 1);
    if (account.terminal !== undefined && account.terminal.intentTag !== intentTag) {
      return failure(
        "tags-differ",
        `account.terminal.intentTag is ${account.terminal.intentTag} in the settings and ${intentTag} in ${data}: leave it out there`,
      );
    }
    if (known === undefined) {
      const nowMs = Date.now();
      store.setTrading(account.accountId, { intentTag, sinceMs: nowMs, reconciledMs: nowMs });
    }
    return ok({ ...settings, account: { ...account, terminal: { intentTag } } });
  } finally {
    store.close();
  }
}

function notEnrolled(accountId: string, names: readonly string[]): Result<never, string> {
  const known = names.length === 0 ? "none is yet" : `those are ${names.join(", ")}`;
  return failure(
    "account-not-enrolled",
    `no terminal was enrolled for the account "${accountId}" (${known}): set account.accountId in the configuration file to one ` +
      `that is, or make a code for its terminal with: tickforge mt5 enrol --account ${accountId}`,
  );
}

/** A bridge with the file that it keeps open. */
export interface OpenedBridge {
  readonly bridge: Bridge;
  stop(): Promise<void>;
}

/** Undefined where no port is asked for. */
export function openBridge(options: {
  station: Station;
  settings: Settings;
  market: Pick<Market, "clock" | "closedBecause">;
  onProblem: (message: string) => void;
}): Result<OpenedBridge | undefined, string> {
  const { station, settings, market, onProblem } = options;
  const { enabled, host, port, tls, symbols, key } = settings.mt5;
  if (!enabled) return ok(undefined);
  if (market.clock !== "wall" || market.closedBecause !== "") {
    return failure(
      "terminals-not-taken",
      "terminals send the market as it is now: start with --market none and --clock wall, or without --mt5-port",
    );
  }
  const store = openTerminals({ data: settings.data, keyHex: key });
  if (!store.ok) return store;
  const { reconcileSeconds, flattenAfterSeconds } = settings.mt5;
  const tuning = {
    reconcileMs: reconcileSeconds * 1_000,
    ...(flattenAfterSeconds === undefined ? {} : { flattenAfterMs: flattenAfterSeconds * 1_000 }),
  };
  const terminals = { station, store: store.value, host, port, tls, symbols, onProblem, tuning };
  const listening = new Bridge(terminals).listen();
  if (!listening.ok) {
    store.value.close();
    return listening;
  }
  const bridge = listening.value;
  return ok({
    bridge,
    stop: async () => {
      await bridge.stop();
      store.value.close();
    },
  });
}
