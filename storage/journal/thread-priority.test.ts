// A raised thread stands before others, its process does not, and where it is not allowed nothing changes.

import { expect, test } from "bun:test";
import { getPriority } from "node:os";
import type { Raised } from "./thread-priority.fixture.ts";

test("a thread raises itself alone, never lowers itself, and goes on where it may not", async () => {
  const own = getPriority(0);
  const wanted = own - 2;
  const worker = new Worker(new URL("thread-priority.fixture.ts", import.meta.url));
  const said = await new Promise<Raised>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<Raised>) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(wanted);
  });
  worker.terminate();
  expect(said.before).toBe(own);
  expect(said.after).toBe(said.raised ? wanted : own);
  expect(said.afterLower).toBe(said.after);
  expect(getPriority(0)).toBe(own);
});
