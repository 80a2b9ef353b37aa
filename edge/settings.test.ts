// Settings: which layer wins, and what is refused by name.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_COMPLIANCE_SETTINGS } from "../actors/account/compliance/settings.ts";
import { DEFAULT_RISK_SETTINGS } from "../actors/account/risk/limits.ts";
import { DEFAULT_PAPER_BROKER_SETTINGS } from "../actors/account/settings.ts";
import { RECALIBRATION_DEFAULTS } from "../actors/chain/recalibration/settings.ts";
import { accountsOf, type EngineConfig } from "../actors/engine-config.ts";
import { engineConfig } from "./main.ts";
import { parseSettings } from "./settings.ts";

const folder = mkdtempSync(join(tmpdir(), "tickforge-settings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(text: string): string {
  const path = join(folder, `${Bun.hash(text)}.json`);
  writeFileSync(path, text);
  return path;
}

test("flags win over environment over file over a command's defaults", () => {
  const config = file('{"seed": 1, "data": "/file", "preset": "classic"}');
  const environment = { TICKFORGE_SEED: "2", TICKFORGE_DATA: "/environment" };
  const parsed = parseSettings({ config, data: "/flag" }, environment, { preset: "demo" });
  expect(parsed).toMatchObject({ ok: true, value: { data: "/flag", seed: 2, preset: "classic" } });
});

test("a variable set to nothing is not set", () => {
  const names = ["TICKFORGE_SEED", "TICKFORGE_DATA", "TICKFORGE_CONFIG", "TICKFORGE_PRESET"];
  const empty = Object.fromEntries(names.map((name) => [name, ""]));
  expect(parseSettings({}, empty)).toEqual(parseSettings({}, {}));
});

test("one key of an object leaves its other keys as they are", () => {
  const parsed = parseSettings({ config: file('{"account": {"riskFraction": 0.001}}') }, {});
  expect(parsed).toMatchObject({ ok: true, value: { account: { riskFraction: 0.001, accountId: "paper" } } });
});

test("limits are merged layer by layer, and null switches one off", () => {
  const given = { tenant: { priceCollarFraction: null }, symbols: { EURUSD: { executionsMax: 3 } } };
  const parsed = parseSettings({ config: file(JSON.stringify({ account: { risk: given } })) }, {});
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      account: {
        risk: {
          tenant: { ...DEFAULT_RISK_SETTINGS.tenant, priceCollarFraction: null },
          symbols: { EURUSD: { executionsMax: 3 } },
        },
      },
    },
  });
});

test("checks of compliance have layers too, and records name the version that executes", () => {
  const given = {
    symbols: { EURUSD: { washOrdersMax: null } },
    identity: { isins: { EURUSD: "EU0009652759" } },
  };
  const parsed = parseSettings({ config: file(JSON.stringify({ account: { compliance: given } })) }, {});
  const { tenant, identity } = DEFAULT_COMPLIANCE_SETTINGS;
  expect(parsed).toMatchObject({
    ok: true,
    value: {
      account: {
        compliance: {
          tenant,
          symbols: given.symbols,
          identity: {
            ...identity,
            isins: given.identity.isins,
            executionAlgorithm: expect.stringMatching(/^tickforge-\d/) as string,
          },
        },
      },
    },
  });
});

test("an account can be told how its positions leave, and that it hedges", () => {
  const account = {
    exits: {
      trailing: { moveMultiple: 2, stepFraction: 0.2 },
      partial: { atTargetFraction: 0.5, volumeFraction: 0.5 },
    },
    positionMode: "hedging",
    positionsPerInstrumentMax: 4,
  };
  expect(parseSettings({ config: file(JSON.stringify({ account })) }, {})).toMatchObject({
    ok: true,
    value: { account },
  });
});

test.each([
  ["an unknown key", '{"dta": 1}', "dta"],
  ["a wrong type", '{"seed": "x"}', "seed"],
  [
    "a kill switch that is armed by a loss",
    '{"account": {"killSwitch": {"onDailyLoss": "active"}}}',
    "onDailyLoss",
  ],
  ["a value out of bounds", '{"account": {"riskFraction": 3}}', "account.riskFraction"],
  ["a limit below zero", '{"account": {"risk": {"account": {"executionsMax": 0}}}}', "executionsMax"],
  [
    "a limit of the account given to a symbol",
    '{"account": {"risk": {"symbols": {"EURUSD": {"grossExposureMaxMicros": 1}}}}}',
    "grossExposureMaxMicros",
  ],
  [
    "a legal entity identifier that is none",
    '{"account": {"compliance": {"identity": {"clientLei": "me"}}}}',
    "clientLei",
  ],
  [
    "a ratio beyond what is remembered",
    '{"account": {"compliance": {"tenant": {"orderToTradeMax": 2000}}}}',
    "orderToTradeMax",
  ],
  ["an unknown method", '{"account": {"sizing": {"method": "all-in"}}}', "account.sizing.method"],
  ["a broker that neither nets nor hedges", '{"broker": {"positionMode": "both"}}', "broker.positionMode"],
  [
    "a swap rate beyond all reason",
    '{"broker": {"swap": {"unit": "points", "tripleWeekday": 3, "rates": {"EURUSD": {"long": -1e9, "short": 0}}}}}',
    "broker.swap.rates.EURUSD.long",
  ],
  [
    "a swap tripled on Sunday",
    '{"broker": {"swap": {"unit": "points", "tripleWeekday": 7, "rates": {}}}}',
    "tripleWeekday",
  ],
  [
    "a stop-out without a level",
    '{"broker": {"margin": {"stopOutLevel": -1}}}',
    "broker.margin.stopOutLevel",
  ],
  [
    "silence without an end",
    '{"broker": {"silence": {"probability": 0.1, "lostShare": 0.5}}}',
    "revealMicros",
  ],
  ["text that is not JSON", "{bad", "is not JSON"],
  ["a list", "[]", "one JSON object"],
  [
    "a stop that follows at no distance",
    '{"account": {"exits": {"trailing": {"stepFraction": 0.1}}}}',
    "distancePoints or moveMultiple",
  ],
  [
    "a part that is the whole",
    '{"account": {"exits": {"partial": {"atTargetFraction": 0.5, "volumeFraction": 1}}}}',
    "volumeFraction",
  ],
  ["two accounts", '{"account": {"accountId": "other"}}', "same account"],
])("%s is refused by name", (_, text, named) => {
  const parsed = parseSettings({ config: file(text) }, {});
  expect(parsed).toMatchObject({ ok: false, code: "config-invalid" });
  expect(parsed).toHaveProperty("message", expect.stringContaining(named));
});

test("a seed that is no number and a missing file are refused", () => {
  expect(parseSettings({}, { TICKFORGE_SEED: "abc" })).toMatchObject({ code: "config-invalid" });
  expect(parseSettings({ config: join(folder, "absent") }, {})).toMatchObject({ code: "config-unreadable" });
});

test("the nodes of a Dragonfly cluster are one address; what is no such address is refused, without its password", () => {
  const url = "rediss://:secret@a:7000,b:7001";
  expect(parseSettings({}, { TICKFORGE_DRAGONFLY_URL: url })).toMatchObject({
    value: { dragonfly: { url } },
  });
  const refused = parseSettings({}, { TICKFORGE_DRAGONFLY_URL: "http://:secret@a" });
  expect(refused).toMatchObject({ ok: false, code: "config-invalid" });
  expect(refused).toHaveProperty("message", expect.stringContaining("dragonfly.url"));
  expect(refused).toHaveProperty("message", expect.not.stringContaining("secret"));
});

test("streams are Dragonfly's, NATS' or Kafka's, of one host or several; any others are refused, without the password", () => {
  for (const url of [
    "redis://:secret@a:6379",
    "nats://me:secret@a:4222",
    "kafka://me:secret@a:9092,b:9092?mechanism=plain",
    "kafkas://me:secret@a",
  ]) {
    expect(parseSettings({}, { TICKFORGE_STREAMS_URL: url })).toMatchObject({ value: { streams: { url } } });
  }
  const refused = parseSettings({}, { TICKFORGE_STREAMS_URL: "amqp://me:secret@a" });
  expect(refused).toMatchObject({ ok: false, code: "config-invalid" });
  expect(refused).toHaveProperty("message", expect.stringContaining("streams.url"));
  expect(refused).toHaveProperty("message", expect.not.stringContaining("secret"));
});

test("a paper broker of many moods reaches the engine as it was written, the rest of it as by default", () => {
  const broker = {
    positionMode: "netting",
    stopsLevelPoints: 20,
    rolloverMinuteUtc: 1_260,
    swap: { unit: "percent-a-year", rates: { EURUSD: { long: -2.5, short: 0.75 } }, tripleWeekday: 3 },
    margin: { callLevel: 0.8, stopOutLevel: 0.2, negativeBalanceProtection: false },
    commissionFraction: 0.000_02,
    closeByCommission: true,
    latencyLogDeviation: 0.5,
    slippageSymmetric: true,
    rejectionProbability: 0.01,
    requoteDeviationPoints: 10,
    silence: { probability: 0.001, lostShare: 0.5, revealMicros: 60_000_000 },
  };
  expect(configured({ broker }).broker as object).toEqual({ ...DEFAULT_PAPER_BROKER_SETTINGS, ...broker });
});

/** What the engine is built from with these settings. */
function configured(settings: object): EngineConfig {
  const config = file(JSON.stringify(settings));
  const parsed = parseSettings({ config }, { OPENAI_API_KEY: "sk-secret" });
  if (!parsed.ok) throw new Error(parsed.message);
  return engineConfig(parsed.value, [], []);
}

describe("advisers", () => {
  const service = {
    name: "openai",
    baseUrl: "https://api.openai.com/v1",
    model: "a-model",
    apiKeyEnv: "OPENAI_API_KEY",
    pricePerMillionInput: 0.4,
    pricePerMillionOutput: 1.6,
  };
  const configOf = (changes: object): string =>
    file(JSON.stringify({ advisers: { enabled: true, services: [{ ...service, ...changes }] } }));

  test("are off, and worth nothing, until somebody says otherwise", () => {
    const parsed = parseSettings({}, { OPENAI_API_KEY: "sk-secret" });
    expect(parsed).toMatchObject({ value: { advisers: { enabled: false, weight: 0, services: [] } } });
    expect(JSON.stringify(parsed)).not.toContain("sk-secret");
  });

  test("have their keys from the environment alone", () => {
    const config = configOf({});
    const parsed = parseSettings({ config }, { OPENAI_API_KEY: "sk-secret" });
    expect(parsed).toMatchObject({
      value: {
        advisers: { everyMinutes: 15, services: [{ ...service, apiKey: "sk-secret", answerTokensMax: 500 }] },
      },
    });
    const without = parseSettings({ config }, { OPENAI_API_KEY: "" });
    expect(without.ok && without.value.advisers.services[0]?.apiKey).toBeUndefined();
  });

  test.each([
    ["a key in the file", { apiKey: "sk-secret" }, "apiKey"],
    ["a key in the place of its variable's name", { apiKeyEnv: "sk-secret" }, "apiKeyEnv"],
    ["a password in the address", { baseUrl: "https://me:sk-secret@a/v1" }, "baseUrl"],
    ["another protocol", { baseUrl: "file:///etc/passwd" }, "baseUrl"],
    ["no price", { pricePerMillionInput: undefined }, "pricePerMillionInput"],
    ["a negative price", { pricePerMillionOutput: -1 }, "pricePerMillionOutput"],
  ])("%s is refused by name, and not repeated", (_, changes, named) => {
    const parsed = parseSettings({ config: configOf(changes) }, {});
    expect(parsed).toMatchObject({ ok: false, code: "config-invalid" });
    expect(parsed).toHaveProperty("message", expect.stringContaining(named));
    expect(parsed).toHaveProperty("message", expect.not.stringContaining("sk-secret"));
  });

  test("two of one name are refused", () => {
    const config = file(JSON.stringify({ advisers: { services: [service, service] } }));
    expect(parseSettings({ config }, {})).toMatchObject({ ok: false, code: "config-invalid" });
  });

  test("reach the engine's configuration by their weight alone: without one it is as it was", () => {
    const services = [service];
    expect(configured({ advisers: { enabled: true, services } })).not.toHaveProperty("adviser");
    expect(configured({ advisers: { enabled: false, weight: 0.2, services } })).not.toHaveProperty("adviser");
    const weighted = configured({ advisers: { enabled: true, weight: 0.2, services } });
    expect(weighted.adviser).toEqual({ weight: 0.2, voteLifeMicros: 20 * 60_000_000 });
    expect(JSON.stringify(weighted)).not.toContain("sk-secret");
  });
});

describe("analogs", () => {
  test("are off, and worth nothing, until somebody says otherwise", () => {
    expect(parseSettings({}, {})).toMatchObject({
      value: { analogs: { enabled: false, weight: 0, everyMinutes: 5, horizonMinutes: 15, k: 50 } },
    });
    expect(configured({ analogs: { enabled: true } })).not.toHaveProperty("analogs");
    expect(configured({ analogs: { weight: 0.2 } })).not.toHaveProperty("analogs");
    const weighted = configured({ analogs: { enabled: true, weight: 0.2, voteLifeMinutes: 7 } });
    expect(weighted.analogs).toEqual({ weight: 0.2, voteLifeMicros: 7 * 60_000_000 });
    expect(weighted).not.toHaveProperty("adviser");
  });

  test.each([
    ["a horizon whose outcomes are not stored", { horizonMinutes: 30 }, "5, 15, 60"],
    ["too few neighbours to vote by", { k: 9 }, "k"],
    ["a weight above all others", { weight: 1.1 }, "weight"],
    ["what nobody knows", { neighbours: 5 }, "neighbours"],
  ])("%s is refused by name", (_, analogs, named) => {
    const config = file(JSON.stringify({ analogs }));
    const parsed = parseSettings({ config }, {});
    expect(parsed).toMatchObject({ ok: false, code: "config-invalid" });
    expect(parsed).toHaveProperty("message", expect.stringContaining(named));
  });
});

describe("re-calibration", () => {
  test("is on where the preset wants it and off elsewhere, unless settings say otherwise", () => {
    expect(configured({ preset: "ensemble" }).recalibration).toEqual(RECALIBRATION_DEFAULTS);
    for (const preset of ["rules", "classic", "demo"])
      expect(configured({ preset })).not.toHaveProperty("recalibration");
    expect(configured({ preset: "ensemble", recalibration: { enabled: false } })).not.toHaveProperty(
      "recalibration",
    );
    const chosen = configured({ preset: "classic", recalibration: { enabled: true, changeMax: 0.02 } });
    expect(chosen.recalibration).toEqual({ ...RECALIBRATION_DEFAULTS, changeMax: 0.02 });
  });

  test.each([
    ["a slope that could be 0", { slopeChangeMax: 1 }, "slopeChangeMax"],
    ["a change without a bound", { changeMax: 1 }, "changeMax"],
    ["a window shorter than its least", { windowBlocks: 100 }, "windowBlocksMin"],
    ["a trial shorter than its least", { trialBlocks: 100 }, "trialBlocksMin"],
    ["less to begin than to go on", { onAt: 0 }, "offAt"],
    ["what nobody knows", { window: 5 }, "window"],
  ])("%s is refused by name", (_, recalibration, named) => {
    const parsed = parseSettings({ config: file(JSON.stringify({ recalibration })) }, {});
    expect(parsed).toMatchObject({ ok: false, code: "config-invalid" });
    expect(parsed).toHaveProperty("message", expect.stringContaining(named));
  });
});

function mt5Of(...from: Parameters<typeof parseSettings>) {
  const parsed = parseSettings(...from);
  return parsed.ok ? parsed.value.mt5 : parsed.message;
}

describe("terminals", () => {
  test("have no port until one is asked for, by flag, environment or file", () => {
    expect(mt5Of({}, {})).toEqual({
      enabled: false,
      host: "127.0.0.1",
      port: 8_001,
      symbols: [],
      trades: false,
      reconcileSeconds: 30,
    });
    expect(mt5Of({ mt5Port: 9_001 }, {})).toMatchObject({ enabled: true, port: 9_001 });
    const key = "ab".repeat(32);
    expect(mt5Of({}, { TICKFORGE_MT5_PORT: "9002", TICKFORGE_MT5_KEY: key })).toMatchObject({
      enabled: true,
      port: 9_002,
      key,
    });
    const symbols = [{ source: "main", brokerSymbol: "EURUSDx9", symbol: "EURUSD" }];
    expect(mt5Of({ config: file(JSON.stringify({ mt5: { enabled: true, symbols } })) }, {})).toMatchObject({
      symbols,
    });
    expect(mt5Of({}, { TICKFORGE_MT5_TLS_CERT: "c.pem", TICKFORGE_MT5_TLS_KEY: "k.pem" })).toMatchObject({
      tls: { cert: "c.pem", key: "k.pem" },
    });
    expect(mt5Of({}, { TICKFORGE_MT5_TLS_CERT: "c.pem" })).toContain("mt5.tls.key");
    for (const mt5 of [
      { port: 70_000 },
      { key: "short" },
      { symbols: [...symbols, ...symbols] },
      { tls: {} },
    ])
      expect(mt5Of({ config: file(JSON.stringify({ mt5 })) }, {})).toContain("mt5");
  });

  test("get the account's orders where that is asked for, which opens their port", () => {
    expect(mt5Of({ broker: "mt5" }, {})).toMatchObject({ enabled: true, trades: true, port: 8_001 });
    expect(mt5Of({ broker: "paper" }, { TICKFORGE_BROKER: "mt5" })).toMatchObject({ trades: false });
    expect(mt5Of({}, { TICKFORGE_BROKER: "mt4" })).toContain("mt5.trades");
    const traded = parseSettings({ broker: "mt5", config: file('{"account":{"accountId":"main"}}') }, {});
    expect(traded.ok && traded.value.broker.accountId).toBe("main");
    const alone = file('{"mt5":{"trades":true}}');
    expect(mt5Of({ config: alone }, {})).toContain("mt5.enabled");
    const tagged = file('{"account":{"terminal":{"intentTag":5}}}');
    expect(mt5Of({ config: tagged }, {})).toContain("--broker mt5");
  });
});

function settingsOf(config: object): ReturnType<typeof parseSettings> {
  return parseSettings({ config: file(JSON.stringify(config)) }, {});
}

describe("further accounts", () => {
  const first = { accountId: "main", riskFraction: 0.01, compliance: { tenant: { washOrdersMax: 3 } } };
  const firstBroker = { accountId: "main" };

  test("are left out where there are none, so that journals of before go on as they were", () => {
    for (const config of [{}, { accounts: [] }]) {
      const parsed = settingsOf(config);
      expect(parsed.ok && parsed.value.accounts).toBeUndefined();
      if (parsed.ok) expect("accounts" in engineConfig(parsed.value, [], [])).toBe(false);
    }
  });

  test("are the first one's settings with what they want otherwise, key by key", () => {
    const parsed = settingsOf({
      account: first,
      broker: firstBroker,
      accounts: [
        { account: { accountId: "same", riskFraction: 0.01 } },
        {
          account: {
            accountId: "other",
            signals: { symbols: ["EURUSD"], confidenceMin: 0.6 },
            compliance: { tenant: { layeringLevelsMax: 9 } },
          },
          broker: { latencyMicros: 7 },
        },
      ],
    });
    if (!parsed.ok) throw new Error(parsed.message);
    const { account, broker, accounts = [] } = parsed.value;
    expect(accounts[0]).toEqual({ account: { accountId: "same" } });
    const [, same, other] = accountsOf(engineConfig(parsed.value, [], []));
    expect(same).toEqual({
      account: { ...account, accountId: "same" },
      broker: { ...broker, accountId: "same" },
    });
    expect(other?.account).toMatchObject({
      accountId: "other",
      riskFraction: 0.01,
      signals: { symbols: ["EURUSD"], confidenceMin: 0.6 },
      compliance: { tenant: { washOrdersMax: 3, layeringLevelsMax: 9 } },
    });
    expect(other?.broker).toEqual({ ...broker, accountId: "other", latencyMicros: 7 });
  });

  test("have no terminal where the first has one", () => {
    const parsed = settingsOf({
      mt5: { enabled: true, trades: true },
      account: { ...first, terminal: { intentTag: 5 } },
      accounts: [{ account: { accountId: "beside" } }],
    });
    if (!parsed.ok) throw new Error(parsed.message);
    expect(accountsOf(engineConfig(parsed.value, [], []))[1]?.account.terminal).toBeUndefined();
  });

  const refusedAccounts: readonly { what: string; accounts: unknown; named: string }[] = [
    { what: "one without a name", accounts: [{ account: {} }], named: "accountId" },
    {
      what: "a name that is taken",
      accounts: [{ account: { accountId: "main" } }],
      named: "two accounts are called main",
    },
    {
      what: "a value that the first may not have either",
      accounts: [{ account: { accountId: "b", riskFraction: 2 } }],
      named: "account b is not valid",
    },
    {
      what: "a key nobody knows",
      accounts: [{ account: { accountId: "b", riskfraction: 0.1 } }],
      named: "riskfraction",
    },
    {
      what: "another account's broker",
      accounts: [{ account: { accountId: "b" }, broker: { accountId: "c" } }],
      named: "the broker of account b",
    },
    {
      what: "a terminal",
      accounts: [{ account: { accountId: "b", terminal: { intentTag: 3 } } }],
      named: "only the first account may have one",
    },
  ];
  for (const { what, accounts, named } of refusedAccounts) {
    test(`refused: ${what}`, () => {
      const parsed = settingsOf({ account: first, broker: firstBroker, accounts });
      expect(parsed.ok ? "" : parsed.message).toContain(named);
    });
  }
});
