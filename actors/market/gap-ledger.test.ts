// The gap ledger against a set of numbers: whatever a source drops, repeats, reorders and sends again, the counts and
// the missing ranges are those of the set.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_HOUR, MICROS_PER_MILLISECOND, MICROS_PER_MINUTE } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import type { Instrument } from "../domain/instrument.ts";
import { TICK_BACKFILL } from "../domain/tick.ts";
import {
  GapLedger,
  type GapRange,
  STALL_MICROS,
  STREAMS_MAX,
  type StreamCounts,
  TAKE_DUPLICATE,
  TAKE_FILLS_GAP,
  TAKE_GAP,
  TAKE_NEW,
  TAKE_UNTRACKED,
} from "./gap-ledger.ts";
import { MISSING_RANGES_MAX } from "./missing-ranges.ts";

const SOURCE = 1;
const EURUSD = 0;

function recorded(): { ledger: GapLedger; gaps: [number, number][] } {
  const gaps: [number, number][] = [];
  const ledger = new GapLedger({
    onGap: ({ fromSourceSeq, toSourceSeq }) => gaps.push([fromSourceSeq, toSourceSeq]),
  });
  return { ledger, gaps };
}

function takeAll(ledger: GapLedger, numbers: readonly number[], flags = 0): number[] {
  return numbers.map((number) => ledger.take(SOURCE, EURUSD, number, flags, 1_000));
}

function countsOf(ledger: GapLedger): StreamCounts {
  return ledger.counts()[0]!;
}

function rangesOf(ledger: GapLedger): [number, number][] {
  return ledger.missing(SOURCE, EURUSD).map((gap: GapRange) => [gap.fromSourceSeq, gap.toSourceSeq]);
}

/** Closed ranges of the numbers from 1 to the highest that are not in `seen`. */
function naiveRanges(seen: ReadonlySet<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (let number = 1; number <= Math.max(0, ...seen); number++) {
    if (seen.has(number)) continue;
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges;
}

/** A source's numbers with drops, repetitions, reordering and everything sent again from some point on. */
const arbitraryNumbers = fc
  .array(
    fc.record({
      from: fc.integer({ min: 1, max: 120 }),
      length: fc.integer({ min: 1, max: 15 }),
      keep: fc.nat(),
    }),
    { maxLength: 25 },
  )
  .map((runs) =>
    runs.flatMap(({ from, length, keep }) =>
      Array.from({ length }, (_, index) => from + index).filter((_, index) => (keep >> index) % 2 === 0),
    ),
  );

function numbersOf({ fromSourceSeq, toSourceSeq }: { fromSourceSeq: number; toSourceSeq: number }): number[] {
  return Array.from(
    { length: Math.max(0, toSourceSeq - fromSourceSeq + 1) },
    (_, index) => fromSourceSeq + index,
  );
}

/** What a bad line makes of `numbers`: some are lost, some come twice, some change places. */
function shaken(numbers: readonly number[], random: SeededRandom): number[] {
  const arrived = numbers.flatMap((number) =>
    Array.from({ length: [0, 1, 1, 1, 2][random.integer(5)]! }, () => number),
  );
  for (let index = 1; index < arrived.length; index++) {
    if (random.integer(4) > 0) continue;
    const other = Math.max(0, index - 1 - random.integer(3));
    [arrived[index], arrived[other]] = [arrived[other]!, arrived[index]!];
  }
  return arrived;
}

describe("any stream of numbers", () => {
  test("is accounted for as by a set", () => {
    fc.assert(
      fc.property(arbitraryNumbers, (numbers) => {
        const { ledger, gaps } = recorded();
        const seen = new Set<number>();
        let highest = 0;
        let duplicated = 0;
        let filled = 0;
        for (const number of numbers) {
          const expected = seen.has(number)
            ? TAKE_DUPLICATE
            : number < highest
              ? TAKE_FILLS_GAP
              : number === highest + 1
                ? TAKE_NEW
                : TAKE_GAP;
          expect(ledger.take(SOURCE, EURUSD, number, 0, 1_000)).toBe(expected);
          if (expected === TAKE_GAP) expect(gaps.at(-1)).toEqual([highest + 1, number - 1]);
          if (expected === TAKE_DUPLICATE) duplicated++;
          if (expected === TAKE_FILLS_GAP) filled++;
          seen.add(number);
          highest = Math.max(highest, number);
          expect(rangesOf(ledger)).toEqual(naiveRanges(seen));
        }
        if (numbers.length === 0) return;
        expect(countsOf(ledger)).toMatchObject({
          expected: highest,
          received: seen.size,
          backfilled: filled,
          duplicated,
          missing: highest - seen.size,
          lost: 0,
          lastSourceSeq: highest,
        });
      }),
    );
  });

  test("leaves the same ledger when it is replayed without its duplicates", () => {
    fc.assert(
      fc.property(arbitraryNumbers, (numbers) => {
        const live = recorded();
        const replayed = recorded();
        for (const number of numbers) {
          const taken = live.ledger.take(SOURCE, EURUSD, number, 0, 1_000);
          if (taken !== TAKE_DUPLICATE) replayed.ledger.replay(SOURCE, EURUSD, number, 0, 1_000);
        }
        const { duplicated, ...counts } = countsOf(live.ledger) ?? {};
        if (duplicated !== undefined) expect(countsOf(replayed.ledger)).toEqual({ ...counts, duplicated: 0 });
        expect(rangesOf(replayed.ledger)).toEqual(rangesOf(live.ledger));
        expect(replayed.gaps).toEqual([]);
      }),
    );
  });

  test("goes on after a restore as if nothing had happened", () => {
    fc.assert(
      fc.property(arbitraryNumbers, fc.nat(), (numbers, random) => {
        const cut = random % (numbers.length + 1);
        const whole = recorded();
        const wholeTaken = takeAll(whole.ledger, numbers);
        const first = recorded();
        const taken = takeAll(first.ledger, numbers.slice(0, cut));
        const save = new SaveArchive();
        first.ledger.persist(save);
        const second = recorded();
        const load = new LoadArchive(save.finish());
        second.ledger.persist(load);
        load.finish();
        expect([...taken, ...takeAll(second.ledger, numbers.slice(cut))]).toEqual(wholeTaken);
        expect(second.ledger.counts()).toEqual(whole.ledger.counts());
        expect(rangesOf(second.ledger)).toEqual(rangesOf(whole.ledger));
      }),
    );
  });
});

describe("a source that reconnects a thousand times", () => {
  test("over a line that drops, repeats and reorders has in the end delivered every tick once", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = new SeededRandom(seed);
        const { ledger } = recorded();
        const journal: number[] = [];
        let sent = 0;
        for (let connection = 0; connection < 1_000; connection++) {
          const { lastSourceSeq } = ledger.counts()[0] ?? { lastSourceSeq: 0 };
          const unsure = Math.max(1, lastSourceSeq - random.integer(5));
          sent += random.integer(8);
          const owed = ledger.missing(SOURCE, EURUSD).flatMap((gap) => numbersOf(gap));
          const fresh = numbersOf({ fromSourceSeq: unsure, toSourceSeq: sent });
          const last = connection === 999;
          for (const number of last ? [...owed, ...fresh] : shaken([...owed, ...fresh], random)) {
            if (ledger.take(SOURCE, EURUSD, number, 0, 1_000) !== TAKE_DUPLICATE) journal.push(number);
          }
        }
        expect(journal.toSorted((a, b) => a - b)).toEqual(numbersOf({ fromSourceSeq: 1, toSourceSeq: sent }));
        expect(countsOf(ledger)).toMatchObject({ expected: sent, received: sent, missing: 0, lost: 0 });
      }),
      { numRuns: 5 },
    );
  });
});

describe("numbers", () => {
  test("before the first tick are missing: sources number from 1", () => {
    const { ledger, gaps } = recorded();
    expect(takeAll(ledger, [4])).toEqual([TAKE_GAP]);
    expect(gaps).toEqual([[1, 3]]);
    expect(countsOf(ledger)).toMatchObject({ expected: 4, received: 1, missing: 3 });
  });

  test("that are none are taken in untracked", () => {
    const { ledger } = recorded();
    const none = [Number.NaN, 0, -1, 1.5, Infinity, 2 ** 53];
    expect(new Set(takeAll(ledger, none))).toEqual(new Set([TAKE_UNTRACKED]));
    expect(ledger.untracked).toBe(none.length);
    expect(ledger.counts()).toEqual([]);
  });

  test("of different sources and instruments do not mix", () => {
    const { ledger } = recorded();
    for (const [source, instrument] of [
      [1, 0],
      [1, 1],
      [2, 0],
    ] as const) {
      expect(ledger.take(source, instrument, 1, 0, 1_000)).toBe(TAKE_NEW);
      expect(ledger.take(source, instrument, 1, 0, 1_000)).toBe(TAKE_DUPLICATE);
    }
  });

  test("of more streams than the bound are taken in untracked", () => {
    const { ledger } = recorded();
    for (let instrument = 0; instrument < STREAMS_MAX; instrument++)
      ledger.take(SOURCE, instrument, 1, 0, 1_000);
    expect(ledger.take(SOURCE, STREAMS_MAX, 1, 0, 1_000)).toBe(TAKE_UNTRACKED);
    expect(ledger.take(SOURCE, 0, 2, 0, 1_000)).toBe(TAKE_NEW);
  });

  test("flagged as backfill and refused by validation are counted", () => {
    const { ledger } = recorded();
    takeAll(ledger, [1, 2]);
    takeAll(ledger, [3, 4, 5], TICK_BACKFILL);
    ledger.quarantined(SOURCE, EURUSD);
    expect(countsOf(ledger)).toMatchObject({ received: 5, backfilled: 3, quarantined: 1 });
  });
});

describe("too many holes", () => {
  /** Every second number, so that there is one hole more than is remembered. */
  const everySecond = Array.from({ length: MISSING_RANGES_MAX + 1 }, (_, index) => 2 * index + 2);

  test("lose the oldest, and the sum stays right", () => {
    const { ledger } = recorded();
    takeAll(ledger, everySecond);
    expect(countsOf(ledger)).toMatchObject({
      expected: 2 * (MISSING_RANGES_MAX + 1),
      received: MISSING_RANGES_MAX + 1,
      missing: MISSING_RANGES_MAX,
      ranges: MISSING_RANGES_MAX,
      lost: 1,
    });
    expect(rangesOf(ledger)[0]).toEqual([3, 3]);
  });

  test("take a lost number that comes after all as backfill, never as a duplicate", () => {
    const { ledger } = recorded();
    takeAll(ledger, everySecond);
    expect(takeAll(ledger, [1], TICK_BACKFILL)).toEqual([TAKE_FILLS_GAP]);
    expect(countsOf(ledger)).toMatchObject({ lost: 0, received: MISSING_RANGES_MAX + 2 });
    expect(takeAll(ledger, [4], TICK_BACKFILL)).toEqual([TAKE_DUPLICATE]);
  });

  test("by splitting lose the oldest too", () => {
    const { ledger } = recorded();
    takeAll(ledger, everySecond.slice(0, MISSING_RANGES_MAX));
    const last = 2 * MISSING_RANGES_MAX;
    takeAll(ledger, [3, last + 10]);
    takeAll(ledger, [last + 5]);
    expect(countsOf(ledger)).toMatchObject({ ranges: MISSING_RANGES_MAX, lost: 1 });
  });
});

describe("a source that restarts", () => {
  test("numbers anew, and what it still owed is lost", () => {
    const { ledger } = recorded();
    takeAll(ledger, [1, 2, 5]);
    ledger.boot(SOURCE, 1);
    expect(takeAll(ledger, [1, 2, 4])).toEqual([TAKE_NEW, TAKE_NEW, TAKE_GAP]);
    expect(countsOf(ledger)).toMatchObject({ expected: 9, received: 6, missing: 1, lost: 2, boots: 1 });
  });

  test("may go on from a number of its own", () => {
    const { ledger } = recorded();
    takeAll(ledger, [1, 2]);
    ledger.boot(SOURCE, 100);
    expect(takeAll(ledger, [100, 102])).toEqual([TAKE_NEW, TAKE_GAP]);
    expect(rangesOf(ledger)).toEqual([[101, 101]]);
  });

  test("is recognised in a replay, since a journal holds no tick twice", () => {
    const { ledger } = recorded();
    for (const number of [1, 2, 3, 4, 5, 2, 3, 6]) ledger.replay(SOURCE, EURUSD, number, 0, 1_000);
    expect(countsOf(ledger)).toMatchObject({ boots: 1, received: 8, duplicated: 0, lastSourceSeq: 6 });
    expect(rangesOf(ledger)).toEqual([
      [1, 1],
      [4, 5],
    ]);
  });
});

describe("a stall", () => {
  /** Open on Wednesdays but for an hour from 12:00. */
  const wednesday = 2 * 24 * 60;
  const instrument: Instrument = {
    id: EURUSD,
    symbol: "EURUSD",
    baseCurrency: "EUR",
    quoteCurrency: "USD",
    digits: 5,
    contractSize: 100_000,
    volumeStepMicros: 10_000,
    volumeMinMicros: 10_000,
    volumeMaxMicros: 100_000_000,
    spreadMaxPoints: 200,
    sessions: [
      { openMinute: wednesday, closeMinute: wednesday + 12 * 60 },
      { openMinute: wednesday + 13 * 60, closeMinute: wednesday + 24 * 60 },
    ],
  };
  const midnight = Date.UTC(2014, 4, 7) * MICROS_PER_MILLISECOND;
  const noon = midnight + 12 * MICROS_PER_HOUR;
  const cases: readonly (readonly [string, number, number, boolean])[] = [
    ["silent for exactly the limit", noon - MICROS_PER_HOUR, noon - MICROS_PER_HOUR + STALL_MICROS, false],
    ["silent for longer", noon - MICROS_PER_HOUR, noon - MICROS_PER_HOUR + STALL_MICROS + 1, true],
    ["silent in the break", noon - MICROS_PER_HOUR, noon + 30 * MICROS_PER_MINUTE, false],
    ["silent since before the break, just reopened", noon - 1, noon + 61 * MICROS_PER_MINUTE, false],
    ["silent since before the break, long reopened", noon - 1, noon + 71 * MICROS_PER_MINUTE, true],
  ];
  test.each(cases)("%s", (_name, lastMicros, nowMicros, stalled) => {
    const { ledger } = recorded();
    ledger.take(SOURCE, EURUSD, 1, 0, lastMicros);
    expect(ledger.stalled(nowMicros, instrument)).toBe(stalled);
  });

  test("is one source's own while another speaks", () => {
    const { ledger } = recorded();
    ledger.take(1, EURUSD, 1, 0, midnight);
    ledger.take(2, EURUSD, 1, 0, midnight + MICROS_PER_HOUR);
    const nowMicros = midnight + MICROS_PER_HOUR + 1;
    expect(ledger.stalled(nowMicros, instrument)).toBe(false);
    expect(ledger.stalled(nowMicros, instrument, 1)).toBe(true);
    expect(ledger.stalled(nowMicros, instrument, 2)).toBe(false);
  });

  test("needs a first tick", () => {
    expect(recorded().ledger.stalled(noon - 1, instrument)).toBe(false);
  });
});
