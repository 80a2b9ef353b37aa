// A connection to Dragonfly, Redis or a Redis cluster that never waits without a bound: commands time out, none is kept for
// a server that is away, and what was lost is tried again with growing, spread pauses.

import { type Cluster, Redis, type RedisOptions } from "ioredis";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { openCluster } from "./cluster.ts";
import {
  COMMAND_MILLIS_MAX,
  CONNECT_MILLIS_MAX,
  RECONNECT_MILLIS_MAX,
  RECONNECT_MILLIS_MIN,
  REDIRECTION_MILLIS,
  REDIRECTIONS_MAX,
  SILENCE_MILLIS_MAX,
  SLOTS_MILLIS_MAX,
  SLOTS_REFRESH_MILLIS,
} from "./limits.ts";
import { describeTarget, type DragonflyNode, type DragonflyTarget } from "./target.ts";

export type DragonflyClient = Redis | Cluster;

export interface ConnectOptions {
  /** Shown by CLIENT LIST: what this connection is for. */
  readonly name: string;
  /** A problem that is new, in words for people; the same one again is not repeated until it was over. */
  readonly onProblem?: (message: string) => void;
  readonly commandMillisMax?: number;
  /**
   * For a connection whose commands wait at the server (XREAD BLOCK): the longest they do. It takes no other commands; one
   * that gets no answer for longer fails like any other.
   */
  readonly blockingMillisMax?: number;
}

export class DragonflyConnection {
  readonly target: DragonflyTarget;
  readonly client: DragonflyClient;
  readonly #onProblem: (message: string) => void;
  /** Why it is not connected, as far as known; empty while it is. */
  #problem = "";

  constructor(target: DragonflyTarget, options: ConnectOptions) {
    this.target = target;
    this.#onProblem = options.onProblem ?? (() => {});
    this.client = makeClient(target, options);
    const onError = (error: Error): void => this.#failed(error);
    this.client.on("error", onError);
    this.client.on("node error", onError);
    this.client.on("ready", () => (this.#problem = ""));
  }

  /** Whether commands are sent rather than refused at once. */
  get up(): boolean {
    return this.client.status === "ready";
  }

  get problem(): string {
    return this.#problem;
  }

  /** Waits until commands can be sent. It goes on trying after a failure: the caller may go on without, and ask again. */
  async ready(millisMax: number): Promise<Result<void, "dragonfly-away">> {
    if (!this.up) await Promise.race([this.#whenReady(), Bun.sleep(millisMax)]);
    if (this.up) return ok(undefined);
    const why = this.#problem || `${describeTarget(this.target)} did not answer within ${millisMax} ms`;
    return failure("dragonfly-away", why, { recoverable: true });
  }

  /** What went wrong with a command, in words for people. */
  explain(error: unknown): string {
    return explain(error, this.target, this.#problem);
  }

  /** Ends it at once; commands under way fail. */
  close(): void {
    this.client.disconnect();
  }

  async #whenReady(): Promise<void> {
    await new Promise<void>((resolve) => this.client.once("ready", resolve));
  }

  #failed(error: Error): void {
    const problem = explain(error, this.target, "");
    if (problem === this.#problem) return;
    this.#problem = problem;
    this.#onProblem(problem);
  }
}

/** Doubled by every attempt, and anywhere in the upper half of that, so that clients of one server come back one by one. */
export function reconnectDelayMillis(attempt: number, random: () => number = Math.random): number {
  const delayMillis = Math.min(RECONNECT_MILLIS_MAX, RECONNECT_MILLIS_MIN * 2 ** Math.min(attempt - 1, 30));
  return Math.round(delayMillis * (0.5 + random() / 2));
}

/** The options of one node's connection, alone or in a cluster. */
export function nodeOptions(target: DragonflyTarget, options: ConnectOptions) {
  const { name, blockingMillisMax, commandMillisMax = COMMAND_MILLIS_MAX } = options;
  const waits = blockingMillisMax !== undefined;
  return {
    ...(target.username === "" ? {} : { username: target.username }),
    ...(target.password === "" ? {} : { password: target.password }),
    ...(target.tls ? { tls: {} } : {}),
    db: target.database,
    connectionName: name,
    connectTimeout: CONNECT_MILLIS_MAX,
    commandTimeout: commandMillisMax + (blockingMillisMax ?? 0),
    // A server that is silent this long while it owes answers is hung or unreachable: what piled up behind it goes.
    socketTimeout: Math.max(SILENCE_MILLIS_MAX, 2 * commandMillisMax) + (waits ? blockingMillisMax : 0),
    // What was under way when a connection broke has failed: the caller knows whether to send it again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A primary that became a replica refuses writes: the address may lead to the new primary.
    reconnectOnError: (error: Error) => (error.message.startsWith("READONLY") ? 1 : false),
    // Subscriptions have a connection of their own that keeps its own list.
    autoResubscribe: false,
  } satisfies RedisOptions;
}

function makeClient(target: DragonflyTarget, options: ConnectOptions): DragonflyClient {
  const shared = nodeOptions(target, options);
  if (!target.cluster) {
    return new Redis({
      ...shared,
      ...(target.nodes[0] as DragonflyNode),
      enableOfflineQueue: false,
      retryStrategy: (attempt) => reconnectDelayMillis(attempt),
    });
  }
  return openCluster([...target.nodes], {
    enableOfflineQueue: false,
    clusterRetryStrategy: (attempt) => reconnectDelayMillis(attempt),
    maxRedirections: REDIRECTIONS_MAX,
    retryDelayOnFailover: REDIRECTION_MILLIS,
    retryDelayOnClusterDown: REDIRECTION_MILLIS,
    retryDelayOnTryAgain: REDIRECTION_MILLIS,
    slotsRefreshTimeout: SLOTS_MILLIS_MAX,
    slotsRefreshInterval: SLOTS_REFRESH_MILLIS,
    redisOptions: shared,
  });
}

function explain(error: unknown, target: DragonflyTarget, problem: string): string {
  const where = describeTarget(target);
  const causes = causesOf(error);
  if (causes.some((cause) => /^(?:WRONGPASS|NOAUTH|NOPERM)|invalid password/.test(cause))) {
    return `${where} refuses the user name or password: correct them in its address (${causes.at(-1)})`;
  }
  if (causes.includes("Command timed out")) return `${where} did not answer in time`;
  // What a refused command says is less than why there is no connection.
  const said = causes.findLast((cause) => cause !== "") ?? "it gave no reason";
  return problem === "" ? `${where} does not answer: ${said}` : problem;
}

/** Messages from the outermost to the innermost error. */
function causesOf(error: unknown): string[] {
  const messages: string[] = [];
  for (let cause = error; cause instanceof Error && messages.length < 8;) {
    messages.push(cause.message);
    const inner = cause as { lastNodeError?: unknown; errors?: readonly unknown[]; cause?: unknown };
    cause = inner.lastNodeError ?? inner.errors?.at(-1) ?? inner.cause;
  }
  return messages.length === 0 ? [String(error)] : messages;
}
