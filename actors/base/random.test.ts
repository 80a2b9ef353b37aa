// Seeded randomness: the same seed says the same, different seeds do not, and the distributions are what they claim.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { SeededRandom } from "./random.ts";

const SAMPLES = 50_000;

function draw(seed: number, count: number): number[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, () => random.next());
}

test("property: the same seed says the same, its neighbour something else", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      expect(draw(seed, 20)).toEqual(draw(seed, 20));
      expect(draw(seed, 20)).not.toEqual(draw(seed + 1, 20));
    }),
  );
});

test("property: an integer lies in [0, bound)", () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 1_000 }), (seed, bound) => {
      const random = new SeededRandom(seed);
      for (let i = 0; i < 20; i++) {
        const value = random.integer(bound);
        expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true);
      }
    }),
  );
});

describe("over many samples", () => {
  test("next fills 32 equal parts of [0, 1) evenly", () => {
    const counts = Array.from({ length: 32 }, () => 0);
    for (const value of draw(7, SAMPLES)) {
      expect(value >= 0 && value < 1).toBe(true);
      counts[Math.floor(value * 32)]!++;
    }
    const expected = SAMPLES / 32;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // The 99.9 % point of chi-square with 31 degrees of freedom is 61.1.
    expect(chiSquare).toBeLessThan(61.1);
  });

  test("normal has mean 0, variance 1 and a normal share beyond two deviations", () => {
    const random = new SeededRandom(11);
    let sum = 0;
    let squares = 0;
    let beyond = 0;
    for (let i = 0; i < SAMPLES; i++) {
      const value = random.normal();
      sum += value;
      squares += value * value;
      if (Math.abs(value) > 2) beyond++;
    }
    expect(Math.abs(sum / SAMPLES)).toBeLessThan(0.02);
    expect(Math.abs(squares / SAMPLES - 1)).toBeLessThan(0.03);
    expect(Math.abs(beyond / SAMPLES - 0.0455)).toBeLessThan(0.005);
  });
});
