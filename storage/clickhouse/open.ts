// Opens the time series: on a ClickHouse server where an address is given, else on the engine in a process of its own.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { TimeSeriesReports } from "../../actors/ports/time-series-reports.ts";
import type { TimeSeries } from "../../actors/ports/time-series.ts";
import type { Vectors } from "../../actors/ports/vectors.ts";
import { ClickHouseReports } from "./reports.ts";
import { ClickHouseConnection } from "./connection.ts";
import { ClickHouseTimeSeries } from "./time-series.ts";
import { ClickHouseVectors } from "./vectors.ts";
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

/** All of one connection: closing the store closes the others, too. */
export interface ConnectedTimeSeries {
  readonly store: TimeSeries;
  readonly reports: TimeSeriesReports;
  /** Market states in the same database. */
  readonly vectors: Vectors;
}

export interface OpenedTimeSeries extends ConnectedTimeSeries {
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
    const connected = connectHistory(endpoint);
    return ok({
      ...connected,
      endpoint: () => endpoint,
      engine: undefined,
      close: () => connected.store.close(),
    });
  }
  const directory = join(options.directory, "chdb");
  try {
    mkdirSync(directory, { recursive: true });
  } catch (error) {
    return failure("time-series-unwritable", `cannot make ${directory}: ${String(error)}`);
  }
  const engine = await startEngine({ directory, database, onProblem: options.onProblem });
  if (!engine.ok) return engine;
  const connected = connectedBy(new ClickHouseConnection(() => engine.value.endpoint()));
  return ok({
    ...connected,
    endpoint: () => engine.value.endpoint(),
    engine: engine.value,
    close: async () => {
      await connected.store.close();
      await engine.value.close();
    },
  });
}

/** A connection to a store that somebody else keeps running. */
export function connectTimeSeries(endpoint: Endpoint): TimeSeries {
  return connectHistory(endpoint).store;
}

/** Market states alone. */
export function connectVectors(endpoint: Endpoint): Vectors {
  return connectHistory(endpoint).vectors;
}

/** All of it. */
export function connectHistory(endpoint: Endpoint): ConnectedTimeSeries {
  return connectedBy(new ClickHouseConnection(() => endpoint));
}

function connectedBy(connection: ClickHouseConnection): ConnectedTimeSeries {
  return {
    store: new ClickHouseTimeSeries(connection),
    reports: new ClickHouseReports(connection),
    vectors: new ClickHouseVectors(connection),
  };
}
