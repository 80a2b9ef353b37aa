// Online correlations against a naive computation from the whole history, with holes in it.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { SeededRandom } from "../base/random.ts";
import { CorrelationMatrix } from "./correlation.ts";

const OPTIONS = { series: 4, halfLife: 20, warmAfter: 5 };

/** Four series sharing a common part, one in eight values missing. */
function history(seed: number, length: number): Float64Array[] {
  const random = new SeededRandom(seed);
  return Array.from({ length }, () => {
    const common = random.normal();
    return Float64Array.from({ length: OPTIONS.series }, (_, series) =>
      random.integer(8) === 0 ? Number.NaN : series * common + random.normal(),
    );
  });
}

/** The definition: weighted sums over all minutes in which both have a value, the newest weighing most. */
function naive(rows: readonly Float64Array[], first: number, second: number): number {
  const both = rows.filter((row) => !Number.isNaN(row[first]!) && !Number.isNaN(row[second]!));
  if (both.length < OPTIONS.warmAfter) return Number.NaN;
  let [products, squares, others] = [0, 0, 0];
  for (const [age, row] of both.toReversed().entries()) {
    const weight = 0.5 ** (age / OPTIONS.halfLife);
    products += weight * row[first]! * row[second]!;
    squares += weight * row[first]! ** 2;
    others += weight * row[second]! ** 2;
  }
  return products / Math.sqrt(squares * others);
}

describe("correlation matrix", () => {
  test("equals its definition, symmetric and within [-1, 1]", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 300 }), (seed, length) => {
        const rows = history(seed, length);
        const matrix = new CorrelationMatrix(OPTIONS);
        for (const row of rows) matrix.update(row);
        for (let a = 0; a < OPTIONS.series; a++) {
          for (let b = 0; b < a; b++) {
            const expected = naive(rows, a, b);
            const actual = matrix.between(a, b);
            expect(Number.isNaN(actual)).toBe(Number.isNaN(expected));
            if (Number.isNaN(actual)) continue;
            expect(actual).toBeCloseTo(expected, 9);
            expect(matrix.between(b, a)).toBe(actual);
            expect(Math.abs(actual)).toBeLessThanOrEqual(1);
          }
        }
      }),
    );
  });

  test("a series and its mirror are correlated by minus one; with a still one there is no correlation", () => {
    const matrix = new CorrelationMatrix({ ...OPTIONS, series: 3 });
    for (const x of [1, -2, 3, 1, -1, 2]) matrix.update(Float64Array.of(x, -x, 0));
    expect(matrix.between(0, 1)).toBe(-1);
    expect(matrix.between(0, 2)).toBeNaN();
    expect(matrix.meanAbsolute(0, 3)).toBe(1);
  });

  test("is not given before it is warm", () => {
    const matrix = new CorrelationMatrix({ ...OPTIONS, series: 2 });
    for (let i = 0; i < 4; i++) matrix.update(Float64Array.of(1, 1));
    expect(matrix.between(0, 1)).toBeNaN();
    matrix.update(Float64Array.of(1, 1));
    expect(matrix.between(0, 1)).toBe(1);
  });

  test("goes on identically after saving and loading", () => {
    const rows = history(3, 100);
    const whole = new CorrelationMatrix(OPTIONS);
    const first = new CorrelationMatrix(OPTIONS);
    for (const row of rows) whole.update(row);
    for (const row of rows.slice(0, 50)) first.update(row);
    const saved = new SaveArchive();
    first.persist(saved);
    const second = new CorrelationMatrix(OPTIONS);
    second.persist(new LoadArchive(saved.finish()));
    for (const row of rows.slice(50)) second.update(row);
    expect(second.between(2, 3)).toBe(whole.between(2, 3));
  });
});
