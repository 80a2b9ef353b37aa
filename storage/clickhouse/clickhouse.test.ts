// The real engine, embedded, and a server where one is named: the contract, what kills and hangs do to it, and what is said
// when nobody answers.

import { createClient } from "@clickhouse/client";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TickRow, type TimeSeries, TimeSeriesUnavailable } from "../../actors/ports/time-series.ts";
import type { MarketVector } from "../../actors/ports/vectors.ts";
import { describeTimeSeriesReports } from "../../test/contract/time-series-reports.ts";
import { describeTimeSeries, tickRow } from "../../test/contract/time-series.ts";
import { describeVectors } from "../../test/contract/vectors.ts";
import { createTable, TABLES } from "./tables.ts";
import {
  connectHistory,
  connectTimeSeries,
  connectVectors,
  type OpenedTimeSeries,
  openTimeSeries,
} from "./open.ts";

const directory = mkdtempSync(join(tmpdir(), "tickforge-clickhouse-"));
const problems: string[] = [];
let opened: OpenedTimeSeries;

async function openEmbedded(): Promise<OpenedTimeSeries> {
  const result = await openTimeSeries({
    username: "",
    password: "",
    database: "tickforge",
    directory,
    onProblem: (message) => problems.push(message),
  });
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

beforeAll(async () => {
  opened = await openEmbedded();
}, 60_000);

afterAll(async () => {
  await opened.close();
  rmSync(directory, { recursive: true, force: true });
});

describeTimeSeries("embedded ClickHouse", async () => {
  await Promise.resolve();
  return connectTimeSeries({ ...opened.endpoint(), database: "contract" });
});

describeTimeSeriesReports("embedded ClickHouse", async () => {
  await Promise.resolve();
  return connectHistory({ ...opened.endpoint(), database: "reports" });
});

describeVectors("embedded ClickHouse", async () => {
  await Promise.resolve();
  return connectVectors({ ...opened.endpoint(), database: "vectors" });
});

const SERVER = process.env["TICKFORGE_TEST_CLICKHOUSE_URL"];
if (SERVER === undefined) {
  test.skip("a ClickHouse server: set TICKFORGE_TEST_CLICKHOUSE_URL to run the same suite against one", () => {});
} else {
  describeTimeSeries("ClickHouse server", async () => {
    await Promise.resolve();
    const database = `contract_${process.pid}`;
    return connectTimeSeries({ url: SERVER, username: "default", password: "", database });
  });
  describeVectors("ClickHouse server", async () => {
    await Promise.resolve();
    const database = `vectors_${process.pid}`;
    return connectVectors({ url: SERVER, username: "default", password: "", database });
  });
  describeTimeSeriesReports("ClickHouse server", async () => {
    await Promise.resolve();
    return connectHistory({
      url: SERVER,
      username: "default",
      password: "",
      database: `reports_${process.pid}`,
    });
  });
}

function batch(number: number): TickRow[] {
  return Array.from({ length: 5_000 }, (_, i) => tickRow(number * 5_000 + i, { symbol: "KILLED" }));
}

/** What a question that cannot be answered fails with. */
async function failureOf(question: Promise<unknown>): Promise<unknown> {
  return await question.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

/** Asks again until the engine is back. */
async function whenBack(store: TimeSeries): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if (
      await store.ping().then(
        () => true,
        () => false,
      )
    )
      return;
    await Bun.sleep(100);
  }
  throw new Error("the engine did not come back");
}

describe("the engine's process", () => {
  test("killed in the middle of a batch comes back with nothing lost and nothing doubled", async () => {
    const { store, engine } = opened;
    await store.migrate();
    for (let number = 0; number < 6; number++) {
      const sending = store.insert("ticks", batch(number), `killed:${number}`);
      if (number % 2 === 1 && engine?.processId !== undefined) process.kill(engine.processId, "SIGKILL");
      await sending.catch((error: unknown) => expect(error).toBeInstanceOf(TimeSeriesUnavailable));
      await whenBack(store);
      await store.insert("ticks", batch(number), `killed:${number}`);
    }
    const held = (await store.holdings()).find(({ symbol }) => symbol === "KILLED");
    expect(held?.rows).toBe(30_000);
    expect(engine?.lives).toBeGreaterThan(1);
    expect(problems.join()).toContain("SIGKILL");
  }, 60_000);

  test("answers nobody without its secret", async () => {
    const { url } = opened.endpoint();
    expect((await fetch(url, { method: "POST", body: "SELECT 1" })).status).toBe(403);
    const stranger = connectTimeSeries({ ...opened.endpoint(), password: "guessed" });
    expect(String(await failureOf(stranger.ping()))).toContain("user name or password");
    await stranger.close();
  });

  test("ends with whoever started it, even one that was killed", async () => {
    const child = Bun.spawn(
      [process.execPath, join(import.meta.dir, "engine-owner.fixture.ts"), join(directory, "owned")],
      {
        stdout: "pipe",
      },
    );
    const reader = child.stdout.getReader();
    const engineId = Number(new TextDecoder().decode((await reader.read()).value).trim());
    expect(engineId).toBeGreaterThan(0);
    child.kill("SIGKILL");
    await child.exited;
    for (let attempt = 0; attempt < 100 && isAlive(engineId); attempt++) await Bun.sleep(50);
    expect(isAlive(engineId)).toBe(false);
  }, 30_000);
});

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
}

test("a store from before ticks were known by their key keeps them, and keeps them once", async () => {
  const endpoint = { ...opened.endpoint(), database: "older" };
  const client = createClient({
    url: endpoint.url,
    username: endpoint.username,
    password: endpoint.password,
    clickhouse_settings: { output_format_json_quote_64bit_integers: 0 },
  });
  await client.command({ query: "CREATE DATABASE older" });
  const older = { ...TABLES.ticks, replaces: false, orderBy: ["symbol", "time", "seq", "source_seq"] };
  await client.command({ query: createTable("older", "ticks", older) });
  const store = connectTimeSeries(endpoint);
  await store.insert("ticks", batch(0), "ticks:1");
  await store.insert("ticks", batch(0).slice(0, 100), "ticks:again");
  await store.migrate();
  await store.migrate();
  const ticks = (await store.holdings()).find(({ table }) => table === "ticks");
  expect(ticks?.rows).toBe(5_000);
  const tables = await client.query({ query: "SHOW TABLES FROM older", format: "TabSeparated" });
  expect((await tables.text()).split("\n")).not.toContain("ticks_keyed");
  await client.close();
  await store.close();
});

test("a store from before models embedded market states keeps them, without, and takes states with", async () => {
  const endpoint = { ...opened.endpoint(), database: "unembedded" };
  const { url, username, password } = endpoint;
  const client = createClient({ url, username, password });
  await client.command({ query: "CREATE DATABASE unembedded" });
  const added = new Set(["model", "model_vector"]);
  const columns = TABLES.market_states.columns.filter(({ name }) => !added.has(name));
  const older = { ...TABLES.market_states, columns };
  await client.command({ query: createTable("unembedded", "market_states", older) });
  await client.command({
    query:
      "CREATE TABLE unembedded.migrations (number UInt32, name String, applied DateTime64(6, 'UTC')) ENGINE = ReplacingMergeTree ORDER BY number",
  });
  await client.command({ query: "INSERT INTO unembedded.migrations SELECT 3, 'as it was', now64(6)" });
  await client.command({
    query:
      "CREATE TABLE unembedded.cursors (name String, seq UInt64, written DateTime64(6, 'UTC')) " +
      "ENGINE = ReplacingMergeTree(written) ORDER BY name",
  });
  const state: MarketVector = {
    embedding: "window-v1",
    symbol: "EURUSD",
    timeMicros: 1_700_000_100_000_000,
    seq: 9,
    regime: "weak-uptrend",
    mid: 1.1,
    vector: [0.6, 0.8].map(Math.fround),
    outcomes: [1, null, null],
    settled: false,
  };
  const { timeMicros, ...row } = state;
  const time = `${timeMicros / 1_000_000}`;
  const values = [{ ...row, time, known: 1 }];
  await client.insert({ table: "unembedded.market_states", values, format: "JSONEachRow" });
  const vectors = connectVectors(endpoint);
  await vectors.prepare();
  await vectors.prepare();
  expect(await vectors.unsettled("window-v1")).toEqual([state]);
  const seen = { ...state, seq: 10, modelEmbedding: { model: "lstm 1 ab", vector: [0, 1] } };
  await vectors.upsert([seen]);
  expect(await vectors.latest("window-v1", "EURUSD", timeMicros)).toEqual(seen);
  expect(await vectors.count()).toBe(1);
  await vectors.close();
  await client.close();
});

test("tables of a newer version are refused and stay as they are", async () => {
  const endpoint = { ...opened.endpoint(), database: "newer" };
  const store = connectTimeSeries(endpoint);
  await store.migrate();
  const { url, username, password } = endpoint;
  const client = createClient({ url, username, password });
  await client.command({ query: "INSERT INTO newer.migrations SELECT 99, 'of tomorrow', now64(6)" });
  const failure = await failureOf(store.migrate());
  expect(failure).toBeInstanceOf(TimeSeriesUnavailable);
  expect(String(failure)).toContain("step 99");
  await client.close();
  await store.close();
});

test("what the engine refuses is said with its reason and is no trouble of the network", async () => {
  const store = connectTimeSeries({ ...opened.endpoint(), database: "nowhere" });
  const missing = await failureOf(store.holdings());
  expect(missing).toBeInstanceOf(TimeSeriesUnavailable);
  expect(String(missing)).toContain("the database is missing");
  const wrong = await failureOf(connectTimeSeries({ ...opened.endpoint(), database: "no thing" }).holdings());
  expect(wrong).not.toBeInstanceOf(TimeSeriesUnavailable);
  expect(String(wrong)).toContain("refused a statement");
  await store.close();
});

describe("a server that", () => {
  const endpoint = { username: "default", password: "", database: "tickforge" };

  test("nobody runs is named, with what it said", async () => {
    const store = connectTimeSeries({ ...endpoint, url: "http://127.0.0.1:9" });
    const error = await failureOf(store.ping());
    expect(error).toBeInstanceOf(TimeSeriesUnavailable);
    expect(String(error)).toContain("http://127.0.0.1:9 does not answer");
    await store.close();
  });

  test("is no ClickHouse is not mistaken for one", async () => {
    const impostor = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => new Response("<html>hello</html>"),
    });
    const store = connectTimeSeries({ ...endpoint, url: `http://127.0.0.1:${impostor.port}` });
    expect(await failureOf(store.maxSeq())).toBeInstanceOf(TimeSeriesUnavailable);
    await store.close();
    await impostor.stop(true);
  });
});
