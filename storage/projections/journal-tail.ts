// Reads a journal from any record on with actors that have heard everything before it, so that a projection sees not only
// the records but the state they led to: bars, feature vectors, equity.

import { VirtualClock } from "../../actors/base/clock.ts";
import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import { RECORD_KINDS, type Configured, type JournalRecord } from "../../actors/domain/records.ts";
import type { Engine } from "../../actors/engine.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { FaultHistory } from "../../actors/fault-history.ts";
import { Follower } from "../../actors/follower.ts";
import { findFooting, stepOn } from "../../actors/footing.ts";
import type { JournalCursor } from "../../actors/ports/journal.ts";
import type { SnapshotStore } from "../../actors/ports/snapshots.ts";
import type { BarListener } from "./projection.ts";
import type { Tail } from "./sink.ts";

const SEAL = RECORD_KINDS.indexOf("seal");

export interface JournalTailOptions {
  /** How far the journal may be read now. */
  readonly durableSeq: () => number;
  readonly cursor: (fromSeq: number) => JournalCursor;
  readonly snapshots: SnapshotStore;
  /** @param clock goes with the journal: what an actor waits for comes when it is due in the journal's time */
  readonly build: (config: EngineConfig, clock: VirtualClock, onBar: BarListener) => Engine;
  readonly onBar: BarListener;
  readonly onProblem: (message: string) => void;
}

export class JournalTail implements Tail<JournalRecord> {
  readonly #cursor: JournalCursor;
  readonly #follower: Follower;
  readonly #clock: VirtualClock;
  /** The first record it gives. */
  readonly fromSeq: number;
  readonly soundSeq: number;
  #seq: number;
  #fallenAt = "";

  /**
   * Opens the tail so that from record `seq` on its actors are as the live ones were.
   * @returns undefined while the journal holds no configuration
   */
  static open(options: JournalTailOptions, seq: number): JournalTail | undefined {
    const clock = new VirtualClock(0);
    const build = (config: EngineConfig): Engine => options.build(config, clock, options.onBar);
    const probe = options.cursor(1);
    const firstSeq = probe.next()?.seq ?? 1;
    probe.close();
    const footing = findFooting({
      store: options.snapshots,
      build,
      stateful: (engine) => engine.stateful,
      first: firstSeq <= seq ? "newest" : "oldest",
      atLeastSeq: firstSeq - 1,
      atMostSeq: firstSeq <= seq ? seq - 1 : options.durableSeq(),
      onProblem: options.onProblem,
    });
    const config = footing?.era.config ?? firstConfiguration(options.cursor(1));
    if (config === undefined) return undefined;
    const engine = build(config as EngineConfig);
    if (footing !== undefined) stepOn(footing, engine.stateful);
    const appliedSeqs = engine.stateful.map((state) => state.seat.appliedSeq);
    const fromSeq = Math.max(firstSeq, Math.min(...appliedSeqs) + 1);
    const soundSeq = Math.max(firstSeq, Math.max(...appliedSeqs) + 1);
    const follower = new Follower({
      engine,
      era: footing?.era,
      mode: "recorded",
      faults: FaultHistory.read(options.cursor(fromSeq)),
      build,
      onSuccession: (successor) => tail.#watch(successor),
    });
    const tail: JournalTail = new JournalTail(options, { follower, clock, fromSeq, soundSeq });
    return tail;
  }

  private constructor(
    options: JournalTailOptions,
    {
      follower,
      clock,
      fromSeq,
      soundSeq,
    }: { follower: Follower; clock: VirtualClock; fromSeq: number; soundSeq: number },
  ) {
    this.#follower = follower;
    this.#clock = clock;
    this.fromSeq = fromSeq;
    this.soundSeq = soundSeq;
    this.#seq = fromSeq - 1;
    this.#cursor = options.cursor(fromSeq);
    this.#watch(follower.engine);
  }

  get engine(): Engine {
    return this.#follower.engine;
  }

  /** The last record given. */
  get seq(): number {
    return this.#seq;
  }

  /** Which actor failed here, and why; empty while none did. From then on its state is not what the live one's was. */
  get fallenAt(): string {
    return this.#fallenAt;
  }

  /** The next record, after the actors have heard it; undefined when it has caught up. */
  next(): JournalRecord | undefined {
    for (let raw = this.#cursor.next(); raw !== undefined; raw = this.#cursor.next()) {
      this.#seq = raw.seq;
      if (raw.kind === SEAL) continue;
      const record = decodeRecord(raw);
      if (record.timeMicros > this.#clock.nowMicros()) this.#clock.advanceTo(record.timeMicros);
      this.#follower.feed(record);
      return record;
    }
    return undefined;
  }

  close(): void {
    this.#cursor.close();
    this.#follower.engine.system.stop();
  }

  #watch(engine: Engine): void {
    engine.attach({
      rebuild: (_stateful, _receive, ends) => ends.caughtUp(),
      onFault: ({ path, seq, message }) => {
        this.#fallenAt = `${path} at record ${seq}: ${message}`;
      },
    });
  }
}

function firstConfiguration(cursor: JournalCursor): unknown {
  try {
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      if (raw.kind === KIND_NUMBER.configured) return (decodeRecord(raw) as Configured).config;
    }
    return undefined;
  } finally {
    cursor.close();
  }
}
