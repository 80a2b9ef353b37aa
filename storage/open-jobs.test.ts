// Where jobs are kept: without an address, or with one that is wrong, in a file; with one whose server is away they are refused
// in words, and closing waits for nothing.

import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JobsUnavailable } from "../actors/ports/jobs.ts";
import { eventually, failureOf } from "../test/fixtures/eventually.ts";
import { openJobs } from "./open-jobs.ts";

const root = mkdtempSync(join(tmpdir(), "tickforge-open-jobs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

for (const url of [undefined, "redis://a/x"]) {
  test(`${url}: in the data folder`, async () => {
    const data = mkdtempSync(join(root, "data-"));
    const opened = openJobs({ url, data, onProblem: () => undefined });
    const done: string[] = [];
    await opened.jobs.process("work", async ({ id }) => void (await Promise.resolve(done.push(id))), {
      concurrency: 1,
    });
    expect(await opened.jobs.add("work", { id: "one", data: null })).toBe(true);
    await eventually(() => done.length === 1);
    expect(existsSync(join(data, "jobs", "jobs.db"))).toBe(true);
    await opened.close();
  });
}

test("a server that was never there: it is said, asking fails, closing does not wait", async () => {
  const said: string[] = [];
  const onProblem = (message: string): void => void said.push(message);
  const opened = openJobs({ url: "redis://127.0.0.1:1", data: root, onProblem });
  await opened.jobs.process("work", async () => await Promise.resolve(), { concurrency: 1 });
  expect(await failureOf(opened.jobs.add("work", { id: "one", data: null }))).toBeInstanceOf(JobsUnavailable);
  const startMillis = performance.now();
  await opened.close();
  expect(performance.now() - startMillis).toBeLessThan(2_000);
  expect(said.length).toBeGreaterThan(0);
  expect(said.every((message, index) => message !== said[index - 1])).toBe(true);
}, 20_000);
