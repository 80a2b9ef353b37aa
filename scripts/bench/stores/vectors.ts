// The nearest of 100,000 market states, as analogs ask for them, on the embedded engine; beside a search over the same vectors
// laid out in this process's memory. On a Weaviate server, too, where TICKFORGE_WEAVIATE_URL names one.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MICROS_PER_MINUTE } from "../../../actors/base/clock.ts";
import { SeededRandom } from "../../../actors/base/random.ts";
import { type MarketVector, OUTCOME_HORIZONS_MICROS, type Vectors } from "../../../actors/ports/vectors.ts";
import { openTimeSeries } from "../../../storage/clickhouse/open.ts";
import { WeaviateVectors } from "../../../storage/weaviate/vectors.ts";
import { type Emit, quantile } from "../row.ts";

const STATES = 100_000;
const DIMENSIONS = 64;
const SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "USDCHF", "USDCAD", "AUDUSD", "NZDUSD"];
const START_MICROS = Date.UTC(2024, 0, 1) * 1_000;
const BATCH = 10_000;
const QUESTIONS = 300;
/** As many as the API asks for to find twenty that are far apart. */
const LIMIT = 240;

export async function vectorSearch(emit: Emit): Promise<void> {
  const directory = mkdtempSync(join(process.env["TICKFORGE_BENCH_FOLDER"] ?? tmpdir(), "tickforge-bench-"));
  const opened = await openTimeSeries({
    username: "",
    password: "",
    database: "tickforge",
    directory,
    onProblem: (message) => console.error(message),
  });
  if (!opened.ok) throw new Error(opened.message);
  try {
    await searched(opened.value.vectors, "the embedded engine", emit);
  } finally {
    await opened.value.close();
    rmSync(directory, { recursive: true, force: true });
  }
  const url = process.env["TICKFORGE_WEAVIATE_URL"];
  if (url === undefined) {
    console.error("TICKFORGE_WEAVIATE_URL names no Weaviate: its search is left out");
    return;
  }
  const grpcPort = Number(process.env["TICKFORGE_WEAVIATE_GRPC_PORT"] ?? 50_051);
  const server = new WeaviateVectors({ url, grpcPort, prefix: `Bench${process.pid}` });
  await searched(server, "Weaviate", emit);
  await server.forget(0);
  await server.close();
}

async function searched(vectors: Vectors, where: string, emit: Emit): Promise<void> {
  const random = new SeededRandom(3);
  const states = Array.from({ length: STATES }, (_, n) => stateOf(n, unitVector(random)));
  await vectors.prepare();
  for (let from = 0; from < STATES; from += BATCH) await vectors.upsert(states.slice(from, from + BATCH));
  const flat = Float32Array.from(states.flatMap(({ vector }) => vector));
  const ours = new Float64Array(QUESTIONS);
  const plain = new Float64Array(QUESTIONS);
  for (let question = -20; question < QUESTIONS; question++) {
    const vector = unitVector(random);
    const startMillis = performance.now();
    const found = await vectors.nearest({
      embedding: "bench",
      vector,
      asOfMicros: Number.MAX_SAFE_INTEGER / 4,
      limit: LIMIT,
    });
    const theirStartMillis = performance.now();
    const plainFound = nearestIn(flat, vector);
    const endMillis = performance.now();
    if (found.length !== LIMIT || plainFound.length !== LIMIT) throw new Error("too few were found");
    // The first ones warm both up.
    if (question < 0) continue;
    ours[question] = theirStartMillis - startMillis;
    plain[question] = endMillis - theirStartMillis;
  }
  const metric = `nearest ${LIMIT} of ${STATES} market states on ${where}`;
  for (const [name, share] of [
    ["median", 0.5],
    ["p99", 0.99],
  ] as const) {
    const value = quantile(ours, share);
    const baseline = quantile(plain, share);
    emit({
      name: "storage",
      metric: `${metric}, ${name} (baseline: a scan in this process)`,
      value,
      unit: "ms",
      baseline,
      ratio: baseline / value,
    });
  }
}

function unitVector(random: SeededRandom): number[] {
  const values = Array.from({ length: DIMENSIONS }, () => random.normal());
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

function stateOf(n: number, vector: number[]): MarketVector {
  return {
    embedding: "bench",
    symbol: SYMBOLS[n % SYMBOLS.length] as string,
    timeMicros: START_MICROS + 5 * MICROS_PER_MINUTE * Math.floor(n / SYMBOLS.length),
    seq: n,
    regime: "active-range",
    mid: 1,
    vector,
    outcomes: OUTCOME_HORIZONS_MICROS.map(() => 1),
    settled: true,
  };
}

/** Places of the most alike, the plain way. */
function nearestIn(flat: Float32Array, vector: readonly number[]): number[] {
  const likeness = new Float32Array(STATES);
  for (let state = 0; state < STATES; state++) {
    let product = 0;
    for (let i = 0; i < DIMENSIONS; i++)
      product += (flat[state * DIMENSIONS + i] as number) * (vector[i] as number);
    likeness[state] = product;
  }
  const bar = likeness.toSorted()[STATES - LIMIT] as number;
  const places: number[] = [];
  for (let state = 0; state < STATES; state++) if ((likeness[state] as number) >= bar) places.push(state);
  return places.slice(0, LIMIT);
}
