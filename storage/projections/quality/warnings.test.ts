// People hear of a model that clearly does worse than its card says and of features that moved, once a day, and of nothing else.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY } from "../../../actors/base/clock.ts";
import type { QualityFigures, SymbolQuality } from "../../../actors/ports/model-quality.ts";
import type { HoldoutFigures } from "../../../actors/ports/models.ts";
import { QualityWarnings } from "./warnings.ts";

const HOLDOUT: HoldoutFigures = {
  rows: 7_000,
  baseRate: 0.5,
  accuracy: 0.53,
  auc: 0.53,
  brier: 0.249,
  brierSkill: 0.002,
  ece: 0.02,
  logLoss: 0.69,
};

const GOOD: QualityFigures = {
  rows: 2_000,
  rowsApart: 400,
  baseRate: 0.5,
  accuracy: 0.52,
  accuracyLow: 0.47,
  accuracyHigh: 0.57,
  brier: 0.25,
  brierSkill: -0.01,
  logLoss: 0.694,
  ece: 0.06,
  auc: 0.52,
};

function qualityOf(
  all: QualityFigures | null,
  { timeMicros = 0, kind = "champion" as const, drift = [] as SymbolQuality["drift"] } = {},
): SymbolQuality {
  return {
    symbol: "EURUSD",
    seq: 1,
    timeMicros,
    subjects: [
      {
        name: "lightgbm 1",
        kind,
        member: "lightgbm",
        model: { model: "lightgbm", version: "1" },
        event: "up",
        horizonMicros: 300e6,
        settled: all?.rows ?? 0,
        all,
        regimes: [],
        calibration: [],
        coverage: [],
      },
    ],
    shadows: { asked: 0, skipped: 0, failed: 0 },
    drift,
  };
}

function heard(qualities: readonly SymbolQuality[], holdout: HoldoutFigures | undefined = HOLDOUT): string[] {
  const messages: string[] = [];
  const warnings = new QualityWarnings((message) => messages.push(message));
  for (const quality of qualities) warnings.look(quality, () => holdout);
  return messages;
}

describe("a warning", () => {
  test("is given of a model that is off, with what is wrong and what to do", () => {
    const [message = "", ...others] = heard([qualityOf({ ...GOOD, ece: 0.25, brierSkill: -0.2 })]);
    expect(others).toEqual([]);
    expect(message).toContain("lightgbm 1, which votes as lightgbm, does worse on EURUSD");
    expect(message).toContain(
      "calibration error 0.250 instead of 0.020, Brier skill -0.200 instead of 0.002",
    );
    expect(message).toContain("over 2000 votes");
  });

  test.each([
    ["what chance explains", GOOD, HOLDOUT],
    ["few rows", { ...GOOD, rowsApart: 99, ece: 0.4, brierSkill: -0.5 }, HOLDOUT],
    ["no rows yet", null, HOLDOUT],
    ["a card without figures", { ...GOOD, ece: 0.4 }, { ...HOLDOUT, ece: null, brierSkill: null }],
  ] as const)("is not given of %s", (_, all, holdout) => {
    expect(heard([qualityOf(all)], holdout)).toEqual([]);
  });

  test("is not repeated before a day has passed", () => {
    const bad = { ...GOOD, ece: 0.4 };
    const days = [0, 0.5, 0.99, 1, 1.5, 2.1].map((day) =>
      qualityOf(bad, { timeMicros: day * MICROS_PER_DAY }),
    );
    expect(heard(days)).toHaveLength(3);
  });

  test("is given where several features have moved far", () => {
    const moved = ["rsi_14", "returns", "entropy", "hurst"].map((feature) => ({ feature, index: 0.4 }));
    expect(heard([qualityOf(GOOD, { drift: moved.slice(0, 2) })])).toEqual([]);
    const [message = ""] = heard([qualityOf(GOOD, { drift: moved })]);
    expect(message).toContain("rsi_14 0.40, returns 0.40, entropy 0.40 and others");
  });
});
