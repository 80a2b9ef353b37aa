// For tests: BullMQ's jobs with connections of their own.

import type { Jobs } from "../../actors/ports/jobs.ts";
import { DragonflyConnection } from "../dragonfly/connect.ts";
import { targetOf } from "../dragonfly/target.fixture.ts";
import { BullMqJobs, WAIT_MILLIS_MAX } from "./bullmq.ts";

/** Closing the jobs closes the connections. */
export async function openBullMq(url: string, prefix = "tickforge"): Promise<Jobs> {
  const connection = new DragonflyConnection(targetOf(url), { name: "jobs" });
  const workers = new DragonflyConnection(targetOf(url), {
    name: "job-workers",
    blockingMillisMax: WAIT_MILLIS_MAX,
  });
  await connection.ready(10_000);
  await workers.ready(10_000);
  const jobs = new BullMqJobs({
    client: connection.client,
    workerClient: workers.client,
    prefix,
    onProblem: () => {},
  });
  const close = jobs.close.bind(jobs);
  jobs.close = async () => {
    await close();
    connection.close();
    workers.close();
  };
  return jobs;
}
