// What may change between two runs on one journal, and what may not.

import { describe, expect, test } from "bun:test";
import { TEST_CONFIG, TEST_INSTRUMENTS } from "./engine.fixture.ts";
import type { AccountSettings } from "./account/settings.ts";
import {
  accountsOf,
  accountsProblem,
  type EngineConfig,
  type FurtherAccount,
  succeed,
} from "./engine-config.ts";
import type { Instrument } from "./domain/instrument.ts";

const [EURUSD, GBPUSD] = TEST_INSTRUMENTS as readonly [Instrument, Instrument];
const USDJPY: Instrument = { ...EURUSD, id: 0, symbol: "USDJPY", baseCurrency: "USD", quoteCurrency: "JPY" };

function symbolsAfter(instruments: readonly Instrument[]): readonly string[] {
  const succeeded = succeed(TEST_CONFIG, { ...TEST_CONFIG, instruments });
  if (!succeeded.ok) throw new Error(succeeded.message);
  return succeeded.value.instruments.map(({ id, symbol }) => `${id} ${symbol}`);
}

describe("instruments", () => {
  test("keep their ids in whatever order they are asked for", () => {
    expect(
      symbolsAfter([
        { ...GBPUSD, id: 0 },
        { ...EURUSD, id: 1 },
      ]),
    ).toEqual(["0 EURUSD", "1 GBPUSD"]);
  });

  test("no longer asked for stay known; new ones come last", () => {
    expect(symbolsAfter([USDJPY, { ...GBPUSD, id: 1 }])).toEqual(["0 EURUSD", "1 GBPUSD", "2 USDJPY"]);
  });

  test("take new terms", () => {
    const succeeded = succeed(TEST_CONFIG, {
      ...TEST_CONFIG,
      instruments: [{ ...EURUSD, spreadMaxPoints: 77 }, GBPUSD],
    });
    expect(succeeded.ok && succeeded.value.instruments[0]?.spreadMaxPoints).toBe(77);
  });
});

describe("sources", () => {
  for (const sources of [["none"], ["none", "test", "other"]]) {
    test(`may be ${sources.join(", ")}: the longer table counts`, () => {
      const succeeded = succeed(TEST_CONFIG, { ...TEST_CONFIG, sources });
      expect(succeeded.ok && succeeded.value.sources.length).toBe(Math.max(2, sources.length));
    });
  }
});

const refused: readonly { what: string; wanted: Partial<EngineConfig>; named: string }[] = [
  {
    what: "an instrument's digits",
    wanted: { instruments: [{ ...EURUSD, digits: 4 }, GBPUSD] },
    named: "digits of EURUSD",
  },
  {
    what: "an instrument's contract",
    wanted: { instruments: [{ ...EURUSD, contractSize: 1 }, GBPUSD] },
    named: "contractSize of EURUSD",
  },
  {
    what: "the account",
    wanted: { account: { ...TEST_CONFIG.account, accountId: "other" } },
    named: "account.accountId",
  },
  {
    what: "its currency",
    wanted: { account: { ...TEST_CONFIG.account, currency: "EUR" } },
    named: "account.currency",
  },
  { what: "a source's number", wanted: { sources: ["none", "another"] }, named: "sources" },
];

describe("refused, by name, is a change of", () => {
  for (const { what, wanted, named } of refused) {
    test(what, () => {
      const succeeded = succeed(TEST_CONFIG, { ...TEST_CONFIG, ...wanted });
      expect(succeeded.ok).toBe(false);
      expect(succeeded.ok ? "" : succeeded.message).toContain(named);
    });
  }
});

function further(accountId: string, other: Partial<AccountSettings> = {}): FurtherAccount {
  return { account: { accountId, ...other } };
}

describe("further accounts", () => {
  const { account, broker } = TEST_CONFIG;
  const last: EngineConfig = { ...TEST_CONFIG, accounts: [further("second"), further("third")] };

  test("may change their terms and their order, and new ones may come", () => {
    const accounts = [further("third"), further("fourth"), further("second", { riskFraction: 0.1 })];
    const succeeded = succeed(last, { ...last, accounts });
    expect(succeeded.ok && succeeded.value.accounts).toEqual(accounts);
    expect(succeed(TEST_CONFIG, last).ok).toBe(true);
  });

  test("are as the first but for what they name, a terminal excepted", () => {
    const first = { ...account, terminal: { intentTag: 1 } };
    const [, second, third] = accountsOf({
      account: first,
      broker,
      accounts: [
        further("second", { riskFraction: 0.1 }),
        { ...further("third"), broker: { latencyMicros: 9 } },
      ],
    });
    expect(second).toEqual({
      account: { ...account, accountId: "second", riskFraction: 0.1 },
      broker: { ...broker, accountId: "second" },
    });
    expect(third).toEqual({
      account: { ...account, accountId: "third" },
      broker: { ...broker, accountId: "third", latencyMicros: 9 },
    });
  });

  const refusedAccounts: readonly { what: string; accounts: readonly FurtherAccount[]; named: string }[] = [
    {
      what: "one that is not there any more",
      accounts: [further("second")],
      named: "account third is in this journal",
    },
    {
      what: "another currency",
      accounts: [further("second", { currency: "EUR" }), further("third")],
      named: "currency of account second",
    },
    {
      what: "two of one name",
      accounts: [further("second"), further("third"), further("second")],
      named: "two accounts are called second",
    },
    {
      what: "the first one's name",
      accounts: [further("second"), further("third"), further(account.accountId)],
      named: `two accounts are called ${account.accountId}`,
    },
    {
      what: "a terminal",
      accounts: [further("second"), further("third", { terminal: { intentTag: 1 } })],
      named: "account third has a terminal",
    },
    {
      what: "more than one record can hold",
      accounts: [
        further("second"),
        further("third"),
        ...Array.from({ length: 1_000 }, (_, index) => further(`paper-${index}`, { riskFraction: 0.01 })),
      ],
      named: "name what all have in common",
    },
  ];
  for (const { what, accounts, named } of refusedAccounts) {
    test(`refused: ${what}`, () => {
      const succeeded = succeed(last, { ...last, accounts });
      expect(succeeded.ok ? "" : succeeded.message).toContain(named);
    });
  }

  test("refused: a name that intents of the first account begin with", () => {
    const tagged = { ...TEST_CONFIG, account: { ...account, terminal: { intentTag: 37 } } };
    const problem = accountsProblem({ ...tagged, accounts: [further(`${account.accountId}-t11`)] });
    expect(problem).toContain("is called like intents of");
    expect(accountsProblem({ ...tagged, accounts: [further(`${account.accountId}-t12`)] })).toBeUndefined();
  });
});
