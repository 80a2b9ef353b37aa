// Market states on Weaviate: one collection, a named vector for each embedding and one for those of models, by their length, found by
// an HNSW index. All symbols share it, with the symbol as a filter: a tenant each would make it impossible to ask which states of any
// symbol were like this one, and there are a hundred symbols, not a million users.

import {
  ApiKey,
  type Collection,
  configure,
  connectToCustom,
  Filters,
  generateUuid5,
  vectors as vectorConfig,
  type WeaviateClient,
  type WeaviateNonGenericObject,
} from "weaviate-client";
import { z } from "zod";
import { REGIMES } from "../../actors/domain/regime.ts";
import {
  type MarketState,
  type MarketVector,
  type NearestQuery,
  type Neighbour,
  OUTCOME_HORIZONS_MICROS,
  SETTLED_AFTER_MICROS,
  type Vectors,
  VectorsUnavailable,
} from "../../actors/ports/vectors.ts";
import {
  ANSWER_STATES_MAX,
  BATCH_STATES,
  INIT_SECONDS_MAX,
  INSERT_SECONDS_MAX,
  QUERY_SECONDS_MAX,
} from "./limits.ts";

export interface WeaviateAddress {
  /** Of its REST side: http://host:8080. */
  readonly url: string;
  /** Of its gRPC side, on the same host. */
  readonly grpcPort: number;
  readonly apiKey?: string | undefined;
  /** Before the collections' names, for systems that share a server. */
  readonly prefix?: string;
}

type StateProperties = Record<string, string | number | boolean>;

/** Appended to, never changed: a collection that lacks one of these gets it. */
const PROPERTIES = [
  { name: "embedding", dataType: "text", tokenization: "field", indexFilterable: true },
  { name: "symbol", dataType: "text", tokenization: "field", indexFilterable: true },
  { name: "time", dataType: "int", indexRangeFilters: true, indexFilterable: true },
  { name: "seq", dataType: "int", indexRangeFilters: true, indexFilterable: true },
  { name: "regime", dataType: "text", tokenization: "field", indexFilterable: true },
  { name: "mid", dataType: "number", indexFilterable: false },
  { name: "settled", dataType: "boolean", indexFilterable: true },
  ...OUTCOME_HORIZONS_MICROS.map((_, index) => ({
    name: outcomeName(index),
    dataType: "number" as const,
    indexFilterable: false,
  })),
  { name: "model", dataType: "text", tokenization: "field", indexFilterable: true },
] as const;

/** Minutes after the state: outcome_5m. */
function outcomeName(index: number): string {
  return `outcome_${(OUTCOME_HORIZONS_MICROS[index] ?? 0) / 60_000_000}m`;
}

export class WeaviateVectors implements Vectors {
  readonly #address: WeaviateAddress;
  readonly #states: string;
  readonly #cursors: string;
  #connecting: Promise<WeaviateClient> | undefined;
  #embeddings: Set<string> | undefined;

  constructor(address: WeaviateAddress) {
    this.#address = address;
    const prefix = address.prefix ?? "Tickforge";
    this.#states = `${prefix}MarketState`;
    this.#cursors = `${prefix}Cursor`;
  }

  async prepare(): Promise<void> {
    await this.#ask(async (client) => {
      if (!(await client.collections.exists(this.#states))) {
        await client.collections.create({
          name: this.#states,
          description:
            "A symbol's market at a moment, and what followed; written by Tickforge from its journal.",
          properties: [...PROPERTIES],
          // Embeddings come with the first state that has one.
          vectorizers: [namedVector(vectorName("window-v1"))],
        });
      }
      if (!(await client.collections.exists(this.#cursors))) {
        await client.collections.create({
          name: this.#cursors,
          description: "How far Tickforge's journal is stored here.",
          properties: [
            { name: "name", dataType: "text", tokenization: "field" },
            { name: "seq", dataType: "int" },
          ],
        });
      }
      this.#embeddings = undefined;
      await this.#mend(client.collections.use(this.#states));
    });
  }

  /** Adds properties that a newer Tickforge keeps. */
  async #mend(collection: Collection): Promise<void> {
    const { properties } = await collection.config.get();
    const present = new Set(properties.map(({ name }) => name));
    for (const property of PROPERTIES) {
      if (!present.has(property.name)) await collection.config.addProperty({ ...property });
    }
  }

  async upsert(states: readonly MarketVector[]): Promise<void> {
    await this.#ask(async (client) => {
      const collection = client.collections.use(this.#states);
      const names = states.flatMap((state) => Object.keys(vectorsOf(state)));
      for (const name of new Set(names)) await this.#ensure(collection, name);
      for (let from = 0; from < states.length; from += BATCH_STATES) {
        const answer = await collection.data.insertMany(
          states.slice(from, from + BATCH_STATES).map((state) => ({
            id: generateUuid5(`${state.embedding} ${state.symbol} ${state.timeMicros}`),
            properties: propertiesOf(state),
            vectors: vectorsOf(state),
          })),
        );
        const [error] = Object.values(answer.errors);
        if (error !== undefined) throw new Error(`a state was refused: ${error.message}`);
      }
    });
  }

  async commit(seq: number): Promise<void> {
    await this.#ask(async (client) => {
      const answer = await client.collections
        .use(this.#cursors)
        .data.insertMany([{ id: generateUuid5(this.#states), properties: { name: this.#states, seq } }]);
      const [error] = Object.values(answer.errors);
      if (error !== undefined) throw new Error(`the cursor was refused: ${error.message}`);
    });
  }

  async cursor(): Promise<number> {
    return await this.#ask(async (client) => {
      if (!(await client.collections.exists(this.#cursors))) return 0;
      const found = await client.collections
        .use(this.#cursors)
        .query.fetchObjectById(generateUuid5(this.#states));
      return Number(found?.properties["seq"] ?? 0);
    });
  }

  async forget(seq: number): Promise<void> {
    await this.#ask(async (client) => {
      const collection = client.collections.use(this.#states);
      // The server removes so many at a time.
      for (;;) {
        const { matches } = await collection.data.deleteMany(
          collection.filter.byProperty("seq").greaterOrEqual(seq),
        );
        if (matches === 0) return;
      }
    });
  }

  async unsettled(embedding: string): Promise<MarketVector[]> {
    return await this.#ask(async (client) => {
      const collection = client.collections.use(this.#states);
      const { objects } = await collection.query.fetchObjects({
        filters: Filters.and(
          collection.filter.byProperty("embedding").equal(embedding),
          collection.filter.byProperty("settled").equal(false),
        ),
        limit: ANSWER_STATES_MAX,
        includeVector: true,
      });
      return objects.map(stateOf);
    });
  }

  async latest(embedding: string, symbol: string, atMicros: number): Promise<MarketVector | undefined> {
    return await this.#ask(async (client) => {
      const collection = client.collections.use<string, StateProperties>(this.#states);
      const { objects } = await collection.query.fetchObjects({
        filters: Filters.and(
          collection.filter.byProperty("embedding").equal(embedding),
          collection.filter.byProperty("symbol").equal(symbol),
          collection.filter.byProperty("time").lessOrEqual(Math.floor(atMicros)),
        ),
        sort: collection.sort.byProperty("time", false),
        limit: 1,
        includeVector: true,
      });
      return objects.map(stateOf)[0];
    });
  }

  async nearest({ embedding, vector, model, asOfMicros, symbol, limit }: NearestQuery): Promise<Neighbour[]> {
    return await this.#ask(async (client) => {
      const collection = client.collections.use(this.#states);
      const targetVector = model === undefined ? vectorName(embedding) : modelVectorName(vector.length);
      if (!(await this.#has(collection, targetVector))) return [];
      const { objects } = await collection.query.nearVector([...vector], {
        targetVector,
        filters: Filters.and(
          collection.filter.byProperty("embedding").equal(embedding),
          collection.filter.byProperty("settled").equal(true),
          collection.filter.byProperty("time").lessOrEqual(Math.floor(asOfMicros - SETTLED_AFTER_MICROS)),
          ...(symbol === undefined ? [] : [collection.filter.byProperty("symbol").equal(symbol)]),
          ...(model === undefined ? [] : [collection.filter.byProperty("model").equal(model)]),
        ),
        limit: Math.min(limit, ANSWER_STATES_MAX),
        returnMetadata: ["distance"],
      });
      return objects.map((object) => ({
        state: foundOf(object),
        distance: object.metadata?.distance ?? Number.NaN,
      }));
    });
  }

  async count(): Promise<number> {
    return await this.#ask(
      async (client) => (await client.collections.use(this.#states).aggregate.overAll()).totalCount,
    );
  }

  /** What answers, for people. */
  async version(): Promise<string> {
    return await this.#ask(async (client) => `Weaviate ${(await client.getMeta()).version}`);
  }

  async close(): Promise<void> {
    const connecting = this.#connecting;
    this.#connecting = undefined;
    if (connecting === undefined) return;
    await connecting.then(
      async (client) => await client.close(),
      () => undefined,
    );
  }

  async #ensure(collection: Collection, name: string): Promise<void> {
    const known = await this.#known(collection);
    if (known.has(name)) return;
    await collection.config.addVector(namedVector(name));
    known.add(name);
  }

  /** Another process may have added it since it was looked. */
  async #has(collection: Collection, name: string): Promise<boolean> {
    if ((await this.#known(collection)).has(name)) return true;
    this.#embeddings = undefined;
    return (await this.#known(collection)).has(name);
  }

  async #known(collection: Collection): Promise<Set<string>> {
    this.#embeddings ??= new Set(Object.keys((await collection.config.get()).vectorizers));
    return this.#embeddings;
  }

  async #ask<T>(question: (client: WeaviateClient) => Promise<T>): Promise<T> {
    try {
      this.#connecting ??= this.#connect();
      return await question(await this.#connecting);
    } catch (error) {
      // The next question connects anew: a server that came back may have moved, or be another version.
      await this.close();
      throw new VectorsUnavailable(
        `Weaviate at ${this.#address.url} (gRPC port ${this.#address.grpcPort}) does not do what it is asked: ${textOf(error)}. ` +
          "Start it, or mend TICKFORGE_WEAVIATE_URL, TICKFORGE_WEAVIATE_GRPC_PORT or TICKFORGE_WEAVIATE_API_KEY",
        { cause: error },
      );
    }
  }

  async #connect(): Promise<WeaviateClient> {
    const { url, grpcPort, apiKey } = this.#address;
    const { hostname, port, protocol } = new URL(url);
    const secure = protocol === "https:";
    return await connectToCustom({
      httpHost: hostname,
      httpPort: port === "" ? (secure ? 443 : 80) : Number(port),
      httpSecure: secure,
      grpcHost: hostname,
      grpcPort,
      grpcSecure: secure,
      timeout: { init: INIT_SECONDS_MAX, query: QUERY_SECONDS_MAX, insert: INSERT_SECONDS_MAX },
      ...(apiKey === undefined ? {} : { authCredentials: new ApiKey(apiKey) }),
    });
  }
}

function namedVector(name: string) {
  return vectorConfig.selfProvided({
    name,
    vectorIndexConfig: configure.vectorIndex.hnsw({ distanceMetric: "cosine" }),
  });
}

/** Weaviate's names are GraphQL's. */
function vectorName(embedding: string): string {
  return embedding.replaceAll(/\W/g, "_");
}

const MODEL_VECTOR = "model_";

/** A named vector has one length for good, and a collection must not gain one with every version that is trained. */
function modelVectorName(numbers: number): string {
  return `${MODEL_VECTOR}${numbers}`;
}

function vectorsOf({ embedding, vector, modelEmbedding }: MarketVector): Record<string, number[]> {
  return {
    [vectorName(embedding)]: [...vector],
    ...(modelEmbedding === undefined
      ? {}
      : { [modelVectorName(modelEmbedding.vector.length)]: [...modelEmbedding.vector] }),
  };
}

function propertiesOf(state: MarketVector): StateProperties {
  const { embedding, symbol, timeMicros, seq, regime, mid, settled } = state;
  const known = state.outcomes.flatMap((outcome, index) =>
    outcome === null ? [] : [[outcomeName(index), outcome] as const],
  );
  const model = state.modelEmbedding === undefined ? {} : { model: state.modelEmbedding.model };
  return {
    embedding,
    symbol,
    time: timeMicros,
    seq,
    regime,
    mid,
    settled,
    ...model,
    ...Object.fromEntries(known),
  };
}

function stateOf(object: WeaviateNonGenericObject): MarketVector {
  const state = foundOf(object);
  const { model } = modelSchema.parse(object.properties);
  const vector = fourBytes(object.vectors[vectorName(state.embedding)]);
  if (model === undefined) return { ...state, vector };
  // One version makes vectors of one length, and a state has at most one of them.
  const made = Object.entries(object.vectors).find(
    ([name, each]) => name.startsWith(MODEL_VECTOR) && each.length > 0,
  );
  return { ...state, vector, modelEmbedding: { model, vector: fourBytes(made?.[1]) } };
}

function fourBytes(vector: unknown): number[] {
  return z
    .array(z.number())
    .parse(vector ?? [])
    .map(Math.fround);
}

const number = z.number();

/** What was written by {@link propertiesOf}; outcomes that are not known are not there. */
const storedSchema = z.looseObject({
  embedding: z.string(),
  symbol: z.string(),
  time: number,
  seq: number,
  regime: z.enum(REGIMES),
  mid: number,
  settled: z.boolean(),
});

/** Of a state without one there is no such property, or null. */
const modelSchema = z.looseObject({
  model: z
    .string()
    .nullish()
    .transform((model) => model ?? undefined),
});

function foundOf({ properties }: WeaviateNonGenericObject): MarketState {
  const { time, embedding, symbol, seq, regime, mid, settled, ...rest } = storedSchema.parse(properties);
  return {
    embedding,
    symbol,
    timeMicros: time,
    seq,
    regime,
    mid,
    outcomes: OUTCOME_HORIZONS_MICROS.map((_, index) => {
      const outcome = rest[outcomeName(index)];
      return typeof outcome === "number" ? outcome : null;
    }),
    settled,
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
