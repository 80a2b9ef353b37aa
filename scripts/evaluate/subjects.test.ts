// What a model's card makes of it in an evaluation: what it is asked, and when it was trained.

import { expect, test } from "bun:test";
import type { ModelCard } from "../../actors/ports/models.ts";
import { MemoryModels } from "../../storage/memory/models.ts";
import { cardOf } from "../../test/contract/models.ts";
import { trainingPeriod } from "../../storage/models/card-details.ts";
import { modelSubjects } from "./subjects.ts";

const HOUR_MICROS = 3_600_000_000;
const MINUTE_MICROS = 60_000_000;
const micros = (iso: string): number => Date.parse(iso) * 1_000;

function periodOf(details: Record<string, unknown>) {
  return trainingPeriod(cardOf("lstm", "1", { details, horizonMicros: HOUR_MICROS }));
}

test("the training period ends with the last label, however the card says it", () => {
  const period = { fromMicros: micros("2018-01-02"), untilMicros: micros("2018-06-30T01:00:00Z") };
  expect(periodOf({ training: { from: "2018-01-02", until: "2018-06-30" } })).toEqual(period);
  const splits = [{ trainFrom: "2018-02-01" }, { trainFrom: null }, { trainFrom: "2018-01-02" }];
  expect(periodOf({ splits, shippedLearnedUntil: "2018-06-30" })).toEqual(period);
  for (const details of [{}, { splits }, { shippedLearnedUntil: "2018-06-30" }, { training: 7 }]) {
    expect(periodOf(details)).toBeUndefined();
  }
});

test("what cannot be judged says why", () => {
  const models = new MemoryModels();
  const cards: [Partial<ModelCard>, string][] = [
    [{ cadence: "asynchronous" }, "by records"],
    [{ event: "lively", horizonMicros: 5_000_000 }, "horizon is shorter"],
    [{ horizonMicros: 5_000_000, window: 2 }, "horizon is shorter"],
    [{ horizonMicros: 90_000_000 }, "whole minutes"],
    [{ event: "slot-lively", horizonMicros: 7 * MINUTE_MICROS }, "no feature slot_range_7m_median"],
    [{}, "model-unloadable"],
  ];
  for (const [index, [changes]] of cards.entries()) {
    expect(models.register(new Uint8Array(9), cardOf("lstm", String(index), changes), index)).toMatchObject({
      ok: true,
    });
  }
  const { subjects, unusable } = modelSubjects(models);
  expect(subjects).toEqual([]);
  for (const [index, [, said]] of cards.entries()) {
    expect(unusable.find(({ name }) => name === `lstm ${index}`)?.reason).toContain(said);
  }
});
