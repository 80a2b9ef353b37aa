// Runs one round of retention away from the thread that takes ticks, says what came of it and ends.

import type { Result } from "../../actors/base/result.ts";
import { failure } from "../../actors/base/result.ts";
import type { ArchiveFailure } from "./archive.ts";
import { RealDisk } from "./disk.ts";
import { applyRetention, type RetentionOptions, type RetentionReport } from "./retention.ts";

export type RetentionFailure = ArchiveFailure | "retention-failed";

/** The folders take the place of the disks, which cannot be sent to a thread. */
export interface RetentionStart extends Omit<RetentionOptions, "journal" | "archive"> {
  readonly journalDirectory: string;
  readonly archiveDirectory: string;
}

declare const self: Worker;

self.onmessage = ({ data }: MessageEvent<RetentionStart>) => {
  self.postMessage(run(data));
};

function run(start: RetentionStart): Result<RetentionReport, RetentionFailure> {
  try {
    return applyRetention({
      ...start,
      journal: new RealDisk(start.journalDirectory, { create: false }),
      archive: new RealDisk(start.archiveDirectory),
    });
  } catch (error) {
    return failure(
      "retention-failed",
      `old segments of ${start.journalDirectory} could not be archived in ${start.archiveDirectory}: ${String(error)}. ` +
        "Nothing is lost. Check that the disk has room and can be written.",
      { recoverable: true },
    );
  }
}
