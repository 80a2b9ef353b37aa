// Starts a round of retention on a thread of its own. Rounds are rare, so the thread lives only as long as one.

import { failure, type Result } from "../../actors/base/result.ts";
import type { RetentionReport } from "./retention.ts";
import type { RetentionFailure, RetentionStart } from "./retention-thread.ts";

/** Archives what may leave the journal, and says how full its folder is. One round at a time. */
export async function runRetention(
  start: RetentionStart,
): Promise<Result<RetentionReport, RetentionFailure>> {
  const worker = new Worker(new URL("retention-thread.ts", import.meta.url));
  try {
    return await new Promise<Result<RetentionReport, RetentionFailure>>((resolve) => {
      worker.onmessage = (event: MessageEvent<Result<RetentionReport, RetentionFailure>>) =>
        resolve(event.data);
      worker.onerror = (event) => {
        resolve(failure("retention-failed", `the thread that archives failed: ${event.message}`));
      };
      worker.postMessage(start);
    });
  } finally {
    worker.terminate();
  }
}
