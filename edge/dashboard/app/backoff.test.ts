// The waits between attempts to connect.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { backoffMillis } from "./backoff.ts";
import { RECONNECT_MILLIS_MAX, RECONNECT_MILLIS_MIN } from "./limits.ts";

describe("the wait before the next attempt", () => {
  const cases: readonly [failures: number, random: number, millis: number][] = [
    [1, 0, 1_000],
    [1, 0.99, 1_000],
    [2, 0, 1_000],
    [2, 0.5, 1_500],
    [3, 0, 2_000],
    [3, 0.5, 3_000],
    [5, 0.5, 12_000],
    [6, 0, 15_000],
    [6, 0.5, 22_500],
    [40, 0, 15_000],
  ];
  for (const [failures, random, millis] of cases) {
    test(`after ${failures} failures with chance ${random}: ${millis} ms`, () => {
      expect(backoffMillis(failures, random)).toBe(millis);
    });
  }

  test("is never shorter than a second nor longer than thirty", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (failures, random) => {
          const millis = backoffMillis(failures, random);
          expect(millis).toBeGreaterThanOrEqual(RECONNECT_MILLIS_MIN);
          expect(millis).toBeLessThanOrEqual(RECONNECT_MILLIS_MAX);
        },
      ),
    );
  });
});
