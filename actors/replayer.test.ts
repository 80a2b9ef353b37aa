// What a replay says of a journal, on a host of two listeners: what came out again, what did not, and why.

import { describe, expect, test } from "bun:test";
import type { Signal } from "./domain/signal.ts";
import type { Execution } from "./domain/order.ts";
import type { Vote, Votes } from "./domain/prediction.ts";
import type { Quarantined } from "./domain/quarantine.ts";
import type { JournalRecord } from "./domain/records.ts";
import type { Tick } from "./domain/tick.ts";
import { incoming, NOON_MICROS, testSeats } from "./engine.fixture.ts";
import { UNPLACED_EMISSIONS_MAX } from "./limits.ts";
import type { Draft } from "./ports/emitter.ts";
import { Replayer, type ReplayMode } from "./replayer.ts";
import { Switchboard } from "./switchboard.ts";

const SYMBOL = "symbol/EURUSD";
const timeMicros = NOON_MICROS;

function tick(seq: number): Tick {
  return { kind: "tick", seq, timeMicros, ...incoming(seq) };
}

function vote(probabilityUp: number, status: Vote["status"] = "voted"): Vote {
  return { member: "technical", status, probabilityUp };
}

function votes(seq: number, causeSeq: number, ...given: Vote[]): Votes {
  return { kind: "votes", seq, timeMicros, instrumentId: 0, causeSeq, votes: given };
}

function signal(seq: number, causeSeq: number, stopPoints = 50): Signal {
  return {
    kind: "signal",
    seq,
    timeMicros,
    instrumentId: 0,
    causeSeq,
    tickSeq: 1,
    tradable: true,
    action: "BUY",
    probabilityUp: 0.8,
    confidence: 0.6,
    regime: "trend-up",
    components: [],
    reasons: [],
    bidPoints: 1,
    askPoints: 2,
    stopPoints,
    targetPoints: 80,
    expiresAtMicros: timeMicros,
  } as unknown as Signal;
}

function quarantined(seq: number, causeSeq: number): Quarantined {
  return { kind: "quarantined", seq, timeMicros, instrumentId: 0, sourceId: 1, causeSeq, code: "stale" };
}

function execution(seq: number, causeSeq: number, pricePoints: number): Execution {
  return {
    kind: "execution",
    seq,
    timeMicros,
    accountId: "paper",
    intentId: "paper-1",
    status: "filled",
    dealId: "deal-1",
    instrumentId: 0,
    side: "BUY",
    volumeMicros: 1,
    pricePoints,
    commissionMicros: 0,
    reason: "",
    positionId: null,
    causeSeq,
  };
}

type Says = readonly (readonly [path: string, draft: Draft])[];

/** Replays `records`; when record `seq` was handed over, the actors say `says[seq]`. */
function replay(
  records: readonly JournalRecord[],
  says: Readonly<Record<number, Says>>,
  mode: ReplayMode = "recompute",
) {
  const seats = testSeats();
  const switchboard = new Switchboard(seats, { hold: () => {} });
  let observed = 0;
  const replayer: Replayer = new Replayer(
    {
      switchboard,
      observe: ({ seq }) => {
        observed = seq;
      },
      run: () => {
        for (const [path, draft] of says[observed] ?? []) replayer.emitted(path, draft);
      },
    },
    mode,
  );
  for (const record of records) replayer.feed(record);
  const { examples, compared } = replayer.report();
  const heard = seats.symbols[0]?.heard.filter(({ kind }) => kind === "votes") as Votes[];
  return {
    compared,
    differences: examples.map(({ cause, how, kind, seq }) => `${seq} ${kind} ${how}: ${cause}`),
    heardVotes: heard.flatMap((record) => record.votes.map(({ probabilityUp }) => probabilityUp)),
    unplaced: replayer.takeUnplaced().map(({ kind }) => kind),
  };
}

const late = vote(Number.NaN, "late");
const cases: readonly {
  what: string;
  records: readonly JournalRecord[];
  says: Readonly<Record<number, Says>>;
  mode?: ReplayMode;
  differences: readonly string[];
  unplaced?: readonly string[];
}[] = [
  {
    what: "the same votes",
    records: [tick(1), votes(2, 1, vote(0.6))],
    says: { 1: [[SYMBOL, votes(0, 1, vote(0.6))]] },
    differences: [],
  },
  {
    what: "another probability",
    records: [tick(1), votes(2, 1, vote(0.6))],
    says: { 1: [[SYMBOL, votes(0, 1, vote(0.7))]] },
    differences: ["2 votes changed: model"],
  },
  {
    what: "the tenth digit",
    records: [tick(1), votes(2, 1, vote(0.6))],
    says: { 1: [[SYMBOL, votes(0, 1, vote(0.6 + 1e-12))]] },
    differences: ["2 votes changed: numeric"],
  },
  {
    what: "a vote where there was none in time",
    records: [tick(1), votes(2, 1, late)],
    says: { 1: [[SYMBOL, votes(0, 1, vote(0.6))]] },
    differences: [],
  },
  {
    what: "a late vote where one was in time",
    records: [tick(1), votes(2, 1, vote(0.6))],
    says: { 1: [[SYMBOL, votes(0, 1, late)]] },
    differences: ["2 votes changed: timing"],
  },
  {
    what: "no votes at all",
    records: [tick(1), votes(2, 1, vote(0.6))],
    says: {},
    differences: ["2 votes missing: timing"],
  },
  {
    what: "no votes, taken from the journal",
    records: [tick(1), votes(2, 1, vote(0.6))],
    says: {},
    mode: "recorded",
    differences: [],
  },
  {
    what: "another stop from the same votes",
    records: [votes(2, 1, vote(0.6)), signal(3, 2)],
    says: { 2: [[SYMBOL, signal(0, 2, 51)]] },
    mode: "recorded",
    differences: ["3 signal changed: code"],
  },
  {
    what: "another stop after another vote",
    records: [tick(1), votes(2, 1, vote(0.6)), signal(3, 2)],
    says: { 1: [[SYMBOL, votes(0, 1, vote(0.7))]], 2: [[SYMBOL, signal(0, 2, 51)]] },
    differences: ["2 votes changed: model", "3 signal changed: model"],
  },
  {
    what: "another fill",
    records: [tick(1), execution(2, 1, 100)],
    says: { 1: [["broker/paper", execution(0, 1, 101)]] },
    differences: ["2 execution changed: fill"],
  },
  {
    what: "a tick quarantined that was not",
    records: [tick(1), votes(2, 1, vote(0.6))],
    says: { 1: [[SYMBOL, quarantined(0, 1)]] },
    differences: ["1 quarantined extra: data", "2 votes missing: timing"],
  },
  {
    what: "a tick not quarantined that was",
    records: [tick(1), quarantined(2, 1)],
    says: {},
    differences: ["2 quarantined missing: data"],
  },
  {
    what: "what the journal ended before",
    records: [tick(1), tick(2), votes(3, 1, vote(0.6))],
    says: {
      1: [[SYMBOL, votes(0, 1, vote(0.6))]],
      2: [
        [SYMBOL, votes(0, 2, vote(0.6))],
        ["broker/paper", execution(0, 2, 1)],
      ],
    },
    mode: "recover",
    differences: [],
    unplaced: ["votes", "execution"],
  },
  {
    what: "what the journal passed over",
    records: [tick(1), tick(2), votes(3, 2, vote(0.6))],
    says: { 1: [[SYMBOL, votes(0, 1, vote(0.6))]], 2: [[SYMBOL, votes(0, 2, vote(0.6))]] },
    mode: "recover",
    differences: ["1 votes extra: timing"],
  },
];

describe("a replay that says", () => {
  for (const { what, records, says, mode, differences, unplaced } of cases) {
    test(`${what}: ${differences.join(", ") || "no difference"}`, () => {
      const outcome = replay(records, says, mode);
      expect(outcome.differences).toEqual([...differences]);
      expect(outcome.unplaced.join(" ")).toBe((unplaced ?? []).join(" "));
    });
  }
});

describe("votes that are heard", () => {
  const records = [tick(1), votes(2, 1, vote(0.6))];
  const says: Readonly<Record<number, Says>> = { 1: [[SYMBOL, votes(0, 1, vote(0.7))]] };
  for (const { mode, heard } of [
    { mode: "recompute", heard: 0.7 },
    { mode: "recover", heard: 0.6 },
    { mode: "recorded", heard: 0.6 },
  ] as const) {
    test(`in mode ${mode} are ${heard === 0.6 ? "the journal's" : "the members' new ones"}`, () => {
      expect(replay(records, mode === "recorded" ? {} : says, mode).heardVotes).toEqual([heard]);
    });
  }

  test("a member that was late then is not believed now", () => {
    expect(replay([tick(1), votes(2, 1, late)], says).heardVotes).toEqual([Number.NaN]);
  });
});

test("what is never recorded is counted, and the queue of it stays within its bound", () => {
  const many = Array.from({ length: UNPLACED_EMISSIONS_MAX + 5 }, (_, index) => tick(index + 1));
  const says = Object.fromEntries(many.map(({ seq }) => [seq, [[SYMBOL, votes(0, seq, vote(0.6))]] as Says]));
  const outcome = replay(many, says, "recover");
  expect(outcome.differences).toHaveLength(5);
  expect(outcome.unplaced).toHaveLength(UNPLACED_EMISSIONS_MAX);
});
