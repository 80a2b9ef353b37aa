// Models on ONNX Runtime say what the library that trained them says, refuse what is not theirs by name, and as members of the
// ensemble keep what every member has to.

import { afterAll, describe, expect, test } from "bun:test";
import { ModelForecaster } from "../../actors/chain/model-forecaster.ts";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import { FEATURE, FEATURE_COUNT, FEATURE_NAMES } from "../../actors/domain/features.ts";
import { ABSTAIN } from "../../actors/ports/forecaster.ts";
import type { Inference } from "../../actors/ports/inference.ts";
import type { ModelCard } from "../../actors/ports/models.ts";
import { describeForecaster } from "../../test/contract/forecaster.ts";
import { MinuteHistory } from "../../actors/symbol/minute-history.ts";
import {
  EMBEDDING,
  EMBEDDING_NUMBERS,
  embeddingCard,
  toldBy,
  TREES,
  treesCard,
  WINDOW,
  WINDOW_COLUMNS,
  WINDOW_ROWS,
  windowCard,
} from "../../test/fixtures/models.ts";
import { openOnnx } from "./onnx.ts";

const { inputs, probabilities } = toldBy("tiny-trees");
const COLUMNS = inputs.length / probabilities.length;
const opened: Inference[] = [];
afterAll(() => opened.forEach((inference) => inference.close()));

function open(changes: Partial<ModelCard> = {}): Inference {
  return opening(TREES, treesCard("1", changes));
}

function opening(content: Uint8Array, card: ModelCard, output?: string): Inference {
  const inference = openOnnx(content, card, { output });
  if (!inference.ok) throw new Error(inference.message);
  opened.push(inference.value);
  return inference.value;
}

/** The features of one of the rows that were asked in training; those the model does not read are missing. */
function rowOf(row: number): Float64Array {
  const features = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
  features.set(inputs.subarray(row * COLUMNS, (row + 1) * COLUMNS));
  return features;
}

function ask(member: ModelForecaster, features: Float64Array, timeMicros = 0): number {
  return member.forecast({ features, timeMicros, instrumentId: 0 });
}

describe("a model on ONNX Runtime", () => {
  test("says what the library that trained it says, row after row", () => {
    const inference = open();
    for (const [row, probability] of probabilities.entries()) {
      inference.input.set(rowOf(row).subarray(0, COLUMNS));
      const [down = 0, up = 0] = inference.run();
      expect(up).toBeCloseTo(probability, 6);
      expect(down + up).toBeCloseTo(1, 6);
    }
  });

  test("stands beside others of its kind, each with its own tensors", () => {
    const [one, other] = [open(), open()];
    one.input.set(rowOf(0).subarray(0, COLUMNS));
    other.input.set(rowOf(1).subarray(0, COLUMNS));
    const first = [...one.run()];
    other.run();
    expect([...one.run()]).toEqual(first);
    expect(first[1]).toBeCloseTo(probabilities[0] ?? 0, 6);
  });

  test("is refused when it is not what its card says, or of other features", () => {
    const cases: [Partial<ModelCard>, string, string][] = [
      [{ featureSchema: "0123456789abcdef" }, "schema-mismatch", "train it again"],
      [{ inputs: [{ name: "features", shape: [null, 58] }] }, "shape-mismatch", "[, 58]; 59 features"],
      [
        { features: FEATURE_NAMES.slice(0, 58), inputs: [{ name: "features", shape: [null, 58] }] },
        "shape-mismatch",
        "[, 59], not [, 58]",
      ],
      [{ features: ["moon_phase", ...FEATURE_NAMES.slice(0, 58)] }, "schema-mismatch", "moon_phase"],
      [{ inputs: [{ name: "x", shape: [null, 59] }] }, "shape-mismatch", "no x"],
      [{ outputs: [{ name: "label", shape: [1] }] }, "shape-mismatch", "floats of four bytes"],
      [{ outputs: [{ name: "probabilities", shape: [null, 3] }] }, "shape-mismatch", "not [, 3]"],
      [
        { inputs: [...treesCard("1").inputs, ...treesCard("1").inputs] },
        "shape-mismatch",
        "more than one input",
      ],
    ];
    for (const [changes, code, said] of cases) {
      const refused = openOnnx(TREES, treesCard("1", changes));
      expect(refused).toMatchObject({ ok: false, code });
      expect(refused.ok ? "" : refused.message).toContain(said);
    }
  });

  test("that was cut short or changed is refused, and the process lives on", () => {
    for (const bytes of [new Uint8Array(), TREES.subarray(0, 5_000), new Uint8Array(10_000).fill(255)]) {
      expect(openOnnx(bytes, treesCard("1"))).toMatchObject({ ok: false, code: "model-unloadable" });
    }
    expect(open().run()).toHaveLength(2);
  });

  test("is opened for its embedding as for its first output, and says of both what its library says", () => {
    const told = toldBy("tiny-embedding");
    const said = opening(EMBEDDING, embeddingCard("1"));
    const embeds = opening(EMBEDDING, embeddingCard("1"), "embedding");
    const size = told.inputs.length / told.probabilities.length;
    for (const [row, probability] of told.probabilities.entries()) {
      const rows = told.inputs.subarray(row * size, (row + 1) * size);
      said.input.set(rows);
      embeds.input.set(rows);
      expect(said.run()[1]).toBeCloseTo(probability, 6);
      const embedding = embeds.run();
      expect(embedding).toHaveLength(EMBEDDING_NUMBERS);
      for (const [at, value] of embedding.entries()) {
        expect(value).toBeCloseTo(told.embeddings[row]?.[at] ?? Number.NaN, 6);
      }
    }
  });

  test("is refused where it lacks the output that is wanted, or has another one of that name", () => {
    const without = openOnnx(EMBEDDING, embeddingCard("1"), { output: "thoughts" });
    expect(without).toMatchObject({ ok: false, code: "shape-mismatch" });
    expect(without.ok ? "" : without.message).toContain("probabilities, embedding and no thoughts");
    const outputs = [
      { name: "probabilities", shape: [null, 2] },
      { name: "embedding", shape: [null, 7] },
    ];
    const other = openOnnx(EMBEDDING, embeddingCard("1", { outputs }), { output: "embedding" });
    expect(other.ok ? "" : other.message).toContain("[, 6], not [, 7]");
  });

  test("that was let go says so", () => {
    const inference = open();
    inference.close();
    inference.close();
    expect(() => inference.run()).toThrow("was let go");
  });
});

describe("a model as a member", () => {
  test("votes with the probability of the second class", () => {
    const member = new ModelForecaster(open());
    for (const [row, probability] of probabilities.entries()) {
      expect(ask(member, rowOf(row))).toBeCloseTo(probability, 6);
    }
    expect(member).toMatchObject({ member: "lightgbm", cadence: "tick", deadlineMicros: 2_000 });
  });

  test("keeps still with features that are not warm, unless it was trained with such; with infinite ones always", () => {
    const whole = rowOf(0).map((value) => (Number.isNaN(value) ? 0 : value));
    const strict = new ModelForecaster(open({ acceptsMissing: false }));
    expect(ask(strict, whole)).toBeGreaterThan(0);
    const missing = whole.slice();
    missing[7] = Number.NaN;
    expect(ask(strict, missing)).toBe(ABSTAIN);
    const lenient = new ModelForecaster(open());
    expect(ask(lenient, missing)).toBeGreaterThan(0);
    expect(
      ask(
        lenient,
        whole.map((value, index) => (index % 2 === 0 ? Number.NaN : value)),
      ),
    ).toBe(ABSTAIN);
    for (const value of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e300]) {
      const wild = whole.slice();
      wild[7] = value;
      expect(ask(lenient, wild)).toBe(ABSTAIN);
    }
  });

  test("keeps still once it is too old", () => {
    const trainedAtMicros = Date.parse(treesCard("1").trainedAt) * 1_000;
    const member = new ModelForecaster(open({ expiresAfterMicros: 1_000_000 }));
    expect(ask(member, rowOf(0), trainedAtMicros + 1_000_000)).toBeGreaterThan(0);
    expect(ask(member, rowOf(0), trainedAtMicros + 1_000_001)).toBe(ABSTAIN);
  });

  test("of a window says what the library that trained it says, of the minutes before", () => {
    const told = toldBy("tiny-window");
    const member = new ModelForecaster(opening(WINDOW, windowCard("1")));
    const size = WINDOW_ROWS * WINDOW_COLUMNS.length;
    for (const [index, probability] of told.probabilities.entries()) {
      const minutes = new MinuteHistory(WINDOW_ROWS);
      for (let row = 0; row < WINDOW_ROWS; row++) {
        const features = new Float64Array(FEATURE_COUNT).fill(Number.NaN);
        for (const [at, column] of WINDOW_COLUMNS.entries()) {
          features[FEATURE[column]] = told.inputs[index * size + row * WINDOW_COLUMNS.length + at] as number;
        }
        minutes.push(features, row * MICROS_PER_MINUTE);
      }
      const said = member.forecast({
        features: new Float64Array(0),
        minutes,
        timeMicros: 0,
        instrumentId: 0,
      });
      expect(said).toBeCloseTo(probability, 6);
    }
  });
});

describeForecaster("lightgbm on ONNX Runtime", () => new ModelForecaster(open()));
describeForecaster("a window on ONNX Runtime", () => new ModelForecaster(opening(WINDOW, windowCard("1"))));
