// What may change between two runs on one journal, and what may not.

import { describe, expect, test } from "bun:test";
import { TEST_CONFIG, TEST_INSTRUMENTS } from "./engine.fixture.ts";
import { type EngineConfig, succeed } from "./engine-config.ts";
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
