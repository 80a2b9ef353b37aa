// Asks the operating system to run this thread first. A thread that mostly waits for the disk needs little of a processor,
// but at once: behind the slice of a busy one, a sync of a tenth of a millisecond takes four.

import { getPriority, setPriority } from "node:os";

/**
 * Raises the calling thread to `niceness` (-20, first, to 19, last) if it stands lower. Linux only: elsewhere the call would
 * speak for the whole process. Without the right to (CAP_SYS_NICE or a limit that allows it) nothing changes.
 * @returns whether the thread has it now
 */
export function raiseThreadPriority(niceness: number): boolean {
  if (process.platform !== "linux") return false;
  try {
    if (getPriority(0) > niceness) setPriority(0, niceness);
    return true;
  } catch {
    return false;
  }
}
