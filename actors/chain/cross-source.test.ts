// What the second source can and cannot do: it refutes a jump of the primary, and it never freezes it.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import type { Instrument } from "../domain/instrument.ts";
import { emptyQuote, type Quote } from "../domain/quote.ts";
import { CROSS_SOURCE_DEFAULTS, CrossSourceCheck } from "./cross-source.ts";

const EURUSD: Instrument = {
  id: 0,
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

const STEP_MICROS = 250_000;

function quoteAt(timeMicros: Micros, midPoints: number, spreadPoints: number): Quote {
  return { ...emptyQuote(), timeMicros, sourceTimeMicros: timeMicros, midPoints, spreadPoints };
}

/** Two feeds of one walk; the primary stands four points above the secondary. */
class Feeds {
  readonly check = new CrossSourceCheck({ instrument: EURUSD });
  readonly #random = new SeededRandom(7);
  timeMicros = 1_000_000_000;
  mid = 138_700;

  /** One quote from each; `primaryOff` and `secondaryOff` move one of them, in points. */
  step({ primaryOff = 0, secondaryOff = 0 } = {}): string | undefined {
    this.timeMicros += STEP_MICROS;
    this.mid += Math.round(this.#random.normal() * 2);
    this.check.onSecondary(
      quoteAt(this.timeMicros - 50_000, this.mid + secondaryOff + this.#random.integer(2), 2),
    );
    return this.check.check(
      quoteAt(this.timeMicros, this.mid + 4 + primaryOff + this.#random.integer(2), 12),
    );
  }

  /** Only the primary speaks. */
  primaryAlone(primaryOff = 0): string | undefined {
    this.timeMicros += STEP_MICROS;
    return this.check.check(quoteAt(this.timeMicros, this.mid + 4 + primaryOff, 12));
  }
}

function learned(): Feeds {
  const feeds = new Feeds();
  for (let step = 0; step < 400; step++) expect(feeds.step()).toBeUndefined();
  return feeds;
}

/** Two feeds whose primary has stood apart for half a minute, and how many of its quotes that cost. */
function diverged(): { feeds: Feeds; refused: number } {
  const feeds = learned();
  let refused = 0;
  for (let step = 0; step < 100; step++) {
    if (feeds.step({ primaryOff: 200 }) !== undefined) refused++;
  }
  return { feeds, refused };
}

describe("two sources", () => {
  test("that agree up to a constant difference are agreeing, and the difference is known", () => {
    const { check } = learned();
    expect(check.state).toBe("agreeing");
    expect(check.biasPoints).toBeCloseTo(4, 0);
  });

  test("agree through a jump both make", () => {
    const feeds = learned();
    feeds.mid += 300;
    for (let step = 0; step < 50; step++) expect(feeds.step()).toBeUndefined();
  });

  test.each([60, -60, 300, -2_000])("refute a primary that jumps alone by %d points", (primaryOff) => {
    const feeds = learned();
    expect(feeds.step({ primaryOff })).toBe("cross-source");
    expect(feeds.check.state).toBe("doubtful");
    expect(feeds.step()).toBeUndefined();
    expect(feeds.check.state).toBe("agreeing");
  });

  test("blame the secondary for its own jump", () => {
    const feeds = learned();
    expect(feeds.step({ secondaryOff: 200 })).toBeUndefined();
    expect(feeds.check.state).toBe("doubtful");
  });

  test("let a real jump pass as soon as the second source follows", () => {
    const feeds = learned();
    expect(feeds.step({ primaryOff: 150 })).toBe("cross-source");
    feeds.mid += 150;
    expect(feeds.step()).toBeUndefined();
  });

  test("without a fresh quote of the second say nothing", () => {
    const feeds = learned();
    feeds.timeMicros += CROSS_SOURCE_DEFAULTS.secondaryAgeMaxMicros;
    expect(feeds.primaryAlone(2_000)).toBeUndefined();
    expect(feeds.check.state).toBe("alone");
  });
});

describe("a lasting deviation", () => {
  test("becomes a condition after some seconds and quarantines no more", () => {
    const { feeds, refused } = diverged();
    expect(feeds.check.state).toBe("diverged");
    expect(refused * STEP_MICROS).toBeLessThanOrEqual(CROSS_SOURCE_DEFAULTS.divergedMicros);
    expect(refused).toBeGreaterThanOrEqual(CROSS_SOURCE_DEFAULTS.divergedQuotes);
    expect(feeds.check.biasPoints).toBeCloseTo(4, 0);
  });

  test("ends when the sources agree again for a while", () => {
    const { feeds } = diverged();
    for (let step = 1; step < CROSS_SOURCE_DEFAULTS.agreedQuotes; step++) feeds.step();
    expect(feeds.check.state).toBe("diverged");
    feeds.step();
    expect(feeds.check.state).toBe("agreeing");
  });

  test("survives a silence of the second source", () => {
    const { feeds } = diverged();
    feeds.timeMicros += 60 * MICROS_PER_SECOND;
    feeds.primaryAlone(200);
    expect(feeds.check.state).toBe("diverged");
  });

  test("of a second source that is stuck freezes nobody", () => {
    const feeds = learned();
    const stuck = quoteAt(0, feeds.mid, 2);
    const codes = Array.from({ length: 800 }, (_, step) => {
      feeds.timeMicros += STEP_MICROS;
      feeds.check.onSecondary({ ...stuck, timeMicros: feeds.timeMicros });
      return feeds.check.check(quoteAt(feeds.timeMicros, feeds.mid + 4 + step, 12));
    });
    expect(feeds.check.state).toBe("diverged");
    const refused = codes.filter((code) => code !== undefined).length;
    expect(refused * STEP_MICROS).toBeLessThanOrEqual(CROSS_SOURCE_DEFAULTS.divergedMicros);
  });
});

/** Feeds the quotes of `walk` in turn to the secondary and the primary side. */
function verdicts(check: CrossSourceCheck, walk: readonly Quote[]): string[] {
  return walk.map((quote, index) => {
    if (index % 2 === 1) return `${check.check(quote)} ${check.state}`;
    check.onSecondary(quote);
    return "";
  });
}

describe("determinism", () => {
  test("a restored check goes on as if it had never stopped", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 300 }), (seed, cut) => {
        const random = new SeededRandom(seed);
        const walk = Array.from({ length: 600 }, (_, index) => {
          const wild = random.integer(20) === 0 ? 400 : 0;
          return quoteAt(
            1_000_000 + index * 100_000 + random.integer(90_000),
            138_700 + wild + random.integer(9),
            12,
          );
        });
        const whole = verdicts(new CrossSourceCheck({ instrument: EURUSD }), walk);
        const first = new CrossSourceCheck({ instrument: EURUSD });
        const before = verdicts(first, walk.slice(0, cut * 2));
        const save = new SaveArchive();
        first.persist(save);
        const second = new CrossSourceCheck({ instrument: EURUSD });
        const load = new LoadArchive(save.finish());
        second.persist(load);
        load.finish();
        expect([...before, ...verdicts(second, walk.slice(cut * 2))]).toEqual(whole);
      }),
      { numRuns: 40 },
    );
  });
});
