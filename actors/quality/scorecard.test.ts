// Live votes settled and scored, against code that looks at the whole history at once.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import type { MemberId, Vote, Votes, VoteStatus } from "../domain/prediction.ts";
import type { Regime } from "../domain/regime.ts";
import { areaUnderCurve, wilsonInterval } from "./measures.ts";
import { Scorecard, type ScoredMember, SETTLED_MAX } from "./scorecard.ts";

const START = Date.UTC(2024, 4, 15, 8) * 1_000;
const FIVE = 5 * MICROS_PER_MINUTE;
const QUARTER = 15 * MICROS_PER_MINUTE;
/** The feature that the range member's median is. */
const MEDIAN = 2;
const WIDTH = 3;

const MEMBERS: readonly ScoredMember[] = [
  { member: "technical", event: "up", horizonMicros: FIVE, medianFeature: -1 },
  { member: "xgboost", event: "up", horizonMicros: FIVE, medianFeature: -1 },
  { member: "range-15m", event: "lively", horizonMicros: QUARTER, medianFeature: MEDIAN },
];

function vote(member: MemberId, probabilityUp: number, status: VoteStatus = "voted"): Vote {
  return { member, status, probabilityUp };
}

function votesAt(timeMicros: number, votes: readonly Vote[]): Votes {
  return { kind: "votes", seq: 1, timeMicros, instrumentId: 0, causeSeq: 1, votes };
}

interface Minute {
  readonly closeMicros: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly votes: readonly Vote[];
  readonly regime: Regime;
  readonly median: number;
}

function minutesOf(seed: number, count: number): Minute[] {
  const random = new SeededRandom(seed);
  let minute = 0;
  let price = 110_000;
  return Array.from({ length: count }, () => {
    minute += random.next() < 0.03 ? 1 + random.integer(8) : 1;
    price += random.integer(21) - 10;
    const isLate = random.next() < 0.1;
    return {
      closeMicros: START + minute * MICROS_PER_MINUTE,
      high: price + random.integer(10),
      low: price - random.integer(10),
      close: price,
      votes: [
        vote("technical", 0.05 + 0.9 * random.next()),
        vote("xgboost", isLate ? Number.NaN : 0.05 + 0.9 * random.next(), isLate ? "late" : "voted"),
        vote("range-15m", 0.05 + 0.9 * random.next()),
      ],
      regime: random.next() < 0.3 ? "quiet-range" : "weak-uptrend",
      median: 3 + random.integer(3),
    };
  });
}

function play(scorecard: Scorecard, minutes: readonly Minute[]): void {
  for (const { closeMicros, votes, regime, median, ...bar } of minutes) {
    scorecard.onMinute(closeMicros, bar);
    // A beat comes a little after the close; ticks ask again within the minute, which does not count.
    scorecard.onVotes(votesAt(closeMicros + 30_000, votes), regime, Float64Array.of(0, 0, median));
    const later = votes.map(({ member, status }) => vote(member, 0.5, status));
    scorecard.onVotes(
      votesAt(closeMicros + 20 * MICROS_PER_SECOND, later.slice(0, 1)),
      regime,
      Float64Array.of(0, 0, 1),
    );
  }
}

interface Row {
  readonly probability: number;
  readonly outcome: number;
  readonly regime: Regime;
}

function slowRows(minutes: readonly Minute[], index: number): Row[] {
  const { event, horizonMicros } = MEMBERS[index]!;
  const last = minutes.at(-1)!.closeMicros;
  return minutes.flatMap((from) => {
    const atMicros = from.closeMicros + 30_000;
    const within = minutes.filter(
      ({ closeMicros }) => closeMicros > atMicros && closeMicros <= atMicros + horizonMicros,
    );
    const probability = from.votes[index]!.probabilityUp;
    const isOver = atMicros + horizonMicros < last;
    if (!isOver || within.length < (0.8 * horizonMicros) / MICROS_PER_MINUTE || Number.isNaN(probability))
      return [];
    const { regime, close, median } = from;
    const end = within.at(-1)!.close;
    if (event === "up") return end === close ? [] : [{ probability, outcome: end > close ? 1 : 0, regime }];
    const high = Math.max(...within.map((each) => each.high));
    const low = Math.min(...within.map((each) => each.low));
    return [{ probability, outcome: 1e4 * Math.log(high / low) > median ? 1 : 0, regime }];
  });
}

describe("votes at closed minutes", () => {
  test("are settled and scored as slow code does, altogether and by regime, over a restart", () => {
    const minutes = minutesOf(5, 1_200);
    const first = new Scorecard(MEMBERS, WIDTH);
    play(first, minutes.slice(0, 700));
    const saved = new SaveArchive();
    first.persist(saved);
    const scorecard = new Scorecard(MEMBERS, WIDTH);
    const archive = new LoadArchive(saved.finish());
    scorecard.persist(archive);
    archive.finish();
    play(scorecard, minutes.slice(700));
    for (const [index, { member }] of MEMBERS.entries()) {
      for (const regime of [undefined, "quiet-range"] as const) {
        const rows = slowRows(minutes, index).filter((row) => regime === undefined || row.regime === regime);
        const score = scorecard.scoreOf(member, regime)!;
        expect(score).toMatchObject({ member, regime, rows: rows.length });
        expect(rows.length).toBeGreaterThan(200);
        const right = rows.filter(({ probability, outcome }) => probability > 0.5 === (outcome === 1)).length;
        expect(score.accuracy).toBeCloseTo(right / rows.length, 9);
        const squares = rows.reduce((sum, { probability, outcome }) => sum + (probability - outcome) ** 2, 0);
        expect(score.brier).toBeCloseTo(squares / rows.length, 6);
        const area = areaUnderCurve(
          Float32Array.from(rows, (row) => row.probability),
          Uint8Array.from(rows, (row) => row.outcome),
        );
        expect(score.auc).toBeCloseTo(area, 9);
      }
    }
    const told = scorecard.scores().map(({ member, regime }) => `${member} ${regime ?? "all"}`);
    expect(told).toEqual(
      ["technical", "xgboost", "range-15m"].flatMap((member) =>
        ["all", "quiet-range", "weak-uptrend"].map((regime) => `${member} ${regime}`),
      ),
    );
  });

  test("are forgotten, the oldest first, where there are many", () => {
    const minutes = minutesOf(6, 3_000);
    const scorecard = new Scorecard(MEMBERS, WIDTH);
    play(scorecard, minutes);
    const rows = slowRows(minutes, 0).slice(-SETTLED_MAX);
    const score = scorecard.scoreOf("technical")!;
    expect(score.rows).toBe(SETTLED_MAX);
    expect(score.baseRate).toBeCloseTo(rows.reduce((sum, { outcome }) => sum + outcome, 0) / SETTLED_MAX, 9);
  });

  test("of members that changed go on with those that stayed", () => {
    const scorecard = new Scorecard(MEMBERS, WIDTH);
    play(scorecard, minutesOf(7, 300));
    const saved = new SaveArchive();
    scorecard.persist(saved);
    const other = new Scorecard([MEMBERS[0]!, { ...MEMBERS[1]!, member: "lstm" }], WIDTH);
    const archive = new LoadArchive(saved.finish());
    other.persist(archive);
    archive.finish();
    expect(other.scoreOf("technical")).toEqual(scorecard.scoreOf("technical"));
    expect(other.scoreOf("lstm")).toBeUndefined();
    expect(other.scoreOf("xgboost")).toBeUndefined();
    play(other, minutesOf(8, 100));
    expect(other.scoreOf("technical")!.rows).toBeGreaterThan(scorecard.scoreOf("technical")!.rows + 50);
  });

  test("that come before a bar or long after one are let be; a member is scored once", () => {
    const scorecard = new Scorecard(MEMBERS, WIDTH);
    const votes = [vote("technical", 0.6)];
    scorecard.onVotes(votesAt(START, votes), "illiquid", new Float64Array(3));
    for (let hour = 0; hour < 100; hour++) {
      const closeMicros = START + hour * MICROS_PER_HOUR;
      scorecard.onMinute(closeMicros, { high: 2, low: 1, close: 1 });
      scorecard.onVotes(votesAt(closeMicros + MICROS_PER_MINUTE, votes), "illiquid", new Float64Array(3));
    }
    expect(scorecard.scores()).toEqual([]);
    expect(() => new Scorecard([MEMBERS[0]!, MEMBERS[0]!], WIDTH)).toThrow("twice");
  });
});

describe("whoever is asked only to be scored", () => {
  const NAMES = ["lightgbm 1", "lightgbm 2"];
  const versions = NAMES.map((member): ScoredMember<string> => {
    return { member, event: "up", horizonMicros: FIVE, medianFeature: -1 };
  });

  test("goes by a name of its own, is due once a minute, and is missing until it answered", () => {
    const scorecard = new Scorecard<string>(versions, 0);
    const seen: boolean[] = [];
    for (let minute = 1; minute <= 400; minute++) {
      const closeMicros = START + minute * MICROS_PER_MINUTE;
      const close = 1_000 + (minute % 7);
      scorecard.onMinute(closeMicros, { high: close, low: close, close });
      const later = closeMicros + MICROS_PER_SECOND;
      seen.push(scorecard.isDue(FIVE, closeMicros), scorecard.isMissing("lightgbm 2", closeMicros));
      const say = (timeMicros: number, member: string): void => {
        const votes = [{ member, status: "voted" as const, probabilityUp: 0.3 + 0.001 * minute }];
        scorecard.onVotes({ timeMicros, votes }, "illiquid", new Float64Array());
      };
      say(closeMicros, "lightgbm 1");
      seen.push(scorecard.isDue(FIVE, later), scorecard.isMissing("lightgbm 2", later));
      say(later, "lightgbm 2");
      seen.push(scorecard.isMissing("lightgbm 2", later));
      seen.push(scorecard.isDue(FIVE, closeMicros + MICROS_PER_MINUTE));
    }
    expect(seen).toEqual(Array.from({ length: 400 }, () => [true, false, false, true, false, false]).flat());
    const [first, second] = scorecard.scores().filter(({ regime }) => regime === undefined);
    expect([first?.member, second?.member]).toEqual(NAMES);
    expect({ ...second, member: "lightgbm 1" }).toEqual({ ...first! });
    expect(scorecard.settledOf("lightgbm 1")).toBe(first!.rows);
  });

  test("has an interval as wide as rows that do not overlap allow, and curves over all rows", () => {
    const scorecard = new Scorecard(MEMBERS, WIDTH);
    expect(scorecard.curvesOf("technical")).toBeUndefined();
    play(scorecard, minutesOf(3, 800));
    const { rows, rowsApart, accuracy, accuracyInterval } = scorecard.scoreOf("technical")!;
    expect(rowsApart).toBeCloseTo(rows / 5, 9);
    expect(accuracyInterval).toEqual(wilsonInterval(accuracy * rowsApart, rowsApart));
    const { calibration, coverage } = scorecard.curvesOf("technical")!;
    expect(calibration.reduce((sum, { count }) => sum + count, 0)).toBe(rows);
    expect(coverage.reduce((sum, { count }) => sum + count, 0)).toBe(rows);
    expect(coverage.at(-1)?.accuracyWithin).toBeCloseTo(accuracy, 9);
  });
});

test("features that move are seen once there is a day to compare, also over a restart", () => {
  const random = new SeededRandom(9);
  let scorecard = new Scorecard(MEMBERS, WIDTH);
  const five = 5 * MICROS_PER_MINUTE;
  for (let row = 0; row < 900; row++) {
    const closeMicros = START - (START % five) + row * five;
    scorecard.onMinute(closeMicros, { high: 2, low: 1, close: 1 });
    const features = Float64Array.of(random.normal(), random.normal() + (row >= 576 ? 1 : 0), Number.NaN);
    scorecard.onVotes(votesAt(closeMicros, [vote("technical", 0.6)]), "illiquid", features);
    if (row === 700) {
      expect(scorecard.driftOf(1)).toBeNaN();
      const saved = new SaveArchive();
      scorecard.persist(saved);
      scorecard = new Scorecard(MEMBERS, WIDTH);
      scorecard.persist(new LoadArchive(saved.finish()));
    }
  }
  expect(scorecard.driftOf(0)).toBeLessThan(0.15);
  expect(scorecard.driftOf(1)).toBeGreaterThan(0.25);
  expect(scorecard.driftOf(2)).toBeCloseTo(0, 9);
});

test("votes for seconds are settled by quotes, five a horizon at most", () => {
  const horizonMicros = 5 * MICROS_PER_SECOND;
  const scorecard = new Scorecard([{ member: "fast", event: "up", horizonMicros, medianFeature: -1 }], 0);
  const random = new SeededRandom(12);
  const quotes: { timeMicros: number; mid: number; probability: number }[] = [];
  let timeMicros = START;
  let mid = 130_000;
  let takenMicros = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < 4_000; i++) {
    timeMicros += random.integer(600) * 1_000;
    mid += random.integer(3) - 1;
    const probability = 0.1 + 0.8 * random.next();
    scorecard.onQuote(timeMicros, mid, 2);
    scorecard.onVotes(votesAt(timeMicros, [vote("fast", probability)]), "illiquid", new Float64Array());
    const isTaken = timeMicros >= takenMicros + MICROS_PER_SECOND;
    if (isTaken) takenMicros = timeMicros;
    quotes.push({ timeMicros, mid, probability: isTaken ? probability : Number.NaN });
  }
  const inForce = (atMicros: number): number => quotes.findLast((quote) => quote.timeMicros <= atMicros)!.mid;
  const rows = quotes.flatMap(({ timeMicros: from, probability }) => {
    if (Number.isNaN(probability) || from + horizonMicros >= timeMicros) return [];
    const move = inForce(from + horizonMicros) - inForce(from);
    return move === 0 ? [] : [{ probability, outcome: move > 0 ? 1 : 0 }];
  });
  const score = scorecard.scoreOf("fast")!;
  expect(score.rows).toBe(rows.length);
  expect(rows.length).toBeGreaterThan(500);
  const squares = rows.reduce((sum, { probability, outcome }) => sum + (probability - outcome) ** 2, 0);
  expect(score.brier).toBeCloseTo(squares / rows.length, 6);
});
