// Judges whether a marked call has hung: by the time it had, not by the time that went by. Looked at every now and then; time in
// which nobody looked, in which its process was stopped or waited for a disk, or in which it wanted a processor and had none, is not
// the call's.

import type { Blame, CallMark, MarkedCall } from "./call-mark.ts";
import { type ThreadState, threadState } from "./thread-state.ts";

/** How often to look. */
export const LOOK_MILLIS = 100;

export class CallWatch {
  #call = -1;
  #lookedMillis = 0;
  #cpuMillis: number | undefined;
  /** What the call has had. */
  #hadMillis = 0;

  /**
   * @param state of the thread that calls
   * @returns how long a call has had that had too long; undefined while all is well
   */
  look(
    call: MarkedCall | undefined,
    state: () => ThreadState | undefined,
    nowMillis: number,
  ): number | undefined {
    if (call === undefined) {
      this.#call = -1;
      return undefined;
    }
    const seen = state();
    const isSame = call.number === this.#call;
    // A look that came late: this process had no turn either, or the machine slept.
    const passedMillis = Math.min(nowMillis - this.#lookedMillis, LOOK_MILLIS);
    const hadMillis = isSame && seen !== undefined ? this.#hadOf(seen, passedMillis) : 0;
    this.#hadMillis = isSame && seen?.what !== "stopped" ? this.#hadMillis + hadMillis : 0;
    this.#call = call.number;
    this.#lookedMillis = nowMillis;
    this.#cpuMillis = seen?.cpuMillis;
    return this.#hadMillis >= call.patienceMillis ? this.#hadMillis : undefined;
  }

  #hadOf({ what, cpuMillis }: ThreadState, passedMillis: number): number {
    if (what === "stopped" || what === "blocked") return 0;
    if (what === "waits" || cpuMillis === undefined || this.#cpuMillis === undefined) return passedMillis;
    return Math.min(passedMillis, cpuMillis - this.#cpuMillis);
  }
}

/**
 * Looks at the calls of a process until one has hung, which is told once.
 * @returns ends it
 */
export function watchCalls(mark: CallMark, processId: number, onHung: (blame: Blame) => void): () => void {
  const watch = new CallWatch();
  const looks = setInterval(() => {
    const call = mark.running;
    const hadMillis = watch.look(call, () => threadState(processId), performance.now());
    if (hadMillis === undefined || call === undefined) return;
    clearInterval(looks);
    const what = `its native call had not returned after ${Math.round(hadMillis)} ms`;
    onHung({ name: call.name, what, folder: mark.folder });
  }, LOOK_MILLIS);
  return () => clearInterval(looks);
}
