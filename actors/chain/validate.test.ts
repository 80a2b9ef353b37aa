// Limits, order of reasons, spikes that are jumps, and state that survives. The classes of bad tick are in
// test/integration/bad-ticks.test.ts.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_DAY, MICROS_PER_MILLISECOND, MICROS_PER_SECOND } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import type { Instrument } from "../domain/instrument.ts";
import { QUARANTINE_CODES, type QuarantineCode } from "../domain/quarantine.ts";
import { emptyQuote } from "../domain/quote.ts";
import { TICK_BACKFILL, type Tick } from "../domain/tick.ts";
import { SOURCES_PER_INSTRUMENT_MAX, TickValidator, VALIDATION_DEFAULTS } from "./validate.ts";

const ALWAYS_OPEN: Instrument = {
  id: 3,
  symbol: "EURUSD",
  baseCurrency: "EUR",
  quoteCurrency: "USD",
  digits: 5,
  contractSize: 100_000,
  volumeStepMicros: 10_000,
  volumeMinMicros: 10_000,
  volumeMaxMicros: 100_000_000,
  spreadMaxPoints: 200,
  sessions: [{ openMinute: 0, closeMinute: 7 * 24 * 60 }],
};

const START_MICROS = Date.UTC(2014, 4, 7, 10) * MICROS_PER_MILLISECOND;

/** A good tick `index` half-seconds after the start, unless `change` spoils it. */
function tickAt(index: number, change: Partial<Tick> = {}): Tick {
  const sourceTimeMicros = START_MICROS + index * 500_000;
  return {
    kind: "tick",
    seq: index + 1,
    instrumentId: 3,
    sourceId: 1,
    sourceSeq: index + 1,
    sourceTimeMicros,
    timeMicros: (change.sourceTimeMicros ?? sourceTimeMicros) + 1_000,
    bid: 1.387,
    ask: 1.38712,
    bidVolume: 0,
    askVolume: 0,
    flags: 0,
    ...change,
  };
}

/** A good tick with its bid at `points`, twelve points of spread. */
function priced(index: number, points: number, change: Partial<Tick> = {}): Tick {
  return tickAt(index, { bid: points / 1e5, ask: (points + 12) / 1e5, ...change });
}

function validator(settings = {}): TickValidator {
  return new TickValidator({ instrument: ALWAYS_OPEN, settings });
}

function verdicts(subject: TickValidator, ticks: readonly Tick[]): (QuarantineCode | undefined)[] {
  const quote = emptyQuote();
  return ticks.map((tick) => subject.check(tick, quote));
}

/** A validator that has accepted `count` good ticks. */
function warmed(count = 40, settings = {}): TickValidator {
  const subject = validator(settings);
  const ticks = Array.from({ length: count }, (_, index) => priced(index, 138_700 + (index % 3)));
  expect(verdicts(subject, ticks).every((code) => code === undefined)).toBe(true);
  return subject;
}

describe("a good tick", () => {
  test("becomes a quote in points", () => {
    const quote = emptyQuote();
    const tick = tickAt(4, { bid: 1.38701, ask: 1.38712, bidVolume: 2, askVolume: 3, flags: TICK_BACKFILL });
    expect(validator().check(tick, quote)).toBeUndefined();
    expect(quote).toEqual({
      seq: 5,
      timeMicros: tick.timeMicros,
      sourceTimeMicros: tick.sourceTimeMicros,
      bidPoints: 138_701,
      askPoints: 138_712,
      midPoints: 138_706.5,
      spreadPoints: 11,
      volume: 5,
      bidVolume: 2,
      askVolume: 3,
      flags: TICK_BACKFILL,
    });
  });

  test("may repeat the last price at a later time", () => {
    expect(warmed().check(priced(40, 138_700), emptyQuote())).toBeUndefined();
    expect(verdicts(warmed(), [priced(40, 138_700), priced(41, 138_700)])).toEqual([undefined, undefined]);
  });

  test("may share its time with another price", () => {
    const time = { sourceTimeMicros: START_MICROS + 50 * 500_000 };
    expect(verdicts(warmed(), [priced(40, 138_700, time), priced(41, 138_701, time)])).toEqual([
      undefined,
      undefined,
    ]);
  });
});

describe("each limit", () => {
  const { staleMicros, futureMicros, pricePointsMax, priceRatioMax } = VALIDATION_DEFAULTS;
  const at = START_MICROS + 60 * 500_000;
  const aged = (ageMicros: number, flags = 0): Tick =>
    priced(40, 138_700, { sourceTimeMicros: at, timeMicros: at + ageMicros, flags });
  const cases: readonly (readonly [string, Tick, QuarantineCode | undefined])[] = [
    ["as old as allowed", aged(staleMicros), undefined],
    ["a microsecond older", aged(staleMicros + 1), "stale"],
    ["a day old, but backfilled", aged(MICROS_PER_DAY, TICK_BACKFILL), undefined],
    ["as far ahead as allowed", aged(-futureMicros), undefined],
    ["a microsecond further", aged(-futureMicros - 1), "future"],
    ["ahead and backfilled", aged(-futureMicros - 1, TICK_BACKFILL), "future"],
    ["the widest spread", tickAt(40, { bid: 1.38606, ask: 1.38806 }), undefined],
    ["a point wider", tickAt(40, { bid: 1.38606, ask: 1.38807 }), "wide-spread"],
    ["no spread", tickAt(40, { ask: 1.387 }), undefined],
    ["a point crossed", tickAt(40, { ask: 1.38699 }), "crossed-quote"],
    ["noise of the last bit", tickAt(40, { bid: 1.387 * (1 + Number.EPSILON) }), undefined],
    ["a hundredth of a point off", tickAt(40, { bid: 1.387_000_1 }), "off-grid-price"],
    ["a volume too large to add", tickAt(40, { bidVolume: 1e308, askVolume: 1e308 }), "not-a-number-volume"],
    ["beyond the ratio", priced(40, Math.ceil(138_706 * priceRatioMax) + 1), "price-out-of-range"],
    ["within the ratio", priced(40, 190_000), "spike"],
    ["beyond all prices", priced(40, pricePointsMax), "price-out-of-range"],
  ];
  test.each(cases)("%s", (_name, tick, code) => {
    expect(warmed().check(tick, emptyQuote())).toBe(code);
  });
});

describe("settings", () => {
  test("quarantine a zero spread where the feed never means it", () => {
    const subject = warmed(40, { zeroSpread: "quarantine" });
    expect(subject.check(tickAt(40, { ask: 1.387 }), emptyQuote())).toBe("zero-spread");
  });

  test("round prices between two points where the feed sends them", () => {
    const quote = emptyQuote();
    const subject = warmed(40, { offGrid: "round" });
    expect(subject.check(tickAt(40, { bid: 1.387_004, ask: 1.387_116 }), quote)).toBeUndefined();
    expect([quote.bidPoints, quote.askPoints]).toEqual([138_700, 138_712]);
  });

  test("that make no sense are a bug", () => {
    expect(() => validator({ priceRatioMax: 1 })).toThrow("ratio");
    expect(() => validator({ spikeConfirmations: 0 })).toThrow("spike");
  });
});

describe("a spike", () => {
  test("alone is quarantined and forgotten", () => {
    const ticks = [priced(40, 138_700), priced(41, 139_700), priced(42, 138_701), priced(43, 138_702)];
    expect(verdicts(warmed(), ticks)).toEqual([undefined, "spike", undefined, undefined]);
  });

  test("that three later ticks confirm was a jump", () => {
    const levels = [139_700, 139_720, 139_650, 139_700, 139_690, 139_710];
    const ticks = levels.map((points, index) => priced(40 + index, points));
    const spike = "spike" as const;
    expect(verdicts(warmed(), ticks)).toEqual([spike, spike, spike, undefined, undefined, undefined]);
  });

  test("is not confirmed by ticks of its own instant", () => {
    const time = { sourceTimeMicros: START_MICROS + 60 * 500_000 };
    const ticks = Array.from({ length: 10 }, (_, index) => priced(40 + index, 139_700 + index, time));
    expect(verdicts(warmed(), ticks)).toEqual(Array.from({ length: 10 }, () => "spike" as const));
  });

  test("alternating with the old level is never confirmed", () => {
    const ticks = Array.from({ length: 40 }, (_, index) =>
      priced(40 + index, index % 2 === 0 ? 139_700 : 138_700),
    );
    const codes = verdicts(warmed(), ticks);
    expect(codes.filter((code) => code === "spike").length).toBe(20);
    expect(codes.filter((code) => code === undefined).length).toBe(20);
  });

  test("repeated exactly is a duplicate, not a witness", () => {
    const spike = priced(40, 139_700);
    expect(verdicts(warmed(), [spike, spike, spike, spike, spike])).toEqual([
      "spike",
      "duplicate",
      "duplicate",
      "duplicate",
      "duplicate",
    ]);
  });
});

describe("a wrong first tick", () => {
  test("does not make all that follow out of range", () => {
    const ticks = [
      priced(0, 1_387_000),
      ...Array.from({ length: 8 }, (_, index) => priced(index + 1, 138_700)),
    ];
    const codes = verdicts(validator(), ticks);
    expect(codes.slice(0, 4)).toEqual([undefined, "spike", "spike", "spike"]);
    expect(codes.slice(4)).toEqual(Array.from({ length: 5 }, () => undefined));
  });

  test("of shifted decimals is never confirmed later", () => {
    const ticks = Array.from({ length: 200 }, (_, index) => priced(40 + index, 1_387_000));
    expect(new Set(verdicts(warmed(), ticks))).toEqual(new Set(["price-out-of-range"]));
  });

  test("after a reset or a long absence a new level is found again", () => {
    const reset = warmed();
    reset.reset();
    expect(reset.check(priced(40, 1_387_000), emptyQuote())).toBeUndefined();

    const away = VALIDATION_DEFAULTS.referenceLifeMicros / 500_000 + 100;
    const ticks = Array.from({ length: 5 }, (_, index) => priced(away + index, 277_400));
    expect(verdicts(warmed(), ticks)).toEqual(["spike", "spike", "spike", undefined, undefined]);
  });
});

describe("sources", () => {
  test("do not judge each other", () => {
    const subject = warmed();
    const other = priced(0, 138_000, { sourceId: 2, sourceTimeMicros: START_MICROS - MICROS_PER_SECOND });
    expect(subject.check(other, emptyQuote())).toBeUndefined();
    expect(subject.check(priced(40, 138_701), emptyQuote())).toBeUndefined();
  });

  test("beyond the bound take the place of the longest silent", () => {
    const subject = warmed();
    for (let sourceId = 2; sourceId <= SOURCES_PER_INSTRUMENT_MAX + 1; sourceId++) {
      expect(subject.check(priced(40, 150_000, { sourceId }), emptyQuote())).toBeUndefined();
    }
    // Source 1 is unknown again: its old times and prices no longer bind it.
    expect(subject.check(priced(0, 160_000), emptyQuote())).toBeUndefined();
  });
});

/** Random ticks, good and bad, that exercise every memory the validator has. */
function wildTicks(seed: number, count: number): Tick[] {
  const random = new SeededRandom(seed);
  let points = 138_700;
  let time = START_MICROS;
  return Array.from({ length: count }, (_, index) => {
    points += Math.round(random.normal() * 2);
    time += random.integer(900_000);
    const wild = random.integer(12);
    const shown = wild === 0 ? points + random.integer(4_000) : points;
    const shift = wild === 1 ? -random.integer(4_000_000) : 0;
    const scale = wild === 2 ? 10 : 1;
    return priced(index, shown * scale, { sourceTimeMicros: time + shift, sourceId: 1 + random.integer(6) });
  });
}

describe("determinism", () => {
  test("a restored validator goes on as if it had never stopped", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, cut) => {
        const ticks = wildTicks(seed, 300);
        const whole = verdicts(validator(), ticks);
        const first = validator();
        const before = verdicts(first, ticks.slice(0, cut));
        const save = new SaveArchive();
        first.persist(save);
        const second = validator();
        const load = new LoadArchive(save.finish());
        second.persist(load);
        load.finish();
        expect([...before, ...verdicts(second, ticks.slice(cut))]).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  test("any tick at all gets a known verdict, and an accepted one a sound quote", () => {
    const number = fc.oneof(fc.double(), fc.constantFrom(0, -0, NaN, Infinity, 1.387, 1.38712), fc.integer());
    const record = fc.record({
      sourceSeq: number,
      sourceTimeMicros: fc.oneof(number, fc.constant(START_MICROS)),
      bid: number,
      ask: number,
      bidVolume: number,
      askVolume: number,
      flags: fc.integer({ min: 0, max: 7 }),
    });
    fc.assert(
      fc.property(fc.array(record, { maxLength: 20 }), (changes) => {
        const subject = validator();
        changes.forEach((change, index) => {
          const quote = emptyQuote();
          const code = subject.check({ ...tickAt(index), ...change }, quote);
          if (code === undefined) {
            expect(quote.askPoints).toBeGreaterThanOrEqual(quote.bidPoints);
            expect(quote.bidPoints).toBeGreaterThanOrEqual(1);
          } else {
            expect(QUARANTINE_CODES).toContain(code);
          }
        });
      }),
    );
  });
});
