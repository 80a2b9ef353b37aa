// Market states on ClickHouse: every state is looked at. Over a hundred thousand of them that takes milliseconds, needs no
// index that must be built or may miss one, and no second engine.

import { TimeSeriesUnavailable } from "../../actors/ports/time-series.ts";
import {
  type MarketState,
  type MarketVector,
  type NearestQuery,
  type Neighbour,
  SETTLED_AFTER_MICROS,
  type Vectors,
  VectorsUnavailable,
} from "../../actors/ports/vectors.ts";
import type { ClickHouseConnection, Row } from "./connection.ts";
import { ROWS_MAX } from "./limits.ts";
import { migrate } from "./migrations.ts";
import { decodeRow, encodeRow, readable, selectList, TABLES, timeText } from "./tables.ts";

const SPEC = TABLES.market_states;
/** Of what is found the vectors are not asked for. */
const FOUND = {
  ...SPEC,
  columns: SPEC.columns.filter(({ name }) => !["vector", "model", "model_vector"].includes(name)),
};
const CURSOR = "market_states";
/** How much is known of a state of which nothing more will be. */
const ALL_KNOWN = 255;
/** Dimensions are compared in the precision they are stored in. */
const TARGET = "CAST({vector:Array(Float64)}, 'Array(Float32)')";

type StateRow = Omit<MarketVector, "modelEmbedding"> & {
  readonly known: number;
  readonly model: string;
  readonly modelVector: readonly number[];
};

export class ClickHouseVectors implements Vectors {
  readonly #connection: ClickHouseConnection;

  constructor(connection: ClickHouseConnection) {
    this.#connection = connection;
  }

  async prepare(): Promise<void> {
    await this.#ask(async () => {
      await this.#connection.ask((client) => migrate(client, this.#connection.database));
    });
  }

  async upsert(states: readonly MarketVector[]): Promise<void> {
    if (states.length === 0) return;
    const values = states.map((state) =>
      encodeRow(SPEC, {
        ...state,
        model: state.modelEmbedding?.model ?? "",
        modelVector: state.modelEmbedding?.vector ?? [],
        known: state.settled ? ALL_KNOWN : state.outcomes.filter((outcome) => outcome !== null).length,
      }),
    );
    await this.#insert("market_states", values);
  }

  async commit(seq: number): Promise<void> {
    await this.#command(
      `INSERT INTO ${this.#connection.database}.cursors SELECT {name:String}, {seq:UInt64}, now64(6)`,
      { name: CURSOR, seq },
    );
  }

  async cursor(): Promise<number> {
    const [row] = await this.#query(
      `SELECT argMax(seq, written) AS seq FROM ${this.#connection.database}.cursors WHERE name = {name:String}`,
      { name: CURSOR },
    );
    return Number(row?.["seq"] ?? 0);
  }

  async forget(seq: number): Promise<void> {
    await this.#command(
      `ALTER TABLE ${this.#connection.database}.market_states DELETE WHERE seq >= {seq:UInt64}`,
      { seq },
    );
  }

  async unsettled(embedding: string): Promise<MarketVector[]> {
    return await this.#states("embedding = {embedding:String} AND NOT settled ORDER BY symbol, time", {
      embedding,
    });
  }

  async latest(embedding: string, symbol: string, atMicros: number): Promise<MarketVector | undefined> {
    const states = await this.#states(
      "embedding = {embedding:String} AND symbol = {symbol:String} AND time <= {at:DateTime64(6, 'UTC')} ORDER BY time DESC LIMIT 1",
      { embedding, symbol, at: timeText(atMicros) },
    );
    return states[0];
  }

  async nearest({ embedding, vector, model, asOfMicros, symbol, limit }: NearestQuery): Promise<Neighbour[]> {
    const compared = model === undefined ? "vector" : "model_vector";
    const where = [
      "embedding = {embedding:String}",
      "settled",
      "time <= {until:DateTime64(6, 'UTC')}",
      ...(symbol === undefined ? [] : ["symbol = {symbol:String}"]),
      ...(model === undefined ? [] : ["model = {model:String}"]),
    ];
    const rows = await this.#query(
      `SELECT ${selectList(FOUND)}, cosineDistance(${compared}, ${TARGET}) AS distance FROM ${this.#table} ` +
        `WHERE ${where.join(" AND ")} ORDER BY distance, time DESC LIMIT {limit:UInt32}`,
      {
        embedding,
        vector,
        until: timeText(Math.max(0, asOfMicros - SETTLED_AFTER_MICROS)),
        limit: Math.min(limit, ROWS_MAX),
        ...(symbol === undefined ? {} : { symbol }),
        ...(model === undefined ? {} : { model }),
      },
    );
    return rows.map((row) => ({ state: foundOf(row), distance: Number(row["distance"]) }));
  }

  async count(): Promise<number> {
    const [row] = await this.#query(`SELECT count() AS states FROM ${this.#table}`, {});
    return Number(row?.["states"] ?? 0);
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }

  get #table(): string {
    return readable(this.#connection.database, "market_states");
  }

  async #states(rest: string, parameters: Record<string, unknown>): Promise<MarketVector[]> {
    const rows = await this.#query(
      `SELECT ${selectList(SPEC)} FROM ${this.#table} WHERE ${rest}`,
      parameters,
    );
    return rows.map(stateOf);
  }

  async #query(text: string, parameters: Record<string, unknown>): Promise<Row[]> {
    return await this.#ask(async () => await this.#connection.query(text, parameters));
  }

  async #command(query: string, parameters: Record<string, unknown>): Promise<void> {
    await this.#ask(async () => {
      await this.#connection.ask(async (client) => {
        await client.command({
          query,
          query_params: parameters,
          clickhouse_settings: { mutations_sync: "2", async_insert: 0 },
        });
      });
    });
  }

  async #insert(table: string, values: readonly object[]): Promise<void> {
    await this.#ask(async () => {
      await this.#connection.ask(async (client) => {
        await client.insert({
          table: `${this.#connection.database}.${table}`,
          values,
          format: "JSONEachRow",
          clickhouse_settings: { async_insert: 0 },
        });
      });
    });
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      if (!(error instanceof TimeSeriesUnavailable)) throw error;
      throw new VectorsUnavailable(error.message, { cause: error });
    }
  }
}

function foundOf(row: Row): MarketState {
  const { known: _known, ...state } = decodeRow(FOUND, row) as MarketState & { known: number };
  return state;
}

function stateOf(row: Row): MarketVector {
  const { known: _known, model, modelVector, ...state } = decodeRow(SPEC, row) as StateRow;
  return {
    ...state,
    vector: fourBytes(state.vector),
    ...(model === "" ? {} : { modelEmbedding: { model, vector: fourBytes(modelVector) } }),
  };
}

/** They are written with as few digits as name them. */
function fourBytes(vector: readonly number[]): number[] {
  return vector.map(Math.fround);
}
