// What the processes of a deployment share while they run: hot state, rate limits, leases, messages and the shared level of
// caches. On Dragonfly where an address is given, in memory otherwise. While a Dragonfly is away readers go without, limits
// are this process's own, and nothing waits for it.

import type { Clock } from "../actors/base/clock.ts";
import type { CacheStore } from "../actors/ports/cache-store.ts";
import type { HotReader } from "../actors/ports/hot-state.ts";
import type { Leases } from "../actors/ports/leases.ts";
import type { PubSub } from "../actors/ports/pub-sub.ts";
import type { RateLimiter } from "../actors/ports/rate-limiter.ts";
import { DragonflyCacheStore } from "./dragonfly/cache-store.ts";
import { DragonflyConnection } from "./dragonfly/connect.ts";
import { DragonflyHotState } from "./dragonfly/hot-state.ts";
import { DragonflyLeases } from "./dragonfly/leases.ts";
import { SIDE_COMMAND_MILLIS_MAX } from "./dragonfly/limits.ts";
import { DragonflyPubSub } from "./dragonfly/pub-sub.ts";
import { DragonflyRateLimiter } from "./dragonfly/rate-limiter.ts";
import { describeTarget, type DragonflyTarget, parseTarget } from "./dragonfly/target.ts";
import { Guard } from "./guarded/guard.ts";
import { GuardedHotReader } from "./guarded/hot-state.ts";
import { GuardedRateLimiter } from "./guarded/rate-limiter.ts";
import { MemoryCacheStore } from "./memory/cache-store.ts";
import { MemoryHotState } from "./memory/hot-state.ts";
import { MemoryLeases } from "./memory/leases.ts";
import { MemoryPubSub } from "./memory/pub-sub.ts";
import { MemoryRateLimiter } from "./memory/rate-limiter.ts";

export interface HotStoresOptions {
  /** Of a Dragonfly or Redis; undefined where this process shares nothing. */
  readonly url: string | undefined;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

export interface HotStores {
  /** Kept by the projector's process. In memory nobody keeps it: whoever is alone asks its own actors. */
  readonly state: HotReader;
  readonly limiter: RateLimiter;
  /** These throw HotStateUnavailable while the store is away: ask them through {@link guard}, or catch it. */
  readonly cache: CacheStore;
  readonly leases: Leases;
  readonly pubSub: PubSub;
  readonly guard: Guard;
  /** Whether other processes see what is kept here. */
  readonly shared: boolean;
  close(): Promise<void>;
}

/** Waits for nothing: a Dragonfly that is away is tried again and again. */
export function openHotStores(options: HotStoresOptions): HotStores {
  const { url, onProblem } = options;
  if (url === undefined) return memoryStores(options);
  const target = parseTarget(url);
  if (target.ok) return dragonflyStores(target.value, options);
  onProblem(`${target.code}: ${target.message}`);
  return memoryStores(options);
}

function memoryStores({ clock }: HotStoresOptions): HotStores {
  const pubSub = new MemoryPubSub();
  return {
    state: new MemoryHotState(clock),
    limiter: new MemoryRateLimiter(clock),
    cache: new MemoryCacheStore(clock),
    leases: new MemoryLeases(clock),
    pubSub,
    guard: new Guard(clock),
    shared: false,
    close: async () => await pubSub.close(),
  };
}

function dragonflyStores(target: DragonflyTarget, { clock, onProblem }: HotStoresOptions): HotStores {
  const connection = connect(target, onProblem);
  const pubSub = new DragonflyPubSub(connection);
  const guard = new Guard(clock);
  return {
    state: new GuardedHotReader(new DragonflyHotState(connection), guard),
    limiter: new GuardedRateLimiter({
      shared: new DragonflyRateLimiter(connection, clock),
      own: new MemoryRateLimiter(clock),
      guard,
    }),
    cache: new DragonflyCacheStore(connection),
    leases: new DragonflyLeases(connection),
    pubSub,
    guard,
    shared: true,
    close: async () => {
      await pubSub.close();
      connection.close();
    },
  };
}

/** A connection that says when it is away, and when it is back: an outage has many faces, and is told by the first. */
function connect(target: DragonflyTarget, onProblem: (message: string) => void): DragonflyConnection {
  let away = false;
  const connection = new DragonflyConnection(target, {
    name: "tickforge",
    commandMillisMax: SIDE_COMMAND_MILLIS_MAX,
    onProblem: (message) => {
      if (away) return;
      away = true;
      onProblem(
        `${message}. Until it is back, limits are this process's own and nothing is shared; trading needs none of it`,
      );
    },
  });
  connection.client.on("ready", () => {
    if (away) onProblem(`${describeTarget(target)} is back: limits and caches are shared again`);
    away = false;
  });
  return connection;
}
