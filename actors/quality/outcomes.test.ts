// What became of predictions, against an implementation that looks at the whole history at once, over gaps and weekends; and the
// fixture that training is held to as well.

import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Archive, LoadArchive, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import { happened, MinuteOutcomes, QuoteOutcomes } from "./outcomes.ts";

const GOLDEN = join(import.meta.dir, "../../test/fixtures/golden-outcomes.json");
/** A Friday, four hours before the week's close. */
const START = Date.UTC(2024, 2, 1, 18) * 1_000;

interface Bar {
  readonly closeMicros: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

interface Outcome {
  readonly move: number;
  readonly range: number;
}

/** Some hours of Friday, then the week's first; now and then a minute or many are missing. */
function barsOf(seed: number, count: number): Bar[] {
  const random = new SeededRandom(seed);
  const bars: Bar[] = [];
  let closeMicros = START;
  let price = 110_000;
  while (bars.length < count) {
    closeMicros += MICROS_PER_MINUTE;
    if (closeMicros === START + 4 * MICROS_PER_HOUR) closeMicros += 48 * MICROS_PER_HOUR;
    if (random.next() < 0.06) closeMicros += random.integer(30) * MICROS_PER_MINUTE;
    price += random.integer(9) - 4;
    const close = price + (random.next() < 0.3 ? 0.5 : 0);
    bars.push({ closeMicros, high: price + 1 + random.integer(6), low: price - random.integer(6), close });
  }
  return bars;
}

const points = (from: number, to: number): number => 1e4 * Math.log(to / from);

function slowMinute(bars: readonly Bar[], from: Bar, horizonMicros: number): Outcome {
  const untilMicros = from.closeMicros + horizonMicros;
  const within = bars.filter(
    ({ closeMicros }) => closeMicros > from.closeMicros && closeMicros <= untilMicros,
  );
  if (within.length < (0.8 * horizonMicros) / MICROS_PER_MINUTE)
    return { move: Number.NaN, range: Number.NaN };
  return {
    move: points(from.close, within.at(-1)!.close),
    range: points(Math.min(...within.map(({ low }) => low)), Math.max(...within.map(({ high }) => high))),
  };
}

/** `fresh` with the state of `before`. */
function restarted<Outcomes extends { persist(archive: Archive): void }>(
  before: Outcomes,
  fresh: Outcomes,
): Outcomes {
  const saved = new SaveArchive();
  before.persist(saved);
  const archive = new LoadArchive(saved.finish());
  fresh.persist(archive);
  archive.finish();
  return fresh;
}

function streamed(bars: readonly Bar[], horizonMicros: number, saveAt = -1): Map<number, Outcome> {
  const found = new Map<number, Outcome>();
  const make = () => new MinuteOutcomes(horizonMicros, (id, move, range) => found.set(id, { move, range }));
  let outcomes = make();
  for (const [id, bar] of bars.entries()) {
    outcomes.onBar(bar.closeMicros, bar);
    expect(outcomes.add(id, bar.closeMicros)).toBe(true);
    if (id !== saveAt) continue;
    outcomes = restarted(outcomes, make());
  }
  return found;
}

function expectAlike(found: Outcome, wanted: Outcome): void {
  for (const key of ["move", "range"] as const) {
    if (Number.isNaN(wanted[key])) expect(found[key]).toBeNaN();
    else expect(found[key]).toBeCloseTo(wanted[key], 8);
  }
}

describe("outcomes from closed minutes", () => {
  test("are those of the whole history, over gaps, a weekend and a restart", () => {
    for (const minutes of [1, 5, 15, 60]) {
      const bars = barsOf(minutes, 900);
      const horizonMicros = minutes * MICROS_PER_MINUTE;
      const found = streamed(bars, horizonMicros, 333);
      const lastMicros = bars.at(-1)!.closeMicros;
      let known = 0;
      for (const [id, bar] of bars.entries()) {
        if (bar.closeMicros + horizonMicros > lastMicros) {
          expect(found.has(id)).toBe(false);
          continue;
        }
        const wanted = slowMinute(bars, bar, horizonMicros);
        if (!Number.isNaN(wanted.move)) known++;
        expectAlike(found.get(id)!, wanted);
      }
      expect(known).toBeGreaterThan(100);
      expect(known).toBeLessThan(found.size);
    }
  });

  test("are waited for as long as there is room, and never before a bar", () => {
    const outcomes = new MinuteOutcomes(2 * MICROS_PER_MINUTE, () => {});
    expect(outcomes.add(0, START)).toBe(false);
    outcomes.onBar(START, { high: 2, low: 1, close: 1 });
    expect([1, 2, 3, 4].map((id) => outcomes.add(id, START + id))).toEqual([true, true, true, false]);
    expect(() => new MinuteOutcomes(MICROS_PER_SECOND, () => {})).toThrow("no horizon");
  });
});

interface Mid {
  readonly timeMicros: number;
  readonly mid: number;
}

/** Many share a moment, as gold's do; some are silent for long. */
function midsOf(seed: number, count: number): Mid[] {
  const random = new SeededRandom(seed);
  let timeMicros = START;
  let mid = 130_000;
  return Array.from({ length: count }, () => {
    const chance = random.next();
    if (chance > 0.3) timeMicros += random.integer(chance > 0.98 ? 20_000 : 700) * 1_000;
    mid += (random.integer(5) - 2) / 2;
    return { timeMicros, mid };
  });
}

function slowQuote(mids: readonly Mid[], at: Mid, { delayMicros, horizonMicros }: typeof FIVE): number {
  const inForce = (timeMicros: number): number =>
    mids.findLast((other) => other.timeMicros <= timeMicros)!.mid;
  const entryMicros = at.timeMicros + delayMicros;
  return points(inForce(entryMicros), inForce(entryMicros + horizonMicros));
}

const FIVE = { delayMicros: 0, horizonMicros: 5 * MICROS_PER_SECOND };
const LATER = { delayMicros: MICROS_PER_SECOND, horizonMicros: 5 * MICROS_PER_SECOND };

describe("outcomes from quotes", () => {
  for (const options of [FIVE, LATER, { delayMicros: 250_000, horizonMicros: 300_000 }]) {
    test(`are those of the whole history over a restart, ${options.delayMicros} us later for ${options.horizonMicros} us`, () => {
      const mids = midsOf(options.delayMicros + 1, 1_500);
      const found = new Map<number, number>();
      const spreads = new Map<number, number>();
      const make = () =>
        new QuoteOutcomes({ ...options, waitingMax: 256 }, (id, move, spread) => {
          found.set(id, move);
          spreads.set(id, spread);
        });
      let outcomes = make();
      for (const [id, { timeMicros, mid }] of mids.entries()) {
        outcomes.onQuote(timeMicros, mid, mid / 1_000);
        outcomes.add(id, timeMicros);
        if (id === 700) outcomes = restarted(outcomes, make());
      }
      expect(outcomes.dropped).toBe(0);
      const lastMicros = mids.at(-1)!.timeMicros;
      for (const [id, at] of mids.entries()) {
        if (at.timeMicros + options.delayMicros + options.horizonMicros >= lastMicros) {
          expect(found.has(id)).toBe(false);
          continue;
        }
        expect(found.get(id)).toBeCloseTo(slowQuote(mids, at, options), 8);
        expect(spreads.get(id)).toBeCloseTo(10, 8);
      }
      expect(found.size).toBeGreaterThan(1_000);
    });
  }

  test("of more than there is room for are dropped, the oldest first", () => {
    const found: number[] = [];
    const outcomes = new QuoteOutcomes(FIVE, (id) => found.push(id));
    outcomes.onQuote(START, 1, 0);
    for (let id = 0; id < 65_540; id++) outcomes.add(id, START);
    outcomes.onQuote(START + MICROS_PER_MINUTE, 2, 0);
    expect([outcomes.dropped, found.length, found[0], found.at(-1)]).toEqual([4, 65_536, 4, 65_539]);
  });
});

test("events happen or not, or nobody knows", () => {
  expect([1e-9, -1e-9, 0, Number.NaN].map((move) => happened("up", move, Number.NaN))).toEqual([
    1,
    0,
    Number.NaN,
    Number.NaN,
  ]);
  expect([2, 1, 0.5].map((range) => happened("lively", range, 1))).toEqual([1, 0, 0]);
  expect(happened("slot-lively", Number.NaN, 1)).toBeNaN();
  expect(happened("slot-lively", 1, Number.NaN)).toBeNaN();
});

/** JSON has no NaN. */
const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

test("the written outcomes, which training is held to as well, are these", () => {
  const bars = barsOf(77, 240);
  const medians = bars.map((_, index) => (index % 7 === 0 ? Number.NaN : 4 + (index % 5)));
  const mids = midsOf(78, 150);
  const minutes = [5, 15, 60].map((horizonMinutes) => {
    const found = streamed(bars, horizonMinutes * MICROS_PER_MINUTE);
    const outcomes = medians.map((median, index) => {
      const { move, range } = found.get(index) ?? { move: Number.NaN, range: Number.NaN };
      return {
        move: orNull(move),
        range: orNull(range),
        up: orNull(happened("up", move, Number.NaN)),
        lively: orNull(happened("lively", range, median)),
      };
    });
    return { horizonMinutes, outcomes };
  });
  const quotes = [FIVE, LATER].map((options) => {
    const moves = mids.map(() => Number.NaN);
    const outcomes = new QuoteOutcomes(options, (id, move) => {
      moves[id] = move;
    });
    for (const [id, { timeMicros, mid }] of mids.entries()) {
      outcomes.onQuote(timeMicros, mid, 0);
      outcomes.add(id, timeMicros);
    }
    return {
      delayMicros: options.delayMicros,
      horizonMicros: options.horizonMicros,
      moves: moves.map(orNull),
      up: moves.map((move) => orNull(happened("up", move, Number.NaN))),
    };
  });
  const now = {
    what: "bars: a minute's close in us and its prices; moves and ranges in basis points, null where there is no outcome",
    bars: bars.map(({ closeMicros, high, low, close }) => [closeMicros, high, low, close]),
    medians: medians.map(orNull),
    minutes,
    mids: mids.map(({ timeMicros, mid }) => [timeMicros, mid]),
    quotes,
  };
  // A change of the definition writes new ones: training has to follow.
  if (process.env["TICKFORGE_WRITE_GOLDEN"] === "1") writeFileSync(GOLDEN, `${JSON.stringify(now)}\n`);
  expect(JSON.parse(JSON.stringify(now))).toEqual(JSON.parse(readFileSync(GOLDEN, "utf8")));
});
