// The gate before a ballot: who is watched and why, what is left of a vote without those that are switched off, and that another
// model in a member's place begins anew.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import type { Bar } from "../../domain/bar.ts";
import { FEATURE } from "../../domain/features.ts";
import type { MemberId } from "../../domain/prediction.ts";
import { Ballot } from "../ballot.ts";
import { carryOver, quoteOf, vectorOf } from "../chain.fixture.ts";
import { type ModelVote, type Preset, PRESETS, presetOf } from "../presets.ts";
import { QUOTING_CHANGES } from "./limits.ts";
import { QualityGate } from "./quality-gate.ts";

const START_MICROS = 1_400_000_040 * MICROS_PER_SECOND;
const HOUR = 60;

function barOf(minute: number, prices: Pick<Bar, "high" | "low" | "close">): Bar {
  return {
    instrumentId: 0,
    interval: "1m",
    openTimeMicros: START_MICROS + minute * MICROS_PER_MINUTE,
    open: prices.close,
    ticks: 1,
    volume: 0,
    ...prices,
  } as Bar;
}

const closeOf = (minute: number): Micros => START_MICROS + (minute + 1) * MICROS_PER_MINUTE;

/** A walk of minutes that is known in advance. */
function walkOf(seed: number, minutes: number): number[] {
  const random = new SeededRandom(seed);
  let mid = 100_000;
  return Array.from({ length: minutes }, () => (mid += Math.round(10 * random.normal())));
}

/** Plays minutes to a gate; `say` answers for members, of the minute. */
function play(
  gate: QualityGate,
  ballot: Ballot,
  minutes: { walk: readonly number[]; from: number; until: number },
  say: (minute: number) => Partial<Record<MemberId, number>>,
): void {
  const features = vectorOf({ range_15m_median: 10 });
  for (let minute = minutes.from; minute < minutes.until; minute++) {
    const close = minutes.walk[minute]!;
    gate.onMinute(barOf(minute, { high: close + 5, low: close - 5, close }));
    const timeMicros = closeOf(minute) + MICROS_PER_SECOND;
    for (const [member, probability] of Object.entries(say(minute)))
      ballot.cast(member as MemberId, probability, timeMicros);
    gate.watch(ballot, features, timeMicros);
  }
}

const WALK = walkOf(7, 200 * HOUR);

/** Of a quarter of an hour: what comes, leaned towards by so much. */
function seen(minute: number, lean: number): number {
  return WALK[minute + 15]! > WALK[minute]! ? 0.5 + lean : 0.5 - lean;
}

function gateOf(preset: Preset): { gate: QualityGate; ballot: Ballot } {
  return { gate: new QualityGate(preset), ballot: new Ballot(preset.ballot) };
}

describe("a rule that says the opposite of what comes", () => {
  const { gate, ballot } = gateOf(PRESETS.rules);
  const until = 40 * HOUR;
  play(gate, ballot, { walk: WALK, from: 0, until }, (minute) => ({
    technical: seen(minute, minute < 20 * HOUR ? 0.1 : -0.1),
    chaos: 0.6,
    quantum: seen(minute, 0.1),
  }));
  const nowMicros = closeOf(until - 1) + MICROS_PER_SECOND;

  test("is switched off, and no other", () => {
    expect(gate.switchedOff).toEqual([{ member: "technical", why: "answers" }]);
    expect(gate.isVoteWhole).toBe(false);
  });

  test("leaves its weight to the others, and is heard of no more", () => {
    expect(ballot.components(nowMicros).map(({ member, weight }) => [member, weight.toFixed(3)])).toEqual([
      ["quantum", "0.636"],
      ["chaos", "0.364"],
    ]);
    expect([ballot.latest("technical", nowMicros), ballot.said("technical", nowMicros) > 0]).toEqual([
      Number.NaN,
      true,
    ]);
  });

  test("is so after a restart", () => {
    const again = gateOf(PRESETS.rules);
    carryOver(gate, again.gate);
    carryOver(ballot, again.ballot);
    again.gate.watch(again.ballot, vectorOf(), nowMicros);
    expect(again.gate.switchedOff).toEqual(gate.switchedOff);
    expect(again.ballot.components(nowMicros)).toEqual(ballot.components(nowMicros));
  });

  test("comes back once it is right again", () => {
    play(gate, ballot, { walk: WALK, from: until, until: 90 * HOUR }, (minute) => ({
      technical: seen(minute, 0.1),
    }));
    expect(gate.switchedOff).toEqual([]);
  });
});

test("a rule that overstates what is half right stays, a model that does so does not", () => {
  const random = new SeededRandom(3);
  const model: ModelVote = { member: "chaos", name: "a", horizonMicros: 15 * MICROS_PER_MINUTE };
  const { gate, ballot } = gateOf({ ...PRESETS.rules, models: [model] });
  play(gate, ballot, { walk: WALK, from: 0, until: 100 * HOUR }, () => {
    const said = random.next() < 0.5 ? 0.8 : 0.2;
    return { chaos: said, technical: said };
  });
  expect(gate.switchedOff).toEqual([{ member: "chaos", why: "answers" }]);
});

const rangeModel = (name: string): Preset =>
  presetOf("rules", {
    models: [
      {
        member: "range-15m",
        name,
        event: "lively",
        horizonMicros: 15 * MICROS_PER_MINUTE,
        voteLifeMicros: 150_000_000,
      },
    ],
  });

describe("a model of ranges", () => {
  const { gate, ballot } = gateOf(rangeModel("a"));

  test("is held against the base rate: sure of what hardly ever comes, it is switched off", () => {
    // Ranges of a quarter of an hour are about 5 bp and the median is said to be 10.
    play(gate, ballot, { walk: WALK, from: 0, until: 30 * HOUR }, () => ({ "range-15m": 0.9 }));
    expect(gate.switchedOff).toEqual([{ member: "range-15m", why: "answers" }]);
    // It has no weight in the vote.
    expect(gate.isVoteWhole).toBe(true);
    expect(FEATURE.range_15m_median).toBeGreaterThan(0);
  });

  test("begins with a clean record where it is another one", () => {
    expect(carryOver(gate, new QualityGate(rangeModel("a"))).switchedOff).toHaveLength(1);
    expect(carryOver(gate, new QualityGate(rangeModel("b"))).switchedOff).toEqual([]);
  });
});

test("a manner of quoting that changes switches members of ticks off, and leaves those of bars", () => {
  const fast: ModelVote = {
    member: "fast",
    name: "a",
    horizonMicros: 5 * MICROS_PER_SECOND,
    cadence: "tick",
  };
  const { gate, ballot } = gateOf(presetOf("rules", { models: [fast] }));
  const random = new SeededRandom(2);
  const quote = quoteOf({ bidPoints: 100_000, askPoints: 100_008 });
  const changes = (blocks: number, share: number): void => {
    for (let i = 0; i < blocks * QUOTING_CHANGES; i++) gate.onQuote(quote, random.next() < share ? 1 : 0);
  };
  changes(100, 0.6);
  expect(gate.switchedOff).toEqual([]);
  changes(8, 0.43);
  expect(gate.switchedOff).toEqual([
    { member: "technical", why: "quoting" },
    { member: "quantum", why: "quoting" },
    { member: "fast", why: "quoting" },
  ]);
  const { ballot: rules } = PRESETS.rules;
  for (const member of Object.keys(rules.weights)) ballot.cast(member as MemberId, 0.7, START_MICROS);
  gate.watch(ballot, vectorOf(), START_MICROS);
  expect(ballot.components(START_MICROS).map(({ member }) => member)).toEqual(["chaos"]);
  ballot.withdraw("chaos");
  expect(ballot.combine(START_MICROS)).toBeNaN();
});

test("horizons that cannot be watched do not stop an engine", () => {
  for (const horizonMicros of [0, 7 * 24 * HOUR * MICROS_PER_MINUTE, 90 * MICROS_PER_SECOND, 1]) {
    const model: ModelVote = { member: "fast", name: "a", horizonMicros };
    expect(() => new QualityGate(presetOf("rules", { models: [model] }))).not.toThrow();
  }
});
