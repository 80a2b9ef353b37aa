// Work that may wait: named queues of jobs that survive a restart, are tried again with growing pauses, and repeat by a
// timetable. A job may run twice, when a worker stalls: handlers are idempotent by the job's id, and never send orders.

/** What JSON can say. */
export type JobData =
  | null
  | boolean
  | number
  | string
  | readonly JobData[]
  | { readonly [name: string]: JobData };

export interface NewJob {
  /** Its idempotency key: while a job with this id is held, waiting, running or done, another is not added. */
  readonly id: string;
  readonly data: JobData;
  /** How often it is tried; once by default. */
  readonly attemptsMax?: number;
  /** Pause before the second attempt; doubled by each further one. */
  readonly backoffMillis?: number;
  readonly delayMillis?: number;
}

/** What a handler is told. */
export interface JobRun {
  readonly id: string;
  readonly data: JobData;
  /** 1 for the first; a job that is begun again after a stall counts on. */
  readonly attempt: number;
  /** From 0 to 1. */
  progress(share: number): Promise<void>;
}

export type JobHandler = (run: JobRun) => Promise<void>;

export interface ProcessOptions {
  /** Jobs of this queue that run at once in this process. */
  readonly concurrency: number;
  /** Silence of a running job's process after which it counts as stalled, and the job is given to another. */
  readonly stalledMillis?: number;
}

export interface RepeatedJob {
  /** Names the timetable; told again, it replaces what it said before. */
  readonly id: string;
  readonly at: Timetable;
  readonly data: JobData;
}

/** Five fields in UTC, or a fixed pace. Times that passed while nothing ran are left out. */
export type Timetable = { readonly cron: string } | { readonly everyMillis: number };

export interface JobCounts {
  readonly waiting: number;
  readonly running: number;
  /** Waiting for their time: delayed, or between two attempts. */
  readonly delayed: number;
  readonly done: number;
  readonly failed: number;
}

export interface FailedJob {
  readonly id: string;
  readonly data: JobData;
  /** Why the last attempt failed. */
  readonly reason: string;
  readonly attempts: number;
}

/** Expected failures are thrown as JobsUnavailable. */
export interface Jobs {
  /** False where a job with this id is held already. */
  add(queue: string, job: NewJob): Promise<boolean>;
  /** Begins to run the queue's jobs here; once a queue and process. */
  process(queue: string, handler: JobHandler, options: ProcessOptions): Promise<void>;
  /** Throws a RangeError for a timetable that says no time. */
  repeat(queue: string, job: RepeatedJob): Promise<void>;
  /** When its next job is due, in milliseconds since 1970; undefined where no timetable has this id. */
  nextRepeatMillis(queue: string, id: string): Promise<number | undefined>;
  /** False where no timetable had this id. */
  endRepeat(queue: string, id: string): Promise<boolean>;
  counts(queue: string): Promise<JobCounts>;
  /** The share a running or finished job last told; undefined for a job that is not held. */
  progressOf(queue: string, id: string): Promise<number | undefined>;
  /** Newest first. */
  failed(queue: string, limit: number): Promise<readonly FailedJob[]>;
  /** Takes no more jobs, lets running ones end, and keeps the rest for the next start. */
  close(): Promise<void>;
}

export class JobsUnavailable extends Error {
  override readonly name = "JobsUnavailable";
}
