// Jobs of a deployment that is one process, by bunqueue inside it: one SQLite file under the data folder, no server. The
// library has one such file a process, so there is one of these at a time.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Queue, shutdownManager, Worker } from "bunqueue/client";
import {
  type FailedJob,
  type JobCounts,
  type JobData,
  type JobHandler,
  type Jobs,
  JobsUnavailable,
  type NewJob,
  type ProcessOptions,
  type RepeatedJob,
} from "../../actors/ports/jobs.ts";
import {
  BACKOFF_MILLIS_DEFAULT,
  FAILED_JOBS_MAX,
  FAILED_SECONDS_MAX,
  JOBS_LISTED_MAX,
  STALLED_MILLIS_DEFAULT,
  STALLS_MAX,
} from "./limits.ts";
import { checkedTimetable } from "./timetable.ts";

export interface BunqueueOptions {
  /** The data folder: the file is jobs/jobs.db in it. */
  readonly directory: string;
  readonly onProblem: (message: string) => void;
}

/** What is stored: who added it, to tell whether it was this call. */
interface Envelope {
  readonly data: JobData;
}

let isOpen = false;

export class BunqueueJobs implements Jobs {
  readonly #options: BunqueueOptions;
  readonly #path: string;
  readonly #queues = new Map<string, Queue<Envelope>>();
  readonly #workers = new Map<string, Worker<Envelope>>();
  /** One addition after the other: whether an id is held is looked up before it is added. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: BunqueueOptions) {
    if (isOpen) throw new Error("the jobs of this process are open already: close them first");
    this.#options = options;
    const directory = join(options.directory, "jobs");
    try {
      mkdirSync(directory, { recursive: true });
    } catch (error) {
      throw new JobsUnavailable(`cannot make ${directory}: ${messageOf(error)}`, { cause: error });
    }
    this.#path = join(directory, "jobs.db");
    isOpen = true;
  }

  async add(queue: string, job: NewJob): Promise<boolean> {
    const turn = this.#turn.then(async () => await this.#addNow(queue, job));
    this.#turn = turn.catch(() => undefined);
    return await turn;
  }

  process(queue: string, handler: JobHandler, options: ProcessOptions): Promise<void> {
    if (this.#workers.has(queue)) throw new Error(`the jobs of ${queue} are processed here already`);
    const worker = new Worker<Envelope>(
      queue,
      async (job) =>
        await handler({
          id: idOf(queue, job.id),
          data: job.data.data,
          attempt: job.attemptsMade + 1,
          progress: async (share) => await job.updateProgress(share * PERCENT),
        }),
      {
        embedded: true,
        dataPath: this.#path,
        concurrency: options.concurrency,
        lockDuration: options.stalledMillis ?? STALLED_MILLIS_DEFAULT,
        maxStalledCount: STALLS_MAX,
      },
    );
    worker.on("error", (error) => this.#options.onProblem(`the worker of ${queue}: ${error.message}`));
    this.#workers.set(queue, worker);
    return Promise.resolve();
  }

  async repeat(queue: string, job: RepeatedJob): Promise<void> {
    const at = checkedTimetable(job.at);
    await this.#ask(
      queue,
      async (asked) =>
        await asked.upsertJobScheduler(
          jobIdOf(queue, job.id),
          "pattern" in at ? { ...at, timezone: "UTC" } : at,
          { name: "job", data: { data: job.data } },
        ),
    );
  }

  async nextRepeatMillis(queue: string, id: string): Promise<number | undefined> {
    return await this.#ask(queue, async (asked) => (await asked.getJobScheduler(jobIdOf(queue, id)))?.next);
  }

  async endRepeat(queue: string, id: string): Promise<boolean> {
    return await this.#ask(queue, async (asked) => {
      // It says true for what was not there, too.
      if ((await asked.getJobScheduler(jobIdOf(queue, id))) === null) return false;
      return await asked.removeJobScheduler(jobIdOf(queue, id));
    });
  }

  async counts(queue: string): Promise<JobCounts> {
    const counts = await this.#ask(queue, async (asked) => await asked.getJobCountsAsync());
    return {
      waiting: counts.waiting,
      running: counts.active,
      delayed: counts.delayed,
      done: counts.completed,
      failed: counts.failed,
    };
  }

  async progressOf(queue: string, id: string): Promise<number | undefined> {
    const job = await this.#ask(queue, async (asked) => await asked.getJob(jobIdOf(queue, id)));
    return job === null ? undefined : job.progress / PERCENT;
  }

  async failed(queue: string, limit: number): Promise<readonly FailedJob[]> {
    if (limit < 1) return [];
    const entries = await this.#ask(
      queue,
      async (asked) => await asked.getDlqAsync({ limit: JOBS_LISTED_MAX }),
    );
    return entries
      .toSorted((a, b) => b.enteredAt - a.enteredAt)
      .slice(0, limit)
      .map(({ job, error, reason }) => ({
        id: idOf(queue, job.id),
        data: job.data.data,
        reason: error ?? reason,
        attempts: job.attemptsMade,
      }));
  }

  async close(): Promise<void> {
    if (!isOpen) return;
    await this.#turn;
    await Promise.all([...this.#workers.values()].map(async (worker) => await worker.close()));
    for (const queue of this.#queues.values()) queue.close();
    this.#workers.clear();
    this.#queues.clear();
    shutdownManager();
    isOpen = false;
  }

  async #addNow(queue: string, job: NewJob): Promise<boolean> {
    const jobId = jobIdOf(queue, job.id);
    return await this.#ask(queue, async (asked) => {
      // Added again, a job that is done would run again.
      if ((await asked.getJobState(jobId)) !== "unknown") return false;
      await asked.add(
        "job",
        { data: job.data },
        {
          jobId,
          attempts: job.attemptsMax ?? 1,
          delay: job.delayMillis ?? 0,
          backoff: { type: "exponential", delay: job.backoffMillis ?? BACKOFF_MILLIS_DEFAULT },
          // In the file before it is told that it was added.
          durable: true,
        },
      );
      return true;
    });
  }

  async #ask<T>(queue: string, question: (asked: Queue<Envelope>) => Promise<T>): Promise<T> {
    try {
      return await question(this.#queue(queue));
    } catch (error) {
      throw new JobsUnavailable(
        `the jobs of ${queue} in ${this.#path} cannot be reached: ${messageOf(error)}`,
        {
          cause: error,
        },
      );
    }
  }

  #queue(name: string): Queue<Envelope> {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = new Queue<Envelope>(name, { embedded: true, dataPath: this.#path });
    queue.setDlqConfig({
      autoRetry: false,
      maxEntries: FAILED_JOBS_MAX,
      maxAge: FAILED_SECONDS_MAX * 1_000,
    });
    queue.setStallConfig({ maxStalls: STALLS_MAX });
    this.#queues.set(name, queue);
    return queue;
  }
}

const PERCENT = 100;

/** Ids are one space for all of the library's queues. */
function jobIdOf(queue: string, id: string): string {
  return `${encodeURIComponent(queue)}/${id}`;
}

/** A repeated job's id is the library's own. */
function idOf(queue: string, jobId: string): string {
  const prefix = jobIdOf(queue, "");
  return jobId.startsWith(prefix) ? jobId.slice(prefix.length) : jobId;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
