// The process that keeps the time series: follows the journal's files, which it only reads, as far as the trading process
// says they are durable, and stores what they say. It can die at any time; the next one goes on.

import { join } from "node:path";
import { Engine } from "../actors/engine.ts";
import { ruleForecasters } from "../actors/ensemble.ts";
import type { TimeSeries } from "../actors/ports/time-series.ts";
import { connectTimeSeries } from "./clickhouse/open.ts";
import { SegmentCursor } from "./journal/cursor.ts";
import { RealDisk } from "./journal/disk.ts";
import { FileSnapshotStore } from "./journal/snapshot-store.ts";
import { openEdges } from "./projections/time-series/batch-edges.ts";
import {
  type Endpoint,
  type FromProjector,
  type ToProjector,
  toProjectorSchema,
} from "./projections/time-series/messages.ts";
import { stepBack } from "./process/step-back.ts";
import { TimeSeriesProjection } from "./projections/time-series/projection.ts";

/** How long to wait when there is nothing to do, and how long after a refusal. */
const LEVEL_MILLIS = 100;
const REFUSED_MILLIS_MIN = 250;
const REFUSED_MILLIS_MAX = 5_000;
const STATUS_MILLIS = 500;

let durableSeq = 0;
let endpoint: Endpoint | undefined;
const stopRequest = new AbortController();
let wake: (() => void) | undefined;

function say(message: FromProjector): void {
  process.send?.(message);
}

function problem(message: string): void {
  say({ type: "problem", message });
}

function hear(message: ToProjector): void {
  switch (message.type) {
    case "start":
      ({ durableSeq, endpoint } = message);
      void run(message.data);
      return;
    case "durable":
      ({ durableSeq } = message);
      return;
    case "endpoint":
      ({ endpoint } = message);
      return;
    case "stop":
      ({ durableSeq } = message);
      stopRequest.abort();
      wake?.();
  }
}

async function pause(millis: number): Promise<void> {
  if (stopRequest.signal.aborted) return;
  await new Promise<void>((resolve) => {
    wake = resolve;
    setTimeout(resolve, millis);
  });
}

/** The store where it answers now: another connection when it has moved. */
class MovingStore {
  #endpoint: Endpoint | undefined;
  #store: TimeSeries | undefined;

  get(): TimeSeries {
    if (this.#store === undefined || this.#endpoint !== endpoint) {
      void this.#store?.close();
      if (endpoint === undefined) throw new Error("no store was named");
      this.#endpoint = endpoint;
      this.#store = connectTimeSeries(endpoint);
    }
    return this.#store;
  }
}

function openProjection(data: string): TimeSeriesProjection {
  const moving = new MovingStore();
  const disk = new RealDisk(join(data, "journal"));
  return new TimeSeriesProjection({
    durableSeq: () => durableSeq,
    cursor: (fromSeq) => new SegmentCursor({ disk, fromSeq, durableSeq: () => durableSeq }),
    snapshots: new FileSnapshotStore({
      directory: join(data, "snapshots"),
      durableSeq: () => durableSeq,
      flush: () => Promise.resolve(),
      onProblem: problem,
    }),
    build: (config, clock, onBar) =>
      new Engine({
        config,
        scheduler: clock,
        stopwatch: clock,
        live: false,
        asksMembers: false,
        forecasters: ruleForecasters,
        onBar,
      }),
    store: () => moving.get(),
    edges: openEdges(join(data, "time-series", "batch.json")),
    clock: { nowMicros: () => Date.now() * 1_000 },
    onProblem: problem,
  });
}

async function run(data: string): Promise<void> {
  const projection = openProjection(data);
  setInterval(() => say({ type: "status", ...projection.status }), STATUS_MILLIS);
  let refusedMillis = REFUSED_MILLIS_MIN;
  while (!stopRequest.signal.aborted) {
    const outcome = await projection.advance();
    if (outcome === "refused") {
      await pause(refusedMillis);
      refusedMillis = Math.min(REFUSED_MILLIS_MAX, refusedMillis * 2);
      continue;
    }
    refusedMillis = REFUSED_MILLIS_MIN;
    // Messages are heard between two turns.
    await (outcome === "level" ? pause(LEVEL_MILLIS) : Bun.sleep(0));
  }
  await projection.catchUp();
  say({ type: "status", ...projection.status });
  projection.close();
  process.exit(0);
}

stepBack();
process.on("message", (message) => hear(toProjectorSchema.parse(message)));
// Whoever started it is gone.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches every process of a terminal; this one ends when it is told to.
process.on("SIGINT", () => undefined);
