// What a model's card makes of it in an evaluation: what it is asked, and when it was trained; and how windows of minutes are read.

import { expect, test } from "bun:test";
import { FEATURE_COUNT } from "../../actors/domain/features.ts";
import type { Inference } from "../../actors/ports/inference.ts";
import type { ModelCard } from "../../actors/ports/models.ts";
import { MemoryModels } from "../../storage/memory/models.ts";
import { cardOf } from "../../test/contract/models.ts";
import { MinuteWindow, ModelReader } from "./model-rows.ts";
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

function readerOf(card: ModelCard, seen: number[][]): ModelReader {
  const input = new Float32Array(card.window * card.features.length);
  const inference: Inference = {
    card,
    input,
    run: () => {
      seen.push([...input]);
      return Float32Array.of(0.4, 0.6);
    },
    close: () => undefined,
  };
  const reader = ModelReader.of(inference);
  if (!reader.ok) throw new Error(reader.message);
  return reader.value;
}

function featuresOf(value: number): Float64Array {
  return new Float64Array(FEATURE_COUNT).map((_, index) => value + index / 100);
}

/** What a model sees of those minutes. */
function rowsOf(...minutes: readonly number[]): number[] {
  return minutes.flatMap((minute) => [Math.fround(minute + 0.02), minute]);
}

/** The first features are `value`. */
function missing(count: number, value: number): Float64Array {
  return featuresOf(1).fill(value, 0, count);
}

test("a window is the last minutes, the oldest first, of the columns that are named; after a gap it begins anew", () => {
  const seen: number[][] = [];
  const card = cardOf("cnn", "1", {
    window: 3,
    features: ["log_return_1m", "returns"],
    acceptsMissing: false,
  });
  const reader = readerOf(card, seen);
  const window = new MinuteWindow();
  const answers: number[] = [];
  for (const minute of [1, 2, 3, 4, 10, 11, 12]) {
    window.push(featuresOf(minute), minute * MINUTE_MICROS);
    answers.push(reader.askWindow(window));
  }
  const said = expect.closeTo(0.6, 6) as number;
  expect(answers).toEqual([Number.NaN, Number.NaN, said, said, Number.NaN, Number.NaN, said]);
  expect(seen).toEqual([rowsOf(1, 2, 3), rowsOf(2, 3, 4), rowsOf(10, 11, 12)]);
});

test("a model that knows no missing values is not asked with them, and none with infinite ones", () => {
  const seen: number[][] = [];
  const features = ["returns", "log_return_10s", "log_return_1m", "log_return_5m"];
  const strict = readerOf(cardOf("xgboost", "1", { features, acceptsMissing: false }), seen);
  const lenient = readerOf(cardOf("xgboost", "1", { features }), seen);
  expect(strict.ask(missing(1, Number.NaN))).toBeNaN();
  expect(lenient.ask(missing(3, Number.NaN))).toBeNaN();
  expect(lenient.ask(missing(1, Number.POSITIVE_INFINITY))).toBeNaN();
  expect(seen).toEqual([]);
  expect(lenient.ask(missing(2, Number.NaN))).toBeCloseTo(0.6, 6);
  const wrong = cardOf("xgboost", "1", { features: ["returns", "nonsense"] });
  const inference = {
    card: wrong,
    input: new Float32Array(2),
    run: () => new Float32Array(1),
    close: () => undefined,
  };
  expect(ModelReader.of(inference)).toMatchObject({ ok: false, code: "unknown-feature" });
  const short = { ...inference, card: cardOf("xgboost", "1", { features }) };
  expect(ModelReader.of(short)).toMatchObject({ ok: false, code: "shape-mismatch" });
});
