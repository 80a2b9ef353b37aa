// What a journal says about actors that failed while it was written: a replay leaves the records out that felled them, and
// keeps quarantined ones silent, as the life that was recorded went on without them.

import { decodeRecord } from "./domain/codec.ts";
import { type Fault, type JournalRecord, RECORD_KINDS } from "./domain/records.ts";
import type { Engine } from "./engine.ts";
import type { JournalCursor } from "./ports/journal.ts";

const FAULT = RECORD_KINDS.indexOf("fault");

/** An actor failed at record `seq`. */
export interface Failing {
  readonly path: string;
  readonly seq: number;
}

export class FaultHistory {
  readonly #failings: readonly Failing[];
  /** By the record they failed at: paths of actors that were quarantined there. */
  readonly #retirements = new Map<number, string[]>();

  constructor(faults: readonly Fault[]) {
    this.#failings = faults
      .map(({ subject, atSeq }) => ({ path: subject, seq: atSeq }))
      .filter(({ seq }) => seq > 0);
    for (const { what, subject, atSeq } of faults) {
      if (what !== "actor-quarantined") continue;
      this.#retirements.set(atSeq, [...(this.#retirements.get(atSeq) ?? []), subject]);
    }
  }

  /** Reads `cursor` to its end and closes it. */
  static read(cursor: JournalCursor): FaultHistory {
    const faults: Fault[] = [];
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      if (raw.kind === FAULT) faults.push(decodeRecord(raw) as Fault);
    }
    cursor.close();
    return new FaultHistory(faults);
  }

  get failings(): readonly Failing[] {
    return this.#failings;
  }

  /** Call with each engine that records are fed to, before they are. */
  prepare(engine: Engine): void {
    for (const { path, seq } of this.#failings) {
      engine.stateful.find(({ seat }) => seat.path === path)?.leaveOut(seq);
    }
  }

  /**
   * Call before each record is fed. An actor that was quarantined said nothing more until its process ended: neither does
   * it now, but it hears what it missed.
   */
  before(record: JournalRecord, { outlets }: Engine): void {
    for (const path of this.#retirements.get(record.seq) ?? []) outlets.mute(path, true);
    if (record.kind === "configured") outlets.unmuteAll();
  }
}
