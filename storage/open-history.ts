// History for a command beside a running system: what runs is asked; where nothing runs, the embedded engine is started for
// as long as the command takes.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ok, type Result } from "../actors/base/result.ts";
import type { Endpoint } from "./clickhouse/endpoint.ts";
import {
  connectHistory,
  type ConnectedTimeSeries,
  openTimeSeries,
  type TimeSeriesOptions,
} from "./clickhouse/open.ts";

const NOTE = "endpoint.json";

const endpointSchema = z.strictObject({
  url: z.string(),
  username: z.string(),
  password: z.string(),
  database: z.string(),
});

/** Leaves word of where the running engine answers, for this user's commands only. */
export function noteEndpoint(directory: string, endpoint: Endpoint): void {
  writeFileSync(join(directory, NOTE), JSON.stringify(endpoint), { mode: 0o600 });
}

export function forgetEndpoint(directory: string): void {
  rmSync(join(directory, NOTE), { force: true });
}

export async function openHistory(
  options: TimeSeriesOptions,
): Promise<Result<ConnectedTimeSeries & { close(): Promise<void> }, string>> {
  if (options.url === undefined) {
    const running = await runningStore(options.directory);
    if (running !== undefined) return ok({ ...running, close: () => running.store.close() });
  }
  return await openTimeSeries(options);
}

/** The store of a system that runs on this folder; undefined when none answers. */
async function runningStore(directory: string): Promise<ConnectedTimeSeries | undefined> {
  let endpoint: Endpoint;
  try {
    endpoint = endpointSchema.parse(JSON.parse(readFileSync(join(directory, NOTE), "utf8")));
  } catch {
    return undefined;
  }
  const connected = connectHistory(endpoint);
  try {
    await connected.store.ping();
    return connected;
  } catch {
    await connected.store.close();
    return undefined;
  }
}
