// What every store of jobs must do: an id is held once, what fails is tried again and told how often, what is done stays
// done over a restart, and a job whose process died runs again.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { JobRun, Jobs, NewJob } from "../../actors/ports/jobs.ts";
import { eventually, failureOf } from "../fixtures/eventually.ts";

export interface JobsRig {
  /** The same store again, after the last one was closed. */
  readonly open: () => Promise<Jobs>;
  /**
   * In a process of its own, adds a job called `id` to `queue`, begins to run it, and is killed. Called while none is open.
   */
  readonly crash: (queue: string, id: string) => Promise<void>;
  readonly close?: () => Promise<void> | void;
}

/** How long a job's process may be silent here before it counts as stalled. */
export const STALLED_MILLIS = 1_000;

function job(id: string, changes: Partial<NewJob> = {}): NewJob {
  return { id, data: null, ...changes };
}

export function describeJobs(name: string, prepare: () => Promise<JobsRig>): void {
  describe(`jobs: ${name}`, () => {
    let rig: JobsRig;
    let jobs: Jobs;
    beforeAll(async () => {
      rig = await prepare();
      jobs = await rig.open();
    }, 60_000);
    afterAll(async () => {
      await jobs.close();
      await rig.close?.();
    });
    const runs: Record<string, JobRun[]> = {};
    /** Runs `queue` here, remembering what came. */
    const run = async (
      queue: string,
      work: (job: JobRun) => Promise<void> = () => Promise.resolve(),
      concurrency = 1,
    ): Promise<void> => {
      const came: JobRun[] = [];
      runs[queue] = came;
      await jobs.process(
        queue,
        async (running) => {
          came.push(running);
          await work(running);
        },
        { concurrency, stalledMillis: STALLED_MILLIS },
      );
    };

    test("a job runs once, with what it was given", async () => {
      const data = { text: 'ünï "quoted"\n', list: [1, 2.5, true, null, { deep: "x" }] };
      await run("plain");
      expect(await jobs.add("plain", job("a", { data }))).toBe(true);
      await eventually(async () => (await jobs.counts("plain")).done === 1);
      expect(runs["plain"]).toHaveLength(1);
      expect(runs["plain"]![0]).toMatchObject({ id: "a", data, attempt: 1 });
    });

    test("an id is held once: waiting, running and done", async () => {
      for (const id of ["7", "a:b/c", "ünï x", "id-1"]) {
        expect(await jobs.add("held", job(id, { data: "first" }))).toBe(true);
        expect(await jobs.add("held", job(id, { data: "second" }))).toBe(false);
      }
      expect((await jobs.counts("held")).waiting).toBe(4);
      const gate = Promise.withResolvers<void>();
      await run("held", async () => await gate.promise);
      await eventually(async () => (await jobs.counts("held")).running === 1);
      expect(await jobs.add("held", job("7", { data: "third" }))).toBe(false);
      gate.resolve();
      await eventually(async () => (await jobs.counts("held")).done === 4);
      expect(await jobs.add("held", job("7", { data: "fourth" }))).toBe(false);
      expect(runs["held"]!.map(({ data }) => data)).toEqual(["first", "first", "first", "first"]);
      expect(runs["held"]!.map(({ id }) => id).sort()).toEqual(["7", "a:b/c", "id-1", "ünï x"]);
    });

    test("of many who add one id at once, one does", async () => {
      const added = await Promise.all(
        Array.from({ length: 20 }, async (_, index) => await jobs.add("race", job("one", { data: index }))),
      );
      expect(added.filter((each) => each)).toHaveLength(1);
      expect((await jobs.counts("race")).waiting).toBe(1);
    });

    test("the same id in another queue is another job", async () => {
      expect(await jobs.add("here", job("same"))).toBe(true);
      expect(await jobs.add("there", job("same"))).toBe(true);
    });

    test("what fails is tried again, and told which attempt it is, until it succeeds", async () => {
      await run("again", async ({ attempt }) => {
        await Promise.resolve();
        if (attempt < 3) throw new Error("not yet");
      });
      await jobs.add("again", job("a", { attemptsMax: 5, backoffMillis: 10 }));
      await eventually(async () => (await jobs.counts("again")).done === 1);
      expect(runs["again"]!.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    });

    test("what fails each time is listed with its reason, newest first", async () => {
      await run("bad", async ({ data }) => {
        await Promise.resolve();
        throw new Error(`cannot do ${JSON.stringify(data)}`);
      });
      await jobs.add("bad", job("first", { data: "this", attemptsMax: 2, backoffMillis: 10 }));
      await eventually(async () => (await jobs.counts("bad")).failed === 1);
      await jobs.add("bad", job("second", { data: "that" }));
      await eventually(async () => (await jobs.counts("bad")).failed === 2);
      expect(await jobs.failed("bad", 10)).toEqual([
        { id: "second", data: "that", reason: 'cannot do "that"', attempts: 1 },
        { id: "first", data: "this", reason: 'cannot do "this"', attempts: 2 },
      ]);
      expect(await jobs.failed("bad", 1)).toHaveLength(1);
      expect(await jobs.failed("bad", 0)).toEqual([]);
      expect(await jobs.add("bad", job("first"))).toBe(false);
    });

    test("as many run at once as were asked for", async () => {
      let running = 0;
      let most = 0;
      await run(
        "wide",
        async () => {
          most = Math.max(most, ++running);
          await Bun.sleep(20);
          running--;
        },
        3,
      );
      for (let i = 0; i < 12; i++) await jobs.add("wide", job(`w${i}`));
      await eventually(async () => (await jobs.counts("wide")).done === 12);
      expect(most).toBe(3);
    });

    test("progress can be asked for", async () => {
      const gate = Promise.withResolvers<void>();
      await run("long", async (long) => {
        await long.progress(0.25);
        await gate.promise;
      });
      await jobs.add("long", job("a"));
      await eventually(async () => (await jobs.progressOf("long", "a")) === 0.25);
      expect(await jobs.progressOf("long", "none")).toBeUndefined();
      gate.resolve();
      await eventually(async () => (await jobs.counts("long")).done === 1);
    });

    test("a delayed job waits for its time", async () => {
      const addedMillis = performance.now();
      let ranMillis = 0;
      await run("later", async () => {
        await Promise.resolve();
        ranMillis = performance.now();
      });
      await jobs.add("later", job("a", { delayMillis: 300 }));
      expect((await jobs.counts("later")).delayed).toBe(1);
      await eventually(() => ranMillis > 0);
      expect(ranMillis - addedMillis).toBeGreaterThanOrEqual(290);
    });

    test("a timetable repeats, once however often it is told, until it is ended", async () => {
      await run("pace");
      for (let again = 0; again < 2; again++)
        await jobs.repeat("pace", { id: "often", at: { everyMillis: 300 }, data: { what: "tick" } });
      await eventually(() => runs["pace"]!.length >= 3);
      expect(new Set(runs["pace"]!.map(({ id }) => id)).size).toBe(runs["pace"]!.length);
      expect(runs["pace"]![0]).toMatchObject({ data: { what: "tick" }, attempt: 1 });
      expect(await jobs.endRepeat("pace", "often")).toBe(true);
      expect(await jobs.endRepeat("pace", "often")).toBe(false);
      expect(await jobs.nextRepeatMillis("pace", "often")).toBeUndefined();
    }, 30_000);

    test("a timetable by the clock knows its next time, in UTC; told again, it is replaced", async () => {
      const next = async (cron: string): Promise<Date> => {
        await jobs.repeat("clock", { id: "daily", at: { cron }, data: null });
        return new Date((await jobs.nextRepeatMillis("clock", "daily")) ?? Number.NaN);
      };
      const daily = await next("30 4 * * *");
      expect(daily.toISOString().slice(11)).toBe("04:30:00.000Z");
      expect(daily.getTime() - Date.now()).toBeLessThanOrEqual(24 * 3_600_000);
      const monday = await next("0 22 * * 1");
      expect(monday.toISOString().slice(11)).toBe("22:00:00.000Z");
      expect(monday.getUTCDay()).toBe(1);
      expect(await jobs.endRepeat("clock", "daily")).toBe(true);
    });

    for (const cron of ["", "* * * *", "* * * * * *", "@daily", "* * * * x", "60 0 * * *"]) {
      test(`"${cron}" is no timetable`, async () => {
        const refused = await failureOf(jobs.repeat("clock", { id: "wrong", at: { cron }, data: null }));
        expect(refused).toBeInstanceOf(RangeError);
        expect(await jobs.nextRepeatMillis("clock", "wrong")).toBeUndefined();
      });
    }

    test("closing lets what runs end, keeps what waits, and another start goes on with it", async () => {
      let ended = false;
      await run("kept", async () => {
        await Bun.sleep(200);
        ended = true;
      });
      await jobs.add("kept", job("a"));
      await jobs.add("kept", job("b", { data: "waits" }));
      await eventually(() => runs["kept"]!.length === 1);
      await jobs.close();
      expect(ended).toBe(true);
      jobs = await rig.open();
      expect(await jobs.counts("kept")).toMatchObject({ waiting: 1, done: 1 });
      expect(await jobs.add("kept", job("a"))).toBe(false);
      expect(await jobs.add("kept", job("b"))).toBe(false);
      await run("kept");
      await eventually(async () => (await jobs.counts("kept")).done === 2);
      expect(runs["kept"]!.map(({ id, data }) => [id, data])).toEqual([["b", "waits"]]);
    }, 30_000);

    test("a job whose process was killed runs again, and is told so", async () => {
      await jobs.close();
      await rig.crash("crash", "a");
      jobs = await rig.open();
      expect(await jobs.add("crash", job("a"))).toBe(false);
      await run("crash");
      await eventually(async () => (await jobs.counts("crash")).done === 1);
      expect(runs["crash"]).toHaveLength(1);
      expect(runs["crash"]![0]).toMatchObject({ id: "a", data: "crashed", attempt: 2 });
    }, 60_000);
  });
}
