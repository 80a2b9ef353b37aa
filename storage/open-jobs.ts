// Work that may wait, where it is kept: in a file of this process by bunqueue, or by BullMQ on the named Dragonfly, which other
// processes may give work through.

import type { Jobs } from "../actors/ports/jobs.ts";
import { DragonflyConnection } from "./dragonfly/connect.ts";
import { parseTarget } from "./dragonfly/target.ts";
import { BullMqJobs, WAIT_MILLIS_MAX } from "./jobs/bullmq.ts";
import { BunqueueJobs } from "./jobs/bunqueue.ts";

export interface JobsOptions {
  /** Of a Dragonfly or Redis; undefined, or wrong, for a file in the data folder. */
  readonly url: string | undefined;
  /** The data folder. */
  readonly data: string;
  readonly onProblem: (message: string) => void;
}

/** What was opened, which holds its connections: close it here. */
export interface OpenedJobs {
  readonly jobs: Jobs;
  close(): Promise<void>;
}

/** Waits for nothing: while a Dragonfly is away, asking fails and work stays where it is. Throws JobsUnavailable. */
export function openJobs({ url, data, onProblem }: JobsOptions): OpenedJobs {
  const target = url === undefined ? undefined : parseTarget(url);
  if (target?.ok !== true) {
    const jobs = new BunqueueJobs({ directory: data, onProblem });
    return { jobs, close: async () => await jobs.close() };
  }
  const connection = new DragonflyConnection(target.value, { name: "tickforge-jobs" });
  const workers = new DragonflyConnection(target.value, {
    name: "tickforge-job-workers",
    blockingMillisMax: WAIT_MILLIS_MAX,
  });
  let said = "";
  const jobs = new BullMqJobs({
    client: connection.client,
    workerClient: workers.client,
    prefix: "tickforge",
    // A worker tries again every second, and says the same each time.
    onProblem: (message) => {
      if (message === said) return;
      said = message;
      onProblem(message);
    },
  });
  return {
    jobs,
    close: async () => {
      await jobs.close();
      connection.close();
      workers.close();
    },
  };
}
