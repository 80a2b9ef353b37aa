// Whose answers a re-calibration has learned from, and about what.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_MINUTE } from "../../base/clock.ts";
import { type ModelVote, type Preset, presetOf } from "../presets.ts";
import { RECALIBRATION_DEFAULTS } from "./settings.ts";
import { nameOfVote, recalibratorOf } from "./vote.ts";

const HOUR_MICROS = 60 * MICROS_PER_MINUTE;
const WEEK_MICROS = 7 * 24 * HOUR_MICROS;

function ensembleOf(...models: ModelVote[]): Preset {
  return presetOf("ensemble", { models, recalibration: RECALIBRATION_DEFAULTS });
}

describe("a vote", () => {
  const model: ModelVote = { member: "xgboost", name: "a", horizonMicros: HOUR_MICROS };
  const name = nameOfVote(ensembleOf(model));

  test.each<[string, Preset]>([
    ["another model", ensembleOf({ ...model, name: "b" })],
    ["another horizon", ensembleOf({ ...model, horizonMicros: HOUR_MICROS / 2 })],
    ["another weight", { ...ensembleOf(model), meta: { intercept: 0, weights: { xgboost: 0.4 } } }],
    [
      "no meta-learner",
      { ...presetOf("classic", { models: [model], recalibration: RECALIBRATION_DEFAULTS }) },
    ],
    ["another calibration", { ...ensembleOf(model), calibration: { a: 1, b: 1, c: 0.1 } }],
    ["another reliability", { ...ensembleOf(model), reliability: { "active-range": 0.5 } }],
    ["a meta-learner", { ...ensembleOf(model), meta: { intercept: 0, weights: { xgboost: 1 } } }],
  ])("with %s is another one", (_, preset) => {
    expect(nameOfVote(preset)).not.toBe(name);
  });

  test("is the same with another model that has no weight", () => {
    const fast: ModelVote = { member: "fast", name: "c", horizonMicros: MICROS_PER_MINUTE };
    expect(nameOfVote(ensembleOf(model, fast))).toBe(name);
  });
});

test("what is not to be re-calibrated is not, nor what is about next week", () => {
  expect(recalibratorOf(ensembleOf())).toBeDefined();
  expect(recalibratorOf(presetOf("ensemble", {}))).toBeUndefined();
  expect(
    recalibratorOf(ensembleOf({ member: "lightgbm", name: "a", horizonMicros: WEEK_MICROS })),
  ).toBeUndefined();
});
