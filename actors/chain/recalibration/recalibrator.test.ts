// How often re-calibration errs, how soon it acts and how far it goes: on forecasters whose true probabilities are known, with outcomes
// that overlap as real ones do.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_MINUTE } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import { brierScore, calibrationCurve, calibrationError, surprise } from "../../quality/measures.ts";
import { carryOver } from "../chain.fixture.ts";
import { corrected, CorrectionFit } from "./correction.ts";
import {
  BLOCKS_A_WEEK,
  DriftingMarket,
  HORIZON_MINUTES,
  logit,
  play,
  sigmoid,
  type Told,
} from "./market.fixture.ts";
import { Recalibrator } from "./recalibrator.ts";
import { RECALIBRATION_DEFAULTS } from "./settings.ts";
import { Trial } from "./trial.ts";

const HORIZON_MICROS = HORIZON_MINUTES * MICROS_PER_MINUTE;
const WEEK = BLOCKS_A_WEEK * HORIZON_MINUTES;
const SKILL = 0.1;

function recalibratorOf(horizonMicros = HORIZON_MICROS): Recalibrator {
  return new Recalibrator(RECALIBRATION_DEFAULTS, horizonMicros);
}

/** Says log odds so many times too large. */
function stretched(factor: number): (probabilityUp: number) => number {
  return (probabilityUp) => sigmoid(factor * logit(probabilityUp));
}

/** Says log odds that are too large by so much. */
function shiftedBy(by: number): (probabilityUp: number) => number {
  return (probabilityUp) => sigmoid(logit(probabilityUp) + by);
}

/** One that has been correcting for weeks, and its market. */
function activeOne(): { recalibrator: Recalibrator; market: DriftingMarket } {
  const market = new DriftingMarket(new SeededRandom(4), SKILL);
  const recalibrator = recalibratorOf();
  play(recalibrator, market, { minutes: 8 * WEEK, tell: stretched(2) });
  expect(recalibrator.isActive).toBe(true);
  return { recalibrator, market };
}

/** Against the true probabilities, of which those of what happened are noisy draws. */
function qualityOf(told: readonly Told[], right: readonly number[], of: (each: Told) => number) {
  const random = new SeededRandom(99);
  const outcomes = Uint8Array.from(right, (probability) => (random.next() < probability ? 1 : 0));
  const probabilities = Float32Array.from(told, of);
  return {
    ece: calibrationError(calibrationCurve(probabilities, outcomes)),
    brier: brierScore(probabilities, outcomes),
  };
}

describe("a calibrated forecaster", () => {
  test("is left alone: in 30 quarters of a year hardly any is ever corrected, and hardly at any time", () => {
    let everActive = 0;
    let active = 0;
    let minutes = 0;
    for (let seed = 1; seed <= 30; seed++) {
      const market = new DriftingMarket(new SeededRandom(seed), SKILL);
      const told = play(recalibratorOf(), market, { minutes: 13 * WEEK, tell: (p) => p });
      const corrections = told.filter(({ isActive }) => isActive).length;
      if (corrections > 0) everActive++;
      active += corrections;
      minutes += told.length;
      expect(told.every(({ said, applied, isActive }) => isActive || applied === said)).toBe(true);
    }
    console.log(`corrected without need: ${everActive} of 30 quarters, ${active} of ${minutes} minutes`);
    expect(everActive).toBeLessThanOrEqual(2);
    expect(active / minutes).toBeLessThan(0.005);
  }, 60_000);
});

test("of 100 years of a calibrated forecaster with outcomes apart, few have a correction, and hardly for long", () => {
  let everActive = 0;
  let active = 0;
  const blocks = 52 * BLOCKS_A_WEEK;
  for (let seed = 1; seed <= 100; seed++) {
    const random = new SeededRandom(seed);
    const fit = new CorrectionFit(RECALIBRATION_DEFAULTS);
    const trial = new Trial(RECALIBRATION_DEFAULTS);
    let corrections = 0;
    for (let block = 0; block < blocks; block++) {
      const said = sigmoid(0.3 * random.normal());
      const outcome = random.next() < said ? 1 : 0;
      const better = corrected(said, fit, RECALIBRATION_DEFAULTS.changeMax);
      if (trial.isWon) corrections++;
      trial.add(
        (said - outcome) ** 2 - (better - outcome) ** 2,
        surprise(said, outcome) - surprise(better, outcome),
      );
      trial.closeBlock();
      fit.add(said, outcome);
      fit.closeBlock();
    }
    if (corrections > 0) everActive++;
    active += corrections;
  }
  console.log(`corrected without need: ${everActive} of 100 years, ${active} of ${100 * blocks} blocks`);
  expect(everActive).toBeLessThanOrEqual(10);
  expect(active / blocks / 100).toBeLessThan(0.002);
}, 60_000);

describe("a forecaster whose log odds are twice what they should be", () => {
  const market = new DriftingMarket(new SeededRandom(4), SKILL);
  const recalibrator = recalibratorOf();
  const right: number[] = [];
  const told = play(recalibrator, market, {
    minutes: 12 * WEEK,
    tell: (probabilityUp) => {
      right.push(probabilityUp);
      return stretched(2)(probabilityUp);
    },
  });

  test("is corrected within five weeks, and from then on nearly always", () => {
    const first = told.findIndex(({ isActive }) => isActive);
    expect(first).toBeGreaterThan(WEEK);
    expect(first).toBeLessThan(5 * WEEK);
    const after = told.slice(first);
    expect(after.filter(({ isActive }) => isActive).length / after.length).toBeGreaterThan(0.9);
    expect(recalibrator.state.slope).toBeLessThan(0.7);
  });

  test("is nearer to the truth by Brier score and calibration error where it is corrected", () => {
    const places = told.flatMap(({ isActive }, minute) => (isActive ? [minute] : []));
    const active = places.map((minute) => told[minute]!);
    const truth = places.map((minute) => right[minute]!);
    const before = qualityOf(active, truth, ({ said }) => said);
    const after = qualityOf(active, truth, ({ applied }) => applied);
    console.log(
      `calibration error ${before.ece.toFixed(4)} -> ${after.ece.toFixed(4)}, Brier ${before.brier.toFixed(4)} -> ${after.brier.toFixed(4)}`,
    );
    expect(after.ece).toBeLessThan(before.ece / 2);
    expect(after.brier).toBeLessThan(before.brier);
  });

  test("is never changed by more than is allowed, nor moved across another probability", () => {
    const byProbability = told.filter(({ isActive }) => isActive).slice(0, 480);
    for (const { said, applied } of byProbability) {
      expect(Math.abs(applied - said)).toBeLessThanOrEqual(RECALIBRATION_DEFAULTS.changeMax + 1e-12);
      expect(Math.sign(applied - said)).not.toBe(Math.sign(said - 0.5));
    }
  });

  test("is no longer corrected five weeks after it began to say what is true", () => {
    const later = play(recalibrator, market, { minutes: 8 * WEEK, tell: (p) => p });
    const lastActive = later.findLastIndex(({ isActive }) => isActive);
    expect(lastActive).toBeLessThan(5 * WEEK);
  });
});

test("a shift of the market's base rate is followed, and given up within six days of turning round", () => {
  const market = new DriftingMarket(new SeededRandom(6), SKILL);
  const recalibrator = recalibratorOf();
  play(recalibrator, market, { minutes: 10 * WEEK, tell: shiftedBy(0.5) });
  expect(recalibrator.isActive).toBe(true);
  expect(recalibrator.state.shift).toBe(-RECALIBRATION_DEFAULTS.shiftMax);
  const turned = play(recalibrator, market, { minutes: 2 * WEEK, tell: shiftedBy(-0.5) });
  expect(turned.findLastIndex(({ isActive }) => isActive)).toBeLessThan(6 * 24 * 60);
});

describe("identity is what is left", () => {
  test("on too few outcomes", () => {
    const recalibrator = recalibratorOf();
    const market = new DriftingMarket(new SeededRandom(4), SKILL);
    const { windowBlocksMin, trialBlocksMin } = RECALIBRATION_DEFAULTS;
    const minutes = (windowBlocksMin + trialBlocksMin) * HORIZON_MINUTES;
    const told = play(recalibrator, market, { minutes, tell: stretched(4) });
    expect(told.some(({ isActive }) => isActive)).toBe(false);
  });

  test("while somebody who votes is switched off, and all that was learned is forgotten", () => {
    const { recalibrator, market } = activeOne();
    recalibrator.heed(false);
    expect(recalibrator.state).toEqual({
      isActive: false,
      slope: 1,
      shift: 0,
      blocks: 0,
      gain: 0,
      certainty: 0,
    });
    expect(recalibrator.apply(0.9, market.closeMicros)).toBe(0.9);
    play(recalibrator, market, { minutes: 2 * WEEK, tell: stretched(2) });
    expect(recalibrator.state.blocks).toBe(0);
    recalibrator.heed(true);
    // What waited when it was switched off is of the vote before.
    play(recalibrator, market, { minutes: WEEK, tell: stretched(2) });
    expect(recalibrator.isActive).toBe(false);
    expect(recalibrator.state.blocks).toBeGreaterThan(BLOCKS_A_WEEK - 3);
    expect(recalibrator.state.blocks).toBeLessThanOrEqual(BLOCKS_A_WEEK);
  });

  test("of what is no number, which is neither learned from", () => {
    const { recalibrator, market } = activeOne();
    const before = recalibrator.state;
    expect(recalibrator.apply(Number.NaN, market.closeMicros)).toBeNaN();
    const told = play(recalibrator, market, { minutes: 3 * HORIZON_MINUTES, tell: () => Number.NaN });
    expect(told.every(({ applied }) => Number.isNaN(applied))).toBe(true);
    expect(recalibrator.state.blocks).toBeLessThanOrEqual(before.blocks + 2);
    expect(Number.isFinite(recalibrator.state.slope + recalibrator.state.shift)).toBe(true);
  });

  test("where the market stands still, since nothing that does not move has an outcome", () => {
    const still = { closeMicros: 0, price: 100, probabilityUp: 0.9, next: () => undefined };
    const recalibrator = recalibratorOf();
    const told = Array.from({ length: 10 }, (_, hour) => {
      still.closeMicros = hour * HORIZON_MICROS;
      return play(recalibrator, still as unknown as DriftingMarket, { minutes: 1, tell: () => 0.9 });
    }).flat();
    expect(told.every(({ applied }) => applied === 0.9)).toBe(true);
    expect(recalibrator.state.blocks).toBe(0);
  });
});

test("certainties and the nearest to them are learned from without harm", () => {
  const recalibrator = recalibratorOf();
  const market = new DriftingMarket(new SeededRandom(8), SKILL);
  play(recalibrator, market, { minutes: 4 * WEEK, tell: (p) => (p > 0.5 ? 1 - 1e-17 : Number.MIN_VALUE) });
  const { slope, shift } = recalibrator.state;
  expect(Math.abs(slope - 1)).toBeLessThanOrEqual(RECALIBRATION_DEFAULTS.slopeChangeMax);
  expect(Math.abs(shift)).toBeLessThanOrEqual(RECALIBRATION_DEFAULTS.shiftMax);
});

test("a correction is within (0, 1), rises with what is corrected, and is bounded", () => {
  const probability = fc.double({ min: 0, max: 1, noNaN: true });
  const { changeMax } = RECALIBRATION_DEFAULTS;
  fc.assert(
    fc.property(
      probability,
      probability,
      fc.double({ min: 0.5, max: 1.5, noNaN: true }),
      fc.double({ min: -0.2, max: 0.2, noNaN: true }),
      (a, b, slope, shift) => {
        const [low, high] = a < b ? [a, b] : [b, a];
        const below = corrected(low, { slope, shift }, changeMax);
        const above = corrected(high, { slope, shift }, changeMax);
        expect(below).toBeGreaterThan(0);
        expect(above).toBeLessThan(1);
        // Logarithms of neighbours are rounded: what is nearer than that may change places.
        expect(above - below).toBeGreaterThan(-1e-12);
        expect(Math.abs(above - high)).toBeLessThan(changeMax + 2e-6);
      },
    ),
    { numRuns: 5_000 },
  );
});

test.each([HORIZON_MICROS, 90_000_000])(
  "a snapshot at any minute changes nothing, with a horizon of %p us",
  (horizonMicros) => {
    const whole = recalibratorOf(horizonMicros);
    let restored = recalibratorOf(horizonMicros);
    const markets = [3, 3].map((seed) => new DriftingMarket(new SeededRandom(seed), SKILL));
    for (let part = 0; part < 120; part++) {
      const [told, again] = [whole, restored].map((each, i) =>
        play(each, markets[i]!, { minutes: WEEK / 20 + (part % 7), tell: stretched(3) }),
      );
      expect(again!).toEqual(told!);
      expect(restored.state).toEqual(whole.state);
      restored = carryOver(restored, recalibratorOf(horizonMicros));
    }
    expect(whole.isActive).toBe(true);
  },
  30_000,
);
