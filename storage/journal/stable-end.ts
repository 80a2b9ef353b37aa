// Where a segment that somebody may be writing to ends, as seen from another process.

import type { Disk } from "./disk.ts";
import { scanSegment } from "./scan.ts";
import { TopicChains } from "./topic-chains.ts";

/** The segment being written may look damaged while it is read. */
const SCANS_MAX = 20;
const SCAN_PAUSE_MILLIS = 100;

/** Up to where a segment is whole and will stay as it is; undefined where it cannot be read, however often it is tried. */
export async function stableEndOf(
  disk: Disk,
  firstSeq: number,
): Promise<{ offset: number; lastSeq: number } | undefined> {
  for (let attempt = 0; attempt < SCANS_MAX; attempt++) {
    const scan = scanSegment(disk, firstSeq, new TopicChains());
    if (!("what" in scan)) return { offset: scan.endOffset, lastSeq: scan.lastSeq };
    await Bun.sleep(SCAN_PAUSE_MILLIS);
  }
  return undefined;
}
