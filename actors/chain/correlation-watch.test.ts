// A correlation with the dollar breaks down when it leaves what it has been, and not because it wavers.

import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../base/random.ts";
import { carryOver } from "./chain.fixture.ts";
import { CorrelationWatch } from "./correlation-watch.ts";

/** Around -0.8, as a euro's is. */
function usualOf(random: SeededRandom): number {
  return Math.tanh(-1.1 + 0.1 * random.normal());
}

function settled(random: SeededRandom, minutes = 1_000): CorrelationWatch {
  const watch = new CorrelationWatch();
  for (let minute = 0; minute < minutes; minute++) watch.update(usualOf(random));
  return watch;
}

describe("a correlation with the dollar", () => {
  test("that wavers around what it usually is has not broken down", () => {
    const random = new SeededRandom(1);
    const watch = settled(random);
    let breaks = 0;
    for (let minute = 0; minute < 20_000; minute++) {
      watch.update(usualOf(random));
      if (watch.broken !== undefined) breaks++;
    }
    expect(breaks).toBe(0);
  });

  test("that is gone has, and says from what to what; one that comes back has not any more", () => {
    const random = new SeededRandom(2);
    const watch = settled(random);
    watch.update(0.1);
    expect(watch.broken).toEqual({ usual: expect.closeTo(-0.8, 1), now: 0.1 });
    watch.update(usualOf(random));
    expect(watch.broken).toBeUndefined();
    watch.update(Number.NaN);
    expect(watch.broken).toBeUndefined();
  });

  test("that stays another is the usual one in the end", () => {
    const watch = settled(new SeededRandom(3));
    let broken = 0;
    for (let minute = 0; minute < 3 * 1_440; minute++) {
      watch.update(0.2);
      if (watch.broken !== undefined) broken++;
    }
    expect(broken).toBeGreaterThan(30);
    expect(broken).toBeLessThan(1_440);
  });

  test("that is hardly known is not judged, and a steady one breaks by distance alone", () => {
    const young = settled(new SeededRandom(4), 100);
    young.update(0.9);
    expect(young.broken).toBeUndefined();
    const steady = new CorrelationWatch();
    for (let minute = 0; minute < 500; minute++) steady.update(0.5);
    steady.update(0.7);
    expect(steady.broken).toBeUndefined();
    steady.update(0.1);
    expect(steady.broken).toBeDefined();
  });

  test("goes on from a snapshot", () => {
    const watch = settled(new SeededRandom(5));
    watch.update(0.3);
    const other = carryOver(watch, new CorrelationWatch());
    expect(other.broken).toEqual(watch.broken);
    for (const each of [watch, other]) each.update(0.25);
    expect(other.broken).toEqual(watch.broken);
  });
});
