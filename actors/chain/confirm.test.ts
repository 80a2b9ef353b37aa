// The four layers one by one, and what each leaves of the votes.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_SECOND } from "../base/clock.ts";
import { normalCdf } from "../base/normal.ts";
import type { MemberId, Vote } from "../domain/prediction.ts";
import { REGIMES } from "../domain/regime.ts";
import { Ballot } from "./ballot.ts";
import { carryOver, vectorOf } from "./chain.fixture.ts";
import { Confirmation } from "./confirm.ts";
import { MetaLearner } from "./meta-learner.ts";
import { Outlook } from "./outlook.ts";
import { PRESETS } from "./presets.ts";
import { RECALIBRATION_DEFAULTS } from "./recalibration/settings.ts";
import { regimePolicy } from "./regime.ts";
import { believed } from "./validation.ts";

const NOW = 1_400_000_000 * MICROS_PER_SECOND;
const RANGE_LIFE_MICROS = 150 * MICROS_PER_SECOND;
const SETTINGS = {
  weights: { lightgbm: 1, lstm: 3 },
  voteLifeMicros: { lightgbm: 10_000_000, lstm: 10_000_000, "range-15m": RANGE_LIFE_MICROS },
};

function ballotOf(said: Partial<Record<MemberId, number>>): Ballot {
  const ballot = new Ballot(SETTINGS);
  for (const [member, probability] of Object.entries(said)) ballot.cast(member as MemberId, probability, NOW);
  return ballot;
}

function logit(probability: number): number {
  return Math.log(probability / (1 - probability));
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

const probability = fc.double({ min: 0.01, max: 0.99, noNaN: true });

describe("the meta-learner", () => {
  const meta = new MetaLearner({ intercept: 0.1, weights: { lightgbm: 0.5, lstm: 0.25, cnn: -0.25 } });

  test("is the logistic regression on log odds", () => {
    fc.assert(
      fc.property(probability, probability, probability, (a, b, c) => {
        const learned = meta.combine(ballotOf({ lightgbm: a, lstm: b, cnn: c }), NOW);
        expect(learned).toBeCloseTo(sigmoid(0.1 + 0.5 * logit(a) + 0.25 * logit(b) - 0.25 * logit(c)), 10);
      }),
    );
  });

  test("raises the weights of those that are there when others are not", () => {
    const learned = meta.combine(ballotOf({ lightgbm: 0.6, quantum: 0.9 }), NOW);
    expect(learned).toBeCloseTo(sigmoid(0.1 + logit(0.6)), 10);
  });

  test("says nothing when nobody does, or no vote counts any more", () => {
    expect(meta.combine(ballotOf({ quantum: 0.9 }), NOW)).toBeNaN();
    expect(meta.combine(ballotOf({ lightgbm: 0.9 }), NOW + 11 * MICROS_PER_SECOND)).toBeNaN();
  });
});

describe("what is believed in a regime", () => {
  test("is never more than was voted, on the same side: what was learned of votes there, or the rule of thumb", () => {
    fc.assert(
      fc.property(
        probability,
        fc.constantFrom(...REGIMES),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (p, regime, share) => {
          const all = believed(p, regime);
          const some = believed(p, regime, { [regime]: share });
          expect(Math.abs(all - 0.5)).toBeLessThanOrEqual(Math.abs(p - 0.5) + 1e-15);
          expect(some - 0.5).toBeCloseTo((p - 0.5) * share, 12);
          const policy = regimePolicy(regime);
          expect(all - 0.5).toBeCloseTo((p - 0.5) * (p > 0.5 ? policy.up : policy.down), 12);
        },
      ),
    );
    expect(believed(Number.NaN, "illiquid")).toBeNaN();
  });
});

describe("the outlook", () => {
  const features = vectorOf({ range_15m_median: 10, range_60m_median: 25, volatility_100: 2 });

  test("is the usual range at even odds, and wider the likelier a wide one is", () => {
    const outlook = new Outlook();
    outlook.update(ballotOf({ "range-15m": 0.5, "range-60m": 0.5 }), features, NOW);
    expect(outlook.range15Bp).toBeCloseTo(10, 10);
    expect(outlook.range60Bp).toBeCloseTo(25, 10);
    expect(outlook.moveBp).toBeCloseTo(5, 10);
    expect(outlook.pace).toBeCloseTo(1, 10);
    outlook.update(ballotOf({ "range-15m": 0.9 }), features, NOW);
    expect(outlook.pace).toBeGreaterThan(1.5);
    expect(outlook.range60Bp).toBeNaN();
  });

  test("gives back the probability that it was made of, of a log-normal range", () => {
    for (const p of [0.05, 0.2, 0.4, 0.7, 0.95]) {
      const outlook = new Outlook();
      outlook.update(ballotOf({ "range-15m": p }), features, NOW);
      expect(Math.abs(normalCdf(Math.log(outlook.pace) / 0.55) - p)).toBeLessThan(0.01);
    }
  });

  test("is the past volatility's move where nobody foretells a range", () => {
    const outlook = new Outlook();
    outlook.update(ballotOf({}), features, NOW);
    expect(outlook.pace).toBeNaN();
    expect(outlook.moveBp).toBeCloseTo(2 * Math.sqrt((15 * 2) / Math.PI), 10);
    outlook.update(ballotOf({ "range-15m": 0.9 }), features, NOW + RANGE_LIFE_MICROS + 1);
    expect(outlook.pace).toBeNaN();
  });
});

function votes(lightgbm: number, lstm: number): Vote[] {
  return [
    { member: "lightgbm", status: "voted", probabilityUp: lightgbm },
    { member: "lstm", status: "voted", probabilityUp: lstm },
    { member: "technical", status: "voted", probabilityUp: 0.7 },
  ];
}

describe("a confirmation", () => {
  const preset = {
    ...PRESETS.rules,
    ballot: SETTINGS,
    meta: { intercept: 0, weights: { lightgbm: 1 } },
    reliability: { "active-range": 0.5 },
    calibration: { a: 2, b: 2, c: 0 },
  };
  const cold = vectorOf({});

  test("goes through its layers in order, and shows what each made of the votes", () => {
    const confirmation = new Confirmation(preset);
    confirmation.cast({ votes: votes(0.6, 0.4), timeMicros: NOW });
    confirmation.vote(NOW);
    confirmation.validate(cold, NOW);
    const calibrated = confirmation.calibrate(NOW);
    expect(confirmation.layers()).toEqual({
      technical: 0.7,
      vote: expect.closeTo(0.45, 12),
      meta: expect.closeTo(0.6, 12),
      validated: expect.closeTo(0.55, 12),
      calibrated,
    });
    expect(calibrated).toBeCloseTo(sigmoid(2 * logit(0.55)), 10);
  });

  test("shows how it is re-calibrated where it is", () => {
    const confirmation = new Confirmation({ ...preset, recalibration: RECALIBRATION_DEFAULTS });
    confirmation.cast({ votes: votes(0.6, 0.4), timeMicros: NOW });
    confirmation.vote(NOW);
    confirmation.validate(cold, NOW);
    const calibrated = confirmation.calibrate(NOW);
    const nothing = { isActive: false, slope: 1, shift: 0, blocks: 0, gain: 0, certainty: 0 };
    expect(confirmation.recalibration).toEqual(nothing);
    expect(confirmation.layers()).toMatchObject({
      calibrated,
      recalibration: { ...nothing, before: calibrated },
    });
  });

  test("falls back to the vote where the meta-learner has nobody to hear", () => {
    const confirmation = new Confirmation(preset);
    confirmation.cast({ votes: votes(0.6, 0.4).slice(1), timeMicros: NOW });
    confirmation.vote(NOW);
    confirmation.validate(cold, NOW);
    expect(confirmation.layers()).toMatchObject({
      vote: expect.closeTo(0.4, 12),
      meta: null,
      validated: expect.closeTo(0.45, 12),
    });
  });

  test("goes on from a snapshot", () => {
    const confirmation = new Confirmation(preset);
    confirmation.cast({ votes: votes(0.6, 0.4), timeMicros: NOW });
    const other = carryOver(confirmation, new Confirmation(preset));
    for (const each of [confirmation, other]) {
      each.vote(NOW + 1);
      each.validate(cold, NOW + 1);
      each.calibrate(NOW);
    }
    expect(other.layers()).toEqual(confirmation.layers());
  });

  test("of a preset whose calibration is none is a mistake in the preset", () => {
    expect(() => new Confirmation({ ...preset, calibration: { a: -1, b: 1, c: 0 } })).toThrow(
      "a and b must not be negative",
    );
  });
});
