// The journal's own thread: takes what is in the ring, makes it durable, says so. A commit starts when the previous one
// ends; there is no timer. In idle moments it prepares the next segment.

import type { Result } from "../../actors/base/result.ts";
import { adviceFor } from "./advice.ts";
import { RealDisk } from "./disk.ts";
import { COMMIT_BYTES_MAX, IDLE_MILLISECONDS, QUIET_MILLISECONDS, WRITER_NICENESS } from "./limits.ts";
import { type JournalOpenFailure, openWriter, type Witness } from "./open.ts";
import { RingConsumer, type RingMemory } from "./ring-buffer.ts";
import type { SegmentWriter } from "./segment-writer.ts";
import { raiseThreadPriority } from "./thread-priority.ts";

export interface WriterStart {
  readonly memory: RingMemory;
  readonly directory: string;
  readonly segmentBytes: number;
  readonly witnesses: readonly Witness[];
}

export interface Opened {
  readonly lastSeq: number;
  readonly epoch: number;
  readonly cutBytes: number;
  readonly fresh: boolean;
}

export type WriterWord =
  | { readonly word: "opened"; readonly opened: Result<Opened, JournalOpenFailure> }
  | { readonly word: "progress" }
  | { readonly word: "failed"; readonly message: string }
  | { readonly word: "closed" };

declare const self: {
  onmessage: ((event: { data: WriterStart }) => void) | null;
  postMessage: (word: WriterWord) => void;
};

self.onmessage = ({ data }) => {
  raiseThreadPriority(WRITER_NICENESS);
  const ring = new RingConsumer(data.memory);
  try {
    const writer = open(data);
    if (writer === undefined) return;
    run(ring, writer);
    self.postMessage({ word: "closed" });
  } catch (error) {
    ring.setState("failed");
    self.postMessage({ word: "failed", message: adviceFor(error, data.directory) });
  }
};

function open({ directory, segmentBytes, witnesses }: WriterStart): SegmentWriter | undefined {
  const opened = openWriter(new RealDisk(directory), { segmentBytes, witnesses, place: directory });
  if (!opened.ok) {
    self.postMessage({ word: "opened", opened });
    return undefined;
  }
  const { writer, lastSeq, epoch, cutBytes, fresh } = opened.value;
  self.postMessage({ word: "opened", opened: { ok: true, value: { lastSeq, epoch, cutBytes, fresh } } });
  return writer;
}

function run(ring: RingConsumer, writer: SegmentWriter): void {
  const buffer = new Uint8Array(COMMIT_BYTES_MAX);
  let preparing = true;
  let quiet = true;
  for (;;) {
    const taken = ring.take(buffer);
    if (taken > 0) {
      writer.commit(buffer.subarray(0, taken));
      ring.release();
      ring.publishDurable(writer.lastSeq);
      if (ring.mayNotify()) self.postMessage({ word: "progress" });
      preparing = true;
      quiet = false;
      continue;
    }
    if (ring.state === "closing" && ring.empty) break;
    // Preparing waits for a quiet moment and then goes on until it is over, unless the room is about to run short.
    if (preparing && (quiet || writer.behind)) preparing = writer.prepare();
    else quiet = ring.wait(preparing ? QUIET_MILLISECONDS : IDLE_MILLISECONDS);
  }
  writer.close();
  ring.setState("closed");
}
