// The graph in a SQLite file: the contract, and what is said of a file that is none.

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
