// The schema's history, numbered. Each step may be run again and by two processes at once: it says IF NOT EXISTS, and the
// table of steps only saves the work.

import type { ClickHouseClient } from "@clickhouse/client";
import { TIME_SERIES_TABLES, TimeSeriesUnavailable } from "../../actors/ports/time-series.ts";
import { addColumns, createTable, TABLES } from "./tables.ts";

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly run: (client: ClickHouseClient, database: string) => Promise<void>;
}

/** Append, never change: what is in the field has run. */
const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: "tables",
    run: async (client, database) => {
      for (const name of TIME_SERIES_TABLES) {
        await client.command({ query: createTable(database, name, TABLES[name]) });
      }
    },
  },
  { number: 2, name: "a tick is known by its time and place, however often it is imported", run: keyTicks },
  {
    number: 3,
    name: "market states as vectors, and how far projections have stored them",
    run: async (client, database) => {
      await client.command({ query: createTable(database, "market_states", TABLES.market_states) });
      await client.command({
        query:
          `CREATE TABLE IF NOT EXISTS ${database}.cursors (name String, seq UInt64, written DateTime64(6, 'UTC')) ` +
          "ENGINE = ReplacingMergeTree(written) ORDER BY name",
      });
    },
  },
  {
    number: 4,
    name: "a trained model's embedding of a market state beside the one of its indicators",
    run: async (client, database) => {
      const added = ["model", "model_vector"];
      await client.command({ query: addColumns(database, "market_states", TABLES.market_states, added) });
    },
  },
];

/** Ticks used to be known by their batch only, for as long as its name was remembered. */
async function keyTicks(client: ClickHouseClient, database: string): Promise<void> {
  const answer = await client.query({
    query: "SELECT engine FROM system.tables WHERE database = {database:String} AND name = 'ticks'",
    query_params: { database },
    format: "JSONEachRow",
  });
  const [row] = await answer.json<{ engine: string }>();
  if (row?.engine === "MergeTree") {
    const columns = [...TABLES.ticks.columns.map(({ name }) => name), "stored"].join(", ");
    await client.command({ query: createTable(database, "ticks_keyed", TABLES.ticks) });
    await client.command({
      query: `INSERT INTO ${database}.ticks_keyed (${columns}) SELECT ${columns} FROM ${database}.ticks`,
    });
    await client.command({ query: `EXCHANGE TABLES ${database}.ticks AND ${database}.ticks_keyed` });
  }
  await client.command({ query: `DROP TABLE IF EXISTS ${database}.ticks_keyed` });
}

/** Steps of one process, which may be asked for by several of its projections at once. */
let turn: Promise<void> = Promise.resolve();

export async function migrate(client: ClickHouseClient, database: string): Promise<void> {
  const mine = turn.then(async () => await takeSteps(client, database));
  turn = mine.catch(() => undefined);
  await mine;
}

async function takeSteps(client: ClickHouseClient, database: string): Promise<void> {
  await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` });
  await client.command({
    query:
      `CREATE TABLE IF NOT EXISTS ${database}.migrations (number UInt32, name String, applied DateTime64(6, 'UTC')) ` +
      "ENGINE = ReplacingMergeTree ORDER BY number",
  });
  const answer = await client.query({
    query: `SELECT max(number) AS number FROM ${database}.migrations`,
    format: "JSONEachRow",
  });
  const [row] = await answer.json<{ number: number }>();
  const applied = row?.number ?? 0;
  if (applied > MIGRATIONS.length) {
    throw new TimeSeriesUnavailable(
      `the database ${database} has tables of step ${applied}, made by a newer Tickforge than this one, which knows ` +
        `${MIGRATIONS.length}: start that one, or name another database. Nothing was changed`,
    );
  }
  for (const { number, name, run } of MIGRATIONS) {
    if (number <= applied) continue;
    await run(client, database);
    await client.command({
      query: `INSERT INTO ${database}.migrations SELECT {number:UInt32}, {name:String}, now64(6)`,
      query_params: { number, name },
    });
  }
}
