// The schema's history, numbered. Each step may be run again and by two processes at once: it says IF NOT EXISTS, and the
// table of steps only saves the work.

import type { ClickHouseClient } from "@clickhouse/client";
import { TIME_SERIES_TABLES } from "../../actors/ports/time-series.ts";
import { createTable, TABLES } from "./tables.ts";

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly statements: (database: string) => readonly string[];
}

/** Append, never change: what is in the field has run. */
const MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: "tables",
    statements: (database) => TIME_SERIES_TABLES.map((name) => createTable(database, name, TABLES[name])),
  },
];

export async function migrate(client: ClickHouseClient, database: string): Promise<void> {
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
  for (const { number, name, statements } of MIGRATIONS) {
    if (number <= applied) continue;
    for (const query of statements(database)) await client.command({ query });
    await client.command({
      query: `INSERT INTO ${database}.migrations SELECT {number:UInt32}, {name:String}, now64(6)`,
      query_params: { number, name },
    });
  }
}
