// What a dossier says of the layers, and of re-calibration in words.

import { expect, test } from "bun:test";
import type { Signal } from "../../actors/domain/signal.ts";
import { recalibrationText, shownLayers } from "./layers.ts";

const RECALIBRATION = {
  isActive: true,
  before: 0.61,
  slope: 0.75,
  shift: -0.01,
  blocks: 1_920,
  gain: 0.0012,
  certainty: 3.25,
};
const CONFIRMATIONS = {
  technical: null,
  vote: 0.6,
  meta: null,
  validated: 0.61,
  calibrated: 0.58,
  movePoints: null,
  costPoints: 12,
};

test("a journal of before has no layers, or none that was re-calibrated", () => {
  expect(shownLayers({} as Signal)).toBeNull();
  expect(shownLayers({ confirmations: CONFIRMATIONS } as Signal)).toEqual({
    ...CONFIRMATIONS,
    recalibration: null,
  });
  expect(
    shownLayers({ confirmations: { ...CONFIRMATIONS, recalibration: RECALIBRATION } } as Signal),
  ).toMatchObject({ recalibration: RECALIBRATION });
});

test("whether it was applied is said in words, with what it has shown", () => {
  expect(recalibrationText(RECALIBRATION)).toBe(
    "re-calibrated from 0.6100: slope 0.750 and shift -0.010 of log odds, learned from 1920 blocks; on answers held back it lowered " +
      "the Brier score by 0.001200, 3.3 standard errors",
  );
  expect(recalibrationText({ ...RECALIBRATION, isActive: false, gain: -0.0001, certainty: -0.5 })).toBe(
    "not re-calibrated, since that has not been worth it by more than chance: slope 0.750 and shift -0.010 of log odds, learned from " +
      "1920 blocks; on answers held back it raised the Brier score by 0.000100, 0.5 standard errors",
  );
});
