// The embedded ClickHouse as the projection uses it: ticks a second in batches of 20,000 through client, process and engine,
// beside the engine alone; the projection catching up with a journal; and the chart's query.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BarRow, TickRow } from "../../actors/ports/time-series.ts";
import { type OpenedTimeSeries, openTimeSeries } from "../../storage/clickhouse/open.ts";
import { encodeRow, TABLES } from "../../storage/clickhouse/tables.ts";
import { type Emit, median } from "./row.ts";

const BATCH = 20_000;
const BATCHES = 12;
const ROWS_BAR = 100_000;
const SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "USDCHF", "USDCAD", "AUDUSD", "NZDUSD"];
const DAYS = 60;
const MINUTES = 24 * 60;
const QUERIES = 200;
const START_MICROS = Date.UTC(2024, 0, 1) * 1_000;

export async function bench(emit: Emit): Promise<void> {
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
    await opened.value.store.migrate();
    await inserts(opened.value, emit);
    await queries(opened.value, emit);
  } finally {
    await opened.value.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

async function inserts({ store, endpoint }: OpenedTimeSeries, emit: Emit): Promise<void> {
  const rates: number[] = [];
  const bare: number[] = [];
  for (let batch = 0; batch < BATCHES; batch++) {
    const rows = ticks(batch);
    const start = performance.now();
    await store.insert("ticks", rows, `bench:${batch}`);
    rates.push(BATCH / ((performance.now() - start) / 1_000));
    // The same bytes, made before the clock runs, straight to the engine.
    const body = ticks(batch + BATCHES)
      .map((row) => JSON.stringify(encodeRow(TABLES.ticks, row)))
      .join("\n");
    const { url, username, password } = endpoint();
    const bareStart = performance.now();
    const answer = await fetch(
      `${url}/?query=${encodeURIComponent("INSERT INTO tickforge.ticks FORMAT JSONEachRow")}`,
      {
        method: "POST",
        headers: { authorization: `Basic ${btoa(`${username}:${password}`)}` },
        body,
      },
    );
    if (!answer.ok) throw new Error(await answer.text());
    bare.push(BATCH / ((performance.now() - bareStart) / 1_000));
  }
  const value = median(rates);
  const baseline = median(bare);
  emit({
    name: "clickhouse",
    metric: "ticks stored in batches of 20,000",
    value,
    unit: "rows/s",
    baseline,
    ratio: value / baseline,
    bar: ">= 100,000 rows/s",
    met: value >= ROWS_BAR,
  });
}

async function queries({ store }: OpenedTimeSeries, emit: Emit): Promise<void> {
  for (const symbol of SYMBOLS) {
    for (let day = 0; day < DAYS; day += 10) {
      await store.insert("bars", bars(symbol, day, 10), `bars:${symbol}:${day}`);
    }
  }
  const times: number[] = [];
  for (let i = 0; i < QUERIES; i++) {
    const from = START_MICROS + (i % (DAYS - 1)) * MINUTES * 60_000_000;
    const start = performance.now();
    const found = await store.bars({
      symbol: SYMBOLS[i % SYMBOLS.length] ?? "",
      interval: "1m",
      fromMicros: from,
      toMicros: from + MINUTES * 60_000_000,
      limit: MINUTES,
    });
    times.push(performance.now() - start);
    if (found.length !== MINUTES) throw new Error(`a day has ${found.length} minutes`);
  }
  times.sort((a, b) => a - b);
  const share = (at: number): number => times[Math.floor(at * times.length)] ?? Number.NaN;
  const metric = `a day of 1-minute bars out of ${SYMBOLS.length * DAYS * MINUTES}`;
  emit({ name: "clickhouse", metric: `${metric}, p50`, value: share(0.5), unit: "ms" });
  emit({ name: "clickhouse", metric: `${metric}, p99`, value: share(0.99), unit: "ms" });
}

function ticks(batch: number): TickRow[] {
  return Array.from({ length: BATCH }, (_, i) => {
    const seq = batch * BATCH + i + 1;
    const timeMicros = START_MICROS + seq * 50_000;
    const bid = 1.08 + ((seq * 7) % 1_000) / 100_000;
    return {
      seq,
      timeMicros,
      sourceTimeMicros: timeMicros - 1_000,
      symbol: SYMBOLS[i % SYMBOLS.length] ?? "",
      source: "bench",
      sourceSeq: seq,
      bid,
      ask: bid + 0.0001,
      bidVolume: 1.5,
      askVolume: 2,
      flags: 0,
    };
  });
}

function bars(symbol: string, fromDay: number, days: number): BarRow[] {
  return Array.from({ length: days * MINUTES }, (_, minute) => {
    const open = 1.08 + (minute % 500) / 100_000;
    return {
      seq: minute + 1,
      symbol,
      source: "tickforge",
      interval: "1m",
      openTimeMicros: START_MICROS + (fromDay * MINUTES + minute) * 60_000_000,
      open,
      high: open + 0.0002,
      low: open - 0.0002,
      close: open + 0.0001,
      volume: 20,
      ticks: 10,
      spreadMean: 0.0001,
    };
  });
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
