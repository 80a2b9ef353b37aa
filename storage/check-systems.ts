// Looks at every system that is configured: whether it answers, its version, its clock beside ours, whether its tables are
// ours. Reads only.

import { SQL } from "bun";
import { Redis } from "ioredis";
import { ArangoGraph } from "./arangodb/graph.ts";
import { connectHistory } from "./clickhouse/open.ts";
import { DragonflyConnection } from "./dragonfly/connect.ts";
import { DragonflyHotState } from "./dragonfly/hot-state.ts";
import { parseTarget } from "./dragonfly/target.ts";
import { connectStreams as connectKafka } from "./kafka/streams.ts";
import { NatsStreams } from "./nats/streams.ts";
import type { WeaviateAddress } from "./projections/messages.ts";
import { withoutPassword } from "./sql/database.ts";
import { WeaviateVectors } from "./weaviate/vectors.ts";

export interface SystemFinding {
  readonly system: string;
  readonly verdict: "ok" | "warning" | "problem";
  readonly detail: string;
}

export interface SystemsOptions {
  readonly weaviate: WeaviateAddress | undefined;
  readonly arangoUrl: string | undefined;
  readonly ledgerUrl: string | undefined;
  readonly streamsUrl: string | undefined;
  readonly dragonflyUrl: string | undefined;
  readonly timeSeries: { url?: string | undefined; username: string; password: string; database: string };
}

/** Orders are dated by our clock and looked up by theirs. */
const SKEW_MILLIS_MAX = 2_000;
const ANSWER_SECONDS_MAX = 5;

export async function checkSystems({
  weaviate,
  arangoUrl,
  ledgerUrl,
  streamsUrl,
  dragonflyUrl,
  timeSeries,
}: SystemsOptions): Promise<SystemFinding[]> {
  const { url } = timeSeries;
  return await Promise.all([
    ...(ledgerUrl === undefined ? [] : [checked("ledger", ledgerUrl, async () => await postgres(ledgerUrl))]),
    ...(streamsUrl === undefined
      ? []
      : [checked("streams", streamsUrl, async () => await streams(streamsUrl))]),
    ...(dragonflyUrl === undefined
      ? []
      : [checked("dragonfly", dragonflyUrl, async () => await hotStores(dragonflyUrl))]),
    ...(weaviate === undefined
      ? []
      : [checked("market states", weaviate.url, async () => await marketStates(weaviate))]),
    ...(arangoUrl === undefined ? [] : [checked("graph", arangoUrl, async () => await arango(arangoUrl))]),
    ...(url === undefined
      ? []
      : [checked("time series", url, async () => await clickhouse({ ...timeSeries, url }))]),
  ]);
}

interface Seen {
  readonly version: string;
  /** Its clock, or undefined where it does not tell. */
  readonly millis: number | undefined;
  readonly state: string;
}

async function checked(system: string, address: string, look: () => Promise<Seen>): Promise<SystemFinding> {
  const where = withoutPassword(address);
  try {
    const startMillis = Date.now();
    const { version, millis, state } = await look();
    const skewMillis = millis === undefined ? 0 : Math.round(millis - (startMillis + Date.now()) / 2);
    const detail = `${version} at ${where}, ${state}`;
    if (Math.abs(skewMillis) <= SKEW_MILLIS_MAX) return { system, verdict: "ok", detail };
    return {
      system,
      verdict: "warning",
      detail: `${detail}; its clock differs by ${skewMillis / 1_000} s: let both follow the same time server`,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return {
      system,
      verdict: "problem",
      detail: `${where}: ${message}. Start it, or mend its address, user or password`,
    };
  }
}

async function postgres(url: string): Promise<Seen> {
  const sql = new SQL(url, { max: 1, connectionTimeout: ANSWER_SECONDS_MAX });
  try {
    const [row]: { version: string; millis: number | string; tables: string | null }[] = await sql`
      SELECT version() AS version, extract(epoch FROM clock_timestamp()) * 1000 AS millis,
        to_regclass('migrations')::text AS tables`;
    if (row === undefined) throw new Error("it answered nothing");
    const state = row.tables === null ? "no tables yet: the first start makes them" : await migrationsOf(sql);
    return { version: row.version.split(" on ")[0] ?? row.version, millis: Number(row.millis), state };
  } finally {
    await sql.close();
  }
}

async function migrationsOf(sql: SQL): Promise<string> {
  const rows: { newest: number | null }[] = await sql`SELECT max(id) AS newest FROM migrations`;
  return `tables of step ${rows[0]?.newest ?? 0}`;
}

async function streams(url: string): Promise<Seen> {
  if (url.startsWith("nats")) {
    const connected = new NatsStreams({ url });
    try {
      return {
        version: await connected.version(),
        millis: undefined,
        state: `filled up to record ${await connected.cursor()}`,
      };
    } finally {
      await connected.close();
    }
  }
  if (url.startsWith("kafka")) return await kafka(url);
  return await dragonfly(url, async ({ client }) => {
    const cursor = (await client.get("tf:{stream:cursor}")) ?? 0;
    return `filled up to record ${cursor}`;
  });
}

async function kafka(url: string): Promise<Seen> {
  const connected = connectKafka(url);
  if (!connected.ok) throw new Error(connected.message);
  try {
    const committedSeq = await connected.value.committed();
    return {
      version: await connected.value.version(),
      millis: undefined,
      state:
        committedSeq === undefined
          ? "no topics yet: the first start makes them"
          : `filled up to record ${committedSeq}`,
    };
  } finally {
    await connected.value.close();
  }
}

async function hotStores(url: string): Promise<Seen> {
  return await dragonfly(
    url,
    async (connection) => `hot state up to record ${await new DragonflyHotState(connection).cursor()}`,
  );
}

async function marketStates(address: WeaviateAddress): Promise<Seen> {
  const vectors = new WeaviateVectors(address);
  try {
    return {
      version: await vectors.version(),
      millis: undefined,
      state: `filled up to record ${await vectors.cursor()}`,
    };
  } finally {
    await vectors.close();
  }
}

async function arango(url: string): Promise<Seen> {
  const graph = new ArangoGraph(url);
  try {
    const version = await graph.version();
    return { version, millis: undefined, state: `filled up to record ${await graph.cursor()}` };
  } finally {
    await graph.close();
  }
}

async function dragonfly(
  url: string,
  stateOf: (connection: DragonflyConnection) => Promise<string>,
): Promise<Seen> {
  const target = parseTarget(url);
  if (!target.ok) throw new Error(target.message);
  const connection = new DragonflyConnection(target.value, { name: "tickforge-doctor" });
  try {
    const ready = await connection.ready(ANSWER_SECONDS_MAX * 1_000);
    if (!ready.ok) throw new Error(ready.message);
    const { client } = connection;
    const node = client instanceof Redis ? client : client.nodes("master")[0];
    if (node === undefined) throw new Error("the cluster has no node");
    const info = await node.info("server");
    const product = /dragonfly_version:(\S+)/.exec(info)?.[1];
    const version =
      product === undefined ? `Redis ${/redis_version:(\S+)/.exec(info)?.[1]}` : `DragonflyDB ${product}`;
    const [seconds, micros] = await node.time();
    return {
      version,
      millis: Number(seconds) * 1_000 + Number(micros) / 1_000,
      state: await stateOf(connection),
    };
  } finally {
    connection.close();
  }
}

async function clickhouse(endpoint: {
  url: string;
  username: string;
  password: string;
  database: string;
}): Promise<Seen> {
  const { store, reports } = connectHistory(endpoint);
  try {
    const { version, millis, schema } = await reports.server();
    return {
      version: `ClickHouse ${version}`,
      millis,
      state: schema === 0 ? "no tables yet: the first start makes them" : `tables of step ${schema}`,
    };
  } finally {
    await store.close();
  }
}
