// Real redis-servers for what speaks DragonflyDB's protocol: one, or a cluster of three.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { findProgram, freePort, ServerProcess } from "./server-process.ts";

export const REDIS = findProgram("redis-server");
const SLOTS = 16_384;
const JOIN_MILLIS_MAX = 20_000;

export interface RedisServer {
  readonly url: string;
  readonly ports: readonly number[];
  readonly processes: readonly ServerProcess[];
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Nodes of a cluster; one server that is none when left out. */
  readonly nodes?: number;
  readonly password?: string;
  /** Keeps a snapshot in its folder when it is stopped in peace. */
  readonly keeps?: boolean;
}

export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  if (REDIS === undefined) throw new Error("redis-server is not installed: apt-get install redis-server");
  const { nodes = 1, password = "" } = options;
  const folder = mkdtempSync(join(tmpdir(), "tickforge-redis-"));
  const isCluster = options.nodes !== undefined;
  const ports = Array.from({ length: nodes }, () => redisPort(isCluster));
  const processes = ports.map((port) =>
    serverOn(port, { folder, isCluster, password, keeps: options.keeps === true }),
  );
  for (const process of processes) await process.start();
  if (isCluster) await joinAll(ports);
  const hosts = ports.map((port) => `127.0.0.1:${port}`).join(",");
  return {
    url: `redis://${password === "" ? "" : `:${password}@`}${hosts}${isCluster ? "?cluster=true" : ""}`,
    ports,
    processes,
    stop: async () => {
      for (const process of processes) await process.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A cluster's node talks to the others on a port of its own, 10,000 above. */
function redisPort(isCluster: boolean): number {
  for (;;) {
    const port = freePort();
    if (!isCluster || port < 55_000) return port;
  }
}

function serverOn(
  port: number,
  {
    folder,
    isCluster,
    password,
    keeps,
  }: { folder: string; isCluster: boolean; password: string; keeps: boolean },
): ServerProcess {
  const cluster = [
    "--cluster-enabled",
    "yes",
    "--cluster-config-file",
    `nodes-${port}.conf`,
    "--cluster-node-timeout",
    "2000",
  ];
  return new ServerProcess({
    name: "redis-server",
    command: [
      REDIS ?? "redis-server",
      `--port ${port} --bind 127.0.0.1 --dir ${folder} --dbfilename dump-${port}.rdb --appendonly no`.split(
        " ",
      ),
      ["--save", keeps ? "3600 1" : ""],
      password === "" ? [] : ["--requirepass", password],
      isCluster ? cluster : [],
    ].flat(),
    isReady: async () => await answers(port, password),
  });
}

async function answers(port: number, password: string): Promise<boolean> {
  const client = new Redis({
    host: "127.0.0.1",
    port,
    password,
    lazyConnect: true,
    retryStrategy: () => null,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.ping()) === "PONG";
  } finally {
    client.disconnect();
  }
}

async function joinAll(ports: readonly number[]): Promise<void> {
  const clients = ports.map((port) => new Redis({ host: "127.0.0.1", port }));
  const share = Math.ceil(SLOTS / ports.length);
  for (const [index, client] of clients.entries()) {
    const last = Math.min(SLOTS, (index + 1) * share) - 1;
    await client.call("CLUSTER", "ADDSLOTSRANGE", String(index * share), String(last));
    if (index > 0) await client.call("CLUSTER", "MEET", "127.0.0.1", String(ports[0]));
  }
  const untilMillis = Date.now() + JOIN_MILLIS_MAX;
  for (;;) {
    const states = await Promise.all(
      clients.map(async (client) => String(await client.call("CLUSTER", "INFO"))),
    );
    const known = `cluster_known_nodes:${ports.length}`;
    if (states.every((state) => state.includes("cluster_state:ok") && state.includes(known))) break;
    if (Date.now() > untilMillis) throw new Error(`the cluster did not form: ${states.join("\n")}`);
    await Bun.sleep(50);
  }
  for (const client of clients) client.disconnect();
}
