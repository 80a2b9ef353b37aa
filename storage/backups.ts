// Backups of a running system: asked for by people or by a timetable, kept as jobs until they are made, and made by a process
// of their own. Where the jobs' store is away, the chore that looks every hour makes the one that is overdue.

import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { type Clock, MICROS_PER_MILLISECOND } from "../actors/base/clock.ts";
import { type FailedJob, type JobRun, JobsUnavailable } from "../actors/ports/jobs.ts";
import { backupMillis, backupName, type BackupOrder, backupsIn } from "./backup-folder.ts";
import { type OpenedJobs, openJobs } from "./open-jobs.ts";

const QUEUE = "backups";
const TIMETABLE = "every-so-often";
const HOUR_MILLIS = 3_600_000;
/** A failed one is tried again after a minute, two and four. */
const ATTEMPTS_MAX = 4;
const BACKOFF_MILLIS = 60_000;
/** How late one of the timetable may be before it is made without a job. */
const GRACE_MILLIS = HOUR_MILLIS;
const FAILURES_SHOWN_MAX = 10;

const dataSchema = z.strictObject({ name: z.string().optional() });

export interface BackupsOptions {
  /** The data folder. */
  readonly data: string;
  /** Where backups go. */
  readonly folder: string;
  /** 0 for only when asked. */
  readonly everyHours: number;
  readonly keep: number;
  readonly timeSeries: BackupOrder["timeSeries"];
  readonly jobs: OpenedJobs;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

/** As the settings say; undefined where no folder is named. */
export function openBackups(
  options: Omit<BackupsOptions, "folder" | "jobs"> & {
    folder: string | undefined;
    dragonflyUrl: string | undefined;
  },
): Backups | undefined {
  const { folder, dragonflyUrl, data, onProblem } = options;
  if (folder === undefined) return undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const jobs = openJobs({ url: dragonflyUrl, data, onProblem });
    const backups = new Backups({ ...options, folder: resolve(folder), jobs });
    backups.start();
    return backups;
  } catch (error) {
    onProblem(`no backups are made: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

export interface BackupsState {
  /** Whole ones, newest first. */
  readonly names: readonly string[];
  readonly waiting: number;
  readonly running: boolean;
  readonly failed: readonly FailedJob[];
}

export class Backups {
  readonly #options: BackupsOptions;
  #arranged = false;
  #isClosed = false;
  /** One at a time. */
  #turn: Promise<void> = Promise.resolve();
  #child: ReturnType<typeof spawnChild> | undefined;

  constructor(options: BackupsOptions) {
    this.#options = options;
  }

  /** Begins to make what is asked for. */
  start(): void {
    const { jobs, onProblem } = this.#options;
    jobs.jobs
      .process(QUEUE, async (run) => await this.#run(run), { concurrency: 1 })
      .then(async () => await this.#arrange())
      .catch((error: unknown) => onProblem(`backups: ${String(error)}`));
  }

  /** Asks for one, and says what it will be called. Throws JobsUnavailable. */
  async ask(): Promise<string> {
    const name = backupName(this.#nowMillis);
    await this.#options.jobs.jobs.add(QUEUE, {
      id: name,
      data: { name },
      attemptsMax: ATTEMPTS_MAX,
      backoffMillis: BACKOFF_MILLIS,
    });
    return name;
  }

  /** Throws JobsUnavailable. */
  async state(): Promise<BackupsState> {
    const {
      folder,
      jobs: { jobs },
    } = this.#options;
    const [counts, failed] = await Promise.all([jobs.counts(QUEUE), jobs.failed(QUEUE, FAILURES_SHOWN_MAX)]);
    return {
      names: backupsIn(folder),
      waiting: counts.waiting,
      running: this.#child !== undefined,
      failed,
    };
  }

  /** Call it about hourly: makes what jobs should have made by now. */
  async makeOverdue(): Promise<void> {
    const { everyHours, onProblem } = this.#options;
    try {
      await this.#arrange();
      if (everyHours === 0 || this.#ageMillis < everyHours * HOUR_MILLIS + GRACE_MILLIS) return;
      await this.#make(backupName(this.#nowMillis));
    } catch (error) {
      onProblem(String(error));
    }
  }

  /** What is being made is given up: its job begins it again at the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#child?.kill();
    await this.#turn;
    await this.#options.jobs.close();
  }

  get #nowMillis(): number {
    return Math.floor(this.#options.clock.nowMicros() / MICROS_PER_MILLISECOND);
  }

  /** Of the newest one; Infinity where there is none. */
  get #ageMillis(): number {
    const [newest] = backupsIn(this.#options.folder);
    return newest === undefined ? Number.POSITIVE_INFINITY : this.#nowMillis - backupMillis(newest);
  }

  /** Once, as soon as the jobs' store takes it. */
  async #arrange(): Promise<void> {
    const {
      everyHours,
      jobs: { jobs },
    } = this.#options;
    if (this.#arranged) return;
    try {
      if (everyHours === 0) await jobs.endRepeat(QUEUE, TIMETABLE);
      else
        await jobs.repeat(QUEUE, { id: TIMETABLE, at: { everyMillis: everyHours * HOUR_MILLIS }, data: {} });
      this.#arranged = true;
    } catch (error) {
      if (!(error instanceof JobsUnavailable)) throw error;
    }
  }

  /** Run twice, a job finds that its backup is there. */
  async #run({ data }: JobRun): Promise<void> {
    const { name } = dataSchema.parse(data);
    if (name !== undefined) await this.#make(name);
    else if (this.#ageMillis >= (this.#options.everyHours * HOUR_MILLIS) / 2) {
      await this.#make(backupName(this.#nowMillis));
    }
  }

  async #make(name: string): Promise<void> {
    const made = this.#turn.then(async () => await this.#makeNow(name));
    this.#turn = made.catch(() => undefined);
    await made;
  }

  async #makeNow(name: string): Promise<void> {
    const { data, folder, keep, timeSeries } = this.#options;
    if (backupsIn(folder).includes(name)) return;
    if (this.#isClosed) throw new Error("the system stops: the backup is made after the next start");
    const child = spawnChild({ data, target: join(folder, name), keep, timeSeries });
    this.#child = child;
    try {
      const said = await new Response(child.stderr).text();
      if ((await child.exited) !== 0) throw new Error(`the backup ${name} was not made: ${said.trim()}`);
    } finally {
      this.#child = undefined;
    }
  }
}

function spawnChild(order: BackupOrder) {
  return Bun.spawn([process.execPath, join(import.meta.dir, "backup-child.ts")], {
    stdin: new Blob([JSON.stringify(order)]),
    stdout: "ignore",
    stderr: "pipe",
  });
}
