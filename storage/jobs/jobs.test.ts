// Jobs in a file of this process, and on real servers: one redis-server, a cluster of three, a Dragonfly where one is named.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JobsUnavailable } from "../../actors/ports/jobs.ts";
import { describeJobs } from "../../test/contract/jobs.ts";
import { eventually, failureOf } from "../../test/fixtures/eventually.ts";
import { describeWith } from "../../test/fixtures/describe-with.ts";
import { REDIS, type StartedRedis, startRedis } from "../../scripts/servers/redis-server.ts";
import { openBullMq } from "./bullmq.fixture.ts";
import { BunqueueJobs } from "./bunqueue.ts";

/** Until the job runs; then it is killed. */
async function crash(args: readonly string[]): Promise<void> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "crash.fixture.ts"), ...args], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const said = await child.stdout.getReader().read();
  child.kill("SIGKILL");
  await child.exited;
  expect(new TextDecoder().decode(said.value)).toBe("running 1\n");
}

describeJobs("bunqueue", () => {
  const problems: string[] = [];
  const directory = mkdtempSync(join(tmpdir(), "tickforge-jobs-"));
  return Promise.resolve({
    open: () =>
      Promise.resolve(new BunqueueJobs({ directory, onProblem: (message) => problems.push(message) })),
    crash: async (queue, id) => await crash(["bunqueue", directory, queue, id]),
    close: () => rmSync(directory, { recursive: true, force: true }),
  });
});

describe("bunqueue", () => {
  test("has one file a process, and says so", async () => {
    const directory = mkdtempSync(join(tmpdir(), "tickforge-jobs-"));
    const open = (): BunqueueJobs => new BunqueueJobs({ directory, onProblem: () => {} });
    const jobs = open();
    expect(open).toThrow("open already");
    await jobs.close();
    await jobs.close();
    await open().close();
    rmSync(directory, { recursive: true, force: true });
  });

  test("names a folder that cannot be made", () => {
    const file = join(mkdtempSync(join(tmpdir(), "tickforge-jobs-")), "file");
    writeFileSync(file, "");
    expect(() => new BunqueueJobs({ directory: file, onProblem: () => {} })).toThrow(JobsUnavailable);
    rmSync(join(file, ".."), { recursive: true, force: true });
  });
});

describeWith(REDIS, "jobs on redis-server", () => {
  for (const [name, cluster] of [
    ["redis", undefined],
    ["redis cluster", 3],
  ] as const) {
    describe(name, () => {
      let redis: StartedRedis;
      beforeAll(async () => {
        redis = await startRedis(cluster === undefined ? {} : { cluster });
      }, 60_000);
      afterAll(async () => await redis.stop());

      describeJobs(`bullmq on ${name}`, () =>
        Promise.resolve({
          open: async () => await openBullMq(redis.url),
          crash: async (queue, id) => await crash(["bullmq", redis.url, queue, id]),
        }),
      );

      test("a server that was killed: asking fails in time and in words, and work goes on when it is back", async () => {
        const jobs = await openBullMq(redis.url, "faults");
        const done: string[] = [];
        await jobs.process(
          "work",
          async ({ id }) => {
            await Promise.resolve();
            done.push(id);
          },
          { concurrency: 2 },
        );
        await jobs.add("work", { id: "before", data: null });
        await eventually(() => done.length === 1);
        await redis.save();
        await redis.kill9();
        const startMillis = performance.now();
        const error = await failureOf(jobs.add("work", { id: "meanwhile", data: null }));
        expect(error).toBeInstanceOf(JobsUnavailable);
        expect(performance.now() - startMillis).toBeLessThan(3_000);
        await redis.restart();
        // Whether one whose answer did not come was added cannot be known: its id makes it safe to add it again.
        await eventually(async () => {
          await jobs.add("work", { id: "after", data: null });
          return true;
        });
        await eventually(() => done.includes("after"));
        expect(done.filter((id) => id !== "meanwhile")).toEqual(["before", "after"]);
        await jobs.close();
      }, 60_000);
    });
  }

  test("a server that is killed while a job runs leaves this process its time", async () => {
    const redis = await startRedis();
    const jobs = await openBullMq(redis.url, "killed-meanwhile");
    const ran: string[] = [];
    await jobs.process(
      "work",
      async ({ id }) => {
        if (ran.push(id) === 1) await redis.kill9();
      },
      { concurrency: 1 },
    );
    // It may be killed before it has answered.
    await jobs.add("work", { id: "one", data: null }).catch(() => false);
    await eventually(() => ran.length === 1);
    const startMillis = performance.now();
    for (let i = 0; i < 20; i++) await Bun.sleep(25);
    expect(performance.now() - startMillis).toBeLessThan(2_500);
    await redis.restart();
    await eventually(async () => {
      await jobs.add("work", { id: "two", data: null });
      return ran.includes("two");
    });
    await jobs.close();
    await redis.stop();
  }, 60_000);
});

const DRAGONFLY = process.env["TICKFORGE_TEST_DRAGONFLY_URL"];
if (DRAGONFLY === undefined) {
  test.skip("jobs on a Dragonfly: set TICKFORGE_TEST_DRAGONFLY_URL to run the same suite against one", () => {});
} else {
  describeJobs("bullmq on Dragonfly", () =>
    Promise.resolve({
      open: async () => await openBullMq(DRAGONFLY),
      crash: async (queue, id) => await crash(["bullmq", DRAGONFLY, queue, id]),
    }),
  );
}
