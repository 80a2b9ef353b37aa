// Measures of probabilities, held against slow and obvious implementations and against values worked out by hand.

import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../base/random.ts";
import {
  areaUnderCurve,
  baseRate,
  brierScore,
  brierSkill,
  calibrationCurve,
  calibrationError,
  coverageCurve,
  logLoss,
  nonOverlapping,
  rightGuesses,
  stabilityIndex,
  wilsonInterval,
} from "./measures.ts";
import { SortedScores } from "./sorting.ts";

interface Rows {
  readonly probabilities: Float32Array;
  readonly outcomes: Uint8Array;
}

/** Probabilities on a coarse grid tie often. */
function rowsOf(seed: number, count: number, grid: number): Rows {
  const random = new SeededRandom(seed);
  const probabilities = Float32Array.from({ length: count }, () => (1 + random.integer(grid)) / (grid + 2));
  const outcomes = Uint8Array.from(probabilities, (p) => (random.next() < 0.3 + 0.4 * p ? 1 : 0));
  return { probabilities, outcomes };
}

function slowArea({ probabilities, outcomes }: Rows): number {
  let pairs = 0;
  let won = 0;
  for (let i = 0; i < outcomes.length; i++) {
    for (let j = 0; j < outcomes.length; j++) {
      if (outcomes[i] !== 1 || outcomes[j] !== 0) continue;
      pairs++;
      if (probabilities[i]! > probabilities[j]!) won += 1;
      else if (probabilities[i] === probabilities[j]) won += 0.5;
    }
  }
  return won / pairs;
}

describe("the area under the curve", () => {
  test("is the share of pairs in the right order, ties half", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const rows = rowsOf(seed, 5 + seed * 7, seed % 3 === 0 ? 4 : 1_000_000);
      expect([seed, areaUnderCurve(rows.probabilities, rows.outcomes)]).toEqual([
        seed,
        expect.closeTo(slowArea(rows), 12) as number,
      ]);
    }
  });

  test("takes scores of any sign, and knows nothing where all outcomes are the same", () => {
    const scores = Float32Array.of(-3, -0, 0, 1e-40, 7, -1e30);
    expect(areaUnderCurve(scores, Uint8Array.of(0, 1, 0, 1, 1, 0))).toBeCloseTo(8.5 / 9, 12);
    expect(areaUnderCurve(scores, new Uint8Array(6))).toBeNaN();
  });
});

describe("sorted scores", () => {
  test("come back as they were, in order, with their labels", () => {
    const random = new SeededRandom(3);
    const scores = Float32Array.from({ length: 500 }, () =>
      Math.fround(random.normal() * 10 ** random.integer(9)),
    );
    const labels = Uint8Array.from(scores, (score) => (score > 0 ? 3 : score < -100 ? 0 : 2));
    const sorted = new SortedScores(scores, labels);
    const wanted = [...scores].sort((a, b) => a - b);
    expect(Array.from(wanted, (_, i) => sorted.score(i))).toEqual(wanted);
    for (let i = 0; i < 500; i++)
      expect(sorted.label(i)).toBe(wanted[i]! > 0 ? 3 : wanted[i]! < -100 ? 0 : 2);
  });

  test("are parted where scores differ", () => {
    const sorted = new SortedScores(Float32Array.of(1, 1, 1, 1, 1, 2, 3, 4), new Uint8Array(8));
    expect(sorted.equalParts(4)).toEqual([5, 6, 8]);
    expect(sorted.endOfTies(0)).toBe(5);
    expect(new SortedScores(new Float32Array(), new Uint8Array()).equalParts(4)).toEqual([]);
  });
});

describe("accuracy", () => {
  test("counts right guesses, and those without an opinion half", () => {
    expect(rightGuesses(Float32Array.of(0.6, 0.4, 0.5, 0.9), Uint8Array.of(1, 1, 1, 0))).toBe(1.5);
  });

  test("has Wilson's interval", () => {
    // Worked out with R: binom::binom.wilson(8, 10) and (0, 20).
    expect(wilsonInterval(8, 10).low).toBeCloseTo(0.4901625, 5);
    expect(wilsonInterval(8, 10).high).toBeCloseTo(0.9433178, 5);
    expect(wilsonInterval(0, 20).low).toBeCloseTo(0, 12);
    expect(wilsonInterval(0, 20).high).toBeCloseTo(0.1611252, 5);
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
  });

  test("by decile of confidence, the surest first", () => {
    const { probabilities, outcomes } = rowsOf(11, 3_000, 1_000_000);
    const rows = [...probabilities].map((p, i) => ({
      sure: Math.abs(p - 0.5),
      right: p > 0.5 === (outcomes[i] === 1),
    }));
    rows.sort((a, b) => b.sure - a.sure);
    const curve = coverageCurve(probabilities, outcomes);
    expect(curve).toHaveLength(10);
    for (const [index, step] of curve.entries()) {
      const part = rows.slice(index * 300, (index + 1) * 300);
      const within = rows.slice(0, (index + 1) * 300);
      expect(step.count).toBe(300);
      expect(step.coverage).toBeCloseTo((index + 1) / 10, 12);
      expect(step.accuracy).toBeCloseTo(part.filter(({ right }) => right).length / 300, 12);
      expect(step.accuracyWithin).toBeCloseTo(within.filter(({ right }) => right).length / within.length, 12);
      expect(step.confidence).toBeCloseTo(part.at(-1)!.sure, 6);
    }
  });

  test("of rows that are equally sure is not split", () => {
    const curve = coverageCurve(new Float32Array(100).fill(0.6), new Uint8Array(100).fill(1, 0, 55));
    expect(curve).toEqual([
      {
        coverage: 1,
        count: 100,
        accuracy: 0.55,
        accuracyWithin: 0.55,
        confidence: expect.closeTo(0.1, 6) as number,
      },
    ]);
  });
});

describe("probabilities", () => {
  test("have the log loss and the Brier score that are worked out by hand", () => {
    const probabilities = Float32Array.of(0.75, 0.25, 0.5);
    const outcomes = Uint8Array.of(1, 1, 0);
    expect(logLoss(probabilities, outcomes)).toBeCloseTo(
      -(Math.log(0.75) + Math.log(0.25) + Math.log(0.5)) / 3,
      9,
    );
    expect(brierScore(probabilities, outcomes)).toBeCloseTo((0.0625 + 0.5625 + 0.25) / 3, 9);
    expect(baseRate(outcomes)).toBeCloseTo(2 / 3, 12);
    // The base rate itself has no skill.
    expect(
      brierSkill(brierScore(new Float32Array(4).fill(0.25), Uint8Array.of(1, 0, 0, 0)), 0.25),
    ).toBeCloseTo(0, 9);
    expect(logLoss(Float32Array.of(0), Uint8Array.of(1))).toBeCloseTo(-Math.log(1e-7), 6);
  });

  test("that hold what they say have no calibration error; those off by a tenth have one of a tenth", () => {
    const random = new SeededRandom(5);
    const said = Float32Array.from({ length: 200_000 }, () => 0.2 + 0.6 * random.next());
    const honest = Uint8Array.from(said, (p) => (random.next() < p ? 1 : 0));
    const boastful = Uint8Array.from(said, (p) => (random.next() < p - 0.1 ? 1 : 0));
    expect(calibrationCurve(said, honest)).toHaveLength(15);
    expect(calibrationError(calibrationCurve(said, honest))).toBeLessThan(0.008);
    expect(calibrationError(calibrationCurve(said, boastful))).toBeCloseTo(0.1, 2);
  });

  test("have the curve that slow bins have", () => {
    const { probabilities, outcomes } = rowsOf(21, 1_500, 1_000_000);
    const rows = [...probabilities].map((p, i) => ({ p, y: outcomes[i]! })).sort((a, b) => a.p - b.p);
    for (const [index, bin] of calibrationCurve(probabilities, outcomes).entries()) {
      const part = rows.slice(index * 100, (index + 1) * 100);
      expect(bin.count).toBe(100);
      expect(bin.said).toBeCloseTo(part.reduce((sum, { p }) => sum + p, 0) / 100, 9);
      expect(bin.happened).toBeCloseTo(part.reduce((sum, { y }) => sum + y, 0) / 100, 12);
    }
  });
});

describe("the stability index", () => {
  test("is what the shares say", () => {
    // Ten values a bin before; now half of them lie in the first bin, the others as before.
    const reference = Float32Array.from({ length: 100 }, (_, i) => i);
    const sample = Float32Array.from({ length: 200 }, (_, i) => (i < 100 ? i : 0));
    const first = (0.55 - 0.1) * Math.log(0.55 / 0.1);
    const others = 9 * (0.05 - 0.1) * Math.log(0.05 / 0.1);
    expect(stabilityIndex(reference, sample)).toBeCloseTo(first + others, 6);
    expect(stabilityIndex(reference, reference)).toBe(0);
  });

  test("sees values that are missing, and nothing in what is empty", () => {
    const reference = Float32Array.from({ length: 100 }, (_, i) => i);
    const half = reference.map((value, i) => (i % 2 === 0 ? value : Number.NaN));
    expect(stabilityIndex(reference, half)).toBeGreaterThan(1);
    expect(stabilityIndex(half, half)).toBe(0);
    expect(stabilityIndex(new Float32Array(50).fill(Number.NaN), reference)).toBeGreaterThan(1);
    expect(stabilityIndex(reference, new Float32Array())).toBeNaN();
  });
});

test("rows that do not overlap begin where the one before has ended", () => {
  const times = Float64Array.of(0, 4, 5, 9, 10, 11, 30);
  expect([...nonOverlapping(times, 5)]).toEqual([0, 2, 4, 6]);
  expect([...nonOverlapping(times, 1)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
});
