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
const RECORD_BYTES = 1_024;
const OVER_SYNC_BAR_MILLIS = 1;

/** A file that does not grow, written and synced again and again. */
class BareDisk {
  readonly #handle: number;
  readonly #bytes = new Uint8Array(RECORD_BYTES).fill(1);
  readonly #size: number;
  #writes = 0;
  /** Milliseconds of each write and sync. */
  took: number[] = [];

  constructor(path: string, writes: number) {
    this.#handle = openSync(path, "w");
    this.#size = writes * RECORD_BYTES;
    writeSync(this.#handle, new Uint8Array(this.#size), 0, this.#size, 0);
    fdatasyncSync(this.#handle);
  }

  sync(): void {
    const start = performance.now();
    writeSync(this.#handle, this.#bytes, 0, RECORD_BYTES, (this.#writes++ * RECORD_BYTES) % this.#size);
    fdatasyncSync(this.#handle);
    this.took.push(performance.now() - start);
  }

  close(): void {
    closeSync(this.#handle);
  }
}

export async function bench(emit: Emit): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-bench-"));
  const disk = new BareDisk(join(folder, "bare"), 2 * ORDERS_PER_ROUND);
  const rig = await openOrders();
  await rig.run(WARM_UP_ORDERS);
  const { histograms } = rig.stages;
  const [bare, p99, p50, decision]: [number[], number[], number[], number[]] = [[], [], [], []];
  // One bare sync after each order, so that what else the disk does falls on both alike; medians of the rounds' quantiles are compared.
  for (let round = 0; round < ROUNDS; round++) {
    for (const histogram of Object.values(histograms)) histogram.reset();
    disk.took = [];
    await rig.run(ORDERS_PER_ROUND, () => disk.sync());
    bare.push(quantile(Float64Array.from(disk.took), 0.99));
    p99.push(histograms.durable.quantileMicros(0.99) / 1_000);
    p50.push(histograms.durable.quantileMicros(0.5) / 1_000);
    decision.push(histograms.decision.quantileMicros(0.99) / 1_000);
  }
  const baseline = median(bare);
  const value = median(p99);
  await rig.stop();
  disk.close();
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
