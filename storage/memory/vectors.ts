// Market states in memory, searched one by one: what the other stores are measured against.

import {
  type MarketVector,
  type NearestQuery,
  type Neighbour,
  SETTLED_AFTER_MICROS,
  type Vectors,
} from "../../actors/ports/vectors.ts";

export class MemoryVectors implements Vectors {
  readonly #states = new Map<string, MarketVector>();
  #cursor = 0;

  async prepare(): Promise<void> {
    await Promise.resolve();
  }

  async upsert(states: readonly MarketVector[]): Promise<void> {
    await Promise.resolve();
    for (const state of states)
      this.#states.set(`${state.embedding} ${state.symbol} ${state.timeMicros}`, state);
  }

  async commit(seq: number): Promise<void> {
    await Promise.resolve();
    this.#cursor = seq;
  }

  async cursor(): Promise<number> {
    return await Promise.resolve(this.#cursor);
  }

  async forget(seq: number): Promise<void> {
    await Promise.resolve();
    for (const [key, state] of this.#states) if (state.seq >= seq) this.#states.delete(key);
  }

  async unsettled(embedding: string): Promise<MarketVector[]> {
    await Promise.resolve();
    return this.#of(embedding).filter(({ settled }) => !settled);
  }

  async latest(embedding: string, symbol: string, atMicros: number): Promise<MarketVector | undefined> {
    await Promise.resolve();
    return this.#of(embedding)
      .filter((state) => state.symbol === symbol && state.timeMicros <= atMicros)
      .toSorted((a, b) => a.timeMicros - b.timeMicros)
      .at(-1);
  }

  async nearest({ embedding, vector, model, asOfMicros, symbol, limit }: NearestQuery): Promise<Neighbour[]> {
    await Promise.resolve();
    const candidates: { state: MarketVector; distance: number }[] = [];
    for (const state of this.#states.values()) {
      if (state.embedding !== embedding || !state.settled) continue;
      if (state.timeMicros + SETTLED_AFTER_MICROS > asOfMicros) continue;
      if (symbol !== undefined && state.symbol !== symbol) continue;
      const compared = comparedBy(state, model);
      if (compared !== undefined) candidates.push({ state, distance: 1 - cosine(compared, vector) });
    }
    // Numbers alone are sorted many times as fast as what they belong to.
    const farthest = Float64Array.from(candidates, ({ distance }) => distance).sort()[limit - 1];
    return candidates
      .filter(({ distance }) => farthest === undefined || distance <= farthest)
      .sort((a, b) => a.distance - b.distance)
      .slice(0, limit)
      .map(({ state: { vector: _vector, modelEmbedding: _embedding, ...state }, distance }) => ({
        state,
        distance,
      }));
  }

  async count(): Promise<number> {
    return await Promise.resolve(this.#states.size);
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #of(embedding: string): MarketVector[] {
    return [...this.#states.values()].filter((state) => state.embedding === embedding);
  }
}

/** Undefined for a state that the model has nothing of. */
function comparedBy(state: MarketVector, model: string | undefined): readonly number[] | undefined {
  if (model === undefined) return state.vector;
  return state.modelEmbedding?.model === model ? state.modelEmbedding.vector : undefined;
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let product = 0;
  let squaresA = 0;
  let squaresB = 0;
  for (let i = 0; i < a.length; i++) {
    const value = a[i] as number;
    const other = b[i] ?? 0;
    product += value * other;
    squaresA += value * value;
    squaresB += other * other;
  }
  return product / Math.sqrt(squaresA * squaresB);
}
