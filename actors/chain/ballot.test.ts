// The vote: who counts, how much, and what is left when members are missing.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_SECOND } from "../base/clock.ts";
import { MEMBERS, type MemberId } from "../domain/prediction.ts";
import { Ballot, type BallotSettings, VOTE_LIFE_DEFAULT_MICROS } from "./ballot.ts";
import { carryOver } from "./chain.fixture.ts";

const NOW_MICROS = 1_400_000_000 * MICROS_PER_SECOND;
const SETTINGS: BallotSettings = {
  weights: { technical: 0.5, quantum: 0.3, chaos: 0.2 },
  voteLifeMicros: { technical: 10 * MICROS_PER_SECOND, chaos: 150 * MICROS_PER_SECOND },
};

/** Votes cast at once, now. */
function ballotOf(votes: Partial<Record<MemberId, number>>, settings = SETTINGS): Ballot {
  const ballot = new Ballot(settings);
  for (const [member, probabilityUp] of Object.entries(votes)) {
    ballot.cast(member as MemberId, probabilityUp, NOW_MICROS);
  }
  return ballot;
}

describe("ballot", () => {
  test.each<[string, Partial<Record<MemberId, number>>, number]>([
    ["all members", { technical: 0.6, quantum: 0.8, chaos: 0.3 }, 0.5 * 0.6 + 0.3 * 0.8 + 0.2 * 0.3],
    ["one is missing", { technical: 0.6, quantum: 0.8 }, (0.5 * 0.6 + 0.3 * 0.8) / 0.8],
    ["one is left", { chaos: 0.3 }, 0.3],
    ["one without a weight votes in vain", { chaos: 0.3, lstm: 0.9 }, 0.3],
    ["nobody", {}, Number.NaN],
    ["nobody with a weight", { lstm: 0.9 }, Number.NaN],
  ])("%s", (_name, votes, expected) => {
    const combined = ballotOf(votes).combine(NOW_MICROS);
    if (Number.isNaN(expected)) expect(combined).toBeNaN();
    else expect(combined).toBeCloseTo(expected, 12);
  });

  test.each<[MemberId, number]>([
    ["technical", 10 * MICROS_PER_SECOND],
    ["chaos", 150 * MICROS_PER_SECOND],
    ["quantum", VOTE_LIFE_DEFAULT_MICROS],
  ])("a vote of %s counts for its life and not longer", (member, lifeMicros) => {
    const ballot = ballotOf({ [member]: 0.6 });
    expect(ballot.combine(NOW_MICROS + lifeMicros)).toBeCloseTo(0.6, 12);
    expect(ballot.combine(NOW_MICROS + lifeMicros + 1)).toBeNaN();
    expect(ballot.components(NOW_MICROS + lifeMicros + 1)).toEqual([]);
  });

  test("a later vote takes the place of the earlier one, with a new life", () => {
    const ballot = ballotOf({ technical: 0.9 });
    ballot.cast("technical", 0.4, NOW_MICROS + 8 * MICROS_PER_SECOND);
    expect(ballot.combine(NOW_MICROS + 18 * MICROS_PER_SECOND)).toBeCloseTo(0.4, 12);
  });

  test("a withdrawn vote counts no longer, until the next one", () => {
    const ballot = ballotOf({ technical: 0.9, chaos: 0.4 });
    ballot.withdraw("technical");
    expect(ballot.combine(NOW_MICROS)).toBeCloseTo(0.4, 12);
    ballot.cast("technical", 0.4, NOW_MICROS);
    expect(ballot.combine(NOW_MICROS)).toBeCloseTo(0.4, 12);
  });

  test.each<[string, Partial<Record<MemberId, number>>, number]>([
    ["one voice agrees with itself", { chaos: 0.9 }, 1],
    ["the same vote twice", { technical: 0.7, quantum: 0.7 }, 1],
    ["nobody agrees with nobody", {}, 0],
    // Deviation of 0.8 and 0.4 with weights 5 : 3 about 0.65 is 0.1936.
    ["apart", { technical: 0.8, quantum: 0.4 }, 1 - 2 * Math.sqrt((5 * 0.15 ** 2 + 3 * 0.25 ** 2) / 8)],
  ])("agreement: %s", (_name, votes, expected) => {
    const ballot = ballotOf(votes);
    ballot.combine(NOW_MICROS);
    expect(ballot.agreement).toBeCloseTo(expected, 7);
  });

  test("components name members by weight, with their share and age", () => {
    const ballot = ballotOf({ chaos: 0.3, quantum: 0.8, lstm: 0.9 });
    expect(ballot.components(NOW_MICROS + 3 * MICROS_PER_SECOND)).toEqual([
      { member: "quantum", probabilityUp: 0.8, weight: 0.6, ageMicros: 3 * MICROS_PER_SECOND },
      { member: "chaos", probabilityUp: 0.3, weight: 0.4, ageMicros: 3 * MICROS_PER_SECOND },
    ]);
  });

  test.each([Number.NaN, 0, 1, -1, 1.5, Infinity])("%d is no vote", (probabilityUp) => {
    expect(() => ballotOf({ chaos: probabilityUp })).toThrow("chaos votes");
  });

  test.each([Number.NaN, -0.1, Infinity])("%d is no weight", (weight) => {
    expect(() => new Ballot({ weights: { chaos: weight }, voteLifeMicros: {} })).toThrow("has weight");
  });
});

const settings = fc.record({
  weights: fc.dictionary(fc.constantFrom(...MEMBERS), fc.integer({ min: 0, max: 500 })),
  voteLifeMicros: fc.dictionary(fc.constantFrom(...MEMBERS), fc.integer({ min: 0, max: 60 })),
}) as fc.Arbitrary<BallotSettings>;
const call = fc.record({
  member: fc.constantFrom(...MEMBERS),
  probabilityUp: fc.option(fc.double({ min: 1e-6, max: 1 - 1e-6, noNaN: true })),
  afterMicros: fc.integer({ min: 0, max: 20 }),
});
type Call = { member: MemberId; probabilityUp: number | null; afterMicros: number };

function cast(ballot: Ballot, calls: readonly Call[], fromMicros: number): number {
  let timeMicros = fromMicros;
  for (const { member, probabilityUp, afterMicros } of calls) {
    timeMicros += afterMicros;
    if (probabilityUp === null) ballot.withdraw(member);
    else ballot.cast(member, probabilityUp, timeMicros);
  }
  return timeMicros;
}

describe("ballot: always", () => {
  test("shares sum to 1, the vote lies among the members' votes and agrees with the components", () => {
    fc.assert(
      fc.property(settings, fc.array(call, { maxLength: 30 }), (drawn, calls) => {
        const ballot = new Ballot(drawn);
        const timeMicros = cast(ballot, calls, NOW_MICROS);
        const combined = ballot.combine(timeMicros);
        const components = ballot.components(timeMicros);
        expect(Number.isNaN(combined)).toBe(components.length === 0);
        expect(ballot.agreement).toBeGreaterThanOrEqual(0);
        expect(ballot.agreement).toBeLessThanOrEqual(1);
        if (components.length === 0) return;
        const votes = components.map(({ probabilityUp }) => probabilityUp);
        expect(components.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 10);
        expect(components.reduce((sum, part) => sum + part.weight * part.probabilityUp, 0)).toBeCloseTo(
          combined,
          10,
        );
        expect(combined).toBeGreaterThanOrEqual(Math.min(...votes) - 1e-12);
        expect(combined).toBeLessThanOrEqual(Math.max(...votes) + 1e-12);
      }),
    );
  });

  test("only the proportion of weights matters", () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 12 }), fc.integer({ min: -8, max: 8 }), (calls, exponent) => {
        const scaled = Object.fromEntries(
          Object.entries(SETTINGS.weights).map(([member, weight]) => [member, weight * 2 ** exponent]),
        );
        const one = new Ballot(SETTINGS);
        const other = new Ballot({ ...SETTINGS, weights: scaled });
        const timeMicros = cast(one, calls, NOW_MICROS);
        cast(other, calls, NOW_MICROS);
        expect(other.combine(timeMicros)).toEqual(one.combine(timeMicros));
      }),
    );
  });

  test("a restored ballot goes on as the one that was saved", () => {
    const calls = fc.array(call, { maxLength: 20 });
    fc.assert(
      fc.property(settings, calls, calls, (drawn, before, after) => {
        const whole = new Ballot(drawn);
        const halfMicros = cast(whole, before, NOW_MICROS);
        whole.combine(halfMicros);
        const restored = carryOver(whole, new Ballot(drawn));
        expect(restored.agreement).toBe(whole.agreement);
        const endMicros = cast(whole, after, halfMicros);
        cast(restored, after, halfMicros);
        expect(restored.combine(endMicros)).toEqual(whole.combine(endMicros));
        expect(restored.components(endMicros)).toEqual(whole.components(endMicros));
      }),
    );
  });
});
