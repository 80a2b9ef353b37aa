// The atomic operations, each a Lua file that declares its keys: loaded once, sent whole to a connection that has not seen
// it and by its hash from then on, and whole again where a server forgot it.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { ChainableCommander } from "ioredis";
import type { DragonflyClient } from "./connect.ts";

/** Keys are in the file's name: one that took more would break the promise that its keys share a slot. */
const FILES = [
  "setNewest-1.lua",
  "takeTokens-1.lua",
  "giveTokens-1.lua",
  "renewLease-1.lua",
  "releaseLease-1.lua",
] as const;

interface Commands<Answer> {
  setNewest(entry: string, seq: number, text: string, ttlMillis: number): Answer;
}

/** Commands one at a time. */
export interface Scripts extends Commands<Promise<number>> {
  takeTokens(
    bucket: string,
    nowMillis: number,
    count: number,
    perSecond: number,
    burst: number,
  ): Promise<[taken: number, remaining: string, waitMillis: string]>;
  giveTokens(bucket: string, count: number, burst: number): Promise<number>;
  renewLease(lease: string, owner: string, ttlMillis: number): Promise<number>;
  releaseLease(lease: string, owner: string): Promise<number>;
}

/** Teaches them to `client` and its pipelines. */
export function scriptsOf(client: DragonflyClient): Scripts {
  for (const file of FILES) {
    const [name = "", keys = ""] = file.replace(".lua", "").split("-");
    if (name in client) continue;
    const path = fileURLToPath(new URL(`./commands/${file}`, import.meta.url));
    client.defineCommand(name, { numberOfKeys: Number(keys), lua: readFileSync(path, "utf8") });
  }
  return client as DragonflyClient & Scripts;
}

/** A pipeline of a client that has learnt them; their answers come with its own. */
export function scriptsIn(pipeline: ChainableCommander): Commands<ChainableCommander> {
  return pipeline as ChainableCommander & Commands<ChainableCommander>;
}
