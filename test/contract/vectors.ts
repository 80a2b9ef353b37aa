// What every store of market states has to do, whatever is behind it. The memory's plain search says what is nearest.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import {
  type MarketVector,
  type NearestQuery,
  SETTLED_AFTER_MICROS,
  type Vectors,
} from "../../actors/ports/vectors.ts";
import { MemoryVectors } from "../../storage/memory/vectors.ts";

const START_MICROS = Date.UTC(2026, 0, 5) * 1_000;
const STEP_MICROS = 5 * MICROS_PER_MINUTE;
const DIMENSIONS = 64;
const SYMBOLS = ["EURUSD", "GBPUSD", "XAU'USD; --"];
/** Stores keep four bytes a dimension. */
const DISTANCE_DIGITS = 5;

export interface VectorsCapabilities {
  /** Share of the true nearest that a search finds: an index may miss some. 1 where every state is looked at. */
  readonly recall?: number;
}

export function unitVector(random: SeededRandom, dimensions: number = DIMENSIONS): number[] {
  const values = Array.from({ length: dimensions }, () => random.normal());
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

/** The nth state of a symbol. */
function state(symbol: string, n: number, changes: Partial<MarketVector> = {}): MarketVector {
  const random = new SeededRandom(n * 31 + symbol.length * 7 + (symbol.codePointAt(0) ?? 0));
  return {
    embedding: "test-v1",
    symbol,
    timeMicros: START_MICROS + n * STEP_MICROS,
    seq: 1_000 + n,
    regime: "weak-uptrend",
    mid: 1.1 + n / 1e5,
    vector: unitVector(random).map((value) => Math.fround(value)),
    outcomes: [n / 3, -0.25, null],
    settled: true,
    ...changes,
  };
}

/** Two versions of a network, and one of another size. */
const MODELS = {
  old: `lstm 2025-a ${"1f".repeat(32)}`,
  new: `lstm 2026-a ${"2e".repeat(32)}`,
  small: `cnn 2026-a ${"3d".repeat(32)}`,
};
const LENGTHS: Readonly<Record<keyof typeof MODELS, number>> = { old: 16, new: 16, small: 8 };

/** The nth state of a symbol with what a model made of it. */
function seenBy(name: keyof typeof MODELS, symbol: string, n: number): MarketVector {
  const random = new SeededRandom(n * 17 + symbol.length + LENGTHS[name] + MODELS[name].length);
  const vector = unitVector(random, LENGTHS[name]).map((value) => Math.fround(value));
  return state(symbol, n, { modelEmbedding: { model: MODELS[name], vector } });
}

/** @param open a store without states; called again, the same store anew */
export function describeVectors(
  name: string,
  open: () => Promise<Vectors>,
  { recall = 1 }: VectorsCapabilities = {},
): void {
  describe(`vectors: ${name}`, () => {
    let vectors: Vectors;
    const oracle = new MemoryVectors();
    const states = SYMBOLS.flatMap((symbol) => Array.from({ length: 200 }, (_, n) => state(symbol, n)));
    const lateMicros = START_MICROS + 1_000 * STEP_MICROS;

    beforeAll(async () => {
      vectors = await open();
      await vectors.prepare();
    }, 60_000);
    afterAll(async () => await vectors.close());

    test("a new one is empty", async () => {
      expect(await vectors.cursor()).toBe(0);
      expect(await vectors.count()).toBe(0);
      expect(await vectors.unsettled("test-v1")).toEqual([]);
      expect(await vectors.latest("test-v1", "EURUSD", lateMicros)).toBeUndefined();
      const query = { embedding: "test-v1", vector: unitVector(new SeededRandom(1)), asOfMicros: lateMicros };
      expect(await vectors.nearest({ ...query, limit: 5 })).toEqual([]);
    });

    test("prepared twice, it stays as it is", async () => {
      await vectors.prepare();
      expect(await vectors.count()).toBe(0);
    });

    test("states come back as they went in", async () => {
      await vectors.upsert(states);
      await oracle.upsert(states);
      expect(await vectors.count()).toBe(states.length);
      const back = await vectors.latest("test-v1", "XAU'USD; --", START_MICROS + 7.5 * STEP_MICROS);
      expect(back).toEqual(state("XAU'USD; --", 7));
    });

    test("the same state twice is one", async () => {
      await vectors.upsert(states.slice(0, 50));
      expect(await vectors.count()).toBe(states.length);
    });

    const agrees = async (query: NearestQuery): Promise<void> => {
      const [found, wanted] = await Promise.all([vectors.nearest(query), oracle.nearest(query)]);
      expect(found).toHaveLength(wanted.length);
      const keys = new Set(wanted.map((hit) => `${hit.state.symbol} ${hit.state.timeMicros}`));
      const hits = found.filter((hit) => keys.has(`${hit.state.symbol} ${hit.state.timeMicros}`));
      expect(hits.length).toBeGreaterThanOrEqual(Math.floor(wanted.length * recall));
      if (recall < 1) return;
      found.forEach(({ distance }, index) => {
        expect(distance).toBeCloseTo(wanted[index]?.distance ?? Number.NaN, DISTANCE_DIGITS);
      });
    };

    test("the nearest are those that a plain search finds, nearest first", async () => {
      for (let seed = 1; seed <= 20; seed++) {
        const vector = unitVector(new SeededRandom(seed));
        const found = await vectors.nearest({
          embedding: "test-v1",
          vector,
          asOfMicros: lateMicros,
          limit: 15,
        });
        const distances = found.map(({ distance }) => distance);
        expect(distances).toEqual(distances.toSorted((a, b) => a - b));
        await agrees({ embedding: "test-v1", vector, asOfMicros: lateMicros, limit: 15 });
      }
    });

    test("a state finds itself", async () => {
      const { vector, ...itself } = state("GBPUSD", 33);
      const [first] = await vectors.nearest({
        embedding: "test-v1",
        vector,
        asOfMicros: lateMicros,
        limit: 1,
      });
      expect(first?.state).toEqual(itself);
      expect(first?.distance).toBeCloseTo(0, DISTANCE_DIGITS);
    });

    test("of one symbol where one is named", async () => {
      const vector = unitVector(new SeededRandom(5));
      const query = { embedding: "test-v1", vector, asOfMicros: lateMicros, limit: 10, symbol: "GBPUSD" };
      const found = await vectors.nearest(query);
      expect(new Set(found.map((hit) => hit.state.symbol))).toEqual(new Set(["GBPUSD"]));
      await agrees(query);
    });

    test("nothing whose outcome was not known by then", async () => {
      const asOfMicros = START_MICROS + 50 * STEP_MICROS;
      const query = { embedding: "test-v1", vector: unitVector(new SeededRandom(6)), asOfMicros, limit: 600 };
      const found = await vectors.nearest(query);
      const newest = Math.max(...found.map((hit) => hit.state.timeMicros));
      expect(newest).toBe(START_MICROS + 50 * STEP_MICROS - SETTLED_AFTER_MICROS);
      expect(await vectors.nearest({ ...query, asOfMicros: 0 })).toEqual([]);
    });

    test("embeddings are not mixed", async () => {
      const other = state("EURUSD", 3, { embedding: "other-v1" });
      await vectors.upsert([other]);
      const query = { vector: other.vector, asOfMicros: lateMicros, limit: 900 };
      expect(await vectors.nearest({ ...query, embedding: "other-v1" })).toHaveLength(1);
      expect(await vectors.nearest({ ...query, embedding: "test-v1" })).toHaveLength(states.length);
      expect(await vectors.latest("other-v1", "EURUSD", lateMicros)).toEqual(other);
    });

    test("outcomes are filled in when they are known, and the state waits until all are", async () => {
      const fresh = state("EURUSD", 300, { outcomes: [null, null, null], settled: false });
      await vectors.upsert([fresh]);
      expect(await vectors.unsettled("test-v1")).toEqual([fresh]);
      const query = { embedding: "test-v1", vector: fresh.vector, asOfMicros: lateMicros, limit: 1 };
      expect((await vectors.nearest(query))[0]?.state.timeMicros).not.toBe(fresh.timeMicros);
      const half = { ...fresh, outcomes: [4.5, null, null] };
      await vectors.upsert([half]);
      expect(await vectors.unsettled("test-v1")).toEqual([half]);
      const whole = { ...fresh, outcomes: [4.5, -1, 12.25], settled: true };
      await vectors.upsert([whole]);
      expect(await vectors.unsettled("test-v1")).toEqual([]);
      const { vector: _vector, ...found } = whole;
      expect((await vectors.nearest(query))[0]?.state).toEqual(found);
    });

    describe("what a model made of a state", () => {
      const olds = ["EURUSD", "GBPUSD"].flatMap((symbol) =>
        Array.from({ length: 30 }, (_, n) => seenBy("old", symbol, 400 + n)),
      );
      const news = Array.from({ length: 20 }, (_, n) => seenBy("new", "EURUSD", 430 + n));
      const smalls = Array.from({ length: 10 }, (_, n) => seenBy("small", "EURUSD", 450 + n));
      const query = { embedding: "test-v1", asOfMicros: lateMicros, limit: 100 };
      const searched = async (version: keyof typeof MODELS, changes: Partial<NearestQuery> = {}) => {
        const vector = unitVector(new SeededRandom(9), LENGTHS[version]);
        const asked = { ...query, vector, model: MODELS[version], ...changes };
        await agrees(asked);
        return await vectors.nearest(asked);
      };

      beforeAll(async () => {
        for (const store of [vectors, oracle]) await store.upsert([...olds, ...news, ...smalls]);
      });

      test("comes back with it, and a state without has none", async () => {
        const at = START_MICROS + 455 * STEP_MICROS;
        expect(await vectors.latest("test-v1", "EURUSD", at)).toEqual(seenBy("small", "EURUSD", 455));
        const before = await vectors.latest("test-v1", "EURUSD", START_MICROS + 20 * STEP_MICROS);
        expect(before).toEqual(state("EURUSD", 20));
        expect(before).not.toHaveProperty("modelEmbedding");
      });

      test("is searched among those of the same version alone", async () => {
        expect(await searched("old")).toHaveLength(olds.length);
        expect(await searched("new")).toHaveLength(news.length);
        expect(await searched("small")).toHaveLength(smalls.length);
        const none = { model: `lstm 2027-a ${"4c".repeat(32)}` };
        expect(await searched("old", none)).toEqual([]);
        expect(await searched("old", { embedding: "other-v1" })).toEqual([]);
      });

      test("finds itself, as the state alone", async () => {
        const itself = seenBy("new", "EURUSD", 440);
        const { modelEmbedding, vector: _vector, ...found } = itself;
        const [first] = await searched("new", { vector: modelEmbedding?.vector ?? [], limit: 1 });
        expect(first?.state).toEqual(found);
        expect(first?.distance).toBeCloseTo(0, DISTANCE_DIGITS);
      });

      test("is searched by symbol and by what was known then, too", async () => {
        const own = await searched("old", { symbol: "GBPUSD" });
        expect(new Set(own.map((hit) => hit.state.symbol))).toEqual(new Set(["GBPUSD"]));
        const asOfMicros = START_MICROS + 410 * STEP_MICROS + SETTLED_AFTER_MICROS;
        const then = await searched("old", { asOfMicros });
        expect(then).toHaveLength(22);
      });

      test("does not hide a state from a search by its own vector", async () => {
        const vector = unitVector(new SeededRandom(10));
        const found = await vectors.nearest({ ...query, vector, limit: 1_000 });
        const seen = found.filter((hit) => hit.state.timeMicros >= START_MICROS + 400 * STEP_MICROS);
        expect(seen).toHaveLength(olds.length + news.length + smalls.length);
      });

      test("waits with the state for outcomes, and is replaced with it", async () => {
        const fresh = { ...seenBy("new", "GBPUSD", 470), outcomes: [null, null, null], settled: false };
        await vectors.upsert([fresh]);
        expect(await vectors.unsettled("test-v1")).toEqual([fresh]);
        const retold = olds.slice(0, 5).map(({ symbol }, n) => seenBy("new", symbol, 400 + n));
        for (const store of [vectors, oracle]) {
          await store.upsert([{ ...fresh, outcomes: [1, 2, 3], settled: true }, ...retold]);
        }
        expect(await searched("old")).toHaveLength(olds.length - retold.length);
        expect(await searched("new")).toHaveLength(news.length + retold.length + 1);
      });
    });

    test("the cursor is what was committed last, backwards too, and outlives the connection", async () => {
      await vectors.commit(77);
      await vectors.commit(1_234);
      expect(await vectors.cursor()).toBe(1_234);
      await vectors.commit(500);
      const again = await open();
      expect(await again.cursor()).toBe(500);
      await again.close();
      expect(await vectors.cursor()).toBe(500);
    });

    test("what was taken at or after a record is forgotten, and can be told anew", async () => {
      await vectors.forget(1_150);
      const kept = states.filter(({ seq }) => seq < 1_150).length + 1;
      expect(await vectors.count()).toBe(kept);
      const told = state("EURUSD", 160, { outcomes: [null, null, null], settled: false });
      await vectors.upsert([told]);
      expect(await vectors.unsettled("test-v1")).toEqual([told]);
      await vectors.forget(0);
      expect(await vectors.count()).toBe(0);
    });
  });
}
