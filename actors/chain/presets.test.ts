// The named presets: the source documents' figures, and that each can run.

import { describe, expect, test } from "bun:test";
import { MEMBERS } from "../domain/prediction.ts";
import { Ballot } from "./ballot.ts";
import { SignalPolicy } from "./policy.ts";
import { PRESET_NAMES, presetOf, PRESETS } from "./presets.ts";
import { RECALIBRATION_DEFAULTS } from "./recalibration/settings.ts";

const MODELS = ["xgboost", "lightgbm", "lstm", "transformer", "cnn"] as const;

describe.each(PRESET_NAMES.map((name) => [name] as const))("%s", (name) => {
  const { ballot, policy } = PRESETS[name];

  test("its ballot and its policy take it", () => {
    expect(() => [new Ballot(ballot), new SignalPolicy(policy)]).not.toThrow();
  });

  test("its weights sum to 1 and belong to members", () => {
    expect(Object.values(ballot.weights).reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(MEMBERS).toEqual(expect.arrayContaining(Object.keys(ballot.weights)));
  });

  test("treats both sides alike", () => {
    expect(policy.buyAt + policy.sellAt).toBeCloseTo(1, 12);
  });

  test("states a life for the vote of every member with a weight", () => {
    expect(Object.keys(ballot.voteLifeMicros)).toEqual(expect.arrayContaining(Object.keys(ballot.weights)));
  });
});

test("classic has the weights and thresholds of the source documents", () => {
  const { ballot, policy } = PRESETS.classic;
  const models = MODELS.reduce((sum, member) => sum + (ballot.weights[member] ?? 0), 0);
  expect(ballot.weights).toMatchObject({ quantum: 0.3, chaos: 0.2, technical: 0.1 });
  expect(models).toBeCloseTo(0.4, 12);
  expect([policy.buyAt, policy.sellAt]).toEqual([0.7, 0.3]);
});

test("rules needs no model", () => {
  expect(Object.keys(PRESETS.rules.ballot.weights).toSorted()).toEqual(["chaos", "quantum", "technical"]);
});

test("a model's vote counts as long as its card says, an adviser's as its settings do", () => {
  const { ballot } = presetOf("classic", {
    adviser: { weight: 0.5, voteLifeMicros: 7 },
    models: [
      { member: "xgboost", name: "a", voteLifeMicros: 5 },
      { member: "lightgbm", name: "of a journal of before" },
    ],
  });
  expect(ballot.voteLifeMicros).toEqual({ ...PRESETS.classic.ballot.voteLifeMicros, xgboost: 5, adviser: 7 });
  expect(ballot.weights).toEqual({ ...PRESETS.classic.ballot.weights, adviser: 0.5 });
});

test("nothing is re-calibrated that is not asked to be", () => {
  expect(presetOf("ensemble", {})).not.toHaveProperty("recalibration");
  expect(presetOf("rules", { recalibration: RECALIBRATION_DEFAULTS }).recalibration).toBe(
    RECALIBRATION_DEFAULTS,
  );
  expect(PRESET_NAMES.filter((name) => PRESETS[name].wantsRecalibration)).toEqual(["ensemble"]);
});
