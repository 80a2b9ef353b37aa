// Lineage out of a graph of 100,000 decisions in a SQLite file, each from its tick over ten votes to a closed position; beside
// one read of a row by its key in the same file.

import { Database } from "bun:sqlite";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../../actors/base/random.ts";
import type { Edge, Relation, Vertex, VertexKind, VertexRef } from "../../../actors/ports/graph.ts";
import { SqliteGraph } from "../../../storage/sql/graph.ts";
import { type Emit, quantile } from "../row.ts";

const DECISIONS = 100_000;
const MODELS = 10;
const BATCH = 1_000;
const QUESTIONS = 2_000;

export async function graphLineage(emit: Emit): Promise<void> {
  const folder = mkdtempSync(
    join(process.env["TICKFORGE_BENCH_FOLDER"] ?? tmpdir(), "tickforge-bench-graph-"),
  );
  const path = join(folder, "graph.db");
  const graph = new SqliteGraph(path);
  await graph.prepare();
  for (let from = 0; from < DECISIONS; from += BATCH) await graph.store(decisions(from), from + BATCH);
  const file = new Database(path, { readonly: true });
  const byKey = file.query("SELECT * FROM vertices WHERE ref = ?");
  const random = new SeededRandom(4);
  const lineages = new Float64Array(QUESTIONS);
  const reads = new Float64Array(QUESTIONS);
  for (let question = 0; question < QUESTIONS; question++) {
    const deal = `D${2 * random.integer(DECISIONS) + 1}`;
    const startMillis = performance.now();
    const { vertices } = await graph.lineage(deal, "back");
    const readMillis = performance.now();
    const row = byKey.get(`deal:paper/${deal}`);
    const endMillis = performance.now();
    if (vertices.length !== 7 + MODELS || row === null) throw new Error("the lineage has gaps");
    lineages[question] = readMillis - startMillis;
    reads[question] = endMillis - readMillis;
  }
  file.close();
  await graph.close();
  rmSync(folder, { recursive: true, force: true });
  for (const [name, share] of [
    ["median", 0.5],
    ["p99", 0.99],
  ] as const) {
    emit({
      name: "storage",
      metric: `lineage of a deal among ${DECISIONS} decisions, ${name} (baseline: one row by its key)`,
      value: quantile(lineages, share),
      unit: "ms",
      baseline: quantile(reads, share),
    });
  }
}

function decisions(from: number): { vertices: Vertex[]; edges: Edge[] } {
  const vertices: Vertex[] = [];
  const edges: Edge[] = [];
  const add = (kind: VertexKind, key: string, seq: number, name = key): VertexRef => {
    vertices.push({ kind, key, name, label: key, symbol: "EURUSD", seq, timeMicros: seq });
    return { kind, key };
  };
  const link = (relation: Relation, start: VertexRef, end: VertexRef, seq: number): void => {
    const none = { weight: null, value: null, account: null, position: null };
    edges.push({ relation, from: start, to: end, seq, timeMicros: seq, ...none });
  };
  for (let n = from; n < from + BATCH; n++) {
    const [tick, signal] = [add("tick", String(n), n), add("signal", String(n), n)];
    link("caused", tick, signal, n);
    for (let model = 0; model < MODELS; model++) {
      link("votedFor", add("model", `model-${model}`, n), signal, n);
    }
    const [entry, exit] = [add("order", `paper-${2 * n}`, n), add("order", `paper-${2 * n + 1}`, n)];
    link("caused", signal, entry, n);
    const opening = add("deal", `paper/D${2 * n}`, n, `D${2 * n}`);
    const closing = add("deal", `paper/D${2 * n + 1}`, n, `D${2 * n + 1}`);
    const position = add("position", `paper/P${n}`, n, `P${n}`);
    link("filledBy", entry, opening, n);
    link("opened", opening, position, n);
    link("closedBy", position, exit, n);
    link("filledBy", exit, closing, n);
  }
  return { vertices, edges };
}
