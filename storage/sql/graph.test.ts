// The graph in a SQLite file: the contract, and what is said of a file that is none.

import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GraphUnavailable } from "../../actors/ports/graph.ts";
import { describeGraph } from "../../test/contract/graph.ts";
import { failureOf } from "../../test/fixtures/eventually.ts";
import { SqliteGraph } from "./graph.ts";

const folder = mkdtempSync(join(tmpdir(), "tickforge-graph-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeGraph(
  "SQLite",
  async () => await Promise.resolve(new SqliteGraph(join(folder, "what? a #graph.db"))),
);

test("a file of a newer version is refused and stays as it is", async () => {
  const path = join(folder, "newer.db");
  const made = new SqliteGraph(path);
  await made.prepare();
  await made.close();
  const database = new Database(path);
  database.run("PRAGMA user_version = 99");
  database.close();
  const graph = new SqliteGraph(path);
  expect(String(await failureOf(graph.prepare()))).toContain("version 99");
  await graph.close();
});

test("a file that is damaged or a folder that is not there is named, with what to do", async () => {
  const damaged = join(folder, "damaged.db");
  writeFileSync(damaged, "this is no database ".repeat(500));
  for (const path of [damaged, join(folder, "nowhere", "graph.db")]) {
    const graph = new SqliteGraph(path);
    const failure = await failureOf(graph.prepare());
    expect(failure).toBeInstanceOf(GraphUnavailable);
    expect(String(failure)).toContain(path);
    expect(String(failure)).toContain("rebuild graph");
    await graph.close();
  }
});
