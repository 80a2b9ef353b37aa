// A connection to DragonflyDB, or to anything that speaks its protocol: one node, or a cluster. It never gives up, never
// queues without bound, and never makes a caller wait longer than a command may take.

import { Cluster, Redis } from "ioredis";
import { z } from "zod";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import {
  COMMAND_MILLIS_MAX,
  CONNECT_MILLIS_MAX,
  RECONNECT_MILLIS_MAX,
  RECONNECT_MILLIS_MIN,
} from "./limits.ts";

export type DragonflyClient = Redis | Cluster;

export type ConnectFailure = "bad-address";

const addressSchema = z
  .url({ protocol: /^rediss?$/ })
  .transform((text) => new URL(text))
  .refine(({ hostname }) => hostname !== "", "a host is missing");

/**
 * @param address `redis://[user:password@]host[:port][,host[:port]...][?cluster=true]`; several hosts are a cluster's. With
 * `rediss:` over TLS
 */
export function connectDragonfly(address: string): Result<DragonflyClient, ConnectFailure> {
  const [, scheme = "", credentials = "", hosts = "", rest = ""] =
    /^(rediss?:\/\/)([^@/]*@)?([^/?]+)(.*)$/.exec(address) ?? [];
  const nodes: URL[] = [];
  for (const host of hosts.split(",")) {
    const parsed = addressSchema.safeParse(`${scheme}${credentials}${host}${rest}`);
    if (!parsed.success) {
      return failure(
        "bad-address",
        `${withoutPassword(address)} is no address of a DragonflyDB: write redis://host:port, or redis://a:6379,b:6379 for a cluster`,
      );
    }
    nodes.push(parsed.data);
  }
  const [first] = nodes;
  if (first === undefined) return failure("bad-address", "the address of DragonflyDB is empty");
  const options = {
    ...(first.username === "" ? {} : { username: decodeURIComponent(first.username) }),
    ...(first.password === "" ? {} : { password: decodeURIComponent(first.password) }),
    ...(first.protocol === "rediss:" ? { tls: {} } : {}),
    connectTimeout: CONNECT_MILLIS_MAX,
    commandTimeout: COMMAND_MILLIS_MAX,
    // While it is away callers are told so at once; whoever must not lose anything has the journal.
    maxRetriesPerRequest: 0,
    autoResubscribe: true,
    reconnectOnError: (error: Error) => /READONLY|LOADING/.test(error.message),
  };
  if (nodes.length === 1 && first.searchParams.get("cluster") !== "true") {
    return ok(
      quiet(
        new Redis({
          ...options,
          host: first.hostname,
          port: portOf(first),
          enableOfflineQueue: false,
          retryStrategy: pauseMillis,
        }),
      ),
    );
  }
  const startup = nodes.map((node) => ({ host: node.hostname, port: portOf(node) }));
  return ok(
    quiet(
      new Cluster(startup, {
        redisOptions: options,
        enableOfflineQueue: false,
        clusterRetryStrategy: pauseMillis,
        slotsRefreshTimeout: COMMAND_MILLIS_MAX,
        retryDelayOnFailover: RECONNECT_MILLIS_MIN,
        maxRedirections: 8,
      }),
    ),
  );
}

/** Resolves once commands are taken; false where that takes too long. */
export async function untilReady(client: DragonflyClient, millisMax = CONNECT_MILLIS_MAX): Promise<boolean> {
  const untilMillis = Date.now() + millisMax;
  while (Date.now() < untilMillis) {
    if (client.status === "ready") return true;
    if (client.status === "end") return false;
    await Bun.sleep(10);
  }
  return false;
}

export function withoutPassword(address: string): string {
  return address.replace(/\/\/([^:@/]*):[^@]*@/, "//$1:***@");
}

/** Longer and longer, a part of it left to chance. */
function pauseMillis(attempt: number): number {
  const millis = Math.min(RECONNECT_MILLIS_MAX, RECONNECT_MILLIS_MIN * 2 ** Math.min(attempt, 16));
  return millis * (0.8 + 0.4 * Math.random());
}

function portOf({ port }: URL): number {
  return port === "" ? 6_379 : Number(port);
}

/** Trouble is told by the commands it concerns; an event that nobody hears would end the process. */
function quiet<T extends DragonflyClient>(client: T): T {
  client.on("error", () => undefined);
  return client;
}
