// Which models vote: one for each member and symbol, the same whoever reads the configuration.

import { describe, expect, test } from "bun:test";
import { cardOf } from "../test/contract/models.ts";
import {
  type Candidate,
  changedMembers,
  chooseModels,
  modelVotes,
  unfit,
  type VotingModel,
  votingModel,
  votingModels,
} from "./voting-models.ts";

const TRADED = ["EURUSD", "NZDUSD", "XAUUSD"];

function voting(
  model: string,
  symbols: readonly string[] | null,
  changes: Partial<VotingModel> = {},
): VotingModel {
  return { model, version: "1", sha256: `${model}-hash`, member: "lightgbm", symbols, ...changes };
}

function candidate(sinceMicros: number, ...named: Parameters<typeof voting>): Candidate {
  return { voting: voting(...named), sinceMicros };
}

describe("for a member and a symbol", () => {
  test("a model that names the symbol goes before one for any", () => {
    const models = [
      voting("any", null),
      voting("gold", ["XAUUSD"]),
      voting("other", null, { member: "lstm" }),
    ];
    expect(votingModel({ models }, "lightgbm", "XAUUSD")?.model).toBe("gold");
    expect(votingModel({ models }, "lightgbm", "EURUSD")?.model).toBe("any");
    expect(votingModel({ models }, "cnn", "EURUSD")).toBeUndefined();
    expect(votingModels({ models }, "XAUUSD").map(({ model }) => model)).toEqual(["gold", "other"]);
    expect(votingModels({}, "XAUUSD")).toEqual([]);
  });

  test("it is another one only where model, version or bytes are", () => {
    const before = { models: [voting("any", null), voting("gold", ["XAUUSD"])] };
    expect(changedMembers(before, { models: [...before.models].reverse() }, "XAUUSD")).toEqual([]);
    const newer = { models: [voting("any", null, { version: "2" }), voting("gold", ["XAUUSD"])] };
    expect(changedMembers(before, newer, "XAUUSD")).toEqual([]);
    expect(changedMembers(before, newer, "EURUSD")).toEqual(["lightgbm"]);
    expect(changedMembers(before, {}, "XAUUSD")).toEqual(["lightgbm"]);
  });
});

const choices: readonly {
  what: string;
  candidates: Candidate[];
  chosen: [string, readonly string[] | null][];
  problems: string[][];
}[] = [
  {
    what: "members do not disturb each other",
    candidates: [candidate(2, "b", null), candidate(1, "a", null, { member: "lstm" })],
    chosen: [
      ["a", null],
      ["b", null],
    ],
    problems: [],
  },
  {
    what: "one for a symbol stands beside one for any",
    candidates: [candidate(1, "any", null), candidate(2, "gold", ["XAUUSD"])],
    chosen: [
      ["any", null],
      ["gold", ["XAUUSD"]],
    ],
    problems: [],
  },
  {
    what: "of two for any, the one that was there first votes",
    candidates: [candidate(2, "late", null), candidate(1, "early", null, { version: "7" })],
    chosen: [["early", null]],
    problems: [["early 7", "late 1", "any symbol"]],
  },
  {
    what: "of two for a symbol as well, and the other keeps what is left to it",
    candidates: [candidate(2, "late", ["XAUUSD", "NZDUSD"]), candidate(1, "early", ["EURUSD", "XAUUSD"])],
    chosen: [
      ["early", ["EURUSD", "XAUUSD"]],
      ["late", ["NZDUSD"]],
    ],
    problems: [["early 1", "late 1", "XAUUSD"]],
  },
  {
    what: "one for what nobody trades is left out, and is in nobody's way",
    candidates: [candidate(1, "a", ["DE40"]), candidate(2, "b", ["DE40", "EURUSD"])],
    chosen: [["b", ["EURUSD"]]],
    problems: [],
  },
];

describe("of all champions", () => {
  for (const { what, candidates, chosen, problems } of choices) {
    test(what, () => {
      for (const given of [candidates, candidates.toReversed()]) {
        const choice = chooseModels(given, TRADED);
        expect(choice.models.map(({ model, symbols }) => [model, symbols])).toEqual(chosen as never);
        expect(choice.problems).toHaveLength(problems.length);
        for (const [index, words] of problems.entries()) {
          for (const word of words) expect(choice.problems[index]).toContain(word);
        }
      }
    });
  }
});

describe("a model may vote", () => {
  const trainedMicros = Date.parse(cardOf("lightgbm", "1").trainedAt) * 1_000;
  const cases: readonly { card: Parameters<typeof cardOf>[2]; why: string | undefined }[] = [
    { card: {}, why: undefined },
    { card: { member: "fast" }, why: undefined },
    { card: { member: "range-15m", event: "lively" }, why: undefined },
    { card: { member: "slot-range-60m", event: "slot-lively" }, why: undefined },
    { card: { event: "lively" }, why: '"up"' },
    { card: { member: "range-60m" }, why: '"lively"' },
    { card: { member: "range-60m", event: "slot-lively" }, why: '"lively"' },
    { card: { member: "technical" }, why: "no trained model" },
    { card: { member: "adviser" }, why: "no trained model" },
    { card: { member: "analogs" }, why: "no trained model" },
    { card: { cadence: "asynchronous" }, why: "asynchronous" },
    { card: { expiresAfterMicros: 5_000_000 }, why: undefined },
    { card: { expiresAfterMicros: 4_999_999 }, why: "expired on 2026-01-05" },
  ];
  for (const { card, why } of cases) {
    test(`with ${JSON.stringify(card)}: ${why ?? "yes"}`, () => {
      const said = unfit(cardOf("lightgbm", "1", card), trainedMicros + 5_000_000);
      if (why === undefined) expect(said).toBeUndefined();
      else expect(said).toContain(why);
    });
  }
});

test("what votes on a symbol says what its card does; journals of before leave its event to its member", () => {
  const card = { horizonMicros: 900_000_000, voteLifeMicros: 150_000_000, cadence: "bar-close" } as const;
  const models = [
    voting("slow", null, { member: "range-15m", event: "lively", ...card }),
    voting("old", null, { member: "slot-range-60m" }),
  ];
  expect(modelVotes({ models }, "EURUSD")).toEqual([
    { member: "range-15m", name: "slow 1 slow-hash", event: "lively", ...card },
    {
      member: "slot-range-60m",
      name: "old 1 old-hash",
      event: "slot-lively",
      horizonMicros: undefined,
      voteLifeMicros: undefined,
      cadence: undefined,
    },
  ]);
});
