// The outlook is that of the past alone: nothing that reaches into the present window counts, however alike it is, an episode
// counts once, and what is not much alike counts not at all.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import type { MarketVector } from "../../actors/ports/vectors.ts";
import { MemoryVectors } from "../../storage/memory/vectors.ts";
import { APART_MICROS, ASKED_PER_ANALOG } from "../explain/analogs.ts";
import { NEIGHBOURS_MIN, TYPICAL_DISTANCE } from "./limits.ts";
import { type Outlook, outlookOf, posteriorUp } from "./outlook.ts";

const NOW_MICROS = Date.UTC(2024, 4, 15, 13) * 1_000;
const HORIZON_MICROS = 15 * MICROS_PER_MINUTE;
/** Before it a state's outcome ended before the present window began. */
const PURGE_MICROS = APART_MICROS + HORIZON_MICROS;

/** At an angle from what is asked about: its distance is 1 - cos(angle). */
function state(agoMicros: number, angle: number, move: number | null): MarketVector {
  return {
    embedding: "test",
    symbol: "EURUSD",
    timeMicros: NOW_MICROS - agoMicros,
    seq: 1,
    regime: "quiet-range",
    mid: 1.1,
    vector: [Math.cos(angle), Math.sin(angle)],
    outcomes: [null, move, null],
    settled: true,
  };
}

async function outlook(states: readonly MarketVector[], k = 50): Promise<Outlook> {
  const vectors = new MemoryVectors();
  await vectors.upsert(states);
  return await outlookOf(vectors, {
    embedding: "test",
    vector: [1, 0],
    symbol: "EURUSD",
    timeMicros: NOW_MICROS,
    horizonMicros: HORIZON_MICROS,
    k,
  });
}

/** One a day, at the same hour, so much before the present one. */
function days(
  count: number,
  angle: number,
  moveOf: (day: number) => number | null,
  beforeMicros = 0,
): MarketVector[] {
  return Array.from({ length: count }, (_, day) =>
    state((day + 1) * MICROS_PER_DAY + beforeMicros, angle, moveOf(day)),
  );
}

/** The same angles, as a model saw them; their own vectors say nothing. */
function seenBy(model: string, states: readonly MarketVector[]): MarketVector[] {
  return states.map((each) => ({ ...each, vector: [0, 1], modelEmbedding: { model, vector: each.vector } }));
}

describe("the outlook", () => {
  test("of a pattern that always rose is up; of one that always fell, down", async () => {
    const rising = days(30, 0.1, () => 4);
    const falling = days(30, 2.5, () => -4, 6 * MICROS_PER_HOUR);
    const up = await outlook([...rising, ...falling]);
    expect(up.probabilityUp).toBeCloseTo(40 / 50, 12);
    expect(up.found).toMatchObject({
      failure: "",
      neighbours: 30,
      rose: 30,
      unmoved: 0,
      meanBasisPoints: 4,
      spreadBasisPoints: 0,
      nearestMicros: [1, 2, 3].map((day) => NOW_MICROS - day * MICROS_PER_DAY),
    });
    expect(up.found.nearestDistance).toBeCloseTo(1 - Math.cos(0.1), 12);
    const down = await outlook(days(30, 0.1, () => -4));
    expect(down.probabilityUp).toBeCloseTo(10 / 50, 12);
  });

  test("of neighbours that disagree, or stayed, is one half", async () => {
    const split = await outlook(days(30, 0.1, (day) => (day % 2 === 0 ? 3 : -3)));
    expect(split.probabilityUp).toBe(0.5);
    expect(split.found).toMatchObject({ rose: 15, meanBasisPoints: 0, spreadBasisPoints: 3 });
    const still = await outlook(days(30, 0.1, () => 0));
    expect(still.probabilityUp).toBe(0.5);
    expect(still.found).toMatchObject({ rose: 0, unmoved: 30 });
  });

  test("is none with too few, and timid with few", async () => {
    const few = await outlook(days(NEIGHBOURS_MIN - 1, 0.1, () => 4));
    expect(few.probabilityUp).toBeUndefined();
    expect(few.found.neighbours).toBe(NEIGHBOURS_MIN - 1);
    const enough = await outlook(days(NEIGHBOURS_MIN, 0.1, () => 4));
    expect(enough.probabilityUp).toBeCloseTo(2 / 3, 12);
    expect((await outlook([])).found).toMatchObject({ neighbours: 0, nearestDistance: null });
  });

  test("does not count what is as far as states typically are, nor an outcome nobody knows", async () => {
    const far = await outlook(days(30, Math.acos(1 - TYPICAL_DISTANCE) + 0.01, () => 4));
    expect(far.probabilityUp).toBeUndefined();
    expect(far.found.neighbours).toBe(0);
    expect(far.found.nearestDistance).toBeGreaterThan(TYPICAL_DISTANCE);
    const unknown = await outlook(days(30, 0.1, (day) => (day % 2 === 0 ? 4 : null)));
    expect(unknown.found).toMatchObject({ neighbours: 15, rose: 15 });
  });

  test("counts one episode once: the most alike of its states", async () => {
    const episode = Array.from({ length: 20 }, (_, i) =>
      state(MICROS_PER_DAY + i * 5 * MICROS_PER_MINUTE, 0.05 + i / 1_000, 9),
    );
    const found = await outlook([...episode, ...days(12, 0.3, () => -1).slice(1)]);
    expect(found.found).toMatchObject({ neighbours: 12, rose: 1 });
  });

  test("takes no more than it is to look for, the nearest ones", async () => {
    const near = days(20, 0.1, () => 4);
    const far = days(40, 0.4, () => -4).slice(20);
    expect((await outlook([...near, ...far], 20)).found).toMatchObject({ neighbours: 20, rose: 20 });
  });

  test("by a model's embedding takes the nearest of that version, once there were others to be nearer than", async () => {
    const model = "lstm 1 ab";
    const question = {
      embedding: "test",
      symbol: "EURUSD",
      timeMicros: NOW_MICROS,
      horizonMicros: HORIZON_MICROS,
    };
    const vectors = new MemoryVectors();
    const rising = seenBy(
      model,
      days(15, Math.acos(1 - TYPICAL_DISTANCE) + 0.01, () => 4),
    );
    const falling = seenBy(
      "lstm 0 cd",
      days(200, 0.1, () => -4, MICROS_PER_HOUR),
    );
    await vectors.upsert([...rising, ...falling]);
    const ask = async () => await outlookOf(vectors, { ...question, model, vector: [1, 0], k: 10 });
    expect((await ask()).probabilityUp).toBeUndefined();
    const others = days(10 * ASKED_PER_ANALOG, 3, () => -4, 2 * MICROS_PER_HOUR);
    await vectors.upsert(seenBy(model, others));
    const { probabilityUp, found } = await ask();
    expect(probabilityUp).toBeCloseTo(2 / 3, 12);
    expect(found).toMatchObject({ model, neighbours: 10, rose: 10 });
  });

  test("never knows the future, nor looks into its own window, however alike that is", async () => {
    const agoMicros = fc.integer({ min: -3 * 3_600, max: 12 * 3_600 }).map((seconds) => seconds * 1e6);
    const drawn = fc.array(fc.record({ agoMicros, isNear: fc.boolean() }), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(drawn, async (picks) => {
        // All that may not be seen rose, and is the same as now; all that may fell.
        const states = picks.map((pick) =>
          pick.agoMicros < PURGE_MICROS
            ? state(pick.agoMicros, 0, 7)
            : state(pick.agoMicros, pick.isNear ? 0.1 : 0.2, -7),
        );
        const { found, probabilityUp } = await outlook(states);
        expect(found.rose).toBe(0);
        expect(probabilityUp ?? 0).toBeLessThan(0.5);
        const isVisible = picks.some((pick) => pick.agoMicros >= PURGE_MICROS);
        expect(found.neighbours > 0).toBe(isVisible);
        for (const [index, micros] of found.nearestMicros.entries()) {
          expect(micros).toBeLessThanOrEqual(NOW_MICROS - PURGE_MICROS);
          for (const other of found.nearestMicros.slice(0, index)) {
            expect(Math.abs(micros - other)).toBeGreaterThanOrEqual(APART_MICROS);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("of a state exactly at the edge counts", async () => {
    expect((await outlook([state(PURGE_MICROS, 0, 1)])).found.neighbours).toBe(1);
    expect((await outlook([state(PURGE_MICROS - 1, 0, 1)])).found.neighbours).toBe(0);
    expect((await outlook([state(MICROS_PER_HOUR, 0, 1)])).found.neighbours).toBe(0);
  });
});

test("the posterior is that of the prior without neighbours, and never certain", () => {
  expect(posteriorUp({ neighbours: 0, rose: 0 })).toBe(0.5);
  fc.assert(
    fc.property(fc.nat(1_000), fc.nat(1_000), (rose, fell) => {
      const up = posteriorUp({ neighbours: rose + fell, rose });
      expect(up).toBeGreaterThan(0);
      expect(up).toBeLessThan(1);
      expect(Math.sign(up - 0.5)).toBe(Math.sign(rose - fell));
      // The same seen from below.
      expect(up).toBeCloseTo(1 - posteriorUp({ neighbours: rose + fell, rose: fell }), 12);
    }),
  );
});
