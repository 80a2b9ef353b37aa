// What every indicator promises beyond its formula: a peek is the update it foretells and leaves no trace, and a
// snapshot goes on as if nothing had happened.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Archive, LoadArchive, SaveArchive } from "../../base/archive.ts";
import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../../base/clock.ts";
import { BollingerBands } from "./bollinger.ts";
import { CommodityChannel } from "./commodity-channel.ts";
import { AverageTrueRange, DirectionalMovement } from "./directional-movement.ts";
import type { FormingBar } from "./forming-bar.ts";
import { HorizonReturns } from "./horizon-returns.ts";
import { Macd } from "./macd.ts";
import { ExponentialAverage, SimpleAverage, WilderAverage } from "./moving-averages.ts";
import { RelativeStrength } from "./rsi.ts";
import { SpreadPercentile, spreadBin } from "./spread-percentile.ts";
import { Stochastic } from "./stochastic.ts";

interface Indicator {
  /** What it shows without being asked. */
  readonly part: object;
  peek(bar: FormingBar): number[];
  update(bar: FormingBar): number[];
  persist(archive: Archive): void;
}

type Closes = { peek(close: number): number; update(close: number): number; persist(archive: Archive): void };

function ofCloses(indicator: Closes): Indicator {
  return {
    part: indicator,
    peek: ({ close }) => [indicator.peek(close)],
    update: ({ close }) => [indicator.update(close)],
    persist: (archive) => indicator.persist(archive),
  };
}

function ofBars<
  Input,
  Part extends {
    peek(input: Input): unknown;
    update(input: Input): unknown;
    persist(archive: Archive): void;
  },
>(
  part: Part,
  input: (bar: FormingBar) => Input,
  read: (part: Part, returned: unknown) => number[],
): Indicator {
  return {
    part,
    peek: (bar) => read(part, part.peek(input(bar))),
    update: (bar) => read(part, part.update(input(bar))),
    persist: (archive) => part.persist(archive),
  };
}

const whole = (bar: FormingBar): FormingBar => bar;
const close = (bar: FormingBar): number => bar.close;
const returned = (_: unknown, value: unknown): number[] => [value as number];

const indicators: Record<string, () => Indicator> = {
  "simple average": () => ofCloses(new SimpleAverage(5)),
  "exponential average": () => ofCloses(new ExponentialAverage(5)),
  "Wilder's average": () => ofCloses(new WilderAverage(5)),
  "relative strength": () => ofCloses(new RelativeStrength(5)),
  macd: () =>
    ofBars(new Macd({ fast: 3, slow: 5, signal: 3 }), close, (macd) => [
      macd.line,
      macd.signal,
      macd.histogram,
    ]),
  "bollinger bands": () =>
    ofBars(new BollingerBands({ period: 5, deviations: 2 }), close, (bands) => [bands.percentB, bands.width]),
  "average true range": () => ofBars(new AverageTrueRange(5), whole, returned),
  "directional movement": () =>
    ofBars(new DirectionalMovement(5), whole, (part) => [
      part.plusIndicator,
      part.minusIndicator,
      part.averageIndex,
    ]),
  stochastic: () => ofBars(new Stochastic(5), whole, (part) => [part.k, part.d]),
  "commodity channel": () => ofBars(new CommodityChannel(5), whole, returned),
};

const bar: fc.Arbitrary<FormingBar> = fc
  .record({
    open: fc.integer({ min: 1_000, max: 1_050 }),
    close: fc.integer({ min: 1_000, max: 1_050 }),
    above: fc.integer({ min: 0, max: 9 }),
    below: fc.integer({ min: 0, max: 9 }),
  })
  .map(({ open, close: last, above, below }) => ({
    openTimeMicros: 0,
    open,
    high: Math.max(open, last) + above,
    low: Math.min(open, last) - below,
    close: last,
    volume: 1,
    ticks: 1,
  }));

const bars = fc.array(bar, { minLength: 1, maxLength: 30 });

describe.each(Object.entries(indicators))("%s", (_, create) => {
  test("a peek says what the update will, and changes nothing", () => {
    fc.assert(
      fc.property(bars, bar, (series, other) => {
        const peeking = create();
        const plain = create();
        for (const one of series) {
          peeking.peek(other);
          const foretold = peeking.peek(one);
          expect(peeking.update(one)).toEqual(foretold);
          expect(plain.update(one)).toEqual(foretold);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("a snapshot changes no bit of what follows", () => {
    fc.assert(
      fc.property(bars, bars, (before, after) => {
        const kept = create();
        for (const one of before) kept.update(one);
        const saved = new SaveArchive();
        kept.persist(saved);
        const restored = create();
        const archive = new LoadArchive(saved.finish());
        restored.persist(archive);
        archive.finish();
        expect({ ...restored.part }).toEqual({ ...kept.part });
        for (const one of after) expect(restored.update(one)).toEqual(kept.update(one));
      }),
      { numRuns: 40 },
    );
  });
});

describe("horizon returns", () => {
  const minute = { stepMicros: MICROS_PER_SECOND, horizonsMicros: [MICROS_PER_MINUTE] };
  /** Quotes as [second, mid]; the reference after the last one. */
  test.each([
    [
      "nothing is that old",
      [
        [0, 100],
        [59, 101],
      ],
      Number.NaN,
    ],
    [
      "a quote of the boundary's own second is not before it",
      [
        [0, 100],
        [60.5, 101],
      ],
      Number.NaN,
    ],
    [
      "the last mid before the boundary",
      [
        [0, 100],
        [0.9, 102],
        [61, 103],
      ],
      102,
    ],
    [
      "a mid stands while the market is quiet",
      [
        [0, 100],
        [119, 101],
      ],
      100,
    ],
    [
      "but not through a market gap",
      [
        [0, 100],
        [122, 101],
      ],
      Number.NaN,
    ],
    [
      "and is found again once the gap is behind",
      [
        [0, 100],
        [1_000, 101],
        [1_061, 105],
      ],
      101,
    ],
    [
      "many quotes within a second count as its last",
      [
        [0, 1],
        [0.1, 2],
        [0.2, 3],
        [30, 4],
        [61.5, 5],
      ],
      3,
    ],
  ] satisfies [string, [number, number][], number][])("%s", (_, quotes, expected) => {
    const returns = new HorizonReturns(minute);
    for (const [second, mid] of quotes) returns.update(mid, 1.7e15 + second * MICROS_PER_SECOND);
    expect(returns.references[0]).toBe(expected);
  });
});

test("with a quote in every step the reference is the last before the longest horizon's first", () => {
  const returns = new HorizonReturns({ stepMicros: 10, horizonsMicros: [20, 100] });
  for (let step = 0; step < 200; step++) {
    returns.update(1_000 + step, step * 10 + (step % 10));
    expect([...returns.references]).toEqual([
      step > 2 ? 1_000 + step - 3 : Number.NaN,
      step > 10 ? 1_000 + step - 11 : Number.NaN,
    ]);
  }
});

describe("spread percentile", () => {
  test("bins keep the order of spreads, exactly below 64 points and to 3 % above", () => {
    for (let points = 0; points < 70_000; points++) {
      const step = spreadBin(points + 1) - spreadBin(points);
      expect(step === 0 || step === 1).toBe(true);
      if (points < 63) expect(spreadBin(points)).toBe(points);
    }
    expect(spreadBin(66_000)).toBe(spreadBin(1e12));
    expect(spreadBin(1_000)).toBeLessThan(spreadBin(1_033));
  });

  test("counts the narrower of the last 1,024", () => {
    const spreads = new SpreadPercentile();
    for (let i = 0; i < 99; i++) expect(spreads.update(10)).toBeNaN();
    expect(spreads.update(12)).toBe(0.99);
    for (let i = 0; i < 2_000; i++) spreads.update(20);
    expect(spreads.update(19)).toBe(0);
    expect(spreads.update(21)).toBe(1_023 / 1_024);
  });
});
