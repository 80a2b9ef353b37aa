// What a network makes of minutes is a direction of length 1, or nothing: never numbers that a store could not compare.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_MINUTE } from "../base/clock.ts";
import { FEATURE, FEATURE_COUNT } from "../domain/features.ts";
import type { Inference } from "../ports/inference.ts";
import { MinuteHistory } from "../symbol/minute-history.ts";
import { windowCard, WINDOW_COLUMNS, WINDOW_ROWS } from "../../test/fixtures/models.ts";
import { ModelEmbedder } from "./model-embedder.ts";

/** Says what it is told to say, and keeps what it was asked. */
function saying(answer: () => readonly number[], acceptsMissing = true): Inference & { asked: number[] } {
  const input = new Float32Array(WINDOW_ROWS * WINDOW_COLUMNS.length);
  const asked: number[] = [];
  return {
    card: windowCard("1", { acceptsMissing }),
    input,
    asked,
    run: () => {
      asked.splice(0, asked.length, ...input);
      return Float32Array.from(answer());
    },
    close: () => undefined,
  };
}

function minutes(count: number, value: (minute: number) => number = (minute) => minute): MinuteHistory {
  const history = new MinuteHistory(WINDOW_ROWS + 2);
  for (let minute = 0; minute < count; minute++) {
    const features = new Float64Array(FEATURE_COUNT).fill(0.5);
    features[FEATURE[WINDOW_COLUMNS[0]]] = value(minute);
    history.push(features, minute * MICROS_PER_MINUTE);
  }
  return history;
}

describe("a network's embedding of a market", () => {
  test("has length 1 and the answer's direction, of the newest rows, oldest first", () => {
    const inference = saying(() => [3, 0, -4]);
    expect(new ModelEmbedder(inference).embed(minutes(WINDOW_ROWS + 5))).toEqual([0.6, 0, -0.8]);
    const first = inference.asked.filter((_, at) => at % WINDOW_COLUMNS.length === 0);
    expect(first).toEqual(Array.from({ length: WINDOW_ROWS }, (_, row) => row + 5));
  });

  test("is none while the window is not full, or too little of it is known", () => {
    const whole = new ModelEmbedder(saying(() => [1, 0]));
    expect(whole.embed(minutes(WINDOW_ROWS - 1))).toBeUndefined();
    expect(whole.embed(minutes(WINDOW_ROWS))).toEqual([1, 0]);
    expect(whole.embed(minutes(WINDOW_ROWS, () => Number.POSITIVE_INFINITY))).toBeUndefined();
    const strict = new ModelEmbedder(saying(() => [1, 0], false));
    expect(strict.embed(minutes(WINDOW_ROWS, () => Number.NaN))).toBeUndefined();
    expect(whole.embed(minutes(WINDOW_ROWS, () => Number.NaN))).toEqual([1, 0]);
  });

  test.each([[[0, 0, 0]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY, 1]], [[]]])(
    "that is no direction is an error: %p",
    (answer) => {
      expect(() => new ModelEmbedder(saying(() => answer)).embed(minutes(WINDOW_ROWS))).toThrow(
        "no direction",
      );
    },
  );
});
