// A process that adds a job, begins to run it, says so, and never ends it: to be killed.
// Arguments: "bunqueue" and a folder, or "bullmq" and an address; then the queue and the job's id.

import type { Jobs } from "../../actors/ports/jobs.ts";
import { STALLED_MILLIS } from "../../test/contract/jobs.ts";
import { openBullMq } from "./bullmq.fixture.ts";
import { BunqueueJobs } from "./bunqueue.ts";

const [kind, where = "", queue = "", id = ""] = process.argv.slice(2);

const jobs: Jobs =
  kind === "bunqueue"
    ? new BunqueueJobs({ directory: where, onProblem: (message) => process.stderr.write(`${message}\n`) })
    : await openBullMq(where);

await jobs.process(
  queue,
  async ({ attempt }) => {
    process.stdout.write(`running ${attempt}\n`);
    await new Promise(() => {});
  },
  { concurrency: 1, stalledMillis: STALLED_MILLIS },
);
await jobs.add(queue, { id, data: "crashed", attemptsMax: 3 });
