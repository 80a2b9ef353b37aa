// A real redis-server for tests and benches, single or as a cluster, on free ports in a folder of its own: started, killed, hung and
// brought back, with nothing kept, or with the last snapshot.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

const START_MILLIS_MAX = 15_000;
const SLOTS = 16_384;

export interface RedisOptions {
  /** Nodes of a cluster, at least 3; left out, one server by itself. */
  readonly cluster?: number;
  /** Further arguments of every redis-server. */
  readonly args?: readonly string[];
  readonly password?: string;
}

export interface StartedRedis {
  /** For the adapters: all nodes and the password. */
  readonly url: string;
  readonly nodes: readonly { readonly host: string; readonly port: number; readonly url: string }[];
  /** Makes a snapshot of every node now; what comes back after a kill has it. Without, it comes back empty. */
  save(): Promise<void>;
  /** Forgets the snapshots made so far. */
  forgetSnapshots(): void;
  /** All nodes, or one. */
  kill9(node?: number): Promise<void>;
  /** Starts what was killed, at the same addresses, and waits until it answers. */
  restart(): Promise<void>;
  /** Hangs it: connections stay open and nothing answers. */
  pause(node?: number): void;
  resume(node?: number): void;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Where it is; undefined where it is not installed. */
export const REDIS = Bun.which("redis-server") ?? undefined;

export async function startRedis(options: RedisOptions = {}): Promise<StartedRedis> {
  const directory = mkdtempSync(join(tmpdir(), "tickforge-redis-"));
  const count = options.cluster ?? 1;
  // A cluster's nodes talk to each other on a second port.
  const ports = await freePorts(2 * count);
  const nodes = Array.from({ length: count }, (_, index) => {
    const [port, busPort] = [ports[2 * index] as number, ports[2 * index + 1] as number];
    return new RedisNode({ directory: join(directory, String(index)), port, busPort, options });
  });
  const stop = async (): Promise<void> => {
    process.off("exit", killAll);
    await Promise.all(nodes.map(async (node) => await node.kill()));
    rmSync(directory, { recursive: true, force: true });
  };
  const killAll = (): void => nodes.forEach((node) => node.signal("SIGKILL"));
  process.on("exit", killAll);
  const chosen = (index: number | undefined): readonly RedisNode[] =>
    index === undefined ? nodes : nodes.slice(index, index + 1);
  try {
    await Promise.all(nodes.map(async (node) => await node.start()));
    if (options.cluster !== undefined) await formCluster(nodes);
  } catch (error) {
    await stop();
    throw error;
  }
  const credentials = options.password === undefined ? "" : `:${encodeURIComponent(options.password)}@`;
  return {
    url: `redis://${credentials}${nodes.map(({ port }) => `127.0.0.1:${port}`).join(",")}`,
    nodes: nodes.map(({ port }) => ({
      host: "127.0.0.1",
      port,
      url: `redis://${credentials}127.0.0.1:${port}`,
    })),
    save: async () => {
      for (const node of nodes) await node.ask((client) => client.save());
    },
    forgetSnapshots: () => nodes.forEach((node) => rmSync(join(node.directory, "dump.rdb"), { force: true })),
    kill9: async (index) => {
      await Promise.all(chosen(index).map(async (node) => await node.kill()));
    },
    restart: async () => {
      await Promise.all(nodes.map(async (node) => await node.start()));
      if (options.cluster !== undefined) await clusterFormed(nodes);
    },
    pause: (index) => chosen(index).forEach((node) => node.signal("SIGSTOP")),
    resume: (index) => chosen(index).forEach((node) => node.signal("SIGCONT")),
    stop,
  };
}

class RedisNode {
  readonly directory: string;
  readonly port: number;
  readonly busPort: number;
  readonly #options: RedisOptions;
  #child: Bun.Subprocess<"ignore", "pipe", "inherit"> | undefined;

  constructor(node: { directory: string; port: number; busPort: number; options: RedisOptions }) {
    this.directory = node.directory;
    this.port = node.port;
    this.busPort = node.busPort;
    this.#options = node.options;
    mkdirSync(this.directory, { recursive: true });
  }

  /** Does nothing where it runs already. */
  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    const { cluster, password, args = [] } = this.#options;
    const all: string[] = [
      "redis-server",
      "--port",
      String(this.port),
      "--bind",
      "127.0.0.1",
      "--dir",
      this.directory,
    ];
    all.push("--save", "", "--appendonly", "no");
    if (cluster !== undefined) {
      all.push("--cluster-enabled", "yes", "--cluster-port", String(this.busPort));
      all.push("--cluster-node-timeout", "10000");
    }
    if (password !== undefined) all.push("--requirepass", password, "--masterauth", password);
    const child = Bun.spawn([...all, ...args], { stdin: "ignore", stdout: "pipe", stderr: "inherit" });
    this.#child = child;
    const output = new Response(child.stdout).text();
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended: ${(await output).slice(-1_000)}`);
      return (await this.ask((client) => client.ping()).catch(() => "")) === "PONG";
    }, `redis-server on port ${this.port}`);
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
    await child?.exited;
  }

  /** Asks over a connection of its own. */
  async ask<T>(question: (client: Redis) => Promise<T>): Promise<T> {
    const { password } = this.#options;
    const client = new Redis({
      port: this.port,
      lazyConnect: true,
      retryStrategy: () => null,
      ...(password === undefined ? {} : { password }),
    });
    client.on("error", () => {});
    try {
      await client.connect();
      return await question(client);
    } finally {
      client.disconnect();
    }
  }
}

/** Gives every node its share of the slots, lets them meet, and waits until all know all. */
async function formCluster(nodes: readonly RedisNode[]): Promise<void> {
  const [first] = nodes as [RedisNode];
  for (const [index, node] of nodes.entries()) {
    const from = Math.floor((SLOTS * index) / nodes.length);
    const to = Math.floor((SLOTS * (index + 1)) / nodes.length) - 1;
    await node.ask((client) => client.call("CLUSTER", "ADDSLOTSRANGE", from, to));
    await node.ask((client) => client.call("CLUSTER", "SET-CONFIG-EPOCH", index + 1));
  }
  for (const node of nodes) {
    const meet = ["MEET", "127.0.0.1", first.port, first.busPort] as const;
    if (node !== first) await node.ask((client) => client.call("CLUSTER", ...meet));
  }
  await clusterFormed(nodes);
}

async function clusterFormed(nodes: readonly RedisNode[]): Promise<void> {
  for (const node of nodes) {
    await until(async () => {
      const info = String(await node.ask((client) => client.call("CLUSTER", "INFO")));
      return info.includes("cluster_state:ok") && info.includes(`cluster_size:${nodes.length}`);
    }, "a cluster of redis-servers");
  }
}

async function until(reached: () => Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + START_MILLIS_MAX;
  while (!(await reached())) {
    if (Date.now() > deadline) throw new Error(`${what} did not come up within ${START_MILLIS_MAX} ms`);
    await Bun.sleep(20);
  }
}

/** Ports nobody listens on, all different: held together until all are known. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      async () =>
        await new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once("error", reject);
          server.listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(
    servers.map(async (server) => await new Promise<void>((resolve) => server.close(() => resolve()))),
  );
  return ports;
}
