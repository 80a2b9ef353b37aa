// What a journal says about actors that failed while it was written: a replay leaves the records out that felled them, and
// keeps quarantined ones silent, as the life that was recorded went on without them.

import type { Fault, JournalRecord } from "./domain/records.ts";
import type { Engine } from "./engine.ts";
import { faultSeqOf } from "./rebuild.ts";

export class FaultHistory {
  readonly #engine: Engine;
  /** By the record they failed at: paths of actors that were quarantined there. */
  readonly #retirements = new Map<number, string[]>();

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** Takes a fault record of the journal, before the first record is replayed. Returns where the actor failed; 0 if none did. */
  note(fault: Fault): number {
    const seq = faultSeqOf(fault);
    if (seq === 0) return 0;
    this.#engine.stateful.find(({ seat }) => seat.path === fault.subject)?.leaveOut(seq);
    if (fault.what === "actor-quarantined") {
      this.#retirements.set(seq, [...(this.#retirements.get(seq) ?? []), fault.subject]);
    }
    return seq;
  }

  /**
   * Call before each record is fed. An actor that was quarantined said nothing more until its process ended: neither does
   * it now, but it hears what it missed.
   */
  before(record: JournalRecord): void {
    const { outlets } = this.#engine;
    for (const path of this.#retirements.get(record.seq) ?? []) outlets.mute(path, true);
    if (record.kind === "configured") outlets.unmuteAll();
  }
}
