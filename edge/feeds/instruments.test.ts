// The registry is internally consistent, hours fit what real files show, and a bad instruments file says where it is bad.

import { describe, expect, test } from "bun:test";
import { type Instrument, isOpen } from "../../actors/domain/instrument.ts";
import {
  instrumentsOf,
  KNOWN_INSTRUMENTS,
  parseInstruments,
  SIMULATED_SYMBOLS,
  simulatedInstruments,
  symbolToId,
} from "./instruments.ts";
import { ALWAYS_OPEN, weekMinute, weeklySessions } from "./sessions.ts";

function table(...symbols: string[]): Instrument[] {
  const instruments = instrumentsOf(symbols);
  if (!instruments.ok) throw new Error(instruments.message);
  return instruments.value;
}

const micros = (text: string): number => Date.parse(text) * 1_000;

describe("the built-in table", () => {
  test("has each symbol once, with terms that fit together", () => {
    expect(new Set(KNOWN_INSTRUMENTS.map(({ symbol }) => symbol)).size).toBe(KNOWN_INSTRUMENTS.length);
    for (const terms of KNOWN_INSTRUMENTS) {
      expect(terms.symbol).toBe(terms.baseCurrency + terms.quoteCurrency);
      expect(terms.volumeMinMicros % terms.volumeStepMicros).toBe(0);
      expect(parseInstruments([terms])).toMatchObject({ ok: true });
    }
  });

  test.each([
    ["EURUSD", 5, 100_000],
    ["USDJPY", 3, 100_000],
    ["XAUUSD", 3, 100],
  ])("%s has %d digits and %d units a lot", (symbol, digits, contractSize) => {
    expect(table(symbol)[0]).toMatchObject({ id: 0, symbol, digits, contractSize });
  });

  test("numbers instruments by the order asked for", () => {
    const instruments = table("XAUUSD", "EURUSD");
    expect([...symbolToId(instruments)]).toEqual([
      ["XAUUSD", 0],
      ["EURUSD", 1],
    ]);
  });

  test("names what it knows when asked for what it does not", () => {
    expect(instrumentsOf(["EURUSD", "DOGEUSD"])).toMatchObject({
      ok: false,
      code: "unknown-instrument",
      message: expect.stringMatching(/DOGEUSD.*EURUSD, GBPUSD/),
    });
    expect(instrumentsOf(["EURUSD", "EURUSD"])).toMatchObject({ ok: false, code: "instruments-invalid" });
  });
});

describe("trading hours", () => {
  const cases: readonly [string, string, boolean][] = [
    ["EURUSD", "2014-05-02T20:59:59Z", true],
    // Until 22:00 for the half of the year without daylight saving.
    ["EURUSD", "2014-12-05T21:59:59Z", true],
    ["EURUSD", "2014-12-05T22:00:00Z", false],
    ["EURUSD", "2014-05-03T12:00:00Z", false],
    ["EURUSD", "2014-05-04T20:59:59Z", false],
    ["EURUSD", "2014-05-04T21:00:00Z", true],
    ["EURUSD", "2014-05-05T00:00:00Z", true],
    ["XAUUSD", "2014-05-06T21:30:00Z", true],
    ["XAUUSD", "2014-05-03T12:00:00Z", false],
  ];
  test.each(cases)("%s at %s: %p", (symbol, time, open) => {
    expect(isOpen(table(symbol)[0]!, micros(time))).toBe(open);
  });

  test("of the simulated market: summer hours with gold's daily break, or always", () => {
    const summer = simulatedInstruments({ alwaysOpen: false });
    const gold = summer.at(-1)!;
    expect(summer.map(({ symbol }) => symbol)).toEqual([...SIMULATED_SYMBOLS]);
    expect(isOpen(gold, micros("2014-05-06T21:30:00Z"))).toBe(false);
    expect(isOpen(gold, micros("2014-05-06T22:00:00Z"))).toBe(true);
    expect(isOpen(gold, micros("2014-05-04T21:30:00Z"))).toBe(false);
    const always = simulatedInstruments({ alwaysOpen: true });
    expect(always.every(({ sessions }) => sessions === ALWAYS_OPEN)).toBe(true);
  });

  test.each([
    ["Mon 00:00", 0],
    ["Sun 23:59", 10_079],
    ["Sun 24:00", undefined],
    ["sun 21:00", undefined],
    ["Sunday 21:00", undefined],
  ])("%s is minute %p of the week", (text, minute) => {
    expect(weekMinute(text)).toBe(minute as number);
  });

  test("a span over the end of the week becomes two sessions in order", () => {
    expect(weeklySessions([{ openMinute: 9_900, closeMinute: 7_080 }])).toEqual([
      { openMinute: 0, closeMinute: 7_080 },
      { openMinute: 9_900, closeMinute: 10_080 },
    ]);
  });
});

describe("an instruments file", () => {
  const terms = { ...KNOWN_INSTRUMENTS[0]! };

  test("may write hours as people do", () => {
    const file = [{ ...terms, sessions: [{ open: "Sun 21:00", close: "Fri 22:00" }] }];
    expect(parseInstruments(file)).toEqual({ ok: true, value: [{ ...terms, id: 0 }] });
  });

  const cases: readonly [string, unknown, RegExp][] = [
    ["is a list", {}, /the file/],
    ["is not empty", [], /the file/],
    ["has known keys only", [{ ...terms, colour: "red" }], /colour/],
    ["spells symbols in capitals", [{ ...terms, symbol: "eurusd" }], /0\.symbol: a symbol is/],
    ["has no negative digits", [{ ...terms, digits: -1 }], /0\.digits/],
    ["has no infinite contract", [{ ...terms, contractSize: Number.POSITIVE_INFINITY }], /0\.contractSize/],
    ["opens before it closes", [{ ...terms, sessions: [{ openMinute: 9, closeMinute: 9 }] }], /0\.sessions/],
    [
      "names real times",
      [{ ...terms, sessions: [{ open: "Sun 25:00", close: "Fri 22:00" }] }],
      /0\.sessions/,
    ],
    [
      "has hours that do not overlap",
      [
        {
          ...terms,
          sessions: [
            { openMinute: 0, closeMinute: 9 },
            { openMinute: 8, closeMinute: 10 },
          ],
        },
      ],
      /overlap/,
    ],
    ["has volumes in order", [{ ...terms, volumeMinMicros: 200_000_000 }], /volumeMinMicros/],
    ["has volumes on the step", [{ ...terms, volumeMinMicros: 15_000 }], /multiple of the step/],
    ["describes a symbol once", [terms, terms], /EURUSD is described twice/],
  ];
  test.each(cases)("%s", (_name, file, words) => {
    expect(parseInstruments(file)).toMatchObject({
      ok: false,
      code: "instruments-invalid",
      message: expect.stringMatching(words),
    });
  });
});
