// Asking the members: who is due, what becomes of each kind of answer, and when a member loses its turn.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { type Clock, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../base/clock.ts";
import { FEATURE_COUNT } from "../domain/features.ts";
import { NOON_MICROS } from "../engine.fixture.ts";
import { ABSTAIN, type Cadence, type ForecastInput, type Forecaster } from "../ports/forecaster.ts";
import type { MemberId, Vote, VoteStatus } from "../domain/prediction.ts";
import { VOTES_IN_FLIGHT_MAX } from "./limits.ts";
import { ForecasterPanel } from "./panel.ts";

const DEADLINE_MICROS = 1_000;

class HandClock implements Clock {
  micros = 0;

  nowMicros(): number {
    return this.micros;
  }
}

function forecaster(member: MemberId, cadence: Cadence, answer: () => number): Forecaster {
  return {
    member,
    cadence,
    deadlineMicros: DEADLINE_MICROS,
    voteLifeMicros: MICROS_PER_SECOND,
    forecast: answer,
    persist: () => {},
  };
}

function panelOf(members: readonly MemberId[], answer: () => number): ForecasterPanel {
  return new ForecasterPanel({
    instrumentId: 3,
    forecasters: members.map((member) => forecaster(member, "tick", answer)),
    stopwatch: new HandClock(),
    judgeDeadlines: true,
  });
}

function setUp(answer: () => number, options: { judgeDeadlines?: boolean; stopwatch?: Clock } = {}) {
  return new ForecasterPanel({
    instrumentId: 3,
    forecasters: [
      forecaster("technical", "tick", () => 0.6),
      forecaster("xgboost", "tick", answer),
      forecaster("chaos", "bar-close", () => 0.4),
      forecaster("adviser", "asynchronous", () => 0.9),
    ],
    stopwatch: options.stopwatch ?? new HandClock(),
    judgeDeadlines: options.judgeDeadlines ?? true,
  });
}

/** A member that may be asked ahead, among others that may not. */
function aheadOf(answer: () => number, tookMicros = DEADLINE_MICROS) {
  const clock = new HandClock();
  let calls = 0;
  const counted = (): number => {
    calls++;
    clock.micros += tookMicros;
    return answer();
  };
  const panel = new ForecasterPanel({
    instrumentId: 3,
    forecasters: [
      forecaster("technical", "tick", () => 0.6),
      { ...forecaster("xgboost", "bar-close", counted), readsMinutesAlone: true, minutesRead: 1 },
      forecaster("chaos", "bar-close", () => 0.4),
    ],
    stopwatch: clock,
    judgeDeadlines: true,
  });
  panel.minuteClosed(new Float64Array(FEATURE_COUNT), NOON_MICROS);
  return { panel, clock, calls: () => calls };
}

function input(atMicros = 0): ForecastInput {
  return { features: new Float64Array(), timeMicros: NOON_MICROS + atMicros, instrumentId: 3 };
}

/** Asks and lets the panel hear the answers, as an actor does. */
function askAndHear(panel: ForecasterPanel, atMicros = 0): readonly Vote[] {
  const draft = panel.ask(input(atMicros), 1, false);
  const votes = draft.votes.map(({ member, status, probabilityUp }) => ({ member, status, probabilityUp }));
  panel.heard(draft);
  return votes;
}

const late = ({ member, probabilityUp }: Vote): Vote => ({ member, probabilityUp, status: "late" });

describe("forecaster panel", () => {
  test("asks tick members on ticks, bar members as well when a bar closed, asynchronous ones never", () => {
    const panel = setUp(() => 0.5);
    const onTick = panel.ask(input(), 7, false);
    expect(onTick).toMatchObject({
      kind: "votes",
      seq: 0,
      instrumentId: 3,
      causeSeq: 7,
      timeMicros: NOON_MICROS,
    });
    expect(onTick.votes.map(({ member }) => member)).toEqual(["technical", "xgboost"]);
    expect(panel.ask(input(), 8, true).votes.map(({ member }) => member)).toEqual([
      "technical",
      "xgboost",
      "chaos",
    ]);
    expect(panel.hasBarMembers).toBe(true);
  });

  const stopwatch = new HandClock();
  const cases: readonly {
    what: string;
    answer: () => number;
    status: VoteStatus;
    judgeDeadlines?: boolean;
  }[] = [
    { what: "0.3", answer: () => 0.3, status: "voted" },
    { what: "nothing", answer: () => ABSTAIN, status: "abstained" },
    { what: "NaN", answer: () => Number.NaN, status: "invalid" },
    { what: "0", answer: () => 0, status: "invalid" },
    { what: "1", answer: () => 1, status: "invalid" },
    { what: "infinity", answer: () => Number.POSITIVE_INFINITY, status: "invalid" },
    {
      what: "an exception",
      answer: () => {
        throw new Error("no model");
      },
      status: "failed",
    },
    {
      what: "too late",
      answer: () => {
        stopwatch.micros += DEADLINE_MICROS + 1;
        return 0.3;
      },
      status: "late",
    },
    {
      what: "at the deadline",
      answer: () => {
        stopwatch.micros += DEADLINE_MICROS;
        return 0.3;
      },
      status: "voted",
    },
    {
      what: "too late where nobody judges",
      answer: () => {
        stopwatch.micros += DEADLINE_MICROS + 1;
        return 0.3;
      },
      status: "voted",
      judgeDeadlines: false,
    },
  ];
  for (const { what, answer, status, judgeDeadlines } of cases) {
    test(`${what} is ${status}, and the other member's vote stands`, () => {
      const panel = setUp(answer, { stopwatch, judgeDeadlines: judgeDeadlines ?? true });
      const { votes } = panel.ask(input(), 1, false);
      expect(votes).toEqual([
        { member: "technical", status: "voted", probabilityUp: 0.6 },
        { member: "xgboost", status, probabilityUp: status === "voted" ? 0.3 : Number.NaN },
      ]);
    });
  }

  test("says ahead of its turn what it says then, once, where nothing that it read has changed", () => {
    const { panel, clock, calls } = aheadOf(() => 0.3);
    expect([0, 1, 2].map((member) => panel.askAhead(member, input(5)))).toEqual([true, true, false]);
    expect(calls()).toBe(1);
    clock.micros += 100;
    const { votes } = panel.ask(input(5), 1, true);
    expect(votes.map(({ probabilityUp }) => probabilityUp)).toEqual([0.6, 0.3, 0.4]);
    expect([calls(), panel.aheadMicros]).toEqual([1, DEADLINE_MICROS]);
    panel.ask(input(5), 2, true);
    expect([calls(), panel.aheadMicros]).toEqual([2, 0]);
  });

  test("is asked again where its turn comes at another time, or after another minute", () => {
    const { panel, calls } = aheadOf(() => 0.3);
    panel.askAhead(0, input(5));
    panel.ask(input(6), 1, true);
    expect(calls()).toBe(2);
    panel.askAhead(0, input(7));
    panel.minuteClosed(new Float64Array(FEATURE_COUNT), NOON_MICROS + MICROS_PER_MINUTE);
    panel.ask(input(7), 2, true);
    expect(calls()).toBe(4);
  });

  test("is late ahead as it is in its turn, and not asked ahead while its breaker is open", () => {
    const { panel, calls } = aheadOf(() => 0.3, DEADLINE_MICROS + 1);
    for (let seq = 1; seq <= 5; seq++) {
      panel.askAhead(0, input(seq));
      const draft = panel.ask(input(seq), seq, true);
      expect(draft.votes[1]).toEqual({
        member: "xgboost",
        status: "late",
        probabilityUp: Number.NaN,
      });
      panel.heard(draft);
    }
    expect(calls()).toBe(5);
    expect(panel.askAhead(0, input(6))).toBe(true);
    expect(panel.ask(input(6), 6, true).votes[1]?.status).toBe("breaker-open");
    expect(calls()).toBe(5);
  });

  test("five failures cost a member its turn; a second later it is asked again", () => {
    let calls = 0;
    let answer = Number.NaN;
    const panel = setUp(() => {
      calls++;
      return answer;
    });
    const statusAt = (atMicros: number): VoteStatus | undefined => askAndHear(panel, atMicros)[1]?.status;
    expect(Array.from({ length: 6 }, () => statusAt(0))).toEqual([
      "invalid",
      "invalid",
      "invalid",
      "invalid",
      "invalid",
      "breaker-open",
    ]);
    expect(calls).toBe(5);
    answer = 0.5;
    expect(statusAt(MICROS_PER_SECOND - 1)).toBe("breaker-open");
    expect(statusAt(MICROS_PER_SECOND)).toBe("voted");
    expect(statusAt(MICROS_PER_SECOND)).toBe("voted");
  });

  test("what is heard opens a breaker, whatever was said: a replay hears that a member was late", () => {
    const panel = setUp(() => 0.5);
    for (let seq = 1; seq <= 5; seq++) {
      const { votes, ...draft } = panel.ask(input(), seq, false);
      panel.heard({ ...draft, seq, votes: votes.map(late) });
    }
    expect(panel.ask(input(), 6, false).votes.map(({ status }) => status)).toEqual([
      "breaker-open",
      "breaker-open",
    ]);
  });

  test("an open breaker is open after a save and a load", () => {
    const panel = setUp(() => Number.NaN);
    for (let i = 0; i < 5; i++) askAndHear(panel);
    const saved = new SaveArchive();
    panel.persist(saved);
    const loaded = setUp(() => 0.5);
    const archive = new LoadArchive(saved.finish());
    loaded.persist(archive);
    archive.finish();
    expect(loaded.ask(input(1), 1, false).votes[1]?.status).toBe("breaker-open");
  });

  test("another set of members goes on with those it has in common: their breakers, the rest afresh", () => {
    const before = panelOf(["technical", "xgboost"], () => Number.NaN);
    for (let i = 0; i < 5; i++) askAndHear(before);
    const saved = new SaveArchive();
    before.persist(saved);
    const after = panelOf(["lightgbm", "xgboost"], () => 0.6);
    const archive = new LoadArchive(saved.finish());
    after.persist(archive);
    archive.finish();
    const { votes } = after.ask(input(1), 1, false);
    expect(votes.map(({ member, status }) => [member, status])).toEqual([
      ["lightgbm", "voted"],
      ["xgboost", "breaker-open"],
    ]);
  });

  test("a votes record is not reused before it has been heard", () => {
    const panel = setUp(() => 0.5);
    for (let seq = 1; seq <= VOTES_IN_FLIGHT_MAX; seq++) panel.ask(input(), seq, false).seq = seq;
    expect(() => panel.ask(input(), 1, false)).toThrow(
      "more votes are in flight than the panel has slots for",
    );
  });

  test("once heard, it is", () => {
    const panel = setUp(() => 0.5);
    const first = panel.ask(input(), 1, false);
    first.seq = 1;
    for (let seq = 2; seq <= VOTES_IN_FLIGHT_MAX; seq++) panel.ask(input(), seq, false).seq = seq;
    panel.heard(first);
    expect(panel.ask(input(), 9, false)).toBe(first);
  });

  test.each([
    ["a vote", "voted", 0.7, { status: "voted", probabilityUp: 0.7 }],
    ["a failure", "late", 0.7, { status: "late", probabilityUp: Number.NaN }],
    ["what is no probability", "voted", 1, { status: "invalid", probabilityUp: Number.NaN }],
    ["NaN", "voted", Number.NaN, { status: "invalid", probabilityUp: Number.NaN }],
  ] as const)("%s from outside is relayed in a record of its own", (_, status, probabilityUp, vote) => {
    const relayed = setUp(() => 0.5).relay({ member: "adviser", status, probabilityUp }, 9, NOON_MICROS);
    expect(relayed).toMatchObject({ seq: 0, causeSeq: 9, timeMicros: NOON_MICROS, instrumentId: 3 });
    expect(relayed.votes).toEqual([{ member: "adviser", ...vote }]);
  });
});
