// What Tickforge is started with: flags over environment over one configuration file over defaults, parsed once into
// one frozen object. Nothing else reads the environment.

import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { DEFAULT_COMPLIANCE_SETTINGS } from "../actors/account/compliance/settings.ts";
import { DEFAULT_ACCOUNT_SETTINGS, DEFAULT_PAPER_BROKER_SETTINGS } from "../actors/account/settings.ts";
import { failure, ok, type Result } from "../actors/base/result.ts";
import { PRESET_NAMES } from "../actors/chain/presets.ts";
import { RECALIBRATION_DEFAULTS } from "../actors/chain/recalibration/settings.ts";
import packageJson from "../package.json" with { type: "json" };
import type { FurtherAccount } from "../actors/engine-config.ts";
import { accountSchema, brokerSchema } from "./account-settings.ts";
import { ANALOG_DEFAULTS, analogsSchema } from "./analogs/settings.ts";
import { ADVISER_DEFAULTS, advisersSchema, type AdviserSettings } from "./advisers/settings.ts";
import { furtherAccounts, furtherAccountsSchema } from "./further-accounts.ts";
import { mergeDeep } from "./merge-deep.ts";
import { BRIDGE_DEFAULTS, bridgeSchema } from "./mt5/settings.ts";
import { recalibrationSchema } from "./recalibration.ts";

const whole = z.number().int().nonnegative();

const settingsSchema = z.strictObject({
  /** Folder of journal, snapshots and ledger. */
  data: z.string().min(1),
  preset: z.enum(PRESET_NAMES),
  /** Seeds the simulated market and the paper broker. */
  seed: z.number().int(),
  /** Whose account it is: kill switches of a tenant reach all of its accounts on one ledger. */
  tenant: z.string().regex(/^[a-z0-9-]{1,32}$/),
  account: accountSchema,
  broker: brokerSchema,
  /** Beside the first; each says what it wants otherwise. */
  accounts: furtherAccountsSchema.optional(),
  journal: z.strictObject({
    segmentBytes: whole.gte(1 << 20),
    ringBytes: whole.gte(1 << 20),
  }),
  http: z.strictObject({
    /** Anything but the loopback needs a token. */
    host: z.string().min(1),
    /** 0 for any that is free. */
    port: whole.lte(65_535),
    token: z.string().min(16).optional(),
    /** Ticks a symbol may bring in over HTTP or WebSocket a second; 0 for no limit. */
    ticksPerSecond: z.number().gte(0),
  }),
  ledger: z.strictObject({
    /** Of a PostgreSQL database; left out, the ledger is a SQLite file in the data folder. */
    url: z.url({ protocol: /^postgres(?:ql)?$/ }).optional(),
  }),
  audit: z.strictObject({
    /** A file on another disk that signed heads of the journal are written to as well. */
    anchor: z.string().min(1).optional(),
  }),
  streams: z.strictObject({
    /** Of a DragonflyDB, a NATS server or Kafka that every record is copied to, several hosts for a cluster; left out, none is. */
    url: z
      .string()
      .regex(
        /^(?:rediss?|nats|kafkas?):\/\/\S+$/,
        "begins with redis://, rediss://, nats://, kafka:// or kafkas://",
      )
      .optional(),
  }),
  dragonfly: z.strictObject({
    /** Of a DragonflyDB or Redis, several hosts for a cluster; left out, what it would share is this process's own. */
    url: z
      .string()
      .regex(/^rediss?:\/\/\S+$/, "begins with redis:// or rediss://")
      .optional(),
  }),
  backups: z.strictObject({
    /** Where a running system's backups go, on another disk if possible; left out, none are made. */
    folder: z.string().min(1).optional(),
    /** 0 for only when they are asked for. */
    everyHours: whole.lte(24 * 31),
    /** How many stay there: when one more is made, the oldest goes. */
    keep: whole.gte(1),
  }),
  vectors: z.strictObject({
    /** Of a Weaviate server that keeps market states; left out, they lie with the time series. */
    url: z.url({ protocol: /^https?$/ }).optional(),
    /** On the same host. */
    grpcPort: whole.gte(1).lte(65_535),
    apiKey: z.string().min(1).optional(),
  }),
  graph: z.strictObject({
    /** Of an ArangoDB server and database; left out, the graph is a SQLite file in the data folder. */
    url: z.url({ protocol: /^https?$/ }).optional(),
  }),
  timeSeries: z.strictObject({
    enabled: z.boolean(),
    /** Of a ClickHouse server; left out, the engine runs here, in a process of its own. */
    url: z.url({ protocol: /^https?$/ }).optional(),
    username: z.string(),
    password: z.string(),
    database: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/),
  }),
  /** Language models that are asked for an opinion now and then; off unless enabled. */
  advisers: advisersSchema,
  /** A vote by what followed the past's most similar market states; off unless enabled. */
  analogs: analogsSchema,
  /** Of the vote, by what became of its own probabilities while it traded. */
  recalibration: recalibrationSchema,
  /** The server that MetaTrader terminals connect to; off unless enabled. */
  mt5: bridgeSchema,
});

export type Settings = Readonly<Omit<z.infer<typeof settingsSchema>, "advisers" | "accounts">> & {
  readonly advisers: AdviserSettings;
  /** Left out where there is only the first. */
  readonly accounts?: readonly FurtherAccount[];
};

/** Records name the version that turned decisions into orders. */
const IDENTITY = {
  ...DEFAULT_COMPLIANCE_SETTINGS.identity,
  executionAlgorithm: `tickforge-${packageJson.version}`,
};

const DEFAULTS: Settings = {
  data: "./data",
  preset: "rules",
  seed: 20_140_502,
  tenant: "default",
  account: {
    ...DEFAULT_ACCOUNT_SETTINGS,
    compliance: { ...DEFAULT_COMPLIANCE_SETTINGS, identity: IDENTITY },
  },
  broker: DEFAULT_PAPER_BROKER_SETTINGS,
  journal: { segmentBytes: 64 << 20, ringBytes: 16 << 20 },
  http: { host: "127.0.0.1", port: 8_000, ticksPerSecond: 10 },
  ledger: {},
  audit: {},
  streams: {},
  dragonfly: {},
  backups: { everyHours: 24, keep: 7 },
  vectors: { grpcPort: 50_051 },
  graph: {},
  timeSeries: { enabled: true, username: "default", password: "", database: "tickforge" },
  advisers: ADVISER_DEFAULTS,
  analogs: ANALOG_DEFAULTS,
  recalibration: RECALIBRATION_DEFAULTS,
  mt5: BRIDGE_DEFAULTS,
};

/** Values given on the command line; undefined where the flag is absent. */
export interface SettingsFlags {
  readonly config?: string | undefined;
  readonly data?: string | undefined;
  readonly preset?: string | undefined;
  readonly seed?: number | undefined;
  readonly tenant?: string | undefined;
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** Where terminals connect; naming it opens it. */
  readonly mt5Port?: number | undefined;
  /** Where the account's orders go; `mt5` opens the server of terminals. */
  readonly broker?: string | undefined;
  /** Of ClickHouse. */
  readonly clickhouse?: string | undefined;
  readonly timeSeries?: boolean | undefined;
}

export type SettingsFailure = "config-unreadable" | "config-invalid";

/**
 * @param environment usually `process.env`: TICKFORGE_CONFIG, TICKFORGE_DATA, TICKFORGE_PRESET, TICKFORGE_SEED, TICKFORGE_TENANT,
 * TICKFORGE_HOST, TICKFORGE_PORT, TICKFORGE_TOKEN, TICKFORGE_LEDGER_URL, TICKFORGE_STREAMS_URL,
 * TICKFORGE_DRAGONFLY_URL, TICKFORGE_AUDIT_ANCHOR, TICKFORGE_BACKUP_FOLDER, TICKFORGE_WEAVIATE_{URL,GRPC_PORT,API_KEY},
 * TICKFORGE_ARANGODB_URL, TICKFORGE_MT5_{HOST,PORT,KEY,TLS_CERT,TLS_KEY}, TICKFORGE_BROKER,
 * TICKFORGE_CLICKHOUSE_{URL,USERNAME,PASSWORD,DATABASE}, and the variables that advisers' services name for their keys
 * @param defaults a command's own, below file, environment and flags
 */
export function parseSettings(
  flags: SettingsFlags,
  environment: Readonly<Record<string, string | undefined>>,
  defaults: Partial<Pick<Settings, "preset">> = {},
): Result<Settings, SettingsFailure> {
  const path = flags.config ?? variable(environment, "TICKFORGE_CONFIG");
  const file = path === undefined ? ok({}) : readConfigFile(path);
  if (!file.ok) return file;
  const merged = mergeDeep(
    DEFAULTS,
    defaults,
    file.value,
    given(fromEnvironment(environment)),
    secretsFrom(environment),
    given(flags),
  );
  const parsed = settingsSchema.safeParse(merged);
  if (!parsed.success) {
    const where = path === undefined ? "settings" : `settings (file ${path}, environment, flags)`;
    return failure("config-invalid", `${where} are not valid:\n${z.prettifyError(parsed.error)}`);
  }
  const { advisers, accounts = [], ...rest } = parsed.data;
  const settings = {
    ...rest,
    data: resolve(rest.data),
    advisers: { ...advisers, services: withKeys(advisers.services, environment) },
  };
  const broker = brokerOf(settings);
  if (!broker.ok) return broker;
  const first = { ...settings, broker: broker.value };
  const further = furtherAccounts(first, accounts);
  if (!further.ok) return further;
  return ok(Object.freeze(accounts.length === 0 ? first : { ...first, accounts: further.value }));
}

/** The paper broker's settings; where it is not used, those of the account whose orders go elsewhere. */
function brokerOf({ account, broker, mt5 }: Settings): Result<Settings["broker"], "config-invalid"> {
  if (mt5.trades && !mt5.enabled) {
    return failure("config-invalid", "mt5.trades needs mt5.enabled: terminals must be able to connect");
  }
  if (account.terminal !== undefined && !mt5.trades) {
    return failure(
      "config-invalid",
      "account.terminal is set, so orders go to a terminal, but mt5.trades is not: start with --broker mt5, or leave it out",
    );
  }
  if (mt5.trades) return ok({ ...broker, accountId: account.accountId });
  if (account.accountId === broker.accountId) return ok(broker);
  return failure("config-invalid", "account.accountId and broker.accountId must be the same account");
}

function readConfigFile(path: string): Result<object, SettingsFailure> {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    return failure("config-unreadable", `cannot read the configuration file ${path}: ${String(error)}`);
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return ok(value);
  } catch (error) {
    return failure("config-invalid", `the configuration file ${path} is not JSON: ${String(error)}`);
  }
  return failure("config-invalid", `the configuration file ${path} must hold one JSON object`);
}

/** A variable that is set to nothing is not set: Compose files pass absent ones on like that. */
function variable(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
): string | undefined {
  const value = environment[name]?.trim();
  return value === "" ? undefined : value;
}

/** Where the ledger is: a PostgreSQL database, or a SQLite file in the data folder. */
export function ledgerUrl({ ledger, data }: Settings): string {
  return ledger.url ?? `sqlite://${join(data, "ledger.db")}`;
}

interface WeaviateAddress {
  readonly url: string;
  readonly grpcPort: number;
  readonly apiKey?: string;
}

/** Undefined where market states lie with the time series. */
export function weaviateOf({ vectors }: Settings): WeaviateAddress | undefined {
  const { url, grpcPort, apiKey } = vectors;
  return url === undefined ? undefined : { url, grpcPort, ...(apiKey === undefined ? {} : { apiKey }) };
}

/** Undefined where none is kept: history and graph go together unless a server was named. */
export function graphUrlOf({ data, graph, timeSeries }: Settings): string | undefined {
  if (graph.url !== undefined) return graph.url;
  return timeSeries.enabled ? `sqlite://${join(data, "graph.db")}` : undefined;
}

/** What is no number reaches the schema as NaN and is refused there by name. */
function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function fromEnvironment(environment: Readonly<Record<string, string | undefined>>): SettingsFlags {
  return {
    data: variable(environment, "TICKFORGE_DATA"),
    preset: variable(environment, "TICKFORGE_PRESET"),
    seed: numberOf(variable(environment, "TICKFORGE_SEED")),
    tenant: variable(environment, "TICKFORGE_TENANT"),
    host: variable(environment, "TICKFORGE_HOST"),
    port: numberOf(variable(environment, "TICKFORGE_PORT")),
    mt5Port: numberOf(variable(environment, "TICKFORGE_MT5_PORT")),
    broker: variable(environment, "TICKFORGE_BROKER"),
    clickhouse: variable(environment, "TICKFORGE_CLICKHOUSE_URL"),
  };
}

/** Keys are named in the file and lie in the environment: a file is copied, shown and backed up. */
function withKeys(
  services: AdviserSettings["services"],
  environment: Readonly<Record<string, string | undefined>>,
): AdviserSettings["services"] {
  return services.map((service) => {
    const apiKey = service.apiKeyEnv === undefined ? undefined : variable(environment, service.apiKeyEnv);
    return apiKey === undefined ? service : Object.freeze({ ...service, apiKey });
  });
}

/** What does not belong on a command line, where every user of the machine reads it. */
function secretsFrom(environment: Readonly<Record<string, string | undefined>>): object {
  return {
    http: defined({ token: variable(environment, "TICKFORGE_TOKEN") }),
    audit: defined({ anchor: variable(environment, "TICKFORGE_AUDIT_ANCHOR") }),
    backups: defined({ folder: variable(environment, "TICKFORGE_BACKUP_FOLDER") }),
    streams: defined({ url: variable(environment, "TICKFORGE_STREAMS_URL") }),
    dragonfly: defined({ url: variable(environment, "TICKFORGE_DRAGONFLY_URL") }),
    vectors: defined({
      url: variable(environment, "TICKFORGE_WEAVIATE_URL"),
      grpcPort: numberOf(variable(environment, "TICKFORGE_WEAVIATE_GRPC_PORT")),
      apiKey: variable(environment, "TICKFORGE_WEAVIATE_API_KEY"),
    }),
    graph: defined({ url: variable(environment, "TICKFORGE_ARANGODB_URL") }),
    ledger: defined({ url: variable(environment, "TICKFORGE_LEDGER_URL") }),
    mt5: defined({
      host: variable(environment, "TICKFORGE_MT5_HOST"),
      key: variable(environment, "TICKFORGE_MT5_KEY"),
      tls: tlsFrom(environment),
    }),
    timeSeries: defined({
      username: variable(environment, "TICKFORGE_CLICKHOUSE_USERNAME"),
      password: variable(environment, "TICKFORGE_CLICKHOUSE_PASSWORD"),
      database: variable(environment, "TICKFORGE_CLICKHOUSE_DATABASE"),
    }),
  };
}

/** Files in PEM; undefined where neither is named. One without the other is refused by the schema. */
function tlsFrom(environment: Readonly<Record<string, string | undefined>>): object | undefined {
  const files = defined({
    cert: variable(environment, "TICKFORGE_MT5_TLS_CERT"),
    key: variable(environment, "TICKFORGE_MT5_TLS_KEY"),
  });
  return Object.keys(files).length === 0 ? undefined : files;
}

/** The settings among a command's flags; its other flags are its own business. */
function given(flags: SettingsFlags): object {
  const { data, preset, seed, tenant, host, port, mt5Port, broker, clickhouse, timeSeries } = flags;
  return {
    ...defined({ data, preset, seed, tenant }),
    http: defined({ host, port }),
    mt5: {
      ...(mt5Port === undefined ? {} : { enabled: true, port: mt5Port }),
      ...(broker === "mt5" ? { enabled: true } : {}),
      // Any other word is refused by the schema.
      ...(broker === undefined ? {} : { trades: BROKERS.get(broker) ?? broker }),
    },
    timeSeries: defined({ url: clickhouse, enabled: timeSeries }),
  };
}

/** Whether the account trades at a terminal, by what people call it. */
const BROKERS: ReadonlyMap<string, boolean> = new Map([
  ["mt5", true],
  ["paper", false],
]);

function defined(values: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
