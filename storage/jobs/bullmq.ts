// Jobs on Dragonfly, Redis or a cluster, by BullMQ: every process of the deployment may add and run them. A queue's keys
// share a slot by the braces around its name.

import { type ConnectionOptions, type Job, Queue, type QueueOptions, Worker } from "bullmq";
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
  CLOSE_MILLIS_MAX,
  DONE_JOBS_MAX,
  DONE_SECONDS_MAX,
  FAILED_JOBS_MAX,
  FAILED_SECONDS_MAX,
  JOBS_LISTED_MAX,
  JOBS_MILLIS_MAX,
  STALLED_MILLIS_DEFAULT,
  STALLS_MAX,
  WAIT_SECONDS,
  WORKER_RETRY_MILLIS,
} from "./limits.ts";
import { checkedTimetable } from "./timetable.ts";

/** A client of ioredis, single or cluster. */
type Client = ConnectionOptions & { readonly status: string };

export interface BullMqOptions {
  /** For questions: one that keeps nothing for later, so that they fail at once while the server is away. */
  readonly client: Client;
  /** For workers: as `client`, but with patience for at least {@link WAIT_MILLIS_MAX} of waiting at the server. */
  readonly workerClient: Client;
  /** Deployments that share a server differ in it. */
  readonly prefix?: string;
  /** What a worker could not do, and will try again. */
  readonly onProblem: (message: string) => void;
}

/** The longest a worker's command waits at the server: BullMQ asks for up to twice the drain delay. */
export const WAIT_MILLIS_MAX = 2 * WAIT_SECONDS * 1_000;

/** What is stored: who added it, to tell whether it was this call. */
interface Envelope {
  readonly data: JobData;
  readonly nonce?: string;
}

const KEPT = {
  removeOnComplete: { count: DONE_JOBS_MAX, age: DONE_SECONDS_MAX },
  removeOnFail: { count: FAILED_JOBS_MAX, age: FAILED_SECONDS_MAX },
} as const;

/**
 * Without a connection a command is refused at once, and a worker that had work asks for the next at once: round and round, and
 * nothing else in this process would ever run.
 */
class PacedWorker extends Worker<Envelope> {
  protected override async moveToActive(token: string, name?: string): Promise<Job<Envelope>> {
    try {
      return await super.moveToActive(token, name);
    } catch (error) {
      await Bun.sleep(WORKER_RETRY_MILLIS);
      throw error;
    }
  }
}

export class BullMqJobs implements Jobs {
  readonly #options: BullMqOptions;
  readonly #queues = new Map<string, Queue<Envelope>>();
  readonly #workers = new Map<string, Worker<Envelope>>();
  readonly #running = new Set<Promise<void>>();

  /** The clients stay the caller's to close, after this. */
  constructor(options: BullMqOptions) {
    this.#options = options;
  }

  async add(queue: string, job: NewJob): Promise<boolean> {
    const nonce = crypto.randomUUID();
    return await this.#ask(queue, async (asked) => {
      const added = await asked.add(
        "job",
        { data: job.data, nonce },
        { jobId: jobIdOf(job.id), ...tries(job) },
      );
      // Where one with this id is held, adding says nothing and leaves it as it is: so look whose it is.
      const held = await asked.getJob(String(added.id));
      return held?.data.nonce === nonce;
    });
  }

  async process(queue: string, handler: JobHandler, options: ProcessOptions): Promise<void> {
    if (this.#workers.has(queue)) throw new Error(`the jobs of ${queue} are processed here already`);
    const stalledMillis = options.stalledMillis ?? STALLED_MILLIS_DEFAULT;
    const worker = new PacedWorker(
      nameOf(queue),
      async (job) => {
        const run = handler({
          id: idOf(String(job.id)),
          data: job.data.data,
          attempt: job.attemptsStarted,
          progress: async (share) => await job.updateProgress(share),
        });
        this.#running.add(run);
        await run.finally(() => this.#running.delete(run));
      },
      {
        ...this.#connection(this.#options.workerClient),
        concurrency: options.concurrency,
        drainDelay: WAIT_SECONDS,
        lockDuration: stalledMillis,
        stalledInterval: stalledMillis,
        maxStalledCount: STALLS_MAX,
        runRetryDelay: WORKER_RETRY_MILLIS,
      },
    );
    worker.on("error", (error) => this.#options.onProblem(`the worker of ${queue}: ${error.message}`));
    this.#workers.set(queue, worker);
    await inTime(worker.waitUntilReady(), queue).catch((error: unknown) => {
      // It goes on trying, as it does when the connection is lost later.
      this.#options.onProblem(`the worker of ${queue} waits for its connection: ${messageOf(error)}`);
    });
  }

  async repeat(queue: string, job: RepeatedJob): Promise<void> {
    const at = checkedTimetable(job.at);
    await this.#ask(
      queue,
      async (asked) =>
        await asked.upsertJobScheduler(job.id, "pattern" in at ? { ...at, tz: "UTC" } : at, {
          name: "job",
          data: { data: job.data },
        }),
    );
  }

  async nextRepeatMillis(queue: string, id: string): Promise<number | undefined> {
    return await this.#ask(queue, async (asked) => (await asked.getJobScheduler(id))?.next);
  }

  async endRepeat(queue: string, id: string): Promise<boolean> {
    return await this.#ask(queue, async (asked) => await asked.removeJobScheduler(id));
  }

  async counts(queue: string): Promise<JobCounts> {
    const counts = await this.#ask(
      queue,
      async (asked) => await asked.getJobCounts("wait", "active", "delayed", "completed", "failed"),
    );
    return {
      waiting: counts["wait"] ?? 0,
      running: counts["active"] ?? 0,
      delayed: counts["delayed"] ?? 0,
      done: counts["completed"] ?? 0,
      failed: counts["failed"] ?? 0,
    };
  }

  async progressOf(queue: string, id: string): Promise<number | undefined> {
    const job = await this.#ask(queue, async (asked) => await asked.getJob(jobIdOf(id)));
    return job === undefined ? undefined : Number(job.progress);
  }

  async failed(queue: string, limit: number): Promise<readonly FailedJob[]> {
    if (limit < 1) return [];
    const jobs = await this.#ask(
      queue,
      async (asked) => await asked.getFailed(0, Math.min(limit, JOBS_LISTED_MAX) - 1),
    );
    return jobs.map(failedJob);
  }

  async close(): Promise<void> {
    // Without a connection there is none to say goodbye on, and it would be waited for.
    const isAway = this.#options.workerClient.status !== "ready";
    const closing = Promise.all(
      [...this.#workers.values()].map(async (worker) => await worker.close(isAway)),
    );
    await Promise.race([closing, this.#endedLongAgo()]);
    await Promise.all([...this.#queues.values()].map(async (queue) => await queue.close()));
    this.#workers.clear();
    this.#queues.clear();
  }

  /** A worker between two attempts to connect never says that it is closed; by then nothing of it is left. */
  async #endedLongAgo(): Promise<void> {
    await Promise.allSettled(this.#running);
    await Bun.sleep(CLOSE_MILLIS_MAX);
  }

  async #ask<T>(queue: string, question: (asked: Queue<Envelope>) => Promise<T>): Promise<T> {
    // A queue that was never connected would wait for it, however long that takes.
    if (this.#options.client.status !== "ready")
      throw new JobsUnavailable(
        `the jobs of ${queue} cannot be reached: there is no connection to their server`,
      );
    try {
      return await inTime(question(this.#queue(queue)), queue);
    } catch (error) {
      throw new JobsUnavailable(`the jobs of ${queue} cannot be reached: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  #queue(name: string): Queue<Envelope> {
    const known = this.#queues.get(name);
    if (known !== undefined) return known;
    const queue = new Queue<Envelope>(nameOf(name), {
      ...this.#connection(this.#options.client),
      defaultJobOptions: KEPT,
    });
    queue.on("error", () => {
      // Whoever asks gets it as a failure.
    });
    this.#queues.set(name, queue);
    return queue;
  }

  #connection(client: Client): QueueOptions {
    const { prefix } = this.#options;
    return { connection: client, ...(prefix === undefined ? {} : { prefix }) };
  }
}

function tries(job: NewJob): { attempts: number; delay: number; backoff: { type: string; delay: number } } {
  return {
    attempts: job.attemptsMax ?? 1,
    delay: job.delayMillis ?? 0,
    backoff: { type: "exponential", delay: job.backoffMillis ?? BACKOFF_MILLIS_DEFAULT },
  };
}

function nameOf(queue: string): string {
  return `{${encodeURIComponent(queue)}}`;
}

const ID = "id-";

/** BullMQ's own ids are numbers, and colons separate its keys. */
function jobIdOf(id: string): string {
  return `${ID}${encodeURIComponent(id)}`;
}

/** A repeated job's id is BullMQ's: its timetable and its time. */
function idOf(jobId: string): string {
  return jobId.startsWith(ID) ? decodeURIComponent(jobId.slice(ID.length)) : jobId;
}

function failedJob(job: Job<Envelope>): FailedJob {
  return {
    id: idOf(String(job.id)),
    data: job.data.data,
    reason: job.failedReason,
    attempts: job.attemptsMade,
  };
}

async function inTime<T>(answer: Promise<T>, queue: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer about ${queue} within ${JOBS_MILLIS_MAX} ms`)),
      JOBS_MILLIS_MAX,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
