// From an order's approval to its frame on a terminal's socket, with the intent durable in between, next to what a bare write and fdatasync
// take on the same disk in the same run.

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openOrders } from "./order-rig.ts";
import { type Emit, median, quantile } from "./row.ts";

const ROUNDS = 10;
const WARM_UP_ORDERS = 20;
/** In and out, each round. */
const ORDERS_PER_ROUND = 50;
const SYNCS_PER_ROUND = 100;
const RECORD_BYTES = 1_024;
const OVER_SYNC_BAR_MILLIS = 1;

/** Milliseconds of writes and syncs into a file that does not grow. */
function syncs(path: string): number[] {
  const handle = openSync(path, "w");
  const bytes = new Uint8Array(RECORD_BYTES).fill(1);
  writeSync(handle, new Uint8Array(RECORD_BYTES * SYNCS_PER_ROUND), 0, RECORD_BYTES * SYNCS_PER_ROUND, 0);
  fdatasyncSync(handle);
  const took: number[] = [];
  for (let i = 0; i < SYNCS_PER_ROUND; i++) {
    const start = performance.now();
    writeSync(handle, bytes, 0, RECORD_BYTES, i * RECORD_BYTES);
    fdatasyncSync(handle);
    took.push(performance.now() - start);
  }
  closeSync(handle);
  return took;
}

export async function bench(emit: Emit): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-bench-"));
  const rig = await openOrders();
  await rig.run(WARM_UP_ORDERS);
  const { histograms } = rig.stages;
  const [bare, p99, p50, decision]: [number[], number[], number[], number[]] = [[], [], [], []];
  // Rounds of each take turns, and the medians of their quantiles are compared: machines change their mind.
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(quantile(Float64Array.from(syncs(join(folder, "bare"))), 0.99));
    for (const histogram of Object.values(histograms)) histogram.reset();
    await rig.run(ORDERS_PER_ROUND);
    p99.push(histograms.durable.quantileMicros(0.99) / 1_000);
    p50.push(histograms.durable.quantileMicros(0.5) / 1_000);
    decision.push(histograms.decision.quantileMicros(0.99) / 1_000);
  }
  const baseline = median(bare);
  const value = median(p99);
  await rig.stop();
  rmSync(folder, { recursive: true });
  emit({
    name: "order",
    metric: "approved order to its frame on the socket, durable, p99; baseline: fdatasync p99",
    value,
    unit: "ms",
    baseline,
    ratio: baseline / value,
    bar: "<= fdatasync p99 of the same run + 1 ms",
    met: value <= baseline + OVER_SYNC_BAR_MILLIS,
  });
  emit({ name: "order", metric: "the same, p50", value: median(p50), unit: "ms" });
  emit({ name: "order", metric: "command to approval, p99", value: median(decision), unit: "ms" });
}

if (import.meta.main) await bench((row) => console.log(JSON.stringify(row)));
