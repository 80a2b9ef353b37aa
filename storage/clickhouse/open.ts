// Opens the time series: on a ClickHouse server where an address is given, else on the engine in a process of its own.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { TimeSeries } from "../../actors/ports/time-series.ts";
import { ClickHouseTimeSeries } from "./time-series.ts";
import { type Engine, startEngine } from "./engine.ts";
import type { Endpoint } from "./endpoint.ts";

export interface TimeSeriesOptions {
  /** Of a server. Left out, the engine is embedded. */
  readonly url?: string | undefined;
  readonly username: string;
  readonly password: string;
  readonly database: string;
  /** The embedded engine's folder. */
  readonly directory: string;
  readonly onProblem: (message: string) => void;
}

export interface OpenedTimeSeries {
  readonly store: TimeSeries;
  /** Where it answers now: an embedded one may move when it is started again. */
  readonly endpoint: () => Endpoint;
  /** The embedded engine's process; undefined for a server. */
  readonly engine: Engine | undefined;
  close(): Promise<void>;
}

export async function openTimeSeries(
  options: TimeSeriesOptions,
): Promise<Result<OpenedTimeSeries, "engine-not-started" | "time-series-unwritable">> {
  const { url, username, password, database } = options;
  if (url !== undefined) {
    const endpoint = { url, username, password, database };
    const store = new ClickHouseTimeSeries(() => endpoint);
    return ok({ store, endpoint: () => endpoint, engine: undefined, close: () => store.close() });
  }
  const directory = join(options.directory, "chdb");
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    return failure("time-series-unwritable", `cannot make ${directory}: ${String(error)}`);
  }
  const engine = await startEngine({ directory, database, onProblem: options.onProblem });
  if (!engine.ok) return engine;
  const store = new ClickHouseTimeSeries(() => engine.value.endpoint());
  return ok({
    store,
    endpoint: () => engine.value.endpoint(),
    engine: engine.value,
    close: async () => {
      await store.close();
      await engine.value.close();
    },
  });
}

/** A connection to a store that somebody else keeps running. */
export function connectTimeSeries(endpoint: Endpoint): TimeSeries {
  return new ClickHouseTimeSeries(() => endpoint);
}
