// Brokers' spellings are guessed only where a wrong guess cannot pass; a person's mapping goes before any guess.

import { describe, expect, test } from "bun:test";
import { instrumentsOf } from "./instruments.ts";
import { mapBrokerSymbol, mappingsSchema, type SymbolMapping } from "./symbol-map.ts";

const known = instrumentsOf(["EURUSD", "GBPUSD", "USDJPY", "XAUUSD"]);
const instruments = known.ok ? known.value : [];

describe("guessed, with the same digits and contract size", () => {
  test.each([
    ["EURUSD", 5, 100_000, "EURUSD"],
    ["EURUSD.m", 5, 100_000, "EURUSD"],
    ["EURUSDm", 5, 100_000, "EURUSD"],
    ["EURUSDpro", 5, 100_000, "EURUSD"],
    ["EURUSD_i", 5, 100_000, "EURUSD"],
    ["EURUSD-ECN", 5, 100_000, "EURUSD"],
    ["EURUSD#", 5, 100_000, "EURUSD"],
    ["eurusd", 5, 100_000, "EURUSD"],
    ["USDJPY.raw", 3, 100_000, "USDJPY"],
    ["GOLD", 3, 100, "XAUUSD"],
    ["Gold.pro", 3, 100, "XAUUSD"],
  ])("%s", (symbol, digits, contractSize, expected) => {
    const mapped = mapBrokerSymbol({ source: "demo", symbol, digits, contractSize }, { instruments });
    expect(mapped).toMatchObject({ ok: true, value: { symbol: expected } });
  });
});

describe("left to a person", () => {
  test.each([
    ["an unknown name", "US500", 2, 1, "unknown-symbol"],
    ["an unknown suffix", "EURUSDx9", 5, 100_000, "unknown-symbol"],
    ["a future", "EURUSD.H25", 5, 100_000, "unknown-symbol"],
    ["a longer word", "GOLDMAN", 3, 100, "unknown-symbol"],
    ["another contract size", "EURUSD.m", 5, 1_000, "terms-differ"],
    ["other digits", "EURUSD.m", 4, 100_000, "terms-differ"],
    ["gold in another unit", "GOLD", 2, 1, "terms-differ"],
    ["the very name with other terms", "EURUSD", 5, 10_000, "terms-differ"],
  ])("%s", (_name, symbol, digits, contractSize, code) => {
    const mapped = mapBrokerSymbol({ source: "demo", symbol, digits, contractSize }, { instruments });
    expect(mapped).toMatchObject({ ok: false, code, message: expect.stringContaining(symbol) });
  });
});

test("prices in another currency are another instrument", () => {
  const gold = { source: "demo", symbol: "GOLD", digits: 3, contractSize: 100 };
  expect(mapBrokerSymbol({ ...gold, quoteCurrency: "EUR" }, { instruments })).toMatchObject({
    ok: false,
    code: "terms-differ",
  });
  expect(mapBrokerSymbol({ ...gold, quoteCurrency: "USD" }, { instruments }).ok).toBe(true);
});

describe("mapped by a person", () => {
  const mappings: readonly SymbolMapping[] = [
    { source: "demo", brokerSymbol: "XAU/USD spot", symbol: "XAUUSD" },
    { source: "demo", brokerSymbol: "GBPUSD", symbol: "EURUSD" },
    { source: "demo", brokerSymbol: "OIL", symbol: "WTIUSD" },
  ];
  const map = (symbol: string, digits: number, contractSize: number, source = "demo"): unknown =>
    mapBrokerSymbol({ source, symbol, digits, contractSize }, { instruments, mappings });

  test("any spelling, with fewer digits if need be", () => {
    expect(map("XAU/USD spot", 2, 100)).toMatchObject({ ok: true, value: { symbol: "XAUUSD" } });
  });
  test("against the guess, if a person says so", () => {
    expect(map("GBPUSD", 5, 100_000)).toMatchObject({ ok: true, value: { symbol: "EURUSD" } });
  });
  test("for its own source only", () => {
    expect(map("XAU/USD spot", 2, 100, "live")).toMatchObject({ ok: false, code: "unknown-symbol" });
  });
  test("not to more digits than the instrument has, nor to another lot", () => {
    expect(map("XAU/USD spot", 4, 100)).toMatchObject({ ok: false, code: "terms-differ" });
    expect(map("XAU/USD spot", 2, 10)).toMatchObject({ ok: false, code: "terms-differ" });
  });
  test("not to an instrument that is not there", () => {
    expect(map("OIL", 2, 100)).toMatchObject({ ok: false, message: expect.stringContaining("WTIUSD") });
  });
});

describe("mappings", () => {
  const mapping = { source: "demo", brokerSymbol: "GOLD", symbol: "XAUUSD" };
  test("are a list", () => {
    expect(mappingsSchema.parse([mapping])).toEqual([mapping]);
  });
  test.each([
    ["not a list", mapping],
    ["a missing symbol", [{ source: "demo", brokerSymbol: "GOLD" }]],
    ["one spelling twice", [mapping, { ...mapping, symbol: "EURUSD" }]],
  ])("with %s are refused", (_name, mappings) => {
    expect(mappingsSchema.safeParse(mappings).success).toBe(false);
  });
});
