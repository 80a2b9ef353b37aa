// Everything an engine is built from. It is journaled at the beginning of every run, so a reader of the journal builds the
// same engine; and what may change between two runs on one journal.

import { StateHash } from "./base/hash.ts";
import { failure, ok, type Result } from "./base/result.ts";
import type { AccountSettings, PaperBrokerSettings } from "./account/settings.ts";
import type { AskedVote, PresetName } from "./chain/presets.ts";
import type { RecalibrationSettings } from "./chain/recalibration/settings.ts";
import { FEATURE_SCHEMA_HASH } from "./domain/features.ts";
import type { Instrument } from "./domain/instrument.ts";
import type { VotingModel } from "./voting-models.ts";

/** Bump when the state of any actor changes its layout or its meaning: older snapshots are then not loaded. */
const STATE_LAYOUT_VERSION = 8;

export interface EngineConfig {
  /** By id: instrument `i` has id `i`. */
  readonly instruments: readonly Instrument[];
  /** By source id: names for people, for example "SIMULATED" or "oanda". */
  readonly sources: readonly string[];
  readonly preset: PresetName;
  readonly account: AccountSettings;
  readonly broker: PaperBrokerSettings;
  /** Beside the first one; their orders go to paper brokers of their own. Left out, there are none. */
  readonly accounts?: readonly FurtherAccount[];
  /** Seeds what is random by design, such as the paper broker's latency. */
  readonly seed: number;
  /** Trained models that vote beside the rule members; left out where there are none. */
  readonly models?: readonly VotingModel[];
  /** What the vote of external advisers is worth. Left out, nothing: they may still vote, in vain. */
  readonly adviser?: AskedVote;
  /** The same of the past's most similar market states. */
  readonly analogs?: AskedVote;
  /** How the vote is re-calibrated while it trades. Left out, it is not. */
  readonly recalibration?: RecalibrationSettings;
}

/** What is other than with the first account; the rest is as there, so that a thousand of them fit one record. */
export interface FurtherAccount {
  readonly account: Partial<AccountSettings> & Pick<AccountSettings, "accountId">;
  readonly broker?: Partial<Omit<PaperBrokerSettings, "accountId">>;
}

export interface TradingAccount {
  readonly account: AccountSettings;
  readonly broker: PaperBrokerSettings;
}

/** Every account of a configuration, the primary one first. */
export function accountsOf({
  account: primary,
  broker: primaryBroker,
  accounts = [],
}: Pick<EngineConfig, "account" | "broker" | "accounts">): readonly TradingAccount[] {
  const { terminal: _terminal, ...rest } = primary;
  const further = accounts.map(({ account, broker }) => {
    const { accountId } = account;
    return {
      account: Object.assign({}, rest, account),
      broker: Object.assign({}, primaryBroker, broker, { accountId }),
    };
  });
  return [{ account: primary, broker: primaryBroker }, ...further];
}

/** A configuration is one record of the journal, with the instruments and models in it as well. */
const ACCOUNTS_CHARS_MAX = 45_000;

/** Why accounts cannot be together in one configuration; undefined where they can. */
export function accountsProblem({
  account: primary,
  accounts = [],
}: Pick<EngineConfig, "account" | "accounts">): string | undefined {
  const chars = JSON.stringify(accounts).length;
  if (chars > ACCOUNTS_CHARS_MAX) {
    return `the accounts beside the first take ${chars} characters, more than ${ACCOUNTS_CHARS_MAX}: name what all have in common with the first one`;
  }
  const known = new Set([primary.accountId]);
  const tag = primary.terminal?.intentTag;
  for (const { account } of accounts) {
    const { accountId } = account;
    if (known.has(accountId)) return `two accounts are called ${accountId}: give each a name of its own`;
    known.add(accountId);
    if (account.terminal !== undefined) {
      return `account ${accountId} has a terminal: only the first account may have one, make it that`;
    }
    // Both would give their intents the same names.
    if (tag !== undefined && accountId === `${primary.accountId}-t${tag.toString(36)}`) {
      return `account ${accountId} is called like intents of ${primary.accountId}: give it another name`;
    }
  }
  return undefined;
}

/** Names the layout snapshots are made under: code version and feature schema. */
export const STATE_LAYOUT = stateLayout();

function stateLayout(): string {
  const hash = new StateHash();
  hash.number(STATE_LAYOUT_VERSION);
  hash.text(FEATURE_SCHEMA_HASH);
  return hash.hex();
}

/** Names what decides under a configuration: the preset, and a fingerprint of who votes in it. RTS 22 has room for 50 characters. */
export function decisionAlgorithm({ preset, models, adviser, analogs, recalibration }: EngineConfig): string {
  const hash = new StateHash();
  hash.text(JSON.stringify({ models, adviser, analogs, recalibration }));
  return `${preset}-${hash.hex()}`;
}

export function sameConfig(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** What records and books are counted in: with these changed, the journal's numbers would mean something else. */
const INSTRUMENT_IDENTITY = ["baseCurrency", "quoteCurrency", "digits", "contractSize"] as const;
const ACCOUNT_IDENTITY = ["accountId", "currency", "startingBalanceMicros"] as const;

/**
 * The configuration under which a journal written under `last` goes on when `wanted` is asked for. Instruments keep their
 * ids, since records name them: those no longer asked for stay known, new ones follow at the end.
 */
export function succeed(
  last: EngineConfig,
  wanted: EngineConfig,
): Result<EngineConfig, "config-incompatible"> {
  const accounts = accountsOf(wanted);
  for (const [index, { account: before }] of accountsOf(last).entries()) {
    const { accountId } = before;
    const after = index === 0 ? accounts[0] : accounts.find(({ account }) => account.accountId === accountId);
    if (after === undefined) return dropped(accountId);
    const changed = ACCOUNT_IDENTITY.find((key) => before[key] !== after.account[key]);
    if (changed === undefined) continue;
    const what = index === 0 ? `account.${changed}` : `${changed} of account ${accountId}`;
    return incompatible(what, before[changed], after.account[changed]);
  }
  const problem = accountsProblem(wanted);
  if (problem !== undefined) return failure("config-incompatible", problem);
  const [before, tag] = [last, wanted].map(
    (config) => config.account.terminal?.intentTag ?? "the paper broker",
  );
  if (before !== tag) return incompatible("where orders go (the tag of a terminal's intents)", before, tag);
  const [shorter, sources] = [last.sources, wanted.sources].sort((a, b) => a.length - b.length) as [
    readonly string[],
    readonly string[],
  ];
  if (!shorter.every((name, id) => sources[id] === name)) {
    return incompatible("the table of sources", last.sources, wanted.sources);
  }
  const instruments = [...last.instruments];
  for (const instrument of wanted.instruments) {
    const id = instruments.findIndex(({ symbol }) => symbol === instrument.symbol);
    const known = instruments[id];
    if (known === undefined) {
      instruments.push({ ...instrument, id: instruments.length });
      continue;
    }
    const changed = INSTRUMENT_IDENTITY.find((key) => known[key] !== instrument[key]);
    if (changed !== undefined) {
      return incompatible(`${changed} of ${known.symbol}`, known[changed], instrument[changed]);
    }
    instruments[id] = { ...instrument, id };
  }
  return ok({ ...wanted, instruments, sources });
}

function dropped(accountId: string): Result<never, "config-incompatible"> {
  return failure(
    "config-incompatible",
    `account ${accountId} is in this journal and not in the settings: what it holds would be watched by nobody. Keep it there ` +
      "and halt its entries, or use a data folder of its own (--data).",
  );
}

function incompatible(what: string, last: unknown, wanted: unknown): Result<never, "config-incompatible"> {
  return failure(
    "config-incompatible",
    `${what} is ${JSON.stringify(last)} in this journal and ${JSON.stringify(wanted)} in the settings: its records would ` +
      "mean something else. Set it back, or use a data folder of its own (--data).",
  );
}
