// The wave packet: where it drifts, how it spreads, and that its probability is one.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_SECOND } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import { carryOver } from "./chain.fixture.ts";
import { normalCdf } from "../base/normal.ts";
import { WavePacket } from "./wave.ts";

const START_MICROS = 1_400_000_000 * MICROS_PER_SECOND;

/** Mids in points, one a second unless `secondsApart` says otherwise. */
function packetOf(mids: readonly number[], secondsApart = 1): WavePacket {
  const wave = new WavePacket();
  feed(wave, mids, { from: 0, secondsApart });
  return wave;
}

function feed(
  wave: WavePacket,
  mids: readonly number[],
  ticks: { from: number; secondsApart: number },
): void {
  for (const [i, mid] of mids.entries()) {
    wave.update(mid, START_MICROS + (ticks.from + i) * ticks.secondsApart * MICROS_PER_SECOND);
  }
}

function series(count: number, mid: (i: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => mid(i));
}

function walkOf(seed: number, count: number): number[] {
  const random = new SeededRandom(seed);
  let mid = 100_000;
  return series(count, () => (mid += 2 * random.normal()));
}

function valuesOf(wave: WavePacket): number[] {
  return [wave.probabilityUp, wave.momentum, wave.dispersion];
}

describe("wave packet", () => {
  test.each<[string, WavePacket]>([
    ["no quote", packetOf([])],
    ["29 changes over two minutes", packetOf(walkOf(1, 30), 4)],
    ["many changes within 59 seconds", packetOf(walkOf(1, 590), 0.1)],
  ])("says nothing after %s", (_name, wave) => {
    expect(valuesOf(wave)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  });

  test.each<[string, WavePacket]>([
    ["30 changes over two minutes", packetOf(walkOf(1, 31), 4)],
    ["many changes over a minute", packetOf(walkOf(1, 601), 0.1)],
  ])("speaks after %s", (_name, wave) => {
    expect(valuesOf(wave).every(Number.isFinite)).toBe(true);
  });

  test("a price that does not move is a coin toss of no width", () => {
    expect(valuesOf(packetOf(series(200, () => 100_000)))).toEqual([0.5, 0, 0]);
  });

  test("a price that swings about a level goes nowhere", () => {
    const wave = packetOf(series(2_000, (i) => 100_000 + (i % 2)));
    expect(wave.probabilityUp).toBeCloseTo(0.5, 1);
    // At most what one swing of 0.1 bp leaves behind.
    expect(Math.abs(wave.momentum)).toBeLessThan(0.1);
  });

  test("a steady climb has its own speed: a tenth of a point of 100,000 a second is 0.6 bp a minute", () => {
    const wave = packetOf(series(2_000, (i) => 100_000 + i / 10));
    // A sum that forgets at each tick sees up to half a tick more than the mean over its memory.
    expect(wave.momentum).toBeGreaterThan(0.6);
    expect(wave.momentum).toBeLessThan(0.608);
    expect(wave.probabilityUp).toBeGreaterThan(0.5);
  });

  test("the width at the horizon is the deviation of a random walk over 65 seconds", () => {
    // Two points of 100,000 a second are 0.2 bp; sqrt(65) of that is 1.61 bp.
    const widths = [1, 2, 3, 4, 5, 6, 7, 8].map((seed) => packetOf(walkOf(seed, 3_000)).dispersion);
    const mean = widths.reduce((sum, width) => sum + width, 0) / widths.length;
    expect(mean / (0.2 * Math.sqrt(65))).toBeGreaterThan(0.95);
    expect(mean / (0.2 * Math.sqrt(65))).toBeLessThan(1.05);
  });

  test("however steep the climb or fall, it is never certain", () => {
    for (const step of [1, 10, 1_000]) {
      const up = packetOf(
        series(5_000, (i) => 100_000 + i * step),
        0.05,
      ).probabilityUp;
      expect(up).toBeGreaterThan(0.99);
      expect(up).toBeLessThan(1);
      const down = packetOf(
        series(5_000, (i) => 10_000_000 - i * step),
        0.05,
      ).probabilityUp;
      expect(down).toBeLessThan(0.01);
      expect(down).toBeGreaterThan(0);
    }
  });

  test("after a night of silence the momentum of the evening is forgotten", () => {
    const wave = packetOf(series(600, (i) => 100_000 + i));
    const evening = wave.momentum;
    wave.update(100_599, START_MICROS + 10 * 3_600 * MICROS_PER_SECOND);
    expect(Math.abs(wave.momentum)).toBeLessThan(0.001 * evening);
  });

  test("ticks of one time, and one from before, are taken as they come", () => {
    const wave = packetOf(walkOf(3, 100));
    wave.update(100_001, START_MICROS + 99 * MICROS_PER_SECOND);
    wave.update(100_002, START_MICROS);
    expect(valuesOf(wave).every(Number.isFinite)).toBe(true);
  });
});

const mids = fc.array(fc.integer({ min: 90_000, max: 110_000 }), { minLength: 80, maxLength: 200 });

describe("wave packet: always", () => {
  test("the probability lies between 0 and 1 and on the side of the momentum; the width is not negative", () => {
    fc.assert(
      fc.property(mids, fc.double({ min: 0.8, max: 100, noNaN: true }), (prices, secondsApart) => {
        const wave = packetOf(prices, secondsApart);
        expect(wave.probabilityUp).toBeGreaterThan(0);
        expect(wave.probabilityUp).toBeLessThan(1);
        expect(wave.dispersion).toBeGreaterThanOrEqual(0);
        expect((wave.probabilityUp - 0.5) * wave.momentum).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test("the probability is that of half the momentum over a minute, in widths", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 80, max: 200 }), (seed, count) => {
        const wave = packetOf(walkOf(seed, count));
        expect(wave.probabilityUp).toBeCloseTo(normalCdf((0.5 * wave.momentum) / wave.dispersion), 12);
      }),
    );
  });

  test("a market turned upside down has the opposite probability", () => {
    fc.assert(
      fc.property(mids, (prices) => {
        // The reciprocal of a price is the price of the other side; log returns change their sign.
        const wave = packetOf(prices);
        const turned = packetOf(prices.map((price) => 1e10 / price));
        expect(wave.probabilityUp + turned.probabilityUp).toBeCloseTo(1, 6);
        expect(wave.dispersion).toBeCloseTo(turned.dispersion, 3);
      }),
    );
  });

  test("a restored packet goes on as the one that was saved", () => {
    fc.assert(
      fc.property(mids, mids, (before, after) => {
        const whole = packetOf(before);
        const restored = carryOver(whole, new WavePacket());
        const ticks = { from: before.length, secondsApart: 1 };
        feed(whole, after, ticks);
        feed(restored, after, ticks);
        expect(valuesOf(restored)).toEqual(valuesOf(whole));
      }),
    );
  });
});
