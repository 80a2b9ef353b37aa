// What runs beside trading gives way to it: where processors are scarce, ticks go first.

import { setPriority } from "node:os";

/** The last place in line. History can wait, and catches up. */
const NICENESS = 19;

/** Call before the process makes threads: they inherit it. */
export function stepBack(): void {
  try {
    setPriority(NICENESS);
  } catch {
    // Not allowed here: then both are served alike.
  }
}
