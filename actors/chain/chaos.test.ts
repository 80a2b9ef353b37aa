// The complexity measures against systems whose values are known.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { SeededRandom } from "../base/random.ts";
import { CHAOS_WINDOW, ChaosWindow } from "./chaos.ts";

function windowOf(next: (i: number) => number, count = CHAOS_WINDOW): ChaosWindow {
  const chaos = new ChaosWindow();
  for (let i = 0; i < count; i++) chaos.push(next(i));
  return chaos;
}

function logistic(): () => number {
  let x = 0.123;
  return () => {
    x = 4 * x * (1 - x);
    return x;
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean exponent of first-order autoregressive returns. */
function hurstWithMemory(memory: number): number {
  return mean(
    seeds.map((seed) => {
      const random = new SeededRandom(seed);
      let last = 0;
      return windowOf(() => {
        last = memory * last + random.normal();
        return last;
      }).hurst;
    }),
  );
}

/** Slope of the log distance to the nearest neighbour over four steps, embedded in three dimensions, by least squares. */
function plainLyapunov(returns: readonly number[]): number {
  const vectors = returns.slice(2).map((_, i) => returns.slice(i, i + 3));
  const distance = (i: number, j: number) =>
    Math.hypot(...vectors[i]!.map((value, axis) => value - vectors[j]![axis]!));
  const followed = vectors.slice(0, -4).map((_, i) => i);
  const points = followed.flatMap((i) => {
    const others = followed.filter((j) => Math.abs(i - j) > 5);
    const neighbour = others.reduce((best, j) => (distance(i, j) < distance(i, best) ? j : best));
    return [0, 1, 2, 3, 4].map((step) => [step, Math.log(distance(i + step, neighbour + step))] as const);
  });
  const middle = mean(points.map(([, y]) => y));
  const covariance = mean(points.map(([x, y]) => (x - 2) * (y - middle)));
  return covariance / mean(points.map(([x]) => (x - 2) ** 2));
}

const seeds = [1, 2, 3, 4, 5, 6, 7, 8];
const noise = seeds.map((seed) => {
  const random = new SeededRandom(seed);
  return windowOf(() => random.normal());
});

describe("chaos window", () => {
  test("says nothing before the window is full", () => {
    const chaos = windowOf(Math.sin, CHAOS_WINDOW - 1);
    expect([chaos.hurst, chaos.entropy, chaos.chaosIndex, chaos.predictability].every(Number.isNaN)).toBe(
      true,
    );
  });

  test("the logistic map at r = 4 diverges by ln 2 per step", () => {
    expect(Math.abs(windowOf(logistic()).chaosIndex - Math.LN2)).toBeLessThan(0.08);
  });

  test("the exponent is the one a plain reading of Rosenstein's paper gives", () => {
    for (const seed of seeds) {
      const random = new SeededRandom(seed);
      let last = 0;
      const returns = Array.from({ length: CHAOS_WINDOW }, () => (last = 0.95 * last + random.normal()));
      expect(windowOf((i) => returns[i]!).chaosIndex).toBeCloseTo(plainLyapunov(returns), 9);
    }
  });

  test("a sine does not diverge and is predictable", () => {
    const sine = windowOf((i) => Math.sin(i * 0.1));
    expect(Math.abs(sine.chaosIndex)).toBeLessThan(0.1);
    expect(sine.predictability).toBeGreaterThan(0.75);
    expect(sine.entropy).toBeLessThan(0.9);
  });

  test("noise uses every pattern, has no memory and is not predictable", () => {
    expect(mean(noise.map((chaos) => chaos.entropy))).toBeGreaterThan(0.97);
    expect(Math.abs(mean(noise.map((chaos) => chaos.hurst)) - 0.5)).toBeLessThan(0.1);
    expect(mean(noise.map((chaos) => chaos.predictability))).toBeLessThan(0.6);
  });

  test("persistent returns have a higher exponent than reverting ones", () => {
    expect(hurstWithMemory(0.7)).toBeGreaterThan(0.6);
    expect(hurstWithMemory(-0.7)).toBeLessThan(0.4);
  });

  test("a market that does not move has no chaos and no infinities", () => {
    const still = windowOf(() => 0);
    expect([still.hurst, still.entropy, still.chaosIndex].every(Number.isFinite)).toBe(true);
    expect(still.predictability).toBeGreaterThan(0.99);
  });

  test("the scale of the returns does not matter", () => {
    const one = new SeededRandom(9);
    const other = new SeededRandom(9);
    const small = windowOf(() => one.normal() * 1e-5);
    const large = windowOf(() => other.normal());
    expect(small.chaosIndex).toBeCloseTo(large.chaosIndex, 6);
    expect(small.predictability).toBeCloseTo(large.predictability, 2);
  });

  test("a saved window goes on as if nothing had happened", () => {
    const map = logistic();
    const whole = windowOf(map, 200);
    const save = new SaveArchive();
    whole.persist(save);
    const restored = new ChaosWindow();
    const load = new LoadArchive(save.finish());
    restored.persist(load);
    load.finish();
    for (let i = 0; i < 20; i++) {
      const value = map();
      whole.push(value);
      restored.push(value);
    }
    expect([restored.hurst, restored.entropy, restored.chaosIndex, restored.predictability]).toEqual([
      whole.hurst,
      whole.entropy,
      whole.chaosIndex,
      whole.predictability,
    ]);
  });
});
