// Who is shown of a symbol's models, in which order, and votes as lines.

import { describe, expect, test } from "bun:test";
import type { ModelsMessage } from "../../api/models.ts";
import type { PredictionMessage, SignalMessage } from "../../api/schemas.ts";
import { horizonText, modelRows, signalLines, storedLines } from "./model-rows.ts";

type Model = ModelsMessage["items"][number];

function model(name: string, status: Model["status"], symbols: string[] | null = null): Model {
  const live = ["EURUSD", "USDJPY"].map((symbol) => ({ symbol }) as Model["live"][number]);
  const known = { model: name, version: "1", status, member: "lightgbm", symbols, live };
  return Object.assign(known, { event: "up", horizonSeconds: 300 }) as unknown as Model;
}

describe("rows of models", () => {
  test("are of the symbol, those that vote first", () => {
    const message = {
      items: [
        model("old", "retired"),
        model("might", "shadow"),
        model("hung", "quarantined"),
        model("votes", "champion"),
        model("other", "champion", ["XAUUSD"]),
      ],
      rules: [{ member: "technical", kind: "rule", event: "up", horizonSeconds: 300, live: [] }],
      symbols: [],
    } as unknown as ModelsMessage;
    const rows = modelRows(message, "USDJPY");
    expect(rows.map(({ name, live }) => [name, live?.symbol])).toEqual([
      ["votes 1", "USDJPY"],
      ["hung 1", "USDJPY"],
      ["technical", undefined],
      ["might 1", "USDJPY"],
    ]);
  });

  test("name horizons as people do", () => {
    expect([5, 60, 900, 3_600].map(horizonText)).toEqual(["5 s", "1 min", "15 min", "60 min"]);
  });
});

describe("lines of votes", () => {
  test("are by member, oldest first, without those who said nothing", () => {
    const votes = [
      { member: "b", time: "2026-01-05T00:00:02Z", probabilityUp: 0.6 },
      { member: "a", time: "2026-01-05T00:00:02Z", probabilityUp: null },
      { member: "b", time: "2026-01-05T00:00:01Z", probabilityUp: 0.4 },
      { member: "a", time: "2026-01-05T00:00:01Z", probabilityUp: 0.5 },
    ] as PredictionMessage[];
    const shape = storedLines(votes).map(({ member, points }) => [
      member,
      points.map((point) => point.probability),
    ]);
    expect(shape).toEqual([
      ["a", [0.5]],
      ["b", [0.4, 0.6]],
    ]);
  });

  test("come of signals where none are stored, at the time they were given", () => {
    const signals = [
      {
        symbol: "EURUSD",
        timestamp: "2026-01-05T00:00:10Z",
        votes: [{ member: "a", probabilityUp: 0.7, weight: 1, ageMillis: 1_000 }],
      },
      { symbol: "USDJPY", timestamp: "2026-01-05T00:00:10Z", votes: [] },
    ] as unknown as SignalMessage[];
    const millis = Date.parse("2026-01-05T00:00:09Z");
    expect(signalLines(signals, "EURUSD")).toMatchObject([
      { member: "a", points: [{ millis, probability: 0.7 }] },
    ]);
    expect(signalLines(signals, "XAUUSD")).toEqual([]);
  });
});
