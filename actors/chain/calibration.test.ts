// Calibrators: monotone, inside (0, 1), and refused where they cannot be.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { betaCalibrator, type Calibrator, IDENTITY_CALIBRATOR, isotonicCalibrator } from "./calibration.ts";

function beta(a: number, b: number, c: number): Calibrator {
  const made = betaCalibrator({ a, b, c });
  if (!made.ok) throw new Error(made.message);
  return made.value;
}

function isotonic(points: readonly (readonly [number, number])[]): Calibrator {
  const made = isotonicCalibrator(
    points.map(([vote]) => vote),
    points.map(([, frequency]) => frequency),
  );
  if (!made.ok) throw new Error(made.message);
  return made.value;
}

const probability = fc.double({ min: 1e-9, max: 1 - 1e-9, noNaN: true });
const points = fc
  .uniqueArray(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 })
  .chain((votes) =>
    fc
      .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: votes.length, maxLength: votes.length })
      .map((drawn) => {
        const frequencies = drawn.toSorted((a, b) => a - b);
        return votes.toSorted((a, b) => a - b).map((vote, i) => [vote, frequencies[i]!] as const);
      }),
  );
const calibrator: fc.Arbitrary<Calibrator> = fc.oneof(
  fc.constant(IDENTITY_CALIBRATOR),
  points.map(isotonic),
  fc
    .tuple(
      fc.double({ min: 0.001, max: 20, noNaN: true }),
      fc.double({ min: 0, max: 20, noNaN: true }),
      fc.double({ min: -1_000, max: 1_000, noNaN: true }),
    )
    .map(([a, b, c]) => beta(a, b, c)),
);

describe("every calibrator", () => {
  test("is monotone", () => {
    fc.assert(
      fc.property(calibrator, probability, probability, (made, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        // Two votes the library's logarithm cannot tell apart may swap by its rounding.
        expect(made.calibrate(low)).toBeLessThanOrEqual(made.calibrate(high) + 1e-12);
      }),
    );
  });

  test("makes probabilities of probabilities and leaves unknown what is unknown", () => {
    fc.assert(
      fc.property(calibrator, probability, (made, p) => {
        expect(made.calibrate(p)).toBeGreaterThan(0);
        expect(made.calibrate(p)).toBeLessThan(1);
        expect(made.calibrate(Number.NaN)).toBeNaN();
      }),
    );
  });
});

describe("isotonic calibration", () => {
  test.each([
    [0.1, 0.3],
    [0.2, 0.3],
    [0.35, 0.4],
    [0.5, 0.5],
    [0.65, 0.5],
    [0.8, 0.5],
    [0.9, 0.5],
  ])("of %d is %d", (vote, expected) => {
    const made = isotonic([
      [0.2, 0.3],
      [0.5, 0.5],
      [0.8, 0.5],
    ]);
    expect(made.calibrate(vote)).toBeCloseTo(expected, 12);
  });

  test("a vote that was always right is still no certainty", () => {
    expect(isotonic([[0.5, 1]]).calibrate(0.9)).toBeLessThan(1);
    expect(isotonic([[0.5, 0]]).calibrate(0.9)).toBeGreaterThan(0);
  });

  test("keeps the points it was made of", () => {
    const votes = [0.2, 0.8];
    const frequencies = [0.3, 0.7];
    const made = isotonicCalibrator(votes, frequencies);
    frequencies[1] = 0.1;
    expect(made.ok && made.value.calibrate(0.8)).toBe(0.7);
  });

  test.each<[string, number[], number[]]>([
    ["no points", [], []],
    ["3 votes but 2 frequencies", [0.1, 0.2, 0.3], [0.1, 0.2]],
    ["votes must rise: point 1", [0.3, 0.3], [0.1, 0.2]],
    ["frequencies must not fall: point 2", [0.1, 0.2, 0.3], [0.1, 0.3, 0.2]],
    ["point 0 is outside 0..1", [-0.1], [0.5]],
    ["point 1 is outside 0..1", [0.1, 0.2], [0.5, Number.NaN]],
  ])("is refused: %s", (problem, votes, frequencies) => {
    expect(isotonicCalibrator(votes, frequencies)).toEqual({
      ok: false,
      code: "calibration-invalid",
      message: `an isotonic calibration cannot be used: ${problem}; fit it again or leave it out`,
      recoverable: false,
    });
  });
});

describe("beta calibration", () => {
  test("with a = b = 1 and c = 0 changes nothing", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-5, max: 1 - 1e-5, noNaN: true }), (p) => {
        expect(beta(1, 1, 0).calibrate(p)).toBeCloseTo(p, 12);
      }),
    );
  });

  test.each<[string, number, number, number, number, number]>([
    ["a = b above 1: an underconfident member is stretched", 2, 2, 0, 0.7, 0.49 / (0.49 + 0.09)],
    ["a = b below 1: an overconfident one is pulled in", 0.5, 0.5, 0, 0.9, 3 / 4],
    ["a above b: an up vote must be earned", 2, 1, 0, 0.5, 1 / 3],
    ["c moves the middle", 1, 1, Math.log(3), 0.5, 0.75],
  ])("%s", (_name, a, b, c, vote, expected) => {
    expect(beta(a, b, c).calibrate(vote)).toBeCloseTo(expected, 12);
  });

  test.each([
    [-1, 1, 0],
    [1, -1, 0],
    [0, 0, 1],
    [Number.NaN, 1, 0],
    [1, 1, Infinity],
  ])("is refused with a = %d, b = %d, c = %d", (a, b, c) => {
    expect(betaCalibrator({ a, b, c })).toMatchObject({ ok: false, code: "calibration-invalid" });
  });
});
