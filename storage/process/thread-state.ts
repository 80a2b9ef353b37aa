// What another process's first thread is about: whether it computes, waits, was stopped or waits for a disk. Whoever judges how
// long something takes asks, so that nobody is blamed for a debugger, a laptop that slept or a processor that was not there.

import { readFileSync } from "node:fs";

export interface ThreadState {
  /** `stopped`: by a signal or a debugger. `blocked`: waits for a disk or for memory that was swapped out. */
  readonly what: "runs" | "waits" | "stopped" | "blocked";
  /** Of processor it has had so far; undefined where that is not known. */
  readonly cpuMillis: number | undefined;
}

/** As proc(5) and ps(1) name them; U is what macOS says for D. */
const STATES: Readonly<Record<string, ThreadState["what"]>> = {
  R: "runs",
  T: "stopped",
  t: "stopped",
  D: "blocked",
  U: "blocked",
};
/** Linux counts processor time in hundredths of a second towards programs. */
const MILLIS_PER_CLOCK_TICK = 10;
/** proc(5): fields of a thread's stat after its name, which is in parentheses. */
const STATE_FIELD = 0;
const USER_TICKS_FIELD = 11;
const SYSTEM_TICKS_FIELD = 12;

/** Undefined where there is no such process. */
export function threadState(processId: number): ThreadState | undefined {
  return process.platform === "linux" ? fromProc(processId) : fromPs(processId);
}

function fromProc(processId: number): ThreadState | undefined {
  try {
    const stat = readFileSync(`/proc/${processId}/task/${processId}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const ticks = Number(fields[USER_TICKS_FIELD]) + Number(fields[SYSTEM_TICKS_FIELD]);
    return { what: whatOf(fields[STATE_FIELD] ?? ""), cpuMillis: ticks * MILLIS_PER_CLOCK_TICK };
  } catch {
    return undefined;
  }
}

/** Where there is no /proc. */
export function fromPs(processId: number): ThreadState | undefined {
  const asked = Bun.spawnSync(["ps", "-o", "state=", "-p", String(processId)]);
  const said = asked.stdout.toString().trim();
  return said === "" ? undefined : { what: whatOf(said.charAt(0)), cpuMillis: undefined };
}

function whatOf(letter: string): ThreadState["what"] {
  return STATES[letter] ?? "waits";
}
