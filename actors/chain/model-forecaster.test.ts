// A model as a member: which columns and rows it reads in which order, and when it keeps still.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_MINUTE } from "../base/clock.ts";
import { FEATURE, FEATURE_COUNT } from "../domain/features.ts";
import { ABSTAIN } from "../ports/forecaster.ts";
import type { Inference } from "../ports/inference.ts";
import type { ModelCard } from "../ports/models.ts";
import { MinuteHistory } from "../symbol/minute-history.ts";
import { cardOf } from "../../test/contract/models.ts";
import { WINDOW_COLUMNS, WINDOW_ROWS, windowCard } from "../../test/fixtures/models.ts";
import { MARKET_GAP_MICROS } from "./features/limits.ts";
import { ModelForecaster } from "./model-forecaster.ts";
import { modelColumns } from "./model-input.ts";

/** Says how often it was asked, and keeps what it read. */
class Reader implements Inference {
  readonly card: ModelCard;
  readonly input: Float32Array;
  runs = 0;

  constructor(card: ModelCard) {
    this.card = card;
    this.input = new Float32Array(card.window * card.features.length);
  }

  run(): Float32Array {
    this.runs++;
    return Float32Array.of(0.25, 0.75);
  }

  close(): void {
    throw new Error("a member closes nothing");
  }
}

function features(number: number): Float64Array {
  return new Float64Array(FEATURE_COUNT).map((_, index) => 100 * number + index);
}

function minutesOf(
  count: number,
  change: (row: Float64Array, number: number) => void = () => undefined,
): MinuteHistory {
  const minutes = new MinuteHistory(WINDOW_ROWS);
  for (let number = 1; number <= count; number++) {
    const row = features(number);
    change(row, number);
    minutes.push(row, number * MICROS_PER_MINUTE);
  }
  return minutes;
}

/** Asked at the close of the newest minute. */
function askAt(member: ModelForecaster, minutes: MinuteHistory, afterMicros = 0): number {
  return member.forecast({
    features: features(99),
    minutes,
    timeMicros: minutes.closeMicros + afterMicros,
    instrumentId: 0,
  });
}

describe("a model that reads a window", () => {
  test("reads the card's columns of the newest minutes, the oldest first", () => {
    const reader = new Reader(windowCard("1"));
    expect(askAt(new ModelForecaster(reader), minutesOf(11))).toBe(0.75);
    const expected = [4, 5, 6, 7, 8, 9, 10, 11].flatMap((number) =>
      WINDOW_COLUMNS.map((column) => 100 * number + FEATURE[column]),
    );
    expect([...reader.input]).toEqual(expected);
  });

  test("keeps still until it is full, after a market gap too, and when nothing closed for as long", () => {
    const member = new ModelForecaster(new Reader(windowCard("1")));
    expect(askAt(member, minutesOf(WINDOW_ROWS - 1))).toBe(ABSTAIN);
    const minutes = minutesOf(WINDOW_ROWS);
    expect(askAt(member, minutes)).toBe(0.75);
    expect(askAt(member, minutes, MARKET_GAP_MICROS)).toBe(0.75);
    expect(askAt(member, minutes, MARKET_GAP_MICROS + 1)).toBe(ABSTAIN);
    minutes.push(features(20), minutes.closeMicros + MARKET_GAP_MICROS + MICROS_PER_MINUTE);
    expect(askAt(member, minutes)).toBe(ABSTAIN);
    expect(member.forecast({ features: features(1), timeMicros: 0, instrumentId: 0 })).toBe(ABSTAIN);
  });

  const column = FEATURE[WINDOW_COLUMNS[1]];
  const cases: readonly {
    what: string;
    accepts: boolean;
    row: (row: Float64Array, number: number) => void;
    says: number;
  }[] = [
    {
      what: "a value is missing",
      accepts: false,
      row: (row, number) => void (number === 5 && (row[column] = Number.NaN)),
      says: ABSTAIN,
    },
    {
      what: "one is missing and it was trained so",
      accepts: true,
      row: (row, number) => void (number === 5 && (row[column] = Number.NaN)),
      says: 0.75,
    },
    {
      what: "half are missing and it was trained so",
      accepts: true,
      row: (row, number) => void (number > 4 && row.fill(Number.NaN)),
      says: 0.75,
    },
    {
      what: "more than half are missing",
      accepts: true,
      row: (row, number) => void (number > 3 && row.fill(Number.NaN)),
      says: ABSTAIN,
    },
    {
      what: "a value is infinite",
      accepts: true,
      row: (row, number) => void (number === 5 && (row[column] = -Infinity)),
      says: ABSTAIN,
    },
    {
      what: "a value is beyond four bytes",
      accepts: true,
      row: (row, number) => void (number === 5 && (row[column] = 1e300)),
      says: ABSTAIN,
    },
    {
      what: "what it does not read is infinite",
      accepts: false,
      row: (row) => void (row[FEATURE.hurst] = Infinity),
      says: 0.75,
    },
  ];
  for (const { what, accepts, row, says } of cases) {
    test(`${says === ABSTAIN ? "keeps still" : "speaks"} where ${what}`, () => {
      const reader = new Reader(windowCard("1", { acceptsMissing: accepts }));
      expect(askAt(new ModelForecaster(reader), minutesOf(WINDOW_ROWS, row))).toBe(says);
      expect(reader.runs).toBe(says === ABSTAIN ? 0 : 1);
    });
  }
});

describe("a model that reads one row", () => {
  const one = {
    features: ["spread", "returns"],
    window: 1,
    inputs: [{ name: "features", shape: [null, 2] }],
  };

  test("at every tick reads the features of now", () => {
    const reader = new Reader(cardOf("lightgbm", "1", one));
    askAt(new ModelForecaster(reader), minutesOf(2));
    expect([...reader.input]).toEqual([9_900 + FEATURE.spread, 9_900 + FEATURE.returns]);
  });

  test("at bar closes reads them as they were at the close, and of now where nobody keeps those", () => {
    const reader = new Reader(cardOf("lightgbm", "1", { ...one, cadence: "bar-close" }));
    const member = new ModelForecaster(reader);
    askAt(member, minutesOf(2));
    expect([...reader.input]).toEqual([200 + FEATURE.spread, 200 + FEATURE.returns]);
    member.forecast({ features: features(99), timeMicros: 0, instrumentId: 0 });
    expect(reader.input[0]).toBe(9_900 + FEATURE.spread);
  });
});

describe("a card is refused", () => {
  const cases: readonly [Partial<ModelCard>, string, string][] = [
    [{ features: [...WINDOW_COLUMNS.slice(1), "moon_phase"] }, "schema-mismatch", "moon_phase"],
    [{ cadence: "tick" }, "shape-mismatch", "bar-close"],
    [{ window: 9 }, "shape-mismatch", "[, 9, 5]"],
    [{ window: 1, cadence: "tick" }, "shape-mismatch", "[, 5]"],
    [{ features: WINDOW_COLUMNS.slice(1) }, "shape-mismatch", "[, 8, 4]"],
    [
      { inputs: [...windowCard("1").inputs, ...windowCard("1").inputs] },
      "shape-mismatch",
      "more than one input",
    ],
  ];
  for (const [changes, code, said] of cases) {
    test(`that says ${JSON.stringify(changes).slice(0, 80)}: ${said}`, () => {
      const refused = modelColumns(windowCard("1", changes));
      expect(refused).toMatchObject({ ok: false, code });
      expect(refused.ok ? "" : refused.message).toContain(said);
    });
  }
});
