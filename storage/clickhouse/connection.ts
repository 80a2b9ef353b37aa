// One client for everything that is asked of ClickHouse, whether a server answers or the embedded engine. Values reach
// statements as parameters only.

import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from "@clickhouse/client";
import { TimeSeriesUnavailable } from "../../actors/ports/time-series.ts";
import type { Endpoint } from "./endpoint.ts";
import { CONNECTIONS_MAX, REQUEST_MILLIS_MAX, ROWS_MAX } from "./limits.ts";

export type Row = Record<string, unknown>;

export class ClickHouseConnection {
  readonly #endpoint: () => Endpoint;
  #client: ClickHouseClient | undefined;
  #url = "";

  /** @param endpoint asked before each request: an embedded engine may have moved */
  constructor(endpoint: () => Endpoint) {
    this.#endpoint = endpoint;
  }

  get database(): string {
    return this.#endpoint().database;
  }

  get url(): string {
    return this.#endpoint().url;
  }

  /** @throws TimeSeriesUnavailable when nobody answers; Error when the statement is wrong, which is our bug */
  async query(text: string, parameters: Record<string, unknown> = {}): Promise<Row[]> {
    return await this.ask(async (client) => {
      const answer = await client.query({
        query: text,
        query_params: parameters,
        format: "JSONEachRow",
        clickhouse_settings: {
          output_format_json_quote_64bit_integers: 0,
          max_result_rows: String(ROWS_MAX),
          // A row's month is part of its key.
          do_not_merge_across_partitions_select_final: 1,
        },
      });
      return await answer.json<Row>();
    });
  }

  /** Bytes as they come, of a statement that names its format: as many rows as there are. */
  async stream(text: string, parameters: Record<string, unknown> = {}): Promise<Readable> {
    return await this.ask(async (client) => {
      const { stream } = await client.exec({
        query: text,
        query_params: parameters,
        // The embedded engine keeps the settings of the question before: what differs from it is said each time.
        clickhouse_settings: { do_not_merge_across_partitions_select_final: 1, max_result_rows: "0" },
      });
      return stream;
    });
  }

  /** Bytes for a statement that names their format. */
  async send(text: string, bytes: Uint8Array): Promise<void> {
    await this.ask(async (client) => {
      const { stream } = await client.exec({
        query: text,
        values: Readable.from([bytes], { objectMode: false }),
      });
      stream.resume();
      await finished(stream);
    });
  }

  async ask<T>(question: (client: ClickHouseClient) => Promise<T>): Promise<T> {
    const endpoint = this.#endpoint();
    try {
      return await question(await this.#clientFor(endpoint));
    } catch (error) {
      throw unavailable(error, endpoint.url);
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  async #clientFor(endpoint: Endpoint): Promise<ClickHouseClient> {
    if (this.#client !== undefined && this.#url === endpoint.url) return this.#client;
    await this.#client?.close();
    this.#url = endpoint.url;
    this.#client = createClient({
      url: endpoint.url,
      username: endpoint.username,
      password: endpoint.password,
      request_timeout: REQUEST_MILLIS_MAX,
      max_open_connections: CONNECTIONS_MAX,
      keep_alive: { enabled: true },
      // What goes wrong is thrown, and whoever asked says it.
      log: { level: ClickHouseLogLevel.OFF },
      compression: { request: false, response: false },
    });
    return this.#client;
  }
}

/** What went wrong, and what to do, in the words of the port. A statement that is wrong is our bug and stays one. */
function unavailable(error: unknown, url: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ClickHouseError) {
    const known = ADVICE[error.code];
    if (known === undefined)
      return new Error(`ClickHouse at ${url} refused a statement: ${message}`, { cause: error });
    return new TimeSeriesUnavailable(`${known} (${url}): ${message}`, { cause: error });
  }
  return new TimeSeriesUnavailable(`ClickHouse at ${url} does not answer: ${message}`, { cause: error });
}

/** By ClickHouse's error code: what may pass, or be put right from outside. */
const ADVICE: Readonly<Record<string, string>> = {
  "60": "a table is missing, the store was emptied while it ran",
  "81": "the database is missing, the store was emptied while it ran",
  "159": "ClickHouse took too long",
  "192": "ClickHouse knows no such user",
  "202": "ClickHouse has too many queries at once",
  "209": "ClickHouse timed out on a socket",
  "210": "ClickHouse has trouble with its network",
  "241": "ClickHouse ran out of memory",
  "243": "ClickHouse's disk is full: free space",
  "252": "ClickHouse has too many parts to merge",
  "497": "ClickHouse does not allow this user that",
  "516": "ClickHouse does not accept the user name or password",
};
