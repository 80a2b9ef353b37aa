// One actor's place in an engine: the seat that records are handed to, and the instance that sits there now. Instances fail and are
// replaced; the place stays.

import type { Archive } from "./base/archive.ts";
import { assert } from "./base/assert.ts";
import type { Micros } from "./base/clock.ts";
import type { JournalRecord } from "./domain/records.ts";
import { POISONED_RECORDS_MAX } from "./limits.ts";
import type { ActorRef } from "./runtime/actor.ts";
import type { Seat } from "./switchboard.ts";

/** An actor of the engine: hears records, saves and loads its state, may want a beat. */
export interface EngineActor {
  receive(record: JournalRecord): void;
  persist(archive: Archive): void;
  readonly nextDueMicros: Micros;
}

/** Something whose state a snapshot holds. */
export interface Stateful {
  readonly seat: { readonly path: string; appliedSeq: number; readonly depth: number };
  /** Where its life began and with what: nothing at record 0, or what it inherited from the engine before. */
  readonly origin: Origin;
  persist(archive: Archive): void;
  /** False while its state is not to be trusted: it failed and has not recovered. */
  ready(): boolean;
  /** During recovery: the record felled the actor in a former life, which went on without it. */
  leaveOut(seq: number): void;
}

export interface Origin {
  /** Every record up to here is in the state. */
  readonly appliedSeq: number;
  /** Undefined where it began with nothing. */
  readonly state?: Float64Array;
}

/** One actor's place: its seat at the switchboard and the instance that sits there now. */
export class Place implements Seat, Stateful {
  readonly path: string;
  appliedSeq = 0;
  /** The last record an instance began to handle. */
  handledSeq = 0;
  /** Out of service for good: what it is told is left in the journal. */
  retired = false;
  /** False from a failure until the fresh instance stands at the journal's head. */
  healthy = true;
  instance: EngineActor | undefined;
  ref: ActorRef<JournalRecord> | undefined;
  origin: Origin = { appliedSeq: 0 };
  readonly #leftOut = new Set<number>();

  constructor(path: string) {
    this.path = path;
  }

  get seat(): this {
    return this;
  }

  get depth(): number {
    return this.ref?.depth ?? 0;
  }

  tell(record: JournalRecord): boolean {
    assert(this.ref !== undefined, `${this.path} was told something before it existed`);
    if (this.#leftOut.size > 0 && this.#leftOut.has(record.seq)) return true;
    return this.ref.tell(record) || this.retired;
  }

  leaveOut(seq: number): void {
    if (this.#leftOut.size < POISONED_RECORDS_MAX) this.#leftOut.add(seq);
  }

  ready(): boolean {
    return this.instance !== undefined && this.healthy && !this.retired;
  }

  persist(archive: Archive): void {
    assert(this.instance !== undefined, `${this.path} has no state now`);
    this.instance.persist(archive);
  }
}
